"""Who works in a lab: a lock that the kernel gives free when its holder dies, on a file that says whose lab it is.

Leases lie in the hub, not in the lab: there they outlive its folder, and a lab that is walled off can't write them.
Each folder of labs (`LOOPWRIGHT_LABS` may have been another one) has a folder of leases of its own. A lease's time of
change is the moment at which the lab was opened last.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from loopwright.contracts import LabWish, Site
from loopwright.contracts.schemas import validate
from loopwright.errors import LabFailed, NoRoom, is_full

PATIENCE = 60.0
"""Seconds that who opens a lab waits for its lease: only the janitor holds one for longer than a look, while it saves
what is in the lab."""

_LONGEST = 4096  # bytes of a lease; ours have some 300


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose lab it is, and by which process of which machine it was opened last."""

    lab: str
    kind: str
    branch: str
    commit: str
    throwaway: bool
    pid: int
    host: str
    boot: str  # the id of the machine's start; '' where the system doesn't tell

    @property
    def is_of_this_machine(self) -> bool:
        """Whether its lock says something here. A container has a name of its own, and the start of its machine; locks
        on a file system that several machines share may hold on one of them alone."""
        return self.host == socket.gethostname() or bool(self.boot and self.boot == _boot())

    @property
    def wish(self) -> LabWish:
        """What was asked for when the lab was opened."""
        return LabWish(self.lab, self.commit, self.branch, self.throwaway)


def folder(site: Site) -> Path:
    """Where the leases of this site's labs lie."""
    return site.common / "loopwright" / "leases" / sha256(os.fsencode(site.labs)).hexdigest()[:10]


def path(site: Site, lab: str) -> Path:
    """The file of a lab's lease."""
    return folder(site) / lab


def names(site: Site) -> set[str]:
    """The labs that have a lease."""
    with contextlib.suppress(OSError):
        return {entry.name for entry in folder(site).iterdir()}
    return set()


@contextlib.contextmanager
def held(site: Site, wish: LabWish, kind: str) -> Iterator[None]:
    """Say 'somebody works in this lab' until the block ends, and take the lease away with a lab that is gone by then.

    Raises LabFailed while another process has it, NoRoom where the repository's disk is full.
    """
    with _room(site):
        descriptor = take(site, wish.name, PATIENCE)
    if descriptor is None:
        raise LabFailed(f"another process works in lab {wish.name}, and has for {PATIENCE:g} s")
    try:
        with _room(site):
            _write(descriptor, wish, kind)
        yield
    finally:
        if os.path.lexists(site.labs / wish.name):
            os.close(descriptor)
        else:
            give_up(site, wish.name, descriptor)


@contextlib.contextmanager
def _room(site: Site) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if not is_full(problem):
            raise
        raise NoRoom(str(site.common), "more", "too little") from problem


def take(site: Site, lab: str, patience: float = 0.0) -> int | None:
    """A descriptor that holds a lab's lease for as long as it is open, or None while somebody else holds it."""
    place, deadline = path(site, lab), time.monotonic() + patience
    while True:
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(place, descriptor):  # else its holder took it away, and a lock on it says nothing any more
                return descriptor
        os.close(descriptor)
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.005)


def give_up(site: Site, lab: str, descriptor: int) -> None:
    """Take a lease away that one holds, because there is no lab any more."""
    path(site, lab).unlink(missing_ok=True)
    os.close(descriptor)


def read(site: Site, lab: str) -> Lease | None:
    """What a lease says; None where there is none, or it doesn't read."""
    try:
        with path(site, lab).open("rb") as file:
            told = json.loads(file.readline(_LONGEST))
        validate("lease", told)
        return Lease(**told)
    except (OSError, ValueError):
        return None


def _write(descriptor: int, wish: LabWish, kind: str) -> None:
    """One write, of the first line: whatever an older and longer one leaves behind it is read by nobody."""
    me = (os.getpid(), socket.gethostname(), _boot())
    told = asdict(Lease(wish.name, kind, wish.branch, wish.commit, wish.throwaway, *me))
    validate("lease", told)
    os.pwrite(descriptor, json.dumps(told).encode() + b"\n", 0)
    os.utime(descriptor)


def _is_at(place: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(place.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _boot() -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""

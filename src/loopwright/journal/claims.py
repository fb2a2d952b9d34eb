"""Run numbers and claims: refs made by compare-and-swap, so that one plan is run once and no number is given twice."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from loopwright.checkpoints import reached
from loopwright.contracts import Clock
from loopwright.contracts.schemas import validate
from loopwright.errors import RefMoved
from loopwright.journal.hub import Hub

GENERATIONS = "refs/loopwright/generations"
CLAIMS = "refs/loopwright/claims"
RUNS = "refs/loopwright/runs"
_COPY = "claim.json"  # in a run's home: its claim as it was made
_NUMBERED = (GENERATIONS, RUNS, "refs/tags/gen-*")


_FORBIDDEN = re.compile(r"[\x00-\x20\x7f%~^:?*\[\\@{/]|^[.-]|(?<=\.)\.|\.$|\.(?=lock$)|[\ud800-\udfff]")


def ref_name(plan: str) -> str:
    """A plan's name as one component of a ref: what git forbids there is written in percent, as `unquote` reads it."""
    return _FORBIDDEN.sub(lambda found: "".join(f"%{byte:02X}" for byte in os.fsencode(found[0])), plan)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who runs a plan: the run's number and what it was claimed with. `oid` is the blob that the ref holds."""

    run: int
    plan: str
    base: str
    plan_hash: str
    pid: int
    host: str
    at: str
    oid: str = ""

    @property
    def ref(self) -> str:
        return _ref(self.plan)


def _ref(plan: str) -> str:
    return f"{CLAIMS}/{ref_name(plan)}"


def allot(hub: Hub, base: str, known: int | None = None) -> int:
    """The next run number, given once among all processes and clones of refs. Its ref keeps `base` from gc.

    `known`: the highest one, as it was a moment ago.
    """
    while True:
        number, known = (highest(hub) if known is None else known) + 1, None
        try:
            hub.git.update_ref(f"{GENERATIONS}/{number}", base, "")
        except RefMoved:
            continue
        return number


def highest(hub: Hub) -> int:
    """The highest number that was ever given here, 0 at first."""
    return _highest(hub.git.refs(*_NUMBERED))


def _highest(refs: Iterable[str]) -> int:
    tails = (name.rsplit("/", 1)[1].removeprefix("gen-").removesuffix("-failed") for name in refs)
    return max((int(tail) for tail in tails if tail.isdigit()), default=0)


def read(hub: Hub, plan: str) -> Claim | None:
    """The claim on a plan, or None."""
    return next((claim for claim in _read(hub, _ref(plan)) if claim.plan == plan), None)


def every(hub: Hub) -> tuple[Claim, ...]:
    """All claims, by run number."""
    return _read(hub, CLAIMS)


def _read(hub: Hub, prefix: str) -> tuple[Claim, ...]:
    blobs = hub.git.blobs(hub.git.refs(prefix).values())
    found = filter(None, (_decoded(oid, data) for oid, data in blobs.items()))
    return tuple(sorted(found, key=lambda claim: claim.run))


def _decoded(oid: str, data: bytes | None) -> Claim | None:
    """A claim from its blob; None where that doesn't read as one."""
    try:
        told = json.loads(data or b"")
        validate("claim", told)
        return Claim(**told, oid=oid)
    except ValueError:
        return None


def mend(hub: Hub) -> Iterator[str]:
    """Make each claim that doesn't read (a disk that lost its blob, a hand that slipped) again as its run wrote it, or
    drop it where nothing is known of such a run here; what was done."""
    refs = hub.git.refs(CLAIMS)
    blobs = hub.git.blobs(refs.values())
    for ref, oid in refs.items():
        if _decoded(oid, blobs[oid]) is None:
            yield _mended(hub, ref, oid)


def _mended(hub: Hub, ref: str, oid: str) -> str:
    texts = (path.read_bytes() for path in (hub.home / "runs").glob(f"*/{_COPY}"))
    open_ones = (claim for text in texts if (claim := _decoded("", text)) and claim.ref == ref)
    newest = max(open_ones, key=lambda claim: claim.run, default=None)
    if newest is None or hub.git.resolve(f"{RUNS}/{newest.run}"):
        hub.git.delete_ref(ref, oid)
        return f"dropped {ref}: it didn't read, and no run that is open here has it"
    copy = hub.run_home(newest.run) / _COPY
    with contextlib.suppress(RefMoved):
        hub.git.update_ref(ref, hub.git.write_blob(copy.read_bytes()), oid)
    return f"made {ref} again, which didn't read: it is run {newest.run}'s"


def make(
    hub: Hub,
    plan: str,
    text: bytes,
    base: str,
    clock: Clock,
    free: Callable[[], bool] = lambda: True,
    prepare: Callable[[int], None] = lambda number: None,
) -> tuple[Claim, int] | None:
    """Claim a plan: the claim, and a descriptor that says 'alive' for as long as it is open. None: somebody has it.

    `free` is asked under the lock whether the plan still is to be run, for what was read before may be old;
    `prepare` writes down what a run needs to be resumed, before anybody can see the claim.
    """
    with hub.lock("claims"):
        refs = hub.git.refs(_ref(plan), *_NUMBERED)
        if _ref(plan) in refs or not free():
            return None
        number = allot(hub, base, _highest(refs))
        reached("claim:numbered")
        alive = hold(hub, number)
        assert alive is not None, "a number that was never given before is held"
        prepare(number)
        digest = sha256(text).hexdigest()
        at = clock.now().isoformat(timespec="seconds")
        body = {"run": number, "plan": plan, "base": base, "plan_hash": digest, "pid": os.getpid()}
        body |= {"host": socket.gethostname(), "at": at}
        validate("claim", body)
        data = json.dumps(body, indent=1).encode()
        (hub.run_home(number) / _COPY).write_bytes(data)
        oid = hub.git.write_blob(data)
        claim = Claim(**body, oid=oid)  # type: ignore[arg-type]
        try:
            hub.git.update_ref(claim.ref, oid, "")
        except RefMoved:
            os.close(alive)
            return None
    reached("claim:claimed")
    return claim, alive


def hold(hub: Hub, number: int) -> int | None:
    """Say 'run N is being worked on by this process', or None when another one says so.

    Asked again for a tenth of a second: who only looks (`is_alive`) holds it for a moment, too.
    """
    hub.run_home(number)
    for _ in range(20):
        if (held := hub.try_lock(f"runs/{number}/alive")) is not None:
            return held
        time.sleep(0.005)
    return None


def is_alive(hub: Hub, number: int) -> bool:
    """Whether some process of this machine works on run N now."""
    if not (hub.home / "runs" / str(number)).is_dir():
        return False
    held = hub.try_lock(f"runs/{number}/alive")
    if held is None:
        return True
    os.close(held)
    return False


@contextmanager
def holding(hub: Hub, number: int) -> Iterator[bool]:
    """Work on run N if nobody else does; yields whether that is so."""
    descriptor = hold(hub, number)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def release(hub: Hub, claim: Claim) -> None:
    """Give the plan free again; nothing happens when it is already. Raises GitFailed when git can't: to leave it would
    have the run gone on with for ever."""
    if not hub.git.delete_ref(claim.ref, claim.oid) and claim.oid in hub.git.refs(claim.ref).values():
        hub.git.run("update-ref", "-d", "--no-deref", claim.ref, claim.oid)

"""Clears away what dead processes have left of labs. Nothing that is alive, unsaved or young, and never what it can't
prove to be ours and dead: that is left, and told.

A lab goes when its lease can be taken (so its process is dead, whatever killed it), nobody will go on in it, and
nothing has changed in it for `AGE`. What is in it is saved to refs first. SIGKILL at any moment leaves a lab that is
whole, or one that is saved and says of itself that it isn't whole; the next sweep goes on from there.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from loopwright import shell
from loopwright.checkpoints import reached
from loopwright.contracts import Site
from loopwright.errors import GitFailed, LabFailed
from loopwright.labs import container, environment, leases, opening, sandbox, worktree
from loopwright.labs.folder import hub_of
from loopwright.labs.leases import Lease

AGE = 3600.0
"""Seconds without a change after which a dead lab goes: whoever saw a run die can look at what it left till then."""

REFS = "refs/loopwright/labs"
_NAME = re.compile(r"gen-(\d+)(?:-[\w.-]+)?")

_WALLS = {"sandbox": sandbox.walls, "container": container.walls}
"""Behind these, what a role committed is packed, so that the host's git needn't read its repository."""

Needed = Callable[[int], bool]
"""Whether run N is at work, or can be gone on with: then its labs stay."""


@dataclass(frozen=True, slots=True)
class Left:
    """A lab that nobody works in and that is left all the same: why, and what a person does about it."""

    place: Path
    why: str
    mend: str


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep came to. `removed` has the labs by name, `ended` how many processes of dead labs there were."""

    removed: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    ended: int = 0


def sweep(site: Site, now: datetime, needed: Needed) -> Swept:
    """Clear away every dead lab that may go, and the entries of worktrees whose lab is gone."""
    removed, left, ended = list[str](), list[Left](), 0
    for name in _names(site):
        if found := unproven(site, name):
            left.append(found)
        elif (descriptor := leases.take(site, name)) is not None:
            ended_here, told = _clear(site, name, now, needed, descriptor)
            ended += ended_here
            removed += [name] if told is True else []
            left += [told] if isinstance(told, Left) else []
    for place in _gone_worktrees(site):
        worktree.forget(site, place)
    return Swept(tuple(removed), tuple(left), ended)


def look(site: Site) -> tuple[Left, ...]:
    """What a sweep would leave and tell of. Touches nothing."""
    return tuple(found for name in _names(site) if (found := unproven(site, name)))


def unproven(site: Site, name: str) -> Left | None:
    """Why a folder among the labs isn't ours to remove, if it isn't, whether or not anybody is at work in it."""
    place = site.labs / name
    if not os.path.lexists(place):
        return None  # a lease alone
    if place.is_symlink() or not place.is_dir() or not _NAME.fullmatch(name):
        return Left(place, "it isn't a lab's folder", f"if nobody needs it: `rm -r {place}`")
    if not os.path.lexists(leases.path(site, name)):
        if not os.path.lexists(place):  # closed this moment: first its folder goes, then its lease
            return None
        return Left(place, "nothing says whose it is (no lease)", f"if no run works in it: `rm -r {place}`")
    lease = leases.read(site, name)
    if lease is None:
        return Left(place, "its lease can't be read", f"if no run works in it: `rm -r {place}`")
    if not lease.is_of_this_machine:
        told = f"it is {lease.host}'s, and nothing here tells whether a process there works in it"
        return Left(place, told, f"start loopwright there, or, if {lease.host} is gone: `rm -r {place}`")
    locked = [entry.name for entry in worktree.entries(site, place) if worktree.is_locked(entry)]
    return Left(place, "a person has locked its worktree", f"`git worktree unlock {place}/root`") if locked else None


def _clear(site: Site, name: str, now: datetime, needed: Needed, descriptor: int) -> tuple[int, bool | Left]:
    """End what is still at work in a dead lab, and remove it if it may go: how many there were, and whether it went."""
    place, lease = site.labs / name, leases.read(site, name)
    try:
        if lease is None or not os.path.lexists(place):  # removed, and then the power went; or it has just been made
            return 0, False
        ended = shell.end_marked(f"{environment.MARK}={place}")
        if needed(_run(name)) or _age(site, name, now) < AGE:
            return ended, False
        return ended, _remove(site, lease)
    finally:
        if os.path.lexists(place):
            os.close(descriptor)
        else:
            leases.give_up(site, name, descriptor)


def _remove(site: Site, lease: Lease) -> bool | Left:
    """Save what is in a lab, then remove it. What can't be saved stays."""
    place = site.labs / lease.lab
    reached("janitor:found")
    try:
        lab = opening.as_left(site, lease.wish, lease.kind, shell.Strays(), _WALLS.get(lease.kind))
        if not (lab.fresh or lab.wish.throwaway):
            lab.rescue()
        reached("janitor:saved")
        lab.remove()
    except (OSError, GitFailed, LabFailed) as problem:
        return Left(place, f"what is in it can't be saved: {problem}", f"look at {place}/root, then `rm -r {place}`")
    if os.path.lexists(place):
        return Left(place, "not all of it can be deleted", f"`rm -rf {place}`, as whoever owns the files")
    worktree.forget(site, place)
    reached("janitor:removed")
    return True


def drop_refs(site: Site, needed: Needed) -> int:
    """Delete the refs of labs that are gone, as far as other refs reach what they hold; how many there were.

    What a role made and no attempt's tree or record has is reachable from there alone, and stays.
    """
    hub, kept = hub_of(site), {*_names(site)}
    held = {ref: oid for ref, oid in hub.refs(REFS).items() if _lab_of(ref) not in kept}
    held = {ref: oid for ref, oid in held.items() if _NAME.fullmatch(_lab_of(ref)) and not needed(_run(_lab_of(ref)))}
    alone = hub.reached_from_nowhere_else(held.values(), REFS)
    over = {ref: oid for ref, oid in held.items() if oid not in alone}
    dropped = 0
    for name in sorted({_lab_of(ref) for ref in over}):
        if (descriptor := leases.take(site, name)) is None:  # somebody opens a lab of this name now
            continue
        if os.path.lexists(site.labs / name):  # or has since we looked, and died: its lab borrows what these hold
            os.close(descriptor)
            continue
        mine = {ref: oid for ref, oid in over.items() if _lab_of(ref) == name}
        hub.delete_refs(mine)
        leases.give_up(site, name, descriptor)
        dropped += len(mine)
    return dropped


def _names(site: Site) -> list[str]:
    """The folders among the labs, and the leases without one."""
    found = leases.names(site)
    with contextlib.suppress(OSError):
        found |= {entry.name for entry in site.labs.iterdir()}
    return sorted(found)


def _gone_worktrees(site: Site) -> Iterator[Path]:
    """Where worktrees of ours lay that are gone, but for git's entries."""
    for entry in worktree.entries(site, site.labs):
        place = site.labs / Path(os.fsdecode((entry / "gitdir").read_bytes())).parent.parent.name
        if not os.path.lexists(place) and place.name not in leases.names(site) and not worktree.is_locked(entry):
            yield place


def _run(name: str) -> int:
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else 0


def _lab_of(ref: str) -> str:
    return ref.removeprefix(f"{REFS}/").partition("/")[0]


def _age(site: Site, name: str, now: datetime) -> float:
    """Seconds since a lab was opened, or something changed in it at first sight. A lab may date its folders to the next
    century, but not their inodes' changes, which the kernel dates."""
    place = site.labs / name
    signs = (
        leases.path(site, name),
        place,
        *(place / inner for inner in ("root", "home", "home/tmp", "git", "git/index")),
    )
    seen = [sign.lstat() for sign in signs if os.path.lexists(sign)]
    return now.timestamp() - max((min(one.st_mtime, one.st_ctime) for one in seen), default=0.0)

"""Takes away the lock of a git that died: a ref that stays locked would keep every later run from ending.

Only where it is proved: whoever made a lock is there until it is gone. So, once none of the gits that were at work in
the repository when the lock was seen is there any more, and it is still the same file, nobody will ever take it away.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from loopwright import shell

_TOLD = re.compile(r"Unable to create '(/[^'\n]+\.lock)': File exists")
_OURS = re.compile(r"refs/(?:loopwright/.+|heads/loop/.+|tags/gen-\d+(?:-failed)?)\.lock")
_SHARED = re.compile(r"refs/.+\.lock|packed-refs\.lock|HEAD\.lock")

PATIENCE = 5.0
"""Seconds that the gits which are at work get to end; as long as git itself has waited for the lock by then."""

FOREIGN = 60.0
"""Seconds that a lock must have been there where editors' own libraries for git may have made it: not under names that
loopwright alone writes. They hold one for milliseconds."""


def take_away(output: str, where: Callable[[], Path]) -> bool:
    """Whether what git said is that a lock is in its way, and the lock is gone now, because it was a dead git's.

    `where` says which git dir it is. Locks of indexes and of the configuration are left: they may be a person's.
    """
    found = _TOLD.search(output)
    if not found or not (lock := Path(found[1])).is_relative_to(common := where()):
        return False
    name = lock.relative_to(common).as_posix()
    if not _SHARED.fullmatch(name):
        return False
    (common / "loopwright").mkdir(exist_ok=True)
    with (common / "loopwright" / "stale.lock").open("a") as alone:  # of two that look, one takes it away, and no newer
        fcntl.flock(alone, fcntl.LOCK_EX)
        before = _stamp(lock)
        if before is None:
            return True
        if not _OURS.fullmatch(name) and time.time() - lock.stat().st_mtime < FOREIGN:
            return False
        if _is_abandoned(common) and _stamp(lock) == before:
            lock.unlink(missing_ok=True)
            return True
    return False


def _is_abandoned(common: Path) -> bool:
    """Whether all gits that are at work in the repository now end within `PATIENCE`."""
    deadline, left = time.monotonic() + PATIENCE, shell.at_work("git", _places(common))
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left &= shell.at_work("git", _places(common)) or frozenset()
    return left is not None and not left


def _places(common: Path) -> list[Path]:
    """The git dir, and the working trees that it belongs to."""
    linked = [Path(os.fsdecode(path.read_bytes()).strip()).parent for path in common.glob("worktrees/*/gitdir")]
    return [common, *([common.parent] if common.name == ".git" else []), *linked]


def _stamp(lock: Path) -> tuple[int, int] | None:
    try:
        found = lock.lstat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_ctime_ns

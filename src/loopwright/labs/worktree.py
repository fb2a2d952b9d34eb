"""A lab that is a linked worktree of the person's repository: it shares refs, config and hooks. For who wants that."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loopwright.contracts import LabWish, Site
from loopwright.labs import opening
from loopwright.labs.folder import FolderLab, hub_of


@contextmanager
def open_lab(site: Site, wish: LabWish) -> Iterator[FolderLab]:
    """Open a detached linked worktree at `wish.commit`."""
    place = site.labs / wish.name
    try:
        with opening.opened(site, wish, "worktree", _make) as lab:
            yield lab
    finally:
        if not place.exists():
            forget(site, place)


def _make(site: Site, wish: LabWish, root: Path) -> Path:
    """Add the worktree without its files: the person's filters and sparse checkout have no say in a lab."""
    with _alone(site):
        words = ("worktree", "add", "-q", "--force", "--no-checkout", "--detach", str(root), wish.commit)
        hub_of(site).run(*words)
    git = Path(os.fsdecode((root / ".git").read_bytes()).removeprefix("gitdir: ").rstrip("\n"))
    for copied in ("config.worktree", "info/sparse-checkout"):
        (git / copied).unlink(missing_ok=True)
    return git


def forget(site: Site, place: Path) -> None:
    """Drop git's entries of the worktrees under `place`: `git worktree prune` would drop a person's unplugged ones."""
    with _alone(site):
        for entry in entries(site, place):
            with contextlib.suppress(OSError):
                shutil.rmtree(entry)


def entries(site: Site, place: Path) -> Iterator[Path]:
    """git's entries of the worktrees under `place`. git has written their paths with all links resolved."""
    under = os.fsencode(place.resolve()) + b"/"
    for entry in sorted((site.common / "worktrees").glob("*")):
        with contextlib.suppress(OSError):
            if (entry / "gitdir").read_bytes().startswith(under):
                yield entry


def is_locked(entry: Path) -> bool:
    """Whether a person has locked a worktree (`git worktree lock`). git itself does so for as long as it makes one."""
    with contextlib.suppress(OSError):
        return (entry / "locked").read_bytes().strip() != b"initializing"
    return False


@contextmanager
def _alone(site: Site) -> Iterator[None]:
    """One at a time: of adds in parallel 7 % fail at 4, 22 % at 16, and removals get in their way."""
    (site.common / "loopwright").mkdir(exist_ok=True)
    with (site.common / "loopwright" / "worktrees.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

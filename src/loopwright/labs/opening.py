"""What opening and closing a lab has in common for all kinds that are folders on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from loopwright import shell
from loopwright.checkpoints import reached
from loopwright.contracts import LabWish, Site
from loopwright.errors import GitFailed, LabFailed, NoRoom, is_full
from loopwright.git import PrivateGit
from loopwright.labs import folder, leases, room
from loopwright.labs.folder import BASE, READY, FolderLab
from loopwright.labs.quota import FLOOR, Quota
from loopwright.labs.walls import Walls

Make = Callable[[Site, LabWish, Path], Path]
"""Makes the git state that the role sees, without files, and says in which git dir it is."""

Wall = Callable[[Site, Path], Walls]
"""Plans the walls around the lab that lies in a folder; nothing stands yet."""


@contextmanager
def opened(site: Site, wish: LabWish, kind: str, make: Make, wall: Wall | None = None) -> Iterator[FolderLab]:
    """Make the lab, or take the one that an interrupted run left; on the way out end, save and remove it.

    Left by an exception it stays as it is (its processes end), unless it is a throwaway.
    """
    with leases.held(site, wish, kind):
        with shell.adopting() as strays:
            lab = _stand_up(site, wish, kind, make, strays, wall)
            try:
                if lab.walls:
                    lab.hand_over()
                    lab.walls.stand()
                with lab.watched():
                    yield lab
            except BaseException:
                lab.end_processes()
                if wish.throwaway:
                    lab.remove()
                raise
            lab.end_processes()
        put_away(lab)


def put_away(lab: FolderLab) -> None:
    """Save what isn't saved yet, and remove the lab. Cut off at any moment, it can be done again.

    What can't be saved stays where it is, for a person to look at: the janitor tells of it.
    """
    reached("lab:over")
    if not lab.wish.throwaway:
        try:
            lab.rescue()
        except LabFailed:
            return
    reached("lab:saved")
    lab.remove()
    reached("lab:removed")


def as_left(site: Site, wish: LabWish, kind: str, strays: shell.Strays, wall: Wall | None = None) -> FolderLab:
    """A lab as whoever worked there last has left it, with nothing at work in it any more; `fresh` when it isn't whole:
    then nobody has worked there yet, or what it held was saved and it was being removed. To be called under its lease.
    """
    place = site.labs / wish.name
    private = PrivateGit(place / "git", place / "root", site.common / "objects")
    walls = wall(site, place) if wall else None
    quota = Quota(place, min(FLOOR, site.floor))
    lab = FolderLab(site, wish, kind, private, strays=strays, walls=walls, quota=quota)
    quota.processes = lab.processes
    lab.end_processes()  # of a run that was cut off: before anything is read, made or removed here
    began = _began(place / READY)
    if not began:
        return lab
    (place / "git" / "index.lock").unlink(missing_ok=True)  # of a git that was killed with its machine
    return replace(lab, wish=replace(wish, commit=began), fresh=False)


def _stand_up(site: Site, wish: LabWish, kind: str, make: Make, strays: shell.Strays, wall: Wall | None) -> FolderLab:
    left = as_left(site, wish, kind, strays, wall)
    if not (left.fresh or wish.throwaway):
        return left
    lab = replace(left, wish=wish, fresh=True)
    try:
        room.must_be(site, wish.commit)
        _make(lab, make)
    except (OSError, GitFailed) as problem:
        lab.remove()
        if isinstance(problem, GitFailed) and problem.code < 0:  # somebody killed it, which says nothing of labs
            raise
        if is_full(problem):
            room.must_be(site, wish.commit)  # says how much there is now
            raise NoRoom(str(site.labs), "more", "too little") from problem
        raise LabFailed(f"the lab {wish.name} could not be opened: {problem}") from problem
    return lab


def _make(lab: FolderLab, make: Make) -> None:
    site, wish, place = lab.site, lab.wish, lab.place
    folder.remove(place)
    lab.hub_ref(BASE, wish.commit)  # the lab borrows its objects: no clean-up of the person's may take them away
    lab.root.mkdir(parents=True)
    (lab.scratch / "tmp").mkdir(parents=True)
    git = make(site, wish, lab.root)
    PrivateGit.create(place / "git", lab.root, site.common / "objects", site.object_format)
    lab.private.fill(wish.commit)
    shutil.copy(place / "git" / "index", git / "index")
    copies = [(path, data) for path, data in wish.copy if not os.path.lexists(lab.root / path)]
    for path, data in copies:  # what the commit has is there already, and a person's edits of it are none of the lab's
        lab.write(path, data)
    lab.private.exclude(path for path, _ in copies)
    (place / "begun").write_text(wish.commit)
    (place / "begun").rename(place / READY)


def _began(ready: Path) -> str:
    """The commit that a lab which is whole began from, or ''."""
    return ready.read_text() if ready.is_file() else ""

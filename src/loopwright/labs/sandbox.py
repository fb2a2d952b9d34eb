"""A lab behind bubblewrap's walls: it sees the system read-only, its own files and home, and nobody else's anything."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from loopwright import shell
from loopwright.contracts import LabWish, Site
from loopwright.errors import LabFailed
from loopwright.labs import bubblewrap, clone, environment, opening, prefixes
from loopwright.labs.bubblewrap import Shown
from loopwright.labs.cgroups import Bounds
from loopwright.labs.folder import FolderLab
from loopwright.labs.walls import Walls

_PROCESSES = 2048  # and threads: a build with 64 workers has some 300

_TOOLS = ("JAVA_HOME", "GOROOT", "PYENV_ROOT", "NVM_DIR", "VOLTA_HOME", "RUSTUP_HOME")
"""Settings of tool chains that a lab gets, and that name folders which it has to see for them."""


@contextmanager
def open_lab(site: Site, wish: LabWish) -> Iterator[FolderLab]:
    """Open a clone at `wish.commit` behind walls, without network. Raises LabFailed where they can't be put up."""
    with opening.opened(site, wish, "sandbox", clone.make, walls) as lab:
        yield lab


def walls(site: Site, place: Path) -> Walls:
    """The walls around the lab at `place`; nothing stands yet."""
    user = bubblewrap.owner(place)

    def put(line: shell.Line, doors: tuple[str, ...], network: bool) -> tuple[list[str], list[int]]:
        del line  # it is passed on
        return bubblewrap.wall(replace(shown(site, place), network=network), user, doors)

    name = sha256(os.fsencode(place)).hexdigest()[:16]
    return Walls(name, put, bounds(site), user)


def bounds(site: Site) -> Bounds:
    """What a lab may have of this machine: half of its memory, where the site says nothing else."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Bounds(site.limits.get("memory", memory // 2), site.limits.get("processes", _PROCESSES))


def shown(site: Site, place: Path) -> Shown:
    """What the lab at `place` sees of the host: its own files and home; programs, and the hub's objects, to read."""
    inside = environment.of_lab(site.env, top=site.top, root=place / "root", home=place / "home", mark=str(place))
    home = Path(site.env.get("HOME") or "/nonexistent")
    path = os.pathsep.join([site.env.get("PATH", os.defpath), *bubblewrap.interpreter()])
    private = (site.top, site.common, site.labs)
    tools = (Path(inside[name]) for name in _TOOLS if inside.get(name, "").startswith("/"))
    named = tuple(tool for tool in tools if tool.is_dir() and not any(p.is_relative_to(tool) for p in (home, *private)))
    programs = (*prefixes.of_path(path, home, private), *named)
    covered = tuple(key for folder in programs for name in prefixes.KEYS if (key := folder / name).is_file())
    written = (place / "root", place / "home")
    return Shown(written, (*programs, *stores(site.common / "objects")), covered, home=place / "home")


def stores(objects: Path) -> tuple[Path, ...]:
    """The hub's objects, and those that they are borrowed from in turn."""
    found, ahead = dict[Path, None](), [objects]
    while ahead:
        store = ahead.pop()
        if store in found or not store.is_dir():
            continue
        found[store] = None
        borrowed = store / "info" / "alternates"
        lines = os.fsdecode(borrowed.read_bytes()).splitlines() if borrowed.is_file() else []
        ahead += [(store / line).resolve() for line in lines if line and not line.startswith("#")]
    return tuple(found)


@functools.lru_cache(maxsize=1)
def unavailable() -> str:
    """Why no sandbox can be had here, in one line; '' where it can (found out by putting up walls: 0.03 s)."""
    if not sys.platform.startswith("linux"):
        return "bubblewrap is for Linux"
    if missing := bubblewrap.missing():
        return f"{missing} isn't installed"
    bare = Shown((), tuple(prefixes.of_path(os.pathsep.join(bubblewrap.interpreter()), Path("/nonexistent"))))
    enclosure = shell.Enclosure(lambda line: bubblewrap.wall(bare, bubblewrap.owner(Path("/"))))
    try:
        enclosure.start()
    except LabFailed as problem:
        return str(problem).splitlines()[0]
    finally:
        enclosure.end()
    return ""

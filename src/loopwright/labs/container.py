"""A lab in a container of podman's or docker's: an image's system, or this machine's own, read-only, its own files and
home, and nobody else's anything.

What is seen of the host is what a sandbox sees. The container is walls like the sandbox's: its first process is ours
(`shell/first.py`), takes the commands, and ends with all others when its line to this process is closed. An engine
passes no descriptor on, so the first process calls a socket in a folder that is shown to it.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from loopwright import shell
from loopwright.contracts import LabWish, Site
from loopwright.errors import LabFailed
from loopwright.labs import box, bubblewrap, cgroups, clone, engine, opening, prefixes, sandbox
from loopwright.labs.box import Box
from loopwright.labs.bubblewrap import Shown
from loopwright.labs.cgroups import Bounds
from loopwright.labs.engine import Engine, Image
from loopwright.labs.folder import FolderLab
from loopwright.labs.walls import Service, Walls

_DOOR = "door"
"""The folder beside a lab's files in which lines into it are laid. What is left in it: a container may still stand."""

_BARE = "--rm --pull=never --network=none --log-driver=none --cap-drop=ALL --security-opt=no-new-privileges --read-only"
_ONE = threading.Lock()
_NEEDED = ("python3", "git", "bash")
_ASKING = """for name in python3 git bash; do echo "$name=$(command -v $name)"; done
python3 -c 'import ctypes, sys; print("fits=" + "yes" * (sys.version_info >= (3, 9)))' || true"""


@dataclass(frozen=True)
class Known:
    """An image that was looked into: where programs are in it. The host's own system has them where the host has."""

    image: Image
    programs: Mapping[str, str] | None = None


@contextmanager
def open_lab(site: Site, wish: LabWish) -> Iterator[FolderLab]:
    """Open a clone at `wish.commit` in a container, without network. Raises LabFailed where none can be had."""
    if site.image:
        site = replace(site, env=_known(found(), site.image).image.env)
    with opening.opened(site, wish, "container", clone.make, walls) as lab:
        yield lab


def walls(site: Site, place: Path) -> Walls:
    """The walls around the lab at `place`; nothing stands yet."""
    made, door = _engine()[0], place / _DOOR
    known = _known(found(), site.image) if site.image else None
    user, bounds = bubblewrap.owner(place), sandbox.bounds(site)

    def put(line: shell.Line, doors: tuple[str, ...], network: bool) -> tuple[list[str], list[int]]:
        del doors  # the engine sets the limits
        assert isinstance(line, shell.Called)
        image = known.image if known else found().skeleton()
        shown = _shown(site, place) if known else sandbox.shown(site, place)
        joined = "" if site.network in ("none", "gateway") else site.network
        return box.words(Box(found(), image, shown, place, bounds, user, not known, joined), line, network=network), []

    def clear() -> None:
        if made and door.is_dir() and any(door.iterdir()):
            with suppress(LabFailed):  # what stands without its line ends by itself: this is about what is left of it
                made.reap(place)
                shutil.rmtree(door)

    line = functools.partial(shell.Called, door, box.INSIDE, _python(known), _uid(user))
    service = Service(line, made.env if made else {}, clear, known.programs if known else None)
    return Walls(sha256(os.fsencode(place)).hexdigest()[:16], put, bounds, user, service)


def _uid(user: int | None) -> int:
    return os.geteuid() if user is None else user


def _python(known: Known | None) -> str:
    return known.programs["python3"] if known and known.programs else str(Path(sys.executable).resolve())


def _shown(site: Site, place: Path) -> Shown:
    """What is shown of the host beside an image's own system: the lab, and the hub's objects."""
    return Shown((place / "root", place / "home"), sandbox.stores(site.common / "objects"), home=place / "home")


# ---------------------------------------------------------------- what is to be had


def unavailable() -> str:
    """Why no container can be had here, in one line; '' where one can (found out by starting one: 0.5 s)."""
    return _engine()[1]


def lacks(image: str) -> tuple[str, str]:
    """What is wrong with an image for labs, and how to mend it; '' where nothing is."""
    try:
        if not found().has(image):
            return f"the image {image} isn't there, and none is pulled during a run", f"`{found().name} pull {image}`"
        _known(found(), image)
    except LabFailed as problem:
        return str(problem), f"name another image in agents/LOOPS.md, with {', '.join(_NEEDED[:2])} in it"
    return "", ""


def has_program(image: str, program: str) -> bool:
    """Whether a program is on an image's PATH."""
    words = ("--user=65534:65534", "--entrypoint=/bin/sh", image, "-c", 'command -v "$1"', "sh", program)
    try:
        return bool(found().ask("run", *_BARE.split(), *words).strip())
    except LabFailed:
        return False


def lacks_network(name: str) -> str:
    """Why labs can't join a network of this name, or ''. The host's own is none to join."""
    if name in ("host", "ns", "private") or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        return f"{name!r} is no name of a container network"
    return "" if found().has_network(name) else f"{found().name} has no network {name}"


def found() -> Engine:
    """The engine by which containers are had. Raises LabFailed."""
    made, why = _engine()
    if made is None:
        raise LabFailed(f"no container can be had here: {why}")
    return made


def _engine() -> tuple[Engine | None, str]:
    with _ONE:  # of many threads that ask at once, one tries
        return _first_that_works()


@functools.lru_cache(maxsize=1)
def _first_that_works() -> tuple[Engine | None, str]:
    """The first engine that really runs a container within limits, or why there is none."""
    if not sys.platform.startswith("linux"):
        return None, "containers of this kind are for Linux"
    whys: dict[str, str] = {}
    for one in engine.installed():
        try:
            whys[one.name] = _tried(one)
        except (LabFailed, OSError) as problem:
            whys[one.name] = str(problem).splitlines()[0]
        if not whys[one.name]:
            return one, ""
    return None, "; ".join(f"{name}: {why}" for name, why in whys.items()) or "neither podman nor docker is installed"


def _tried(made: Engine) -> str:
    """Run a container around nothing: why it won't do, or ''."""
    bounds = Bounds(256 << 20, 64)
    programs = prefixes.of_path(os.pathsep.join(bubblewrap.interpreter()), Path("/nonexistent"))
    with tempfile.TemporaryDirectory(prefix="loopwright-") as folder:
        place = Path(folder)
        user = bubblewrap.owner(place)
        tried = Box(made, made.skeleton(), Shown((), programs), place, bounds, user, hosts=True)

        def wall(line: shell.Line) -> tuple[list[str], list[int]]:
            assert isinstance(line, shell.Called)
            return box.words(tried, line, network=False), []

        def line() -> shell.Called:
            return shell.Called(place / _DOOR, box.INSIDE, _python(None), _uid(user))

        enclosure = shell.Enclosure(wall, line, made.env)
        try:
            met = enclosure.start()
            held = isinstance(met, shell.Called) and cgroups.of(met.pid).holds(bounds)
        except LabFailed:
            made.reap(place)
            raise
        finally:
            enclosure.end()
    return "" if held else "it sets no limits of memory and processes here (a rootless one needs control groups v2)"


@functools.lru_cache(maxsize=8)
def _known(made: Engine, name: str) -> Known:
    """Look into an image. Raises LabFailed where it isn't there, or lacks what a lab needs."""
    image = made.image(name)
    said = made.ask("run", *_BARE.split(), "--user=65534:65534", "--entrypoint=/bin/sh", name, "-c", _ASKING)
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if missing := [program for program in _NEEDED[:2] if not told.get(program)]:
        raise LabFailed(f"the image {name} has no {' and no '.join(missing)} on its PATH: labs need it")
    if told.get("fits") != "yes":
        raise LabFailed(f"the Python of the image {name} is none of 3.9 or newer with ctypes: labs need one")
    return Known(image, {program: path for program in _NEEDED if (path := told.get(program))})

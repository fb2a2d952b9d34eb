"""The walls of a sandbox: bubblewrap's words for what is seen behind them, and how they are put up.

As an ordinary user, bubblewrap makes them in a user namespace. As root it isn't started as root: walls that root put up
leave it the owner of what it sees (/proc/sys, for one), and no limit on processes binds it. So it runs as a user whom
nobody else is, who gets the lab's folder; and because that one can't look into root's home, what it is to show is first
bound to a place that it can reach, in a mount namespace that ends with it.
"""

from __future__ import annotations

import functools
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopwright import shell
from loopwright.labs import etc, prefixes, seccomp
from loopwright.labs.prefixes import program as _program

UID = 1000
"""The user and group that a lab's processes are behind the walls."""

_UNUSED, _MANY = 1_879_048_192, 1 << 27
"""The first of the user ids that no distribution gives to anybody, and how many of them are taken from."""

_STAGES = ("/mnt", "/media", "/srv", "/opt")
_TMP = 1 << 30
"""Bytes of each of the private temporary folders. They are memory, and count as the lab's."""

_NEED = ("bwrap", "setpriv", "unshare", "mount", "mkdir", "touch", "sh")

_ENTERING = """set -e
while [ "$1" != -- ]; do
  echo $$ > "$1"; shift
done
shift
exec "$@"
"""

_STAGING = """set -e
stage=$1 binds=$2; shift 2
mount -t tmpfs -o mode=711,size=1m none "$stage"
cd "$stage"
if [ -n "$1" ]; then mkdir $1; fi
for file in $2; do : > "$file"; done
shift 2
cd /
mount -a -T "$binds"
exec "$@"
"""
"""All folders by one program, and all binds by another: each program started costs some 2 ms."""


@dataclass(frozen=True)
class Shown:
    """What a lab sees of the host beside the system: folders and files, at the places where they are."""

    written: tuple[Path, ...]
    read: tuple[Path, ...]
    covered: tuple[Path, ...] = ()  # files in these that are shown empty
    home: Path = Path("/nonexistent")
    network: bool = False


def owner(place: Path) -> int | None:
    """The user who works in the lab at `place`; None: whoever this process is."""
    return _UNUSED + zlib.crc32(os.fsencode(place)) % _MANY if os.geteuid() == 0 else None


def wall(shown: Shown, user: int | None, doors: tuple[str, ...] = ()) -> tuple[list[str], list[int]]:
    """The words that put a program behind the walls, and the descriptors they speak of (the caller closes them).

    `doors`: files into which its process id is written first.
    """
    staged = [path for path in (*shown.written, *shown.read) if not _open_to_all(path)] if user is not None else []
    stage = _stage(staged) if staged else ""
    where = {path: f"{stage}/{number}" for number, path in enumerate(staged)}
    held: list[int] = []

    def file(data: bytes) -> str:
        held.append(_file(data))
        return str(held[-1])

    words = [*_words(shown, where, file)]
    words += ["--seccomp", file(program)] if (program := seccomp.program()) else []
    file(b"\0".join(os.fsencode(word) for word in words) + b"\0")
    inner = [_program("bwrap"), "--args", str(held[-1]), "--"]
    entering = [_program("sh"), "-c", _ENTERING, "sh", *doors, "--"] if doors else []
    if user is None:
        return [*entering, *inner], held
    who = [_program("setpriv"), f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all", "--"]
    if not staged:
        return [*entering, *who, *inner], held
    return [*entering, *_staging(stage, where, file), *who, *inner], held


def _staging(stage: str, where: Mapping[Path, str], file: Callable[[bytes], str]) -> Iterator[str]:
    """The words that bind each path to its place below `stage`, in a mount namespace of its own."""
    yield from (_program("unshare"), "--mount", "--propagation", "private", "--", _program("sh"), "-c", _STAGING, "sh")
    table = "".join(_bind(path, place) for path, place in where.items())
    yield from (stage, f"/proc/self/fd/{file(table.encode(errors='surrogateescape'))}")
    for is_folder in (True, False):
        yield " ".join(Path(place).name for path, place in where.items() if path.is_dir() == is_folder)


def missing() -> str:
    """Which of the programs that put the walls up isn't there, or ''."""
    needed = _NEED if os.geteuid() == 0 else _NEED[:1]
    return next((name for name in needed if not _program(name).startswith("/")), "")


def _words(shown: Shown, where: Mapping[Path, str], file: Callable[[bytes], str]) -> Iterator[str]:
    yield from ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
    yield from () if shown.network else ("--unshare-net",)
    yield from ("--uid", str(UID), "--gid", str(UID), "--hostname", "lab", "--cap-drop", "ALL")
    yield from ("--new-session", "--die-with-parent", "--as-pid-1")
    yield from ("--disable-userns",) if _version() >= (0, 8) else ()
    yield from _system()
    yield from ("--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", str(_TMP), "--tmpfs", "/tmp")
    yield from ("--perms", "1777", "--size", str(_TMP), "--tmpfs", "/var/tmp")
    yield from ("--perms", "1777", "--size", str(_TMP), "--tmpfs", "/dev/shm", "--remount-ro", "/dev")
    yield from ("--size", str(_TMP), "--tmpfs", "/run")
    yield from _etc(shown, file)
    for path in sorted({*shown.written, *shown.read}):  # what lies in another one comes after it
        yield from ("--bind" if path in shown.written else "--ro-bind", where.get(path, str(path)), str(path))
    for path in shown.covered:
        yield from ("--ro-bind", "/dev/null", str(path))
    yield from ("--remount-ro", "/")


def _system() -> Iterator[str]:
    for folder in map(Path, prefixes.SYSTEM):
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))


def _etc(shown: Shown, file: Callable[[bytes], str]) -> Iterator[str]:
    for path, source in etc.shown(network=shown.network).items():
        yield from ("--ro-bind", str(source), str(path))
    if etc.KEYS.is_dir():
        yield from ("--tmpfs", str(etc.KEYS), "--remount-ro", str(etc.KEYS))
    for name, text in etc.written(UID, shown.home, network=shown.network).items():
        yield from ("--perms", "0444", "--ro-bind-data", file(text.encode()), f"/etc/{name}")


def _open_to_all(path: Path) -> bool:
    """Whether anybody can go to where a path is: then it needn't be bound to another place first (2 ms for each)."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)


def _stage(sources: Sequence[Path]) -> str:
    """A folder that everybody reaches and that hides nothing of what is to be shown."""
    fits = (s for s in _STAGES if Path(s).is_dir() and not any(p.is_relative_to(s) for p in sources))
    return next(fits, "/mnt")


def _bind(source: Path, target: str) -> str:
    """A line of a mount table. Spaces, breaks and backslashes in a path are written as octal numbers there."""
    told = "".join(f"\\{ord(sign):03o}" if sign in " \t\n\r\\#" else sign for sign in str(source))
    return f"{told} {target} none bind 0 0\n"


def _file(data: bytes) -> int:
    """A descriptor of a file that is nowhere, with this in it."""
    descriptor = os.memfd_create("words")
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


@functools.lru_cache(maxsize=1)
def _version() -> tuple[int, ...]:
    told = shell.run([_program("bwrap"), "--version"], cwd=Path("/"), seconds=10.0).output
    numbers = told.split()[-1:] or ["0"]
    return tuple(int(part) for part in numbers[0].split(".") if part.isdecimal())


def interpreter() -> tuple[str, ...]:
    """The folders of the Python that is running: its environment, whose programs commands name by their full path, and
    the bare installation, which is the first thing to run behind the walls."""
    own = Path(sys.executable)
    return str(own.parent), str(own.resolve().parent)

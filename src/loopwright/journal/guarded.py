"""What a role must not move: the hub's refs that say what happened, and the files by which a person decides."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from loopwright.git.ref_files import RefFiles
from loopwright.journal.claims import CLAIMS, GENERATIONS, RUNS, ref_name
from loopwright.journal.hub import Hub
from loopwright.journal.line import OPEN

GIT = ".git/"
"""What the names of files in the git dir begin with here, wherever it lies."""

_MOST = 1 << 20  # bytes of a file that are kept to be compared
_HOOKS_PATH = re.compile(rb"^\s*hooksPath\s*=\s*\"?([^\"\n]+)", re.IGNORECASE | re.MULTILINE)
_INCIDENT = re.compile(r"(?:andon|meta)-gen-\d+(?:-\d+)?\.md$")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was: when it was changed last (ns, as the file system says), and its bytes if there are few."""

    stamp: tuple[int, ...]
    data: bytes | None

    @property
    def changed(self) -> int:
        return self.stamp[-1]


@dataclass(frozen=True, slots=True)
class Facts:
    """One look: guarded refs by name, files by name, and the end of the mainline's reflog (None: there is none)."""

    refs: Mapping[str, str]
    files: Mapping[str, Kept]
    log: int | None


@dataclass(frozen=True)
class Guarded:
    """The guarded facts of a hub, for run N of a plan. A look at inodes, no process: with
    2,000 refs (1,000 of them loose), 100 plans and 20 incidents 8 ms; in a young repository 1 ms."""

    hub: Hub
    mainline: str
    run: int
    plan: str
    _known: dict[str, Kept] = field(default_factory=dict)

    @cached_property
    def _refs(self) -> RefFiles:
        return RefFiles(self.hub.common)

    @property
    def main(self) -> str:
        return f"refs/heads/{self.mainline}"

    @property
    def own(self) -> tuple[str, ...]:
        """The refs that only the process of this run moves; a trailing slash for all under it."""
        number = self.run
        names = (f"{GENERATIONS}/{number}", f"{RUNS}/{number}", f"refs/loopwright/verified/{number}")
        tags = (f"refs/tags/gen-{number}", f"refs/tags/gen-{number}-failed")
        return (*names, *tags, f"{CLAIMS}/{ref_name(self.plan)}", f"refs/loopwright/attempts/{number}/")

    def look(self) -> Facts:
        log = self._log()  # before the refs: an entry is written first, and then the ref
        refs = self._refs.under(*self.own, self.main, "refs/tags/gen-*", GENERATIONS, RUNS, OPEN)
        return Facts(refs, dict(self._files()), log)

    def _log(self) -> int | None:
        try:
            return self.reflog.stat().st_size
        except OSError:
            return None

    @property
    def reflog(self) -> Path:
        return self.hub.common / "logs" / self.main

    def place(self, name: str) -> Path:
        """Where the file of a name lies."""
        inside = name.startswith(GIT)
        return self.hub.common / name.removeprefix(GIT) if inside else self.hub.top / name

    def _files(self) -> Iterator[tuple[str, Kept]]:
        for name in self._names():
            if kept := self._kept(name):
                yield name, kept

    def _kept(self, name: str) -> Kept | None:
        try:
            found = self.place(name).lstat()
        except OSError:
            return None
        stamp = (found.st_ino, found.st_size, found.st_mode, found.st_mtime_ns, found.st_ctime_ns)
        if (known := self._known.get(name)) is None or known.stamp != stamp:
            plain = stat.S_ISREG(found.st_mode) and found.st_size <= _MOST
            self._known[name] = Kept(stamp, _bytes(self.place(name)) if plain else None)
        return self._known[name]

    def _names(self) -> Iterator[str]:
        top = self.hub.top
        yield from (".env", *(f"{GIT}{name}" for name in ("config", "config.worktree", "info/attributes")))
        yield from (f"{folder}/{name}" for folder in ("agents", "plans") for name in _in(top / folder, ".md"))
        yield from (f"wiki/90_LOG/{name}" for name in _in(top / "wiki/90_LOG", ".md") if _INCIDENT.search(name))
        yield from (f"{GIT}hooks/{name}" for name in _in(self.hub.common / "hooks") if not name.endswith(".sample"))
        if (folder := self._hooks_path()) is not None:
            yield from (f"{folder}/{name}" for name in _in(top / folder))

    def _hooks_path(self) -> str | None:
        """The folder of the checkout in which hooks lie, where `core.hooksPath` says so."""
        config = self._kept(f"{GIT}config")
        told = _HOOKS_PATH.search(config.data) if config and config.data else None
        folder = os.path.normpath(os.fsdecode(told[1].strip())) if told else ""
        return folder if folder and not folder.startswith(("/", "~", "..")) else None


def _in(folder: Path, ending: str = "") -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(ending))  # noqa: PTH208 - names alone
    except OSError:
        return []


def _bytes(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_MOST)

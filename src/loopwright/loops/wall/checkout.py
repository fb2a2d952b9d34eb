"""Looks for files that a lab's command wrote into the person's checkout, where a command named it.

A person saves files there all day. So only those count whose change time lies within a command that leads there by
itself, or by a file that its role wrote: not within all that ran after it, as for what decides (`files.py`). What the
mainline has by now came by a commit; what git ignores is written by the person's own tools without end, and isn't
looked at, as aren't folders of dependencies. Without such a command nothing is walked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from loopwright.errors import GitFailed
from loopwright.journal.guarded import GIT, Facts, Guarded
from loopwright.journal.lab_times import SLACK
from loopwright.loops.wall.files import Files
from loopwright.loops.wall.found import Found
from loopwright.loops.wall.session import Commands, Ran

_MOST = 200_000  # entries that are looked at: 30,000 take 0.4 s of one core
_SHOWN = 5  # files that are named
_LARGEST = 1 << 20  # bytes of a file that are compared with the mainline's
_LEFT_OUT = frozenset((".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache", ".pytest_cache"))
_EXCLUDE = f"{GIT}info/exclude"
"""What makes git ignore files, and isn't in the tree: who writes it could hide there what else it writes."""


@dataclass(frozen=True)
class Checkout:
    """The person's files after these commands. What decides is told of by another look (`files.py`)."""

    guarded: Guarded
    before: Facts
    after: Facts
    commands: Commands

    def found(self) -> Iterator[Found]:
        aimed = Commands([ran for ran in self.commands.ran if ran.aims])
        if not aimed.ran:
            return
        told = {name for name, _, _ in Files(self.guarded, self.before, self.after, self.commands).deciding}
        written = {name: ran for name, ran in self._written(aimed) if name not in told}
        names = [name for name in self._seen(written) if not self._came_by_a_commit(name)]
        for ran in dict.fromkeys(written[name] for name in names):
            mine = [name for name in names if written[name] is ran]
            more = f" and {len(mine) - _SHOWN} more" if len(mine) > _SHOWN else ""
            what = f"wrote into the checkout: {', '.join(mine[:_SHOWN])}{more}; while this ran: {ran.shown}"
            yield Found(ran.who, what, "look at each (`git diff -- PATH`), and take back what isn't yours")

    def _written(self, aimed: Commands) -> Iterator[tuple[str, Ran]]:
        """What was changed in the time of one of these commands, with the command."""
        begin = min(ran.span.begin for ran in aimed.ran)
        for name, path in self._walk():
            try:
                moment = path.lstat().st_ctime_ns
            except OSError:
                continue
            if ran := aimed.at(moment) if moment >= begin - SLACK else None:
                yield name, ran

    def _walk(self) -> Iterator[tuple[str, Path]]:
        hub, left = self.guarded.hub, _MOST
        yield _EXCLUDE, self.guarded.place(_EXCLUDE)
        for here, folders, files in os.walk(hub.top):
            if (left := left - len(folders) - len(files)) < 0:
                return
            folders[:] = [name for name in folders if name not in _LEFT_OUT and Path(here, name) != hub.labs]
            links = (name for name in folders if Path(here, name).is_symlink())
            for name in (*files, *links):
                path = Path(here, name)
                yield path.relative_to(hub.top).as_posix(), path

    def _seen(self, names: Iterable[str]) -> list[str]:
        """Those that git doesn't ignore; all of them where it can't tell."""
        asked = sorted(names)
        inside = [name for name in asked if not name.startswith(GIT)]
        git, given = self.guarded.hub.git, b"\0".join(map(os.fsencode, inside))
        try:
            told = git.run("check-ignore", "-z", "--stdin", data=given, ok=(0, 1)) if inside else b""
        except GitFailed:
            told = b""
        ignored = set(map(os.fsdecode, told.split(b"\0")))
        return [name for name in asked if name not in ignored]

    def _came_by_a_commit(self, name: str) -> bool:
        """Whether the mainline brought this file meanwhile, or has it just so."""
        blob = self._mainlines.get(name)
        return name in self._brought or (blob is not None and blob == self._blob(self.guarded.place(name)))

    @cached_property
    def _mainlines(self) -> Mapping[str, str]:
        tip = self.after.refs.get(self.guarded.main)
        return {path: entry.blob for path, entry in self.guarded.hub.entries(tip).items()} if tip else {}

    @cached_property
    def _brought(self) -> frozenset[str]:
        old, new = (facts.refs.get(self.guarded.main) for facts in (self.before, self.after))
        moved = self.guarded.hub.git.changes(old, new) if old and new and old != new else ()
        return frozenset(file.path for file in moved)

    def _blob(self, path: Path) -> str:
        """The id that git would give to what is there, as it stands on disk; '' for what is too large to ask."""
        try:
            if path.is_symlink():
                data = os.fsencode(path.readlink())
            elif path.is_file() and path.stat().st_size <= _LARGEST:
                data = path.read_bytes()
            else:
                return ""
        except OSError:
            return ""
        return hashlib.new(self.guarded.hub.object_format, b"blob %d\0%b" % (len(data), data)).hexdigest()

"""Refs read from git's own files, for who looks at the same thousands of them again and again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from loopwright.git.plumbing import Git

_Stamp = tuple[int, int, int]


@dataclass
class RefFiles:
    """The refs of a repository by its git common dir. What hasn't changed since the last look isn't read again: with
    1,000 loose and 1,000 packed refs a look takes 7 ms, and `for-each-ref` with as many loose ones 100, each time.
    Another ref store than files is asked through git."""

    common: Path
    _loose: dict[str, tuple[_Stamp, str]] = field(default_factory=dict)
    _packed: tuple[_Stamp | None, dict[str, str]] = (None, {})

    def under(self, *prefixes: str) -> dict[str, str]:
        """Refs that are named so, or lie below, or (`refs/tags/gen-*`) begin so: full name -> object id."""
        if (self.common / "reftable").is_dir():
            return Git(self.common, {"GIT_DIR": str(self.common)}).refs(*prefixes)
        loose = dict(found for prefix in prefixes for found in self._read(prefix))
        return {**self._of_packed(prefixes), **loose}  # after the loose ones: packing adds there before it removes here

    def _read(self, prefix: str) -> Iterator[tuple[str, str]]:
        if prefix.endswith("*"):
            folder, _, start = prefix.rstrip("*").rpartition("/")
            yield from self._below(folder, start)
        elif (self.common / prefix).is_dir():
            yield from self._below(prefix.rstrip("/"))
        elif value := self._value(prefix, _found(self.common / prefix)):
            yield prefix, value

    def _below(self, folder: str, start: str = "") -> Iterator[tuple[str, str]]:
        try:
            entries = [entry for entry in os.scandir(self.common / folder) if entry.name.startswith(start)]
        except OSError:
            return
        for entry in entries:
            name = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(name)
            elif not name.endswith(".lock") and (value := self._value(name, _found(entry))):
                yield name, value

    def _value(self, name: str, stamp: _Stamp | None) -> str:
        """The id in a loose ref's file; '' where there is none."""
        if stamp is None:
            return ""
        if (known := self._loose.get(name)) is None or known[0] != stamp:
            try:
                text = (self.common / name).read_bytes()[:100].decode(errors="replace")
            except OSError:
                return ""
            self._loose[name] = known = stamp, text.strip()
        return known[1]

    def _of_packed(self, prefixes: tuple[str, ...]) -> dict[str, str]:
        path = self.common / "packed-refs"
        if (stamp := _found(path)) is None:
            return {}
        if stamp != self._packed[0]:
            rows = (line.split(" ") for line in path.read_text(errors="replace").splitlines() if line[:1] not in "#^")
            self._packed = stamp, {row[1]: row[0] for row in rows if len(row) == 2}
        begun = tuple(prefix[:-1] if prefix.endswith("*") else f"{prefix.rstrip('/')}/" for prefix in prefixes)
        return {name: oid for name, oid in self._packed[1].items() if name in prefixes or name.startswith(begun)}


def _found(place: Path | os.DirEntry[str]) -> _Stamp | None:
    """What changes when a file is replaced or written; None where there is none."""
    try:
        found = place.lstat() if isinstance(place, Path) else place.stat(follow_symlinks=False)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_ctime_ns

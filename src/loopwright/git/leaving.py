"""What of a work tree a snapshot leaves out, known before git is asked to take it: git would end, or read for hours."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopwright.errors import LabFailed

MOST = 1 << 30
"""Bytes that one snapshot takes; git reads and packs them in 13 s here (and would take hours for a sparse file)."""

MOST_FILES = 100_000
"""Files that one snapshot takes anew; git adds 60,000 in 4 s here."""

_LONGEST = 4000
"""Bytes of a path: at one of more than 4,095 git ends with what else there was to take."""

_FEW = 100
"""Files left out by their size: past that it isn't single files that are too large."""

_IGNORING = ".gitignore"
_WAITING = 100_000
"""Folders that wait to be looked into, whose paths are held: 400 MB where they are as long as can be."""

_OWN = (_IGNORING, ".gitattributes", ".gitmodules")
"""Files that git reads of its own accord, the first two in every folder."""

_MOST_IGNORING = 16 << 20
"""Bytes of a `.gitignore`. git takes as much memory as it is long: 1.5 GB for one of 1.5 GB that is all holes."""

_UNOPENED = re.compile(rb"could not open directory '(.*?)/?(?:': ([^\n']+))?$", re.MULTILINE)
"""git cuts its warnings off after 4,096 bytes: the reason is missing where the path is what is too long."""


@dataclass(frozen=True)
class LeftOut:
    """A path that a snapshot lacks. `kind`: unreadable, or too-large."""

    path: str
    why: str
    kind: str = "unreadable"


@dataclass(frozen=True)
class Walk:
    """What lies in a folder: plain files, links, and what can't be looked at. Paths are relative to the work tree."""

    files: tuple[str, ...]
    links: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def unopened(warnings: bytes) -> tuple[LeftOut, ...]:
    """The folders that git passed over with nothing but a warning."""
    found = {os.fsdecode(path): why.decode(errors="replace") for path, why in _UNOPENED.findall(warnings)}
    told = ((path, why or "its path is too long") for path, why in sorted(found.items()))
    return tuple(LeftOut(path, f"the folder can't be opened: {why}") for path, why in told)


def demand_no_trap(work: Path) -> None:
    """Look, before git does, for a file that git would wait for (a pipe), or that would fill this machine's memory.
    Raises LabFailed."""
    ahead = [str(work)]
    while ahead:
        with contextlib.suppress(OSError), os.scandir(ahead.pop()) as entries:  # gone, or closed to git, too
            for entry in entries:
                if entry.name in _OWN and (why := _trap(entry.name, entry.stat(follow_symlinks=False))):
                    raise LabFailed(f"git can't look at the lab's files: {os.path.relpath(entry.path, work)} {why}")
                if entry.name != ".git" and entry.is_dir(follow_symlinks=False):
                    ahead.append(entry.path)
                if len(ahead) > _WAITING:
                    raise LabFailed(
                        f"git can't look at the lab's files: more than {_WAITING} folders beside each other"
                    )


def _trap(name: str, found: os.stat_result) -> str:
    if stat.S_ISFIFO(found.st_mode):
        return "is a pipe"
    if name == _IGNORING and stat.S_ISREG(found.st_mode) and found.st_size > _MOST_IGNORING:
        return f"has {found.st_size} bytes, and may have {_MOST_IGNORING}"
    return ""


def held_back(work: Path, paths: Iterable[str]) -> tuple[LeftOut, ...]:
    """What of these is too long a path, too many files, or too many bytes together with the others: the fullest folders
    and the largest files then.

    Raises LabFailed where not even 100 of them less are few enough.
    """
    given = tuple(paths)
    found = [LeftOut(path, f"its path is longer than {_LONGEST} bytes") for path in given if _is_too_long(path)]
    crowded = _crowded([path for path in given if not _is_too_long(path)])
    aside = {one.path for one in crowded}
    sizes = {path: _size(work / path) for path in given if not _is_too_long(path) and _top(path) not in aside}
    return (*found, *crowded, *_largest(sizes))


def _crowded(paths: Sequence[str]) -> list[LeftOut]:
    """The folders at the top that have the most files, where these are too many."""
    left, found = len(paths), list[LeftOut]()
    for name, many in Counter(map(_top, paths)).most_common(_FEW if left > MOST_FILES else 0):
        if left > MOST_FILES:
            left -= many
            found.append(LeftOut(name, f"{many} new files; a snapshot takes {MOST_FILES} in all", "too-large"))
    if left > MOST_FILES:
        raise LabFailed(f"the lab has {left} new files and more, and a snapshot takes {MOST_FILES}")
    return found


def _largest(sizes: Mapping[str, int]) -> list[LeftOut]:
    found = list[LeftOut]()
    total = sum(sizes.values())
    largest = sorted(sizes, key=lambda path: (-sizes[path], path)) if total > MOST else []
    for path in largest[:_FEW]:
        if total > MOST:
            total -= sizes[path]
            found.append(LeftOut(path, f"{sizes[path]} bytes; a snapshot takes {MOST} in all", "too-large"))
    if total > MOST:
        raise LabFailed(f"the lab's new files are {total} bytes and more, and a snapshot takes {MOST}")
    return found


def _is_too_long(path: str) -> bool:
    return len(os.fsencode(path)) > _LONGEST


def _top(path: str) -> str:
    return path.partition("/")[0]


def _size(path: Path) -> int:
    try:
        found = path.lstat()
    except OSError:  # gone
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def walked(work: Path, folder: str) -> Walk:
    """Every file of a nested repository but its git dir's, however deep (`os.walk` ends after a thousand folders)."""
    files, links, left_out, ahead = list[str](), list[str](), list[LeftOut](), [folder]
    while ahead:
        here = ahead.pop()
        try:
            entries = sorted(os.scandir(work / here), key=lambda entry: entry.name)
        except OSError as problem:
            left_out.append(LeftOut(here, f"the folder can't be opened: {problem.strerror}"))
            continue
        for entry in entries:
            path = f"{here}/{entry.name}"
            if entry.is_symlink():
                links.append(path)
            elif entry.name != ".git" and entry.is_dir():
                ahead.append(path)
            elif entry.name != ".git" and entry.is_file():
                files.append(path)
    return Walk(tuple(files), tuple(links), (*left_out, *_unreadable(work, files)))


def _unreadable(work: Path, files: Iterable[str]) -> Iterator[LeftOut]:
    for path in files:
        if not os.access(work / path, os.R_OK):
            yield LeftOut(path, "it can't be read")

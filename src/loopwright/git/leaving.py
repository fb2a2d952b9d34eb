"""What of a work tree a snapshot leaves out, known before git is asked to take it: git would end, or read for hours."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loopwright.errors import LabFailed

MOST = 1 << 30
"""Bytes that one snapshot takes; git reads and packs them in 13 s here (and would take hours for a sparse file)."""

_LONGEST = 4000
"""Bytes of a path: at one of more than 4,095 git ends with what else there was to take."""

_FEW = 100
"""Files left out by their size: past that it isn't single files that are too large."""

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


def held_back(work: Path, paths: Iterable[str]) -> tuple[LeftOut, ...]:
    """What of these is too long a path, or too many bytes together with the others: the largest ones then.

    Raises LabFailed where not even 100 files less are few enough bytes.
    """
    sizes, found = dict[str, int](), []
    for path in paths:
        if len(os.fsencode(path)) > _LONGEST:
            found.append(LeftOut(path, f"its path is longer than {_LONGEST} bytes"))
        else:
            sizes[path] = _size(work / path)
    total = sum(sizes.values())
    largest = sorted(sizes, key=lambda path: (-sizes[path], path)) if total > MOST else []
    for path in largest[:_FEW]:
        if total > MOST:
            total -= sizes[path]
            found.append(LeftOut(path, f"{sizes[path]} bytes; a snapshot takes {MOST} in all", "too-large"))
    if total > MOST:
        raise LabFailed(f"the lab's new files are {total} bytes and more, and a snapshot takes {MOST}")
    return tuple(found)


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

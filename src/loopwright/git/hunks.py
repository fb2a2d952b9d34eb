"""Where two contents differ, by their lines."""

from __future__ import annotations

import re
from typing import NamedTuple

from loopwright.git.plumbing import Git


class Hunk(NamedTuple):
    """A change between two texts, as the lines (from 0, the ends excluded) of the old and of the new one."""

    old: int
    old_end: int
    new: int
    new_end: int


_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


def _hunk(*told: bytes | None) -> Hunk:
    """git counts lines from 1, leaves out a count of 1, and names the line before where there are none."""
    starts = [int(told[at] or 0) for at in (0, 2)]
    counts = [1 if told[at] is None else int(told[at] or 0) for at in (1, 3)]
    (old, new) = (start - 1 if count else start for start, count in zip(starts, counts, strict=True))
    return Hunk(old, old + counts[0], new, new + counts[1])


def hunks(git: Git, old_blob: str, new_blob: str) -> tuple[Hunk, ...]:
    """Where two blobs differ, without context; none for binary ones. No attributes or programs have a say in it."""
    words = ("diff", "-U0", "--no-ext-diff", "--no-textconv", "--no-color", "--no-indent-heuristic")
    return tuple(_hunk(*found.groups()) for found in _HUNK.finditer(git.bare.run(*words, old_blob, new_blob, "--")))

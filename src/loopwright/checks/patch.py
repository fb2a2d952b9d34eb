"""Reads git's unified diff: which lines were added to which path, and in the place of which others.

The diff's text is a maker's, so hunks are read by the counts in their headers: no added line can pose as a header.
Lines end at "\\n" alone; form feeds and other separators belong to the line, as git has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk. `number` is its place in the new file; for a removed line, where it would stand."""

    sign: str  # "+", "-" or " "
    number: int
    text: str


@dataclass(slots=True)
class Patch:
    """What a diff says of one path: its hunks, each with its lines (text without line ends)."""

    path: str
    hunks: list[list[Line]] = field(default_factory=list)
    binary: bool = False

    @property
    def added(self) -> list[tuple[int, str]]:
        """The added lines, each with its number in the new file."""
        return [(line.number, line.text) for hunk in self.hunks for line in hunk if line.sign == "+"]

    @property
    def text(self) -> str:
        """The added lines as one text, so that what spans lines can be found."""
        return "\n".join(text for _, text in self.added)

    def line(self, offset: int) -> int:
        """The line number in the new file of a place in `text`."""
        return self.added[self.text.count("\n", 0, offset)][0]


def patches(diff: str) -> dict[str, Patch]:
    """Every path of the diff with what was added to it. The two halves of a changed type are one patch."""
    found: dict[str, Patch] = {}
    lines = iter(diff.split("\n"))
    patch = Patch("")
    for line in lines:
        if line.startswith("diff --git "):
            path = _header_path(line.removeprefix("diff --git "))
            patch = found.setdefault(path, Patch(path))
        elif line.startswith(("Binary files ", "GIT binary patch")):
            patch.binary = True
        elif hunk := _HUNK.match(line):
            patch.hunks.append(list(_hunk(lines, int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1))))
    return found


def _hunk(lines: Iterator[str], old: int, at: int, new: int) -> Iterator[Line]:
    """Take one hunk of `old` and `new` lines off `lines`."""
    while old > 0 or new > 0:
        line = next(lines, None)
        if line is None:
            return
        sign = line[:1]
        if sign != "\\":  # "\ No newline at end of file" counts for nobody
            yield Line(sign or " ", at, line[1:])
            old -= sign != "+"
            new -= sign != "-"
            at += sign != "-"


def _header_path(names: str) -> str:
    """The path out of `a/PATH b/PATH`: without renames both are the same, and quoted alike."""
    half = names[: (len(names) - 1) // 2]
    if half.startswith('"'):
        half = unquoted(half[1:-1])
    return half.removeprefix("a/")


def unquoted(name: str) -> str:
    """A path as git quotes it (C escapes, bytes in octal), without its quotes."""
    data = name.encode("utf-8", "surrogateescape")
    return _ESCAPE.sub(lambda escape: _byte(escape[1]), data).decode("utf-8", "surrogateescape")


def _byte(letter: bytes) -> bytes:
    return bytes([int(letter, 8) & 255]) if len(letter) == 3 else _LETTERS.get(letter, letter)

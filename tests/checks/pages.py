"""Two versions of some files in memory, as a change of one into the other: the guards are pure, and need no git."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from loopwright.checks.drift import DriftGuard
from loopwright.checks.guards import USUAL
from loopwright.checks.meaning import MeaningGuard
from loopwright.contracts import Lab
from loopwright.vocabulary import TESTS, Change, FileChange, Verdict

Files = Mapping[str, str]

CODE = {"src/shop.py": "def price(n): return n\n"}
"""The code that the tests of these pages are about."""


@dataclass(frozen=True)
class Pages:
    """`before` is the mainline; `after` are all files of the candidate."""

    before: Files
    after: Files
    root: Path = Path()

    def old(self, path: str) -> bytes | None:
        return self.before[path].encode() if path in self.before else None

    def read(self, path: str) -> bytes:
        if path not in self.after:
            raise FileNotFoundError(path)
        return self.after[path].encode()

    @property
    def change(self) -> Change:
        paths = [
            path for path in sorted({**self.before, **self.after}) if self.before.get(path) != self.after.get(path)
        ]
        files = tuple(_file(path, path in self.before, path in self.after) for path in paths)
        return Change("0" * 40, "1" * 40, "2" * 40, files, "\n".join(line for p in paths for line in self._diff(p)))

    def _diff(self, path: str) -> Iterator[str]:
        yield f"diff --git a/{path} b/{path}"
        old, new = (files.get(path, "").splitlines() for files in (self.before, self.after))
        yield from difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")

    def drift(self, *, exempt: tuple[str, ...] = (), named: tuple[str, ...] = ("**",)) -> str:
        """What the drift guard says; `` when it is content."""
        return self.verdict(exempt=exempt, named=named).evidence

    def verdict(self, *, exempt: tuple[str, ...] = (), named: tuple[str, ...] = ("**",)) -> Verdict:
        return DriftGuard(self.old, (*TESTS, *USUAL), exempt, named).check(self.change, cast(Lab, self))

    def meaning(self) -> str:
        return MeaningGuard(self.old, (*TESTS, *USUAL)).check(self.change, cast(Lab, self)).evidence


def _file(path: str, before: bool, after: bool) -> FileChange:
    modes = [("100644", f"{side}" * 40) if there else (None, None) for side, there in ((1, before), (2, after))]
    kind = "M" if before and after else "A" if after else "D"
    return FileChange(path, kind, modes[0][0], modes[1][0], modes[0][1], modes[1][1])


def drift(path: str, before: str, after: str | None) -> str:
    """What the drift guard says of one file's change, in a repository that has some code of its own."""
    code = {"src/shop.py": "def price(n): return n\n"}
    return Pages({**code, path: before}, {**code, **({} if after is None else {path: after})}).drift()


def edit(text: str, *pairs: tuple[str, str]) -> str:
    """A text with the first of each pair made the second; each has to be there."""
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def one(path: str, before: str, after: str) -> tuple[Files, Files]:
    """One file before and after."""
    return {path: before}, {path: after}

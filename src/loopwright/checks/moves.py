"""Which of a change's test files only moved. An honest rename keeps every test and its name; only imports differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from loopwright.checks.suites.reading import read_both
from loopwright.checks.suites.suite import Suite
from loopwright.vocabulary import Change, FileChange, matches

_FOUND_BY_NAME = ("test_*", "*_test.*", "*.test.*", "*.spec.*")


class Files(Protocol):
    """The change's own files: a lab has them, and so has a commit."""

    def read(self, path: str) -> bytes:
        """A regular file's bytes. Raises OSError where there is none."""


@dataclass(frozen=True, slots=True)
class SuiteChange:
    """A changed test file before and after: bytes and what was read out of them, None where there is none."""

    change: FileChange
    old: bytes | None
    new: bytes | None
    before: Suite | None
    after: Suite | None
    inline: bool = False  # a source file that holds its own tests, as Rust's do

    @property
    def path(self) -> str:
        return self.change.path


def suite_changes(
    change: Change, lab: Files, old: Callable[[str], bytes | None], tests: tuple[str, ...], *, inline: bool = False
) -> tuple[SuiteChange, ...]:
    """The change's test files, each read on both sides. `old` reads a path at the commit that tests are held to.
    `inline`: source files, too, where a language has its tests beside the code."""
    found = ((file, not matches(file.path, tests)) for file in change.files)
    return tuple(_read(file, lab, old, beside) for file, beside in found if not beside or (inline and _beside(file)))


def _beside(file: FileChange) -> bool:
    return file.path.endswith(".rs") and file.old_blob is not None


def honest_renames(files: tuple[SuiteChange, ...]) -> dict[str, str]:
    """Old path to new path of every test file that only moved: the same bytes, or the same but for imports and
    comments; under the same top folder, and with a name that runners find as they found the old one."""
    renames: dict[str, str] = {}
    arrived = [file for file in files if file.old is None and file.new is not None]
    for gone in files:
        if gone.old is None or gone.new is not None:
            continue
        target = next((file for file in arrived if _same(gone, file) and alike(gone.path, file.path)), None)
        if target is not None:
            renames[gone.path] = target.path
            arrived.remove(target)
    return renames


def alike(old: str, new: str) -> bool:
    """Whether a test at `new` is found by whatever found it at `old`."""
    before, after = PurePosixPath(old), PurePosixPath(new)
    same_top = before.parts[0] == after.parts[0] or len(before.parts) == len(after.parts) == 1
    named = not matches(before.name, _FOUND_BY_NAME) or matches(after.name, _FOUND_BY_NAME)
    return same_top and named and before.suffix == after.suffix


def _same(gone: SuiteChange, arrived: SuiteChange) -> bool:
    if gone.old == arrived.new:
        return True
    if gone.before is None or arrived.after is None or not gone.before.tests:
        return False
    return gone.before.rest == arrived.after.rest


def _read(file: FileChange, lab: Files, old: Callable[[str], bytes | None], beside: bool) -> SuiteChange:
    before = old(file.path) if file.old_blob is not None else None
    after = _now(file, lab)
    one, other = read_both(file.path, before, after)
    if beside:
        one, other = (suite and suite.without_code() for suite in (one, other))
    return SuiteChange(file, before, after, one, other, beside)


def _now(file: FileChange, lab: Files) -> bytes | None:
    """The file as the change has it; a link or submodule in a test's place is no test."""
    if file.new_mode not in {"100644", "100755"}:
        return None
    try:
        return lab.read(file.path)
    except OSError:  # not readable as a regular file: nothing runs it either
        return None

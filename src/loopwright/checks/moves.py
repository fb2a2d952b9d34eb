"""Which of a change's test files only moved. An honest rename keeps every test and its name; only imports differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from loopwright.checks.suites.reading import Pair, read_both
from loopwright.vocabulary import Change, FileChange, matches

_FOUND_BY_NAME = ("test_*", "*_test.*", "*.test.*", "*.spec.*")
_JAVASCRIPT = frozenset({"js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"})
_OWN_TESTS = re.compile(rb"#\[[^\]\n]{0,200}\btest\b")  # in a source file of Rust


class Files(Protocol):
    """The change's own files: a lab has them, and so has a commit."""

    def read(self, path: str) -> bytes:
        """A regular file's bytes. Raises OSError where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class SuiteChange:
    """A changed test file before and after; None where there is none. What its tests are is read when it is asked for,
    and not kept: a change may have thousands of them."""

    change: FileChange
    old: bytes | None
    new: bytes | None
    inline: bool = False  # a source file that holds its own tests, as Rust's do

    @property
    def path(self) -> str:
        return self.change.path

    def suites(self) -> Pair:
        """What was read out of both."""
        pair = read_both(self.path, self.old, self.new)
        if not self.inline:
            return pair
        before, after = (suite and suite.without_code() for suite in pair)
        return before, after


def suite_changes(
    change: Change, lab: Files, old: Callable[[str], bytes | None], tests: tuple[str, ...], *, inline: bool = False
) -> tuple[SuiteChange, ...]:
    """The change's test files, each on both sides. `old` reads a path at the commit that tests are held to. `inline`:
    source files, too, where a language has its tests beside the code."""
    return tuple(_read(change, lab, old, tests, inline))


def _read(
    change: Change, lab: Files, old: Callable[[str], bytes | None], tests: tuple[str, ...], inline: bool
) -> Iterator[SuiteChange]:
    for file in change.files:
        beside = not matches(file.path, tests)
        if beside and not (inline and file.path.endswith(".rs") and file.old_blob is not None):
            continue
        before = old(file.path) if file.old_blob is not None else None
        if not beside or (before is not None and _OWN_TESTS.search(before)):
            yield SuiteChange(file, before, _now(file, lab), beside)


def honest_renames(files: tuple[SuiteChange, ...]) -> dict[str, str]:
    """Old path to new path of every test file that only moved: the same bytes, or the same but for imports and
    comments; under the same top folder, and with a name that runners find as they found the old one."""
    gone = [file for file in files if file.old is not None and file.new is None]
    arrived = [file for file in files if file.old is None and file.new is not None] if gone else []
    renames = _paired(gone, arrived, lambda file: file.old, lambda file: file.new)
    gone = [file for file in gone if file.path not in renames]
    arrived = [file for file in arrived if file.path not in renames.values()] if gone else []
    return {**renames, **_paired(gone, arrived, _rest_before, _rest_after)}


def _paired(
    gone: list[SuiteChange],
    arrived: list[SuiteChange],
    before: Callable[[SuiteChange], object],
    after: Callable[[SuiteChange], object],
) -> dict[str, str]:
    """Every file that is gone with one that arrived and is the same by what these tell of them (None: of none)."""
    places: dict[object, list[str]] = {}
    for file in arrived:
        places.setdefault(after(file), []).append(file.path)
    found: dict[str, str] = {}
    for file in gone:
        key = before(file)
        left = [] if key is None else places.get(key, [])
        if (target := next((path for path in left if alike(file.path, path)), None)) is not None:
            found[file.path] = target
            left.remove(target)
    return found


def _rest_before(file: SuiteChange) -> str | None:
    before, _ = file.suites()
    return before.whole() if before is not None and before.tests else None


def _rest_after(file: SuiteChange) -> str | None:
    _, after = file.suites()
    return after.whole() if after is not None else None


def alike(old: str, new: str) -> bool:
    """Whether a test at `new` is found by whatever found it at `old`."""
    return family(old) == family(new) and (found_by_name(new) or not found_by_name(old))


def family(path: str) -> tuple[str, str]:
    """The first folder of a path, and its language by its suffix."""
    top, _, below = path.partition("/")
    suffix = PurePosixPath(path).suffix.removeprefix(".")
    return top if below else "", "js" if suffix in _JAVASCRIPT else suffix


def found_by_name(path: str) -> bool:
    return matches(PurePosixPath(path).name, _FOUND_BY_NAME)


def _now(file: FileChange, lab: Files) -> bytes | None:
    """The file as the change has it; a link or submodule in a test's place is no test."""
    if file.new_mode not in {"100644", "100755"}:
        return None
    try:
        return lab.read(file.path)
    except OSError:  # not readable as a regular file: nothing runs it either
        return None

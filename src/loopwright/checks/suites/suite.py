"""What a test file holds, whatever its language, and what one version of it lost against another."""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from loopwright.checks.suites.expectation import Expectation

FILE = "<file>"  # the name of the case that stands for all that is in no function


class TooMuch(Exception):
    """A test means more than can be written out."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What keeps a test from running as it is, or from looking at the real thing."""

    skips: int = 0  # marks and calls that skip it, try it again, or expect it to fail
    exits: int = 0  # ways to leave it early, where asserts don't tell what they stand behind
    doubles: frozenset[str] = frozenset()  # what it replaces by something made up: shop.price, Mock


@dataclass(frozen=True, eq=False)
class Case:
    """A test, or a function that checks for tests. It is read when it is asked for, and once: most cases of a changed
    file stand as they stood."""

    name: str  # within the file: TestPrice.test_vat
    is_test: bool
    source: str  # with what it leans on in its file: a case of the same source holds the same
    written: Callable[[], Counter[Expectation]] = Counter
    deep: Callable[[], Counter[Expectation]] | None = None
    marked: Callable[[], Marks] = Marks
    printed: Callable[[], str] = str
    idling: Callable[[Case], str] = lambda _: ""
    always: bool = False  # runs around tests that don't ask for it
    line: int | None = None
    followed: bool = False  # a helper that the tests of its file are followed into

    @property
    def leaf(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def checks(self) -> bool:
        """Whether it would be missed."""
        return self.is_test or bool(self.asserts)

    @functools.cached_property
    def asserts(self) -> Counter[Expectation]:
        """What it insists on as it is written; one thing where it is too deep or too long to follow."""
        try:
            return self.written()
        except (TooMuch, RecursionError):
            return Counter({Expectation(self.source[:200], "holds"): 1})

    @functools.cached_property
    def meant(self) -> Counter[Expectation]:
        """What it insists on once locals, helpers, loops and parameters are put in; else as written."""
        try:
            return self.asserts if self.deep is None else self.deep()
        except (TooMuch, RecursionError):
            return self.asserts

    @functools.cached_property
    def marks(self) -> Marks:
        return self.marked()

    @functools.cached_property
    def body(self) -> str:
        """Its fingerprint: equal bodies check equal things."""
        try:
            return hashlib.sha256(self.printed().encode("utf-8", "replace")).hexdigest()
        except RecursionError:
            return self.source

    @property
    def idle(self) -> str:
        """Why it can't fail, if it can't."""
        return self.idling(self)

    def stands(self, newer: Case) -> bool:
        """Whether `newer` holds all that this does, for it is written alike."""
        return self.source == newer.source and self.is_test <= newer.is_test


def whole_file(skips: int) -> Case:
    """The case of all that is in no function, where only marks matter there."""
    return Case(FILE, False, str(skips), marked=lambda: Marks(skips))


@dataclass(frozen=True, slots=True, eq=False)
class Suite:
    """All cases of one file. `mutes` are things that silence tests beyond themselves, each with its fingerprint;
    `whole` tells the fingerprint of the file without imports and comments."""

    cases: Mapping[str, Case]
    mutes: Mapping[str, str]
    whole: Callable[[], str]

    @property
    def tests(self) -> int:
        return sum(case.is_test for case in self.cases.values())

    @property
    def asserts(self) -> int:
        return sum(sum(case.asserts.values()) for case in self.cases.values())

    @property
    def skips(self) -> int:
        return sum(case.marks.skips for case in self.cases.values())

    def without_code(self) -> Suite:
        """What is left of a source file that holds its own tests: these, and nothing that stands in no function."""
        return replace(self, cases={name: case for name, case in self.cases.items() if name != FILE})

    def new_mutes(self, older: Suite | None) -> Iterator[str]:
        """What silences tests here and did not in `older`."""
        before = older.mutes if older is not None else {}
        for name, body in self.mutes.items():
            if before.get(name) != body:
                yield f"{name} can silence other tests"


_PARTS = 100  # tests of one name in a file that are still read deeply


@dataclass(frozen=True, slots=True)
class _Together:
    """What several cases hold that count as one."""

    parts: Sequence[Case]

    def marks(self) -> Marks:
        marks = [part.marks for part in self.parts]
        doubles = frozenset[str]().union(*(one.doubles for one in marks))
        return Marks(sum(one.skips for one in marks), sum(one.exits for one in marks), doubles)

    def body(self) -> str:
        return "\n".join(part.body for part in self.parts)

    def idle(self, _: Case) -> str:
        return next(filter(None, (part.idle for part in self.parts)), "")

    def asserts(self) -> Counter[Expectation]:
        return _sum(part.asserts for part in self.parts)

    def meant(self) -> Counter[Expectation]:
        return _sum(part.meant for part in self.parts)


def _sum(counters: Iterable[Counter[Expectation]]) -> Counter[Expectation]:
    total: Counter[Expectation] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def by_name(cases: Iterable[Case]) -> dict[str, Case]:
    """Cases by their names. Those of one name in one file, as in two suites, are one case that holds what all hold."""
    named: dict[str, list[Case]] = {}
    for case in cases:
        named.setdefault(case.name, []).append(case)
    return {name: _joined(parts) if len(parts) > 1 else parts[0] for name, parts in named.items()}


def _joined(parts: Sequence[Case]) -> Case:
    all_of_it = _Together(parts)
    return replace(
        parts[0],
        source="\n".join(part.source for part in parts),
        written=all_of_it.asserts,
        deep=all_of_it.meant if len(parts) < _PARTS else None,
        marked=all_of_it.marks,
        printed=all_of_it.body,
        idling=all_of_it.idle,
    )

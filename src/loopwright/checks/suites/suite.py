"""What a test file holds, whatever its language, and what one version of it lost against another."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from loopwright.checks.suites.expectation import Expectation

FILE = "<file>"  # the name of the case that stands for all that is in no function


@dataclass(frozen=True, slots=True)
class Case:
    """A test, or a function that checks for tests. `body` is its fingerprint: equal bodies check equal things."""

    name: str  # within the file: TestPrice.test_vat
    is_test: bool
    body: str
    asserts: Counter[Expectation] = field(default_factory=Counter)  # as they are written
    skips: int = 0  # marks and calls that skip it, try it again, or expect it to fail
    exits: int = 0  # ways to leave it early, where asserts don't tell what they stand behind
    doubles: frozenset[str] = frozenset()  # what it replaces by something made up: shop.price, Mock
    always: bool = False  # runs around tests that don't ask for it
    line: int | None = None
    followed: bool = False  # a helper that the tests of its file are followed into
    hollow: str = ""  # why it can't fail, if it can't
    deeper: Callable[[], Counter[Expectation] | None] | None = field(default=None, compare=False, repr=False)

    @property
    def leaf(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def checks(self) -> bool:
        """Whether it would be missed."""
        return self.is_test or bool(self.asserts)

    def meant(self) -> Counter[Expectation]:
        """What it insists on once locals, helpers, loops and parameters are put in; else as written."""
        found = self.deeper() if self.deeper is not None else None
        return self.asserts if found is None else found


@dataclass(frozen=True, slots=True)
class Suite:
    """All cases of one file. `mutes` are things that silence tests beyond themselves, each with its fingerprint;
    `rest` is the fingerprint of the file without imports and comments."""

    cases: Mapping[str, Case]
    mutes: Mapping[str, str]
    rest: str

    @property
    def tests(self) -> int:
        return sum(case.is_test for case in self.cases.values())

    @property
    def asserts(self) -> int:
        return sum(sum(case.asserts.values()) for case in self.cases.values())

    @property
    def skips(self) -> int:
        return sum(case.skips for case in self.cases.values())

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
    """What several cases mean that count as one."""

    parts: tuple[Case, ...]

    def __call__(self) -> Counter[Expectation]:
        total: Counter[Expectation] = Counter()
        for part in self.parts:
            total.update(part.meant())
        return total


def joined(one: Case, other: Case) -> Case:
    """Two tests of one name in one file, as in two suites: one case that holds what both hold."""
    parts = (*(one.deeper.parts if isinstance(one.deeper, _Together) else (one,)), other)
    deep = len(parts) < _PARTS and any(part.deeper is not None for part in parts)
    return replace(
        one,
        body=hashlib.sha256(f"{one.body}\n{other.body}".encode("utf-8", "replace")).hexdigest(),
        asserts=one.asserts + other.asserts,
        skips=one.skips + other.skips,
        exits=one.exits + other.exits,
        doubles=one.doubles | other.doubles,
        hollow=one.hollow or other.hollow,
        deeper=_Together(parts) if deep else None,
    )

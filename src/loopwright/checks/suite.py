"""What a test file holds, whatever its language, and what one version of it lost against another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

FILE = "<file>"  # the name of the case that stands for all that is in no function


@dataclass(frozen=True, slots=True)
class Case:
    """A test, or a function that checks for tests. `body` is its fingerprint: equal bodies check equal things."""

    name: str  # within the file: TestPrice.test_vat
    is_test: bool
    body: str
    asserts: Counter[str] = field(default_factory=Counter)  # each as normalized source, with the conditions around it
    skips: int = 0  # marks and calls that skip it or expect it to fail
    exits: int = 0  # ways to leave it early

    @property
    def leaf(self) -> str:
        return self.name.rpartition(".")[2]

    def losses(self, newer: Case) -> Iterator[str]:
        """What `newer` checks less than this case."""
        gone = self.asserts - newer.asserts
        if gone:
            what = next(iter(gone))
            count = sum(gone.values())
            yield f"{count} assert{'s' if count > 1 else ''} removed or changed: {what[:120]}"
        if newer.skips > self.skips:
            yield "skip added"
        if newer.exits > self.exits and self.asserts:
            yield "leaves early"
        if self.is_test and not newer.is_test:
            yield "no runner finds it any more"


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

    def new_mutes(self, older: Suite | None) -> Iterator[str]:
        """What silences tests here and did not in `older`."""
        before = older.mutes if older is not None else {}
        for name, body in self.mutes.items():
            if before.get(name) != body:
                yield f"{name} can silence other tests"

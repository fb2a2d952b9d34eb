"""What the test files of a change check less than they did, with honest moves of tests and of asserts taken out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from loopwright.checks.gains import Gains
from loopwright.checks.moves import SuiteChange
from loopwright.checks.suites.expectation import Expectation, always, missing, told, weakened
from loopwright.checks.suites.suite import Case, Suite

_WORD = re.compile(r"\w+")
_DATA = re.compile(
    r"(?:^|/)(?:\w*data|cases|fixtures?|resources|goldens?|snapshots|__snapshots__|expected|samples|examples|corpus)/"
)


def losses(file: SuiteChange, gains: Gains) -> Iterator[str]:
    """Everything that a changed test file, which stood before, checks less."""
    before, after = file.suites()
    if file.new is None:
        yield from _deleted(file, before, gains)
    elif before is not None and after is None:
        yield "can no longer be read as source, so no test in it runs"
    elif before is not None and after is not None:
        changed = _Changed(before, after, file.path, gains)
        for case in before.cases.values():
            yield from changed.losses(case)
        yield from after.new_mutes(before)


def _deleted(file: SuiteChange, before: Suite | None, gains: Gains) -> Iterator[str]:
    cases = [case for case in before.cases.values() if case.checks] if before is not None else []
    lost = [case.name for case in cases if not gains.take(case, file.path)]
    if lost:
        yield f"deleted test: {', '.join(lost[:10])}"
    elif not cases and not file.inline and (before is None or _DATA.search(file.path)) and not gains.moved(file):
        yield "deleted test file"


class _Changed:
    """One file that has tests before and after."""

    def __init__(self, before: Suite, after: Suite, path: str, gains: Gains) -> None:
        self._before, self._after, self._path, self._gains = before, after, path, gains

    def losses(self, case: Case) -> Iterator[str]:
        newer = self._after.cases.get(case.name)
        if newer is None:
            if case.checks and not self._gains.take(case, self._path) and not self._only_a_helper(case):
                yield f"{case.name}: deleted test" if case.is_test else f"{case.name}: removed, with its asserts"
        elif not case.stands(newer):
            yield from (f"{case.name}: {loss}" for loss in self._weaker(case, newer))

    def _weaker(self, case: Case, newer: Case) -> Iterator[str]:
        """What `newer` checks less than the case of the same name before it."""
        if not missing(case.meant, newer.meant) or not missing(case.asserts, newer.asserts):
            yield from _emptied(case, newer) if case.is_test else ()
        elif lost := self._lost(case, newer):
            yield from told(lost, newer.meant)
        if newer.marks.skips > case.marks.skips:
            yield "skip added"
        if newer.marks.exits > case.marks.exits and case.asserts:
            yield "leaves early"
        if case.is_test and not newer.is_test:
            yield "no runner finds it any more"
        if doubled := sorted(newer.marks.doubles - case.marks.doubles):
            yield from self._doubled(case, doubled)

    def _lost(self, case: Case, newer: Case) -> list[Expectation]:
        """What nothing stands for: neither in the case itself, nor in what the change brought elsewhere."""
        lost = weakened(case.meant, newer.meant)
        found = not lost or self._gains.keep(case, newer, self._path) or self._only_a_helper(case)
        return [] if found else lost

    def _doubled(self, case: Case, doubled: list[str]) -> Iterator[str]:
        """Doubles that came into an existing test or what runs around it, and stand for what is looked at there."""
        tests = [case] if case.is_test else [test for test in self._before.cases.values() if test.is_test]
        for target in doubled:
            name = target.rpartition(".")[2]
            if any(name in _WORD.findall(expectation.subject) for test in tests for expectation in test.meant):
                yield f"replaces {target}, which is looked at, by a double"

    def _only_a_helper(self, case: Case) -> bool:
        """Whether a helper changed or went, and every test that names it still insists on as much as it did. (A test
        that is gone is told of by itself.)"""
        if not case.followed or case.is_test:
            return False
        tests = [test for test in self._before.cases.values() if test.is_test and case.leaf in test.source]
        pairs = [(test, self._after.cases.get(test.name)) for test in tests]
        return all(
            new is None or not weakened(test.meant, new.meant, seen=True) or self._gains.keep(test, new, self._path)
            for test, new in pairs
        )


def _emptied(case: Case, newer: Case) -> Iterator[str]:
    """Asserts that read as before, but now look at a plain value in the place of what the code does."""
    older = case.meant
    now = [expectation for expectation in newer.meant if always(expectation) and expectation not in older]
    if now and _looking(newer) < _looking(case):
        yield f"insists on what is always so: {str(now[0])[:120]}"


def _looking(case: Case) -> int:
    return sum(count for expectation, count in case.meant.items() if not always(expectation))


def replaced(file: SuiteChange, ours: Callable[[str], bool]) -> Iterator[str]:
    """What now runs around tests that didn't ask for it, and puts a double in the place of the project's own code.
    `ours` says whether a dotted name is the project's."""
    before, after = file.suites()
    known = before.cases if before is not None else {}
    shared = file.path.rpartition("/")[2] == "conftest.py"
    for case in after.cases.values() if after is not None else ():
        older = known.get(case.name)
        if case.is_test or not (case.always or older is not None) or not (shared or older is not None or known):
            continue
        if older is not None and older.stands(case):
            continue
        for target in sorted(case.marks.doubles - (older.marks.doubles if older is not None else set())):
            if ours(target) or (target == "Mock" and older is not None and shared):
                yield f"{case.name} replaces {target} by a double for tests that look at it"

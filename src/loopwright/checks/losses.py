"""What the test files of a change check less than they did, with honest moves of tests and of asserts taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from loopwright.checks.moves import SuiteChange, alike
from loopwright.checks.suites.expectation import Expectation, missing, told
from loopwright.checks.suites.hollow_text import always
from loopwright.checks.suites.suite import Case, Suite

_Asserts = Counter[Expectation]


def losses(file: SuiteChange, gains: Gains) -> Iterator[str]:
    """Everything that a changed test file, which stood before, checks less."""
    if file.new is None:
        yield from _deleted(file, gains)
    elif file.before is not None and file.after is None:
        yield "can no longer be read as source, so no test in it runs"
    elif file.before is not None and file.after is not None:
        for case in file.before.cases.values():
            yield from _case_losses(case, file.before, file.after, file.path, gains)
        yield from file.after.new_mutes(file.before)


def _deleted(file: SuiteChange, gains: Gains) -> Iterator[str]:
    cases = [case for case in file.before.cases.values() if case.checks] if file.before is not None else []
    lost = [case.name for case in cases if not gains.take(case, file.path)]
    if lost:
        yield f"deleted test: {', '.join(lost[:10])}"
    elif not cases and not file.inline:
        yield "deleted test file"


def _case_losses(case: Case, before: Suite, after: Suite, path: str, gains: Gains) -> Iterator[str]:
    newer = after.cases.get(case.name)
    if newer is not None:
        yield from (f"{case.name}: {loss}" for loss in _weaker(case, newer, before, after, path, gains))
    elif case.checks and not gains.take(case, path) and not _only_a_helper(case, before, after, gains, path):
        yield f"{case.name}: deleted test" if case.is_test else f"{case.name}: removed, with its asserts"


def _weaker(case: Case, newer: Case, before: Suite, after: Suite, path: str, gains: Gains) -> Iterator[str]:
    """What `newer` checks less than the case of the same name before it."""
    if gone := missing(case.asserts, newer.asserts):
        kept = gains.keep(case, newer, path) or _only_a_helper(case, before, after, gains, path)
        yield from () if kept else told(gone, newer.asserts)
    elif case.is_test and newer.body != case.body:
        yield from _emptied(case, newer)
    if newer.skips > case.skips:
        yield "skip added"
    if newer.exits > case.exits and case.asserts:
        yield "leaves early"
    if case.is_test and not newer.is_test:
        yield "no runner finds it any more"
    if doubled := sorted(newer.doubles - case.doubles):
        yield from _doubled(case, before, doubled)


def _emptied(case: Case, newer: Case) -> Iterator[str]:
    """Asserts that read as before, but now look at a plain value in the place of what the code does."""
    older = case.meant()
    now = [expectation for expectation in newer.meant() if always(expectation) and expectation not in older]
    if now:
        yield f"insists on what is always so: {str(now[0])[:120]}"


def _doubled(case: Case, before: Suite, doubled: list[str]) -> Iterator[str]:
    """Doubles that came into an existing test or what runs around it, and stand for what is looked at there."""
    tests = [case] if case.is_test else [test for test in before.cases.values() if test.is_test]
    for target in doubled:
        name = target.rpartition(".")[2]
        if any(name in _words(expectation.subject) for test in tests for expectation in test.meant()):
            yield f"replaces {target}, which is looked at, by a double"


def _words(text: str) -> set[str]:
    return set("".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split())


def _only_a_helper(case: Case, before: Suite, after: Suite, gains: Gains, path: str) -> bool:
    """Whether a helper changed, and every test that stood on it still insists on all that it did."""
    if not case.followed or case.is_test:
        return False
    tests = [test for test in before.cases.values() if test.is_test]
    same = (after.cases.get(test.name) for test in tests)
    return bool(tests) and all(
        new is not None and gains.keep(test, new, path) for test, new in zip(tests, same, strict=True)
    )


def replaced(file: SuiteChange, ours: Callable[[str], bool]) -> Iterator[str]:
    """What now runs around tests that didn't ask for it, and puts a double in the place of the project's own code.
    `ours` says whether a dotted name is the project's."""
    known = file.before.cases if file.before is not None else {}
    shared = file.path.rpartition("/")[2] == "conftest.py"
    for case in file.after.cases.values() if file.after is not None else ():
        older = known.get(case.name)
        if case.is_test or not (case.always or older is not None) or not (shared or older is not None or known):
            continue
        for target in sorted(case.doubles - (older.doubles if older is not None else frozenset())):
            if ours(target) or (target == "Mock" and older is not None and shared):
                yield f"{case.name} replaces {target} by a double for tests that look at it"


class Gains:
    """What a change brought into test files: whole tests, and asserts. Each can stand for one that left."""

    def __init__(self, files: tuple[SuiteChange, ...]) -> None:
        self._files = files
        self._arrived: dict[tuple[str, bool], list[tuple[str, Case]]] = {}
        self._asserts: dict[str, _Asserts] | None = None
        for file in files:
            known = file.before.cases if file.before is not None else {}
            for case in file.after.cases.values() if file.after is not None else ():
                if case.checks and case.name not in known:
                    self._arrived.setdefault((case.body, case.is_test), []).append((file.path, case))

    def take(self, case: Case, path: str) -> bool:
        """Whether a case that left stands elsewhere: as it was, or with all that it insists on in other tests."""
        places = self._arrived.get((case.body, case.is_test), [])
        for place in places:
            if place[0] == path or alike(path, place[0]):
                places.remove(place)
                return not case.asserts or self._use(place[1].meant(), place[0]) or self._use(case.meant(), path)
        return bool(case.asserts) and self._use(case.meant(), path)

    def keep(self, case: Case, newer: Case, path: str) -> bool:
        """Whether all that `case` means is still insisted on: by `newer`, or by tests that the change brought."""
        gone = missing(case.meant(), newer.meant())
        return not gone or (case.is_test and self._use(Counter(gone), path))

    def _use(self, wanted: _Asserts, path: str) -> bool:
        """Take these asserts out of those that were brought, if all of them are there."""
        pools = [pool for place, pool in self._brought().items() if place == path or alike(path, place)]
        total: _Asserts = Counter()
        for pool in pools:
            total.update(pool)
        if missing(wanted, total):
            return False
        left = Counter(wanted)
        for pool in pools:
            used = left & pool
            left -= used
            pool -= used
        return True

    def _brought(self) -> dict[str, _Asserts]:
        """By path, what its tests insist on that those of the same name did not; worked out when first asked."""
        if self._asserts is None:
            self._asserts = {file.path: _brought(file) for file in self._files if file.after is not None}
        return self._asserts


def _brought(file: SuiteChange) -> _Asserts:
    total: _Asserts = Counter()
    known = file.before.cases if file.before is not None else {}
    for case in file.after.cases.values() if file.after is not None else ():
        older = known.get(case.name)
        if case.is_test and case.skips <= (older.skips if older is not None else 0):
            total += case.meant() - (older.meant() if older is not None else Counter())
    return total

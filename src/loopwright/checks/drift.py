"""No test that stood before may be deleted, skipped or weakened to make a change pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused, shown
from loopwright.checks.moves import SuiteChange, alike, honest_renames, suite_changes
from loopwright.checks.suite import Case, Suite
from loopwright.contracts import Lab
from loopwright.vocabulary import TESTS, Change, Verdict, matches

_Moved = tuple[str, str, bool]  # a case's own name, the fingerprint of its body, and whether it is a test


@dataclass(frozen=True)
class DriftGuard:
    """Rejects a change that makes the existing tests check less.

    `old` reads a path at the mainline's commit (None: no such file). `tests` are the globs of test files, `exempt`
    those of the plan's `Tests:` group: what they match may change or move, but in all must not hold fewer tests or
    asserts, nor more skips. Elsewhere each existing test keeps its asserts; a test may move when its body stays.
    """

    old: Callable[[str], bytes | None]
    tests: tuple[str, ...] = TESTS
    exempt: tuple[str, ...] = ()

    def check(self, change: Change, lab: Lab) -> Verdict:
        files = suite_changes(change, lab, self.old, self.tests)
        free = tuple(file for file in files if matches(file.path, self.exempt))
        held = tuple(file for file in files if file not in free)
        facts = [*_drifted(held, files), *_weaker_group(free, files)]
        if not facts:
            return accepted("drift", change)
        mend = (
            "put the existing tests back as they were and make the code pass them; new tests are welcome. "
            "A plan that has to change a test names it in its scope under `Tests:`"
        )
        return refused("drift", change, "drift", facts, mend)


def _drifted(held: tuple[SuiteChange, ...], files: tuple[SuiteChange, ...]) -> Iterator[str]:
    renamed = honest_renames(files)
    moves = _Moves(files)
    for file in held:
        name = shown(file.path)
        if file.old is None:
            yield from (f"{name}: {fact}" for fact in _muted(file))
        elif file.path not in renamed:
            yield from (f"{name}: {fact}" for fact in _losses(file, moves))


def _losses(file: SuiteChange, moves: _Moves) -> Iterator[str]:
    if file.new is None:
        yield from _deleted(file, moves)
    elif file.before is not None and file.after is None:
        yield "can no longer be read as source, so no test in it runs"
    elif file.before is not None and file.after is not None:
        for case in file.before.cases.values():
            yield from _case_losses(case, file.after, file.path, moves)
        yield from file.after.new_mutes(file.before)


def _deleted(file: SuiteChange, moves: _Moves) -> Iterator[str]:
    cases = _checking(file.before) if file.before is not None else []
    lost = [case.name for case in cases if not moves.take(case, file.path)]
    if lost:
        yield f"deleted test: {', '.join(lost[:10])}"
    elif not cases:
        yield "deleted test file"


def _case_losses(case: Case, after: Suite, path: str, moves: _Moves) -> Iterator[str]:
    newer = after.cases.get(case.name)
    if newer is not None:
        yield from (f"{case.name}: {loss}" for loss in case.losses(newer))
    elif (case.is_test or case.asserts) and not moves.take(case, path):
        yield f"{case.name}: deleted test" if case.is_test else f"{case.name}: removed, with its asserts"


def _muted(file: SuiteChange) -> Iterator[str]:
    if file.after is not None:
        yield from file.after.new_mutes(None)


def _checking(suite: Suite) -> list[Case]:
    return [case for case in suite.cases.values() if case.is_test or case.asserts]


class _Moves:
    """Tests that the change brought into files which did not have them; each can stand for one that left."""

    def __init__(self, files: tuple[SuiteChange, ...]) -> None:
        self.arrived: dict[_Moved, list[str]] = {}
        for file in files:
            known = file.before.cases if file.before is not None else {}
            for case in _checking(file.after) if file.after is not None else ():
                if case.name not in known:
                    self.arrived.setdefault((case.leaf, case.body, case.is_test), []).append(file.path)

    def take(self, case: Case, path: str) -> bool:
        """Whether the case went elsewhere unchanged; the place it went to is then used up."""
        places = self.arrived.get((case.leaf, case.body, case.is_test), [])
        place = next((place for place in places if place == path or alike(path, place)), None)
        if place is not None:
            places.remove(place)
        return place is not None


def _weaker_group(free: tuple[SuiteChange, ...], files: tuple[SuiteChange, ...]) -> Iterator[str]:
    """The plan's own `Tests:` files, with all test files that are new, counted before and after."""
    if not free:
        return
    new = [file for file in files if file.old is None and file not in free]
    before = _strength([file.before for file in free])
    after = _strength([file.after for file in (*free, *new)])
    for what in ("tests", "asserts"):
        if after[what] < before[what]:
            yield f"the plan's Tests: group had {before[what]} {what} and now has {after[what]}"
    if after["skips"] > before["skips"]:
        yield f"the plan's Tests: group had {before['skips']} skips and now has {after['skips']}"


def _strength(suites: list[Suite | None]) -> Counter[str]:
    total: Counter[str] = Counter()
    for suite in suites:
        if suite is not None:
            total.update(tests=suite.tests, asserts=suite.asserts, skips=suite.skips)
    return total

"""No test that stood before may be deleted, skipped or weakened to make a change pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused, shown
from loopwright.checks.gains import Gains
from loopwright.checks.loosened.looking import Looking
from loopwright.checks.losses import losses, replaced
from loopwright.checks.moves import SuiteChange, honest_renames, suite_changes
from loopwright.checks.suites.reading import undisturbed
from loopwright.checks.suites.suite import Suite
from loopwright.contracts import Lab
from loopwright.vocabulary import TESTS, Change, Verdict, matches

_MEND = (
    "put the existing tests back as they were and make the code pass them; new tests are welcome. "
    "A plan that has to change a test names it in its scope under `Tests:`"
)
_MEND_GATE = (
    "put back what judges the work (commands, settings, pipelines) and make the code pass it. "
    "A plan that has to change one names it in its scope under `Tests:`"
)


@dataclass(frozen=True)
class DriftGuard:
    """Rejects a change that makes the existing tests check less.

    `old` reads a path at the mainline's commit (None: no such file). `tests` are the globs of test files, `exempt`
    those of the plan's `Tests:` group: what they match may change or move, but in all must not hold fewer tests or
    asserts, nor more skips. Elsewhere each existing test goes on insisting on what it did, in its place or in another;
    how it says so is free. What judges beside tests (settings, marks that silence a check, snapshots, pipelines, goals)
    may become stricter, not laxer; `named` are the globs of the plan's scope, by which a pipeline may be named. The
    reason is `gate-gaming` where a gate itself was loosened (a command, a setting, a pipeline), else `drift`.
    """

    old: Callable[[str], bytes | None]
    tests: tuple[str, ...] = TESTS
    exempt: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def check(self, change: Change, lab: Lab) -> Verdict:
        files = suite_changes(change, lab, self.old, self.tests, inline=True)
        free = tuple(file for file in files if matches(file.path, self.exempt))
        held = tuple(file for file in files if file not in free)
        with undisturbed():
            drifted = [*self._drifted(held, files), *_weaker_group(free, files)]
        loosened = list(Looking(self.old, self.tests, self.exempt, self.named).at(change, lab))
        facts = [*drifted, *(fact.text for fact in loosened)]
        if not facts:
            return accepted("drift", change)
        if any(fact.gate for fact in loosened):
            return refused("drift", change, "gate-gaming", facts, _MEND_GATE)
        return refused("drift", change, "drift", facts, _MEND)

    def _drifted(self, held: tuple[SuiteChange, ...], files: tuple[SuiteChange, ...]) -> Iterator[str]:
        renamed = honest_renames(files)
        gains = Gains(files)
        for file in held:
            if file.old is None:
                facts = [*_muted(file), *replaced(file, self._ours)]
            elif file.path in renamed or file.old == file.new:
                continue
            else:
                facts = [*losses(file, gains), *replaced(file, self._ours)]
            yield from (f"{shown(file.path)}: {fact}" for fact in facts)

    def _ours(self, dotted: str) -> bool:
        """Whether a dotted Python name lies in the project's own code, as the mainline has it."""
        parts = dotted.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            return False
        places = (f"{folder}{parts[0]}{end}" for folder in ("", "src/") for end in (".py", "/__init__.py"))
        return any(self.old(place) is not None for place in places)


def _muted(file: SuiteChange) -> Iterator[str]:
    _, after = file.suites()
    if after is not None:
        yield from after.new_mutes(None)


def _weaker_group(free: tuple[SuiteChange, ...], files: tuple[SuiteChange, ...]) -> Iterator[str]:
    """The plan's own `Tests:` files, with all test files that are new, counted before and after."""
    if not free:
        return
    new = [file for file in files if file.old is None and file not in free]
    before = _strength(file.suites()[0] for file in free)
    after = _strength(file.suites()[1] for file in (*free, *new))
    for what in ("tests", "asserts"):
        if after[what] < before[what]:
            yield f"the plan's Tests: group had {before[what]} {what} and now has {after[what]}"
    if after["skips"] > before["skips"]:
        yield f"the plan's Tests: group had {before['skips']} skips and now has {after['skips']}"


def _strength(suites: Iterable[Suite | None]) -> Counter[str]:
    total: Counter[str] = Counter()
    for suite in suites:
        if suite is not None:
            total.update(tests=suite.tests, asserts=suite.asserts, skips=suite.skips)
    return total

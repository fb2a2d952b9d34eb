"""A new test has to be able to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused, shown
from loopwright.checks.moves import SuiteChange, suite_changes
from loopwright.checks.suites.reading import undisturbed
from loopwright.checks.suites.suite import Case
from loopwright.contracts import Lab
from loopwright.vocabulary import TESTS, Change, Verdict


@dataclass(frozen=True)
class MeaningGuard:
    """Rejects a change whose new tests can't fail: they insist on constants, on their own mocks, or on nothing.

    A test that stood before, or that only moved, isn't asked. Another attempt may mend it, so the plan goes on.
    """

    old: Callable[[str], bytes | None]
    tests: tuple[str, ...] = TESTS

    def check(self, change: Change, lab: Lab) -> Verdict:
        files = suite_changes(change, lab, self.old, self.tests)
        with undisturbed():
            new = new_tests(files, lambda case: bool(case.idle))
        facts = [
            f"{shown(path)}:{case.line}: {shown(case.name)} {case.idle}"
            for path, cases in new.items()
            for case in cases
        ]
        if not facts:
            return accepted("meaning", change)
        mend = "let each of these insist on what the code does, so that it fails when the code is wrong; or remove it"
        return refused("meaning", change, "hollow-test", facts, mend)


def new_tests(
    files: tuple[SuiteChange, ...], wanted: Callable[[Case], bool] = lambda _: True
) -> dict[str, tuple[Case, ...]]:
    """By path, the tests that a change brought: those that neither stood there nor moved from another place. Of these,
    the ones that are `wanted`."""
    arrived = {file.path: tuple(filter(wanted, _unknown(file))) for file in files}
    stood = _bodies(files) if any(arrived.values()) else frozenset()
    found = {path: tuple(case for case in cases if case.body not in stood) for path, cases in arrived.items()}
    return {path: cases for path, cases in found.items() if cases}


def _unknown(file: SuiteChange) -> list[Case]:
    """The tests of a file that it hadn't by name."""
    before, after = file.suites()
    known = before.cases if before is not None else {}
    cases = after.cases.values() if after is not None else ()
    return [case for case in cases if case.is_test and case.name not in known]


def _bodies(files: tuple[SuiteChange, ...]) -> frozenset[str]:
    """What stood before, wherever."""
    suites = (file.suites()[0] for file in files if file.old is not None)
    return frozenset(case.body for suite in suites if suite is not None for case in suite.cases.values())

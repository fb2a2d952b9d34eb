"""A new test has to be able to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused, shown
from loopwright.checks.moves import SuiteChange, suite_changes
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
        new = suite_changes(change, lab, lambda _: None, self.tests)
        suspect = any(case.hollow for file in new if file.after for case in file.after.cases.values())
        files = suite_changes(change, lab, self.old, self.tests) if suspect else ()
        facts = [
            f"{shown(path)}:{case.line}: {shown(case.name)} {case.hollow}"
            for path, cases in new_tests(files).items()
            for case in cases
            if case.hollow
        ]
        if not facts:
            return accepted("meaning", change)
        mend = "let each of these insist on what the code does, so that it fails when the code is wrong; or remove it"
        return refused("meaning", change, "hollow-test", facts, mend)


def new_tests(files: tuple[SuiteChange, ...]) -> dict[str, tuple[Case, ...]]:
    """By path, the tests that a change brought: those that neither stood there nor moved from another place."""
    stood = {case.body for file in files if file.before is not None for case in file.before.cases.values()}
    found: dict[str, tuple[Case, ...]] = {}
    for file in files:
        known = file.before.cases if file.before is not None else {}
        cases = file.after.cases.items() if file.after is not None else ()
        if new := tuple(case for name, case in cases if case.is_test and name not in known and case.body not in stood):
            found[file.path] = new
    return found

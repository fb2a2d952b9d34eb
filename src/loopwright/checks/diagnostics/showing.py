"""What a command that runs tests has shown: which of them fail, and how many of what."""

from __future__ import annotations

import re
from collections.abc import Hashable

from loopwright.checks.diagnostics import failures
from loopwright.printed import plain

_RUNNERS = frozenset(
    "pytest unittest tox nox jest vitest mocha ava ctest rspec phpunit prove nextest py_test".split()  # noqa: SIM905
)
_TOOLS = frozenset(
    "cargo go npm npx yarn pnpm bun deno node dotnet swift mix rake mvn gradle gradlew make just".split()  # noqa: SIM905
)
_TARGETS = frozenset(("test", "tests", "check", "verify", "spec"))
_COUNT = re.compile(r"\b(\d{1,9}) (passed|failed|error|failure|skipped|test|passing|failing|pending|todo)s?\b")
_COMMAND, _LAST = 2_000, 4_000
"""Characters that are looked at: of a command, and at the end of its output, where runners tell their counts."""


def state_of_tests(command: str, code: int, output: str) -> Hashable | None:
    """The exit code, the failing tests and the counts that a test command showed; None for a command that is none.

    Durations and the order of lines are no part of it: the same run twice shows the same state.
    """
    words = set(re.findall(r"\w+", command[:_COMMAND]))
    if not (words & _RUNNERS or (words & _TOOLS and words & _TARGETS)):
        return None
    failing = frozenset(failure.test or f"{failure.path}: {failure.message}" for failure in failures(output))
    return code, failing, tuple(_COUNT.findall(plain(output[-_LAST:])))

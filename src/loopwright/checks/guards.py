"""The guards that stand before a maker's and a documenter's change, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable

from loopwright.checks.drift import DriftGuard
from loopwright.checks.hazards import HazardGuard
from loopwright.checks.meaning import MeaningGuard
from loopwright.checks.nochange import NoChangeGuard
from loopwright.checks.protected import ProtectedGuard
from loopwright.checks.scope import ScopeGuard
from loopwright.checks.secrets import SecretsGuard
from loopwright.checks.wall import WallGuard
from loopwright.contracts import Check
from loopwright.vocabulary import PROTECTED, TESTS, Loops, Plan, Scope

DOCUMENTER = Scope(inside=("wiki/**", "agents/CONTEXT.md"))
"""What a documenter writes, but for the log and index pages, which are loopwright's own."""

USUAL = ("test/**", "spec/**", "t/**", "**/src/test/**", "**/__tests__/**", "*Test.java", "*Tests.java", "*_spec.*")
"""Where languages have their tests besides: what lies there is guarded like a test, and stays the candidate's own when
the mainline's tests are laid over it."""

_NEVER_DOCUMENTED = (".git", "plans/**", "wiki/90_LOG/**", "wiki/log.md", "wiki/index.md")


def tests_of(loops: Loops) -> tuple[str, ...]:
    """The globs of what the guards take for tests."""
    return (*TESTS, *USUAL, *loops.tests)


def standard(
    plan: Plan,
    loops: Loops,
    known_secrets: tuple[str, ...],
    old: Callable[[str], bytes | None],
    previous: str | None = None,
) -> tuple[Check, ...]:
    """The guards of a maker's change, cheapest first and what hides other faults before these.

    The change they get has to reach back to the commit that the chunk began from, not only to the attempt before:
    else what one attempt smuggled in would be the next one's base. `previous` is the tree of the attempt before,
    which only the no-change guard asks for. `old` reads the mainline's commit that the run began from.
    """
    tests = tests_of(loops)
    return (
        NoChangeGuard(previous),
        HazardGuard(),
        WallGuard(old),
        ProtectedGuard(PROTECTED, loops.protected),
        ScopeGuard(plan.scope, loops.stray_files),
        SecretsGuard(known_secrets),
        DriftGuard(old, tests, plan.scope.tests, (*plan.scope.inside, *plan.scope.tests)),
        MeaningGuard(old, tests),
    )


def documenting(loops: Loops, known_secrets: tuple[str, ...]) -> tuple[Check, ...]:
    """The guards of a documenter's change. To change nothing is no fault here: the pages may be right already."""
    protected = ProtectedGuard(_NEVER_DOCUMENTED, ("agents/**", *loops.protected), DOCUMENTER.inside)
    return (HazardGuard(), protected, ScopeGuard(DOCUMENTER, loops.stray_files), SecretsGuard(known_secrets))

"""Only the files that the plan names may change."""

from __future__ import annotations

from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused, shown
from loopwright.contracts import Lab
from loopwright.vocabulary import Change, Scope, Verdict


@dataclass(frozen=True)
class ScopeGuard:
    """Rejects a change that touches a path outside the plan's scope; `breaker` strays or more also roll it back."""

    scope: Scope
    breaker: int = 5

    def check(self, change: Change, lab: Lab) -> Verdict:
        strays = [path for path in change.paths if not self.scope.allows(path)]
        if not strays:
            return accepted("scope", change)
        broken = len(strays) >= self.breaker
        facts = [f"{shown(path)}: outside the plan's scope" for path in strays]
        mend = f"undo these changes; the plan lets you write {self._allowed()}"
        reason = "scope-breaker" if broken else "scope"
        return refused("scope", change, reason, facts, mend, rolls_back=broken)

    def _allowed(self) -> str:
        inside = ", ".join((*self.scope.inside, *self.scope.tests)) or "everything"
        return f"{inside}, but not {', '.join(self.scope.outside)}" if self.scope.outside else inside

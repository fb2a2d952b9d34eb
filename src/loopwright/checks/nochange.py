"""An attempt that changes nothing against the one before has failed."""

from __future__ import annotations

from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused
from loopwright.contracts import Lab
from loopwright.vocabulary import Change, Verdict


@dataclass(frozen=True)
class NoChangeGuard:
    """Rejects a change without files, or one whose tree is `previous`: the tree that the attempt began from.

    `previous` is needed where the change is taken against an older commit than the attempt before.
    """

    previous: str | None = None

    def check(self, change: Change, lab: Lab) -> Verdict:
        if change.files and change.tree != self.previous:
            return accepted("no-changes", change)
        fact = f"the tree is still {change.tree}: no file differs from before this attempt"
        mend = "write the change into the files; describing it isn't enough (ignored files don't count)"
        return refused("no-changes", change, "no-changes", [fact], mend)

"""The wall between who makes and who decides: what a maker writes never decides about its own work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused, shown
from loopwright.checks.deciding import decided
from loopwright.contracts import Lab
from loopwright.vocabulary import Change, FileChange, Verdict

_MEND = (
    "see what the role was after before anything of it is used again; the tree is kept at the attempt's ref. "
    "Pages, standards, statuses and verdicts are written by people and by loopwright alone"
)


@dataclass(frozen=True)
class WallGuard:
    """Refuses a change by which a maker would decide: an incident resolved, a plan's status, a standard, a page of
    loopwright's own, a verdict. `old` reads a path at the commit that the change is held to."""

    old: Callable[[str], bytes | None]

    def check(self, change: Change, lab: Lab) -> Verdict:
        found = [(file.path, self._decided(file, lab)) for file in change.files]
        facts = [f"{shown(path)}: a maker wrote what decides: {shown(what)}" for path, what in found if what]
        if not facts:
            return accepted("wall", change)
        return refused("wall", change, "role-wall", facts, _MEND, rolls_back=True)

    def _decided(self, file: FileChange, lab: Lab) -> str:
        if not file.path.startswith(("agents/", "plans/", "wiki/")):
            return ""
        old = self.old(file.path) if file.old_blob else None
        return decided(file.path, old, _now(file, lab))


def _now(file: FileChange, lab: Lab) -> bytes | None:
    try:
        return lab.read(file.path) if file.new_blob else None
    except OSError:  # a link, a folder: the hazards guard has its word
        return b""

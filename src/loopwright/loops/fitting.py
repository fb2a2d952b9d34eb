"""Whether a run's work may land on the mainline of this moment, beside what its gates say."""

from __future__ import annotations

from loopwright.loops.desk import Desk
from loopwright.loops.promotion import landing
from loopwright.loops.verification import rules
from loopwright.vocabulary import Run, Stop, matches


def title(desk: Desk) -> str:
    verb = {"plan": "land", "rollback": "rollback"}.get(desk.kind, "resolve")
    return f"{verb} {desk.plan.name}: {desk.plan.title} (gen-{desk.number})"


def against_the_mainline(desk: Desk, run: Run, commit: str) -> Stop | None:
    """Whether landing would undo what a person did on the mainline, has been undone by one already, or touches what
    the mainline protects by now."""
    if desk.kind != "plan":  # taking back is what a rollback is for, and its plan is the landing that it names
        return None
    git, main, tip = desk.hub.git, desk.hub.git.parents(commit)[0], run.tip or run.base
    if undone := landing.silent_reverts(git, run.base, main, commit, desk.plan.scope):
        detail = f"landing would take back what the mainline got meanwhile: {', '.join(undone)}"
        return Stop("silent-revert", detail)
    if gone := landing.taken_back(git, run.base, tip, commit):
        return Stop("conflict", f"the mainline had this work already, and took it back: {', '.join(gone[:10])}")
    protected = rules(desk, main).protected
    if barred := [change.path for change in git.changes(run.base, tip) if matches(change.path, protected)]:
        detail = f"the mainline's LOOPS.md protects by now what this run changed: {', '.join(barred[:10])}"
        return Stop("protected", detail)
    return None

"""Incidents that end without being resolved: a person's decision was all they asked for, or the model answers again."""

from __future__ import annotations

from collections.abc import Iterable

from loopwright.contracts import Workshop
from loopwright.journal import line
from loopwright.journal.hub import Hub
from loopwright.loops.andon import standing
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import recording
from loopwright.loops.promotion.edits import Edit
from loopwright.vocabulary import Incident


def set_ready(hub: Hub, shop: Workshop, plan: str) -> None:
    """A person set a plan to `status: ready`: that ends its incidents of level 1, with which nothing was wrong."""
    own = line.standing(hub).of(plan)
    if own:
        stops = standing.open_lines(hub, shop.loops.mainline).of(plan)
        ended = [incident for incident in stops if incident.scope == "plan" and incident.level == 1]
        close(hub, shop, ended, "a person set the plan ready")


def answered(desk: Desk) -> None:
    """A model has answered this run since: the incidents that said it can't be reached are over."""
    if not line.standing(desk.hub).whole:
        return
    told = max((str(f["at"]) for f in desk.journal.facts() if f["kind"] == "session" and _asked(f)), default="")
    stops = standing.open_lines(desk.hub, desk.shop.loops.mainline).whole
    over = [incident for incident in stops if incident.kind == "unreachable" and incident.opened < told]
    close(desk.hub, desk.shop, over, f"the model answered gen-{desk.number}")


def given_up(desk: Desk) -> None:
    """A person rejected the run that waited for a model: nobody resumes it, so that nothing could close its incident.
    Whoever asks the model next will see whether it answers."""
    if line.standing(desk.hub).whole:
        stops = standing.open_lines(desk.hub, desk.shop.loops.mainline).whole
        mine = [incident for incident in stops if incident.kind == "unreachable" and incident.run == desk.number]
        close(desk.hub, desk.shop, mine, f"a person rejected gen-{desk.number}")


def _asked(session: dict[str, object]) -> bool:
    """Whether a session's report tells of requests that a model answered."""
    report = session["report"]
    usage = report.get("usage", {}) if isinstance(report, dict) else {}
    return bool(usage.get("requests"))


def close(hub: Hub, shop: Workshop, incidents: Iterable[Incident], why: str) -> None:
    """Set pages to resolved and let their lines go, in one move."""
    over = tuple(incidents)
    if not over:
        return
    now = shop.clock.now().isoformat(timespec="seconds")
    edits = tuple(
        edit
        for incident in over
        for edit in (
            Edit("resolved", incident.page, (now, why)),
            Edit("log", "wiki/log.md", (now[:10], "resolved", f"{incident.kind} (gen-{incident.run}): {why}")),
        )
    )
    drops = tuple(line.ref_of(incident) for incident in over)
    title = f"loopwright: resolved {', '.join(line.names(drops))}"
    recording.record(hub, shop.loops.mainline, edits, title, over[0].run, drops=drops)

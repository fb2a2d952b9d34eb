"""Stops the line: the ref first, which takes a moment, then the page on the mainline, then whoever wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from loopwright import shell
from loopwright.andon import assess, page
from loopwright.andon.assessment import LINE
from loopwright.andon.page import Evidence
from loopwright.checkpoints import reached
from loopwright.journal import line
from loopwright.journal.codec import decode, encode
from loopwright.loops.andon import origin, standing
from loopwright.loops.andon.evidence import besides, evidence
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import recording
from loopwright.loops.promotion.edits import Edit
from loopwright.loops.verification import rules
from loopwright.loops.wall import REASON
from loopwright.loops.withholding import kept
from loopwright.redaction import redact
from loopwright.vocabulary import Incident, Run, Status, Stop

NO_INCIDENT = frozenset({"rejected"})
"""Stops that a person made."""

_STATUS_STAYS = frozenset({"unreachable", "user-failures"})
"""Stops after which the plan has a status of its own: its run is paused, or a person rejected it."""

_NOTIFY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident that has just been opened, and what its page shows of the failure."""

    incident: Incident
    evidence: Evidence


def stopped(desk: Desk, run: Run) -> Opened | None:
    """Open the incident that a run's stop is: done once, and finished by whoever comes after a crash. None: it is none.

    A rollback, or the landing of what mends an incident, is asked for by a person who sits before it, and sees its
    outcome: it stops no line, but when something in it reached over the wall.
    """
    if run.stop is None or run.stop.reason in NO_INCIDENT or (desk.kind != "plan" and run.stop.reason != REASON):
        return None
    return opened(desk, run, run.stop)


def opened(desk: Desk, run: Run, stop: Stop) -> Opened:
    """The incident of a stop. Its line stands still from the first lines of this on."""
    stays = desk.kind != "plan" or stop.reason in _STATUS_STAYS
    status = () if stays else (Edit("status", run.plan.path, (str(Status.STOPPED),)),)
    incident = _noted(desk, run, stop)
    reached("andon:noted")
    return _stood_still(desk, run, stop, incident, status)


def breached(desk: Desk, run: Run, commit: str | None = None) -> Incident | None:
    """Open an incident of its own for what was reached over the wall since the run's stop was known, and so isn't in
    it: by the analyst, the planner, or a command on `commit`, which had to show that something is mended.

    One that a crash cut off is finished. None: there is nothing new.
    """
    desk.wall.look()
    if stop := desk.wall.untold():
        reached("wall:seen")
        beside = replace(besides(run, stop), tip=commit)
        incident = _written(desk, beside, stop, commit=commit, detail=stop.detail)
    elif fact := _unfinished(desk):
        stop, incident = Stop(REASON, str(fact["detail"])), decode(Incident, fact["incident"])
        beside = replace(besides(run, stop), tip=incident.commit)
    else:
        return None
    _stood_still(desk, beside, stop, incident)
    desk.note(_told(incident.page))
    return incident


def _unfinished(desk: Desk) -> dict[str, Any] | None:
    """The last incident beside the run's own, if no note says yet that it was opened whole. Not by its page: a person
    may have closed the incident and deleted that."""
    fact = desk.journal.last("incident", reason=REASON)
    if not fact or "detail" not in fact or desk.journal.last("note", text=_told(fact["incident"]["page"])):
        return None
    return fact


def _told(path: str) -> str:
    return f"{path}: the wall was reached over after this run had ended"


def _stood_still(desk: Desk, run: Run, stop: Stop, incident: Incident, more: tuple[Edit, ...] = ()) -> Opened:
    """The incident's line stopped, then its page written."""
    line.stop(desk.hub, incident, incident.commit or desk.base)
    reached("andon:stopped")
    shown = evidence(desk, run, stop, incident)
    paged(desk, incident, page.render(incident, shown), *more)
    reached("andon:opened")
    desk.tell("andon", f"{_title(incident)}: {incident.page}", page=incident.page, scope=incident.scope)
    notify(desk, incident)
    return Opened(incident, shown)


def paged(desk: Desk, incident: Incident, text: str, *more: Edit) -> None:
    """Write an incident's page, its line in the log and in the index, and what goes with them. Twice is as once."""
    edits = (
        Edit("adopt", incident.page, (text,)),
        Edit("log", "wiki/log.md", (incident.opened[:10], "andon", _title(incident))),
        Edit("index", "wiki/index.md", (incident.page.removeprefix("wiki/").removesuffix(".md"), _title(incident))),
        *more,
    )
    recording.record(desk.hub, desk.shop.loops.mainline, edits, f"loopwright: {_title(incident)}", desk.number)


def unreachable(desk: Desk, run: Run, why: str) -> Incident:
    """The line stops because a model can't be reached, unless it stands still for that already. It closes itself."""
    stops = standing.open_lines(desk.hub, desk.shop.loops.mainline).whole
    known = next((incident for incident in stops if incident.kind == "unreachable"), None)
    if known and known.run != desk.number:
        return known
    return opened(desk, run, Stop("unreachable", why)).incident


def _noted(desk: Desk, run: Run, stop: Stop) -> Incident:
    """The incident as the run's journal has it from the first time on."""
    facts = (fact for fact in reversed(desk.journal.facts()) if fact["kind"] == "incident" and "detail" not in fact)
    fact = next((fact for fact in facts if fact["reason"] == stop.reason), None)
    if fact and (stop.reason != "unreachable" or _is_open(desk, fact)):
        return decode(Incident, fact["incident"])
    return _written(desk, run, stop)


def _written(desk: Desk, run: Run, stop: Stop, *, commit: str | None = None, **fact: str) -> Incident:
    """A new incident, in the run's journal."""
    now = desk.shop.clock.now().isoformat(timespec="milliseconds")
    ordinal = _ordinal(desk)
    found = assess(
        run,
        stop,
        levels=rules(desk, desk.base).levels,
        printed=desk.output_of,
        others=_others(desk),
        maker=_maker(desk),
    )
    path = page.page_path(now, desk.number, ordinal)
    summary = redact(found.summary, desk.shop.secrets)
    left = commit or kept(desk.hub, run, found.commit)
    plan = _plan(desk)
    scope = found.scope if plan else LINE
    incident = replace(
        found, ordinal=ordinal, opened=now, page=path, summary=summary, commit=left, plan=plan, scope=scope
    )
    desk.journal.write("incident", {"reason": stop.reason, "incident": encode(incident), **fact})
    told = desk.journal.last("incident", reason=stop.reason)
    assert told is not None, "it was written a moment ago"
    return decode(Incident, told["incident"])  # as a restart would read it


def _ordinal(desk: Desk) -> int:
    """The next of a run's incidents. A cord that a person pulled has a page alone, and no journal."""
    tip = desk.hub.tip(desk.shop.loops.mainline)
    pages = [origin.name_of(found.path).split("-") for found in standing.pages(desk.hub, tip)] if tip else []
    written = [int(ordinal) for run, ordinal in pages if run == str(desk.number) and ordinal.isdigit()]
    facts = (fact for fact in desk.journal.facts() if fact["kind"] == "incident")
    noted = [decode(Incident, fact["incident"]).ordinal for fact in facts]
    return 1 + max((*written, *noted), default=0)


def _plan(desk: Desk) -> str | None:
    """Whose line an incident of this desk stops: the plan's own, the one's whose work is taken back, or the one's
    whose incident is to be resolved; None where that is no plan's."""
    if desk.kind == "plan":
        return desk.plan.name
    if desk.kind == "rollback":
        return PurePosixPath(desk.plan.path).stem
    stops = standing.open_lines(desk.hub, desk.shop.loops.mainline).incidents
    return next((each.plan for each in stops if desk.plan.name == f"andon-gen-{each.name}"), None)


def _others(desk: Desk) -> tuple[Incident, ...]:
    """What the same failure is looked for in: the incidents that are open, and those of this plan that a person has
    resolved, for a plan is tried by another maker only after that."""
    tip, plan = desk.hub.tip(desk.shop.loops.mainline), _plan(desk)
    stops = standing.open_lines(desk.hub, desk.shop.loops.mainline).incidents
    found = [each.incident for each in standing.pages(desk.hub, tip)] if tip and plan else []
    still = {incident.name for incident in stops}
    return (*stops, *(one for one in found if one and one.plan == plan and one.name not in still))


def _is_open(desk: Desk, fact: Mapping[str, Any]) -> bool:
    ref = line.ref_of(decode(Incident, fact["incident"]))
    return ref in line.standing(desk.hub).refs


def _maker(desk: Desk) -> str:
    """Who made what failed: the maker's backend, and its model where it has one."""
    role = desk.shop.role("maker")
    return " ".join(filter(None, (role.backend, desk.shop.model(role))))


def _title(incident: Incident) -> str:
    what = "the line stands still" if incident.scope == "line" else f"{incident.plan} stands still"
    return f"{what}: {incident.kind} (gen-{incident.run})"


def notify(desk: Desk, incident: Incident) -> None:
    """Run the person's own `notify:` command with the page's path, once. Whether it works is its own affair: the line
    is stopped already, and a note says when it failed."""
    command = desk.shop.loops.notify
    if not command or desk.journal.last("notified", page=incident.page):
        return
    place = desk.shop.site.top / incident.page
    shown = str(place) if place.is_file() else incident.page
    words = ["sh", "-c", f'{command} "$1"', "loopwright", shown]
    ran = shell.run(words, cwd=desk.shop.site.top, seconds=_NOTIFY_SECONDS, env=desk.shop.site.env)
    desk.journal.write("notified", {"page": incident.page, "exit": ran.code})
    if ran.code:
        desk.note(f"`notify: {command}` ended with exit {ran.code}")

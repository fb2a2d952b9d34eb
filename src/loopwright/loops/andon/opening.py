"""Stops the line: the ref first, which takes a moment, then the page on the mainline, then whoever wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from loopwright import shell
from loopwright.andon import assess, page
from loopwright.andon.page import Evidence
from loopwright.checkpoints import reached
from loopwright.journal import line
from loopwright.journal.codec import decode, encode
from loopwright.loops.andon import standing
from loopwright.loops.andon.evidence import evidence
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import recording
from loopwright.loops.promotion.edits import Edit
from loopwright.loops.verification import rules
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

    A rollback is asked for by a person who sits before it, and sees its outcome: it stops no line.
    """
    if run.stop is None or run.stop.reason in NO_INCIDENT or desk.kind != "plan":
        return None
    return opened(desk, run, run.stop)


def opened(desk: Desk, run: Run, stop: Stop) -> Opened:
    """The incident of a stop. Its line stands still from the first lines of this on."""
    incident = _noted(desk, run, stop)
    reached("andon:noted")
    line.stop(desk.hub, incident, incident.commit or desk.base)
    reached("andon:stopped")
    as_it_is = stop.reason in _STATUS_STAYS
    shown = evidence(desk, run, stop, incident)
    status = () if as_it_is else (Edit("status", run.plan.path, (str(Status.STOPPED),)),)
    paged(desk, incident, page.render(incident, shown), *status)
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
    fact = desk.journal.last("incident", reason=stop.reason)
    if fact and (stop.reason != "unreachable" or _is_open(desk, fact)):
        return decode(Incident, fact["incident"])
    now = desk.shop.clock.now().isoformat(timespec="milliseconds")
    ordinal = 1 + sum(1 for fact in desk.journal.facts() if fact["kind"] == "incident")
    found = assess(
        run,
        stop,
        levels=rules(desk, desk.base).levels,
        printed=desk.output_of,
        others=standing.open_lines(desk.hub, desk.shop.loops.mainline).incidents,
        maker=_maker(desk),
    )
    path = page.page_path(now, desk.number, ordinal)
    summary = redact(found.summary, desk.shop.secrets)
    left = kept(desk.hub, run, found.commit)
    incident = replace(found, ordinal=ordinal, opened=now, page=path, summary=summary, commit=left)
    desk.journal.write("incident", {"reason": stop.reason, "incident": encode(incident)})
    fact = desk.journal.last("incident", reason=stop.reason)
    assert fact is not None, "it was written a moment ago"
    return decode(Incident, fact["incident"])  # as a restart would read it


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

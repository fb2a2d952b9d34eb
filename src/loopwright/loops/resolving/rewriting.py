"""Writes the pages that open incidents lack: a process was killed before it came to that, or somebody deleted one."""

from __future__ import annotations

from loopwright.andon import page
from loopwright.contracts import Workshop
from loopwright.errors import LoopwrightError
from loopwright.journal import claims, line, records
from loopwright.journal.facts import Lines
from loopwright.journal.hub import Hub
from loopwright.loops import decisions, execution, starting
from loopwright.loops.andon import analysing, evidence, opening, planning, pulling, standing
from loopwright.loops.andon.outside import seated
from loopwright.vocabulary import Event, Incident, Loops


def lacking(hub: Hub, loops: Loops) -> tuple[Incident, ...]:
    """The open incidents without a page which no run will write any more, and pulled cords of which nobody was told;
    Plan Modes last, whose pages tell of the others. The page of a run that was cut off comes with the end of the run.
    """
    if not line.standing(hub).refs:
        return ()
    stops = standing.open_lines(hub, loops.mainline).incidents
    found = [stop for stop in stops if stop.run and (stop.way_on or _untold(hub, loops, stop))]
    begun = {claim.run for claim in claims.every(hub)} if found else set()
    mine = (incident for incident in found if incident.run not in begun and not claims.is_alive(hub, incident.run))
    return tuple(sorted(mine, key=lambda incident: incident.kind == "meta"))


def _untold(hub: Hub, loops: Loops, incident: Incident) -> bool:
    """Whether this machine stopped the line outside of a run, and was cut off before the `notify:` command."""
    if incident.kind not in pulling.WITHOUT_RUN or not loops.notify:
        return False
    kinds = {fact["kind"] for fact in Lines(hub.run_home(incident.run) / "journal.jsonl").entries()}
    return "incident" in kinds and "notified" not in kinds


def write(hub: Hub, shop: Workshop) -> tuple[str, ...]:
    """Write them, each from its run's record where there is one, else from its journal, else from its ref alone.

    What can't be written now is told and given back; it holds up nothing else that was asked for.
    """
    problems = list[str]()
    for incident in lacking(hub, shop.loops):
        kept = incident.page and records.read(hub, incident.run)
        try:
            (_of_a_run if kept else _of_no_run)(hub, shop, incident)
        except LoopwrightError as problem:
            problems.append(f"the page of gen-{incident.run}'s incident isn't written: {problem}")
            shop.tell(Event("note", problems[-1]))
    return tuple(problems)


def _of_a_run(hub: Hub, shop: Workshop, incident: Incident) -> None:
    with decisions.desk_of(hub, shop, incident.run) as desk:
        if incident.kind == "meta":
            planning.paged(desk, incident)
            return
        run = execution.begin(desk)
        shown = evidence.evidence(desk, *evidence.seen_by(desk, run, incident), incident)
        opening.paged(desk, incident, page.render(incident, shown))
        if desk.journal.last("analysis", incident=incident.ordinal):  # as it was: the analyst isn't asked anew
            analysing.drafted_onto(desk, incident, shown)


def _of_no_run(hub: Hub, shop: Workshop, incident: Incident) -> None:
    with seated(hub, shop, incident, starting.mainline_tip(hub, shop.loops.mainline)) as desk:
        pulling.paged(desk, incident if incident.page else pulling.written_down(desk, incident))

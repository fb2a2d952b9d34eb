"""The cord is pulled, by a person or by the watcher, whose runs die: the whole line stops, with a number, a journal and
a page of its own."""

from __future__ import annotations

from dataclasses import replace

from loopwright.andon import page, plan_mode
from loopwright.andon.assessment import KINDS
from loopwright.andon.page import Evidence
from loopwright.checkpoints import reached
from loopwright.contracts import Workshop
from loopwright.errors import BadUse, LoopwrightError
from loopwright.journal import claims, line
from loopwright.journal.codec import encode
from loopwright.journal.hub import Hub
from loopwright.loops.andon import opening
from loopwright.loops.andon.outside import seated
from loopwright.loops.desk import Desk
from loopwright.redaction import redact
from loopwright.vocabulary import Incident

WITHOUT_RUN = frozenset({"pull", "deaths"})
"""Kinds of incident that no run stopped at."""


def pull(hub: Hub, shop: Workshop, reason: str, kind: str = "pull") -> int:
    """Stop the whole line for a reason that is given; the number of the incident. Raises BadUse without one.

    The reason is on disk before anything stands still: whoever comes after a crash writes the page from that.
    """
    told = redact(" ".join(reason.split()), shop.secrets)
    if not told:
        raise BadUse("the cord needs a reason", 'say what you saw: `loopwright andon pull "prices are wrong"`')
    tip = hub.tip(shop.loops.mainline)
    if tip is None:
        raise BadUse(f"there is no branch {shop.loops.mainline}", "set `mainline:` in agents/LOOPS.md")
    number = claims.allot(hub, tip)
    weight, now = KINDS[kind], shop.clock.now().isoformat(timespec="milliseconds")
    incident = Incident(
        run=number,
        kind=kind,
        scope=weight.scope,
        level=shop.loops.levels.get(kind, weight.level),
        category="unknown",
        confidence=None,
        summary=told,
        base=tip,
        opened=now,
        page=page.page_path(now, number),
    )
    with seated(hub, shop, incident, tip) as desk:
        desk.journal.write("incident", {"reason": kind, "incident": encode(incident)})
        reached("pull:noted")
        line.stop(hub, incident, tip)
        reached("pull:stopped")
        try:
            paged(desk, incident)
        except LoopwrightError as problem:  # a checkout that is busy, most often: what counts is the ref
            desk.note(f"the line is stopped; the next command writes the page: {problem}")
    return number


def paged(desk: Desk, incident: Incident) -> None:
    """Write the page of an incident that no run's record tells of, and call whoever wants to know. Done once."""
    opening.paged(desk, incident, _text(desk, incident))
    reached("pull:opened")
    opening.notify(desk, incident)


def _text(desk: Desk, incident: Incident) -> str:
    if incident.kind == "meta":
        return plan_mode.render(incident, (), (), None)
    if incident.kind == "pull":
        return page.render(incident, Evidence(failed=f"{desk.hub.git.person() or 'a person'} pulled the cord"))
    if incident.kind == "deaths":
        return page.render(incident, Evidence(failed=incident.summary))
    return page.render(incident, Evidence(failed=incident.summary, elsewhere=None))


def written_down(desk: Desk, incident: Incident) -> Incident:
    """An incident that nothing tells of but its ref, noted as if it opened now: then it can be filled in and closed."""
    now = desk.shop.clock.now().isoformat(timespec="milliseconds")
    path = page.page_path(now, incident.run, incident.ordinal)
    kind = "incident"
    if incident.kind == "meta":
        path, kind = plan_mode.page_path(now, incident.run), "meta"
    noted = replace(incident, opened=now, page=path, way_on="")
    desk.journal.write(kind, {"reason": incident.kind, "incident": encode(noted)})
    return noted

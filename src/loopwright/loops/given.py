"""Lands a branch that a person made, to mend what stopped the line: commands alone judge it, as with a rollback."""

from __future__ import annotations

from typing import Any

from loopwright.contracts import Workshop
from loopwright.errors import BadUse
from loopwright.journal import claims, records
from loopwright.journal.hub import Hub
from loopwright.loops import pausing, starting
from loopwright.loops.desk import Desk
from loopwright.vocabulary import Incident, Plan, Scope

KIND = "resolution"


def land(hub: Hub, shop: Workshop, incident: Incident, tip: str) -> dict[str, Any]:
    """Land `tip` through the gates, whatever its incident stops; what has landed already is told again.

    The object of `run --json`: of a run of its own, named after the incident.
    """
    name = f"andon-gen-{incident.name}"
    if claim := claims.read(hub, name):
        with starting.resumed(hub, shop, claim) as desk:
            result = carry_out(desk)
        if desk.plan.planned_at == tip or claims.read(hub, name):  # else the branch has moved on since it was cut off
            return result
    record = records.of_plan(hub, name)
    if record and record["landed"] and record["tip"] == tip:
        return record
    base = _base(hub, shop, tip)
    plan = _plan(hub, incident, name, base, tip)
    with starting.begun(hub, shop, plan, base) as desk:
        return carry_out(desk)


def _base(hub: Hub, shop: Workshop, tip: str) -> str:
    """The commit that the branch began at. Raises BadUse when it has none in common with the mainline."""
    base = hub.git.merge_base(starting.mainline_tip(hub, shop.loops.mainline), tip)
    if base is None:
        raise BadUse(f"{tip[:10]} has no commit in common with {shop.loops.mainline}", "make the branch from it")
    return base


def _plan(hub: Hub, incident: Incident, name: str, base: str, tip: str) -> Plan:
    """The plan of a landing without a maker: it is planned at the commit that lands."""
    touched = tuple(change.path for change in hub.git.changes(base, tip))
    title = f"Resolve gen-{incident.run}: {incident.kind}"
    scope = Scope(touched, (), touched)
    return Plan(name, incident.page, title, f"# {title}\n", scope=scope, form=KIND, planned_at=tip)


def carry_out(desk: Desk) -> dict[str, Any]:
    """Carry it out, from wherever an interrupted one stood."""
    if desk.journal.last("claimed") is None:
        desk.journal.write("claimed", {"plan": desk.plan.name, "plan_hash": desk.claim.plan_hash, "base": desk.base})
    if desk.journal.last("opened") is None:
        assert desk.plan.planned_at is not None, "it was planned at the branch's tip"
        desk.hub.keep(f"attempts/{desk.number}/{KIND}", desk.plan.planned_at)
        desk.journal.write("opened", {"tip": desk.plan.planned_at})
    return pausing.carry_out(desk, decided=True)

"""Ends a run of which too little is left to be gone on with, so that its plan isn't held for ever."""

from __future__ import annotations

import json
import socket
from dataclasses import replace

from loopwright.contracts import Workshop
from loopwright.errors import LoopwrightError
from loopwright.journal import claims
from loopwright.journal.claims import Claim
from loopwright.journal.codec import encode
from loopwright.journal.facts import Lines
from loopwright.journal.hub import Hub
from loopwright.loops import closing, execution, starting
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import landing
from loopwright.vocabulary import Outcome, Plan, Run, Stop

REASON = "lost"
"""Why such a run stops: level 1, for nothing is wrong with the work; its plan is set ready to be run anew."""


def settle(hub: Hub, shop: Workshop, claim: Claim) -> bool:
    """End a claimed run that nobody is at work on and nobody can go on with; whether it was one. One that had landed
    ends as landed."""
    why = wrecked(hub, claim)
    if not why:
        return False
    with claims.holding(hub, claim.run) as mine:
        if mine and wrecked(hub, claim):
            _end(_desk(hub, shop, claim), why)
    return mine


def wrecked(hub: Hub, claim: Claim) -> str:
    """What a run would need to be gone on with here and hasn't got any more; '' for one that can be, and for one that
    was begun on another machine: there it may be whole."""
    home = hub.home / "runs" / str(claim.run)
    if not starting.is_archived(hub, claim.run):
        return f"{home} is gone, with all that the run had written" if claim.host == socket.gethostname() else ""
    plan = starting.readable_plan(hub, claim.run)
    if plan is None:
        return f"{home}/plan.json doesn't read any more"
    if not (home / "plan.md").is_file():
        return f"{home}/plan.md is gone"
    facts = Lines(home / "journal.jsonl").entries()
    bases = {claim.base, *(str(fact["base"]) for fact in facts if fact["kind"] == "claimed")}
    lacking = [base for base in sorted(bases) if hub.git.resolve(base) is None]
    return f"the commit {lacking[0][:10]} that it began from is gone" if lacking else ""


def _desk(hub: Hub, shop: Workshop, claim: Claim) -> Desk:
    """A desk that doesn't need what is gone. What is there is kept beside, as `lost-K`."""
    home = hub.run_home(claim.run)
    aside = next(place for k in range(1, 1000) if not (place := home / f"lost-{k}").exists())
    aside.mkdir()
    for path in [path for name in ("plan.json", "plan.md", "journal.jsonl*") for path in home.glob(name)]:
        path.rename(aside / path.name)
    plan, data = _plan(hub, shop, claim)
    (home / "plan.md").write_bytes(data)
    (home / "plan.json").write_text(json.dumps(encode(plan)))
    known = hub.git.resolve(claim.base)
    base = known or starting.mainline_tip(hub, shop.loops.mainline)
    desk = Desk(hub, shop, replace(claim, base=base), plan, base)
    desk.journal.write("claimed", {"plan": plan.name, "plan_hash": claim.plan_hash, "base": base, "pid": claim.pid})
    desk.journal.write("opened", {})
    return desk


def _plan(hub: Hub, shop: Workshop, claim: Claim) -> tuple[Plan, bytes]:
    """The plan as it is now; where there is none that reads, what its name says."""
    try:
        return starting.read_plan(starting.tree_of(hub, shop.loops.mainline), claim.plan)
    except LoopwrightError:
        return Plan(claim.plan, starting.plan_path(claim.plan), claim.plan, ""), b""


def _end(desk: Desk, why: str) -> None:
    run = Run(desk.number, desk.plan, desk.base, desk.branch)
    done = landing.landed(desk.hub, f"refs/heads/{desk.shop.loops.mainline}", desk.number, desk.base)
    if done is None:
        execution.stop_with(desk, run, Stop(REASON, f"run {desk.number} can't be gone on with: {why}"))
        return
    desk.journal.write("ended", closing.ending(replace(run, outcome=Outcome.MET)))
    desk.journal.write("landed", {"landing": encode(done)})
    desk.note(f"how it was judged isn't known any more: {why}")
    closing.close(desk, execution.begin(desk))

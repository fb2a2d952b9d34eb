"""Takes a claimed plan, works through its chunks in a lab, proves the goal, lands it, and writes down what happened."""

from __future__ import annotations

from dataclasses import replace

from loopwright.checkpoints import reached
from loopwright.contracts import Lab
from loopwright.errors import LabFailed
from loopwright.journal.codec import decode, encode
from loopwright.loops import closing, proving, queueing
from loopwright.loops.andon import analysing, opening, planning, settling
from loopwright.loops.desk import Desk
from loopwright.loops.making import work_through
from loopwright.loops.verification import set_up
from loopwright.redaction import redact
from loopwright.vocabulary import Attempt, Held, Landing, Outcome, Run, Stop


def execute(desk: Desk, *, decided: bool = False) -> Run:
    """Run a plan to its end, from wherever an interrupted one stood. What it made stays on its branch or lands.

    `decided`: a person said that it may land (`land N`), whatever `merge:` says.
    """
    run = begin(desk)
    if run.decision:  # a rejection that was cut off
        return closing.close(desk, run)
    if run.outcome is Outcome.OPEN:
        run = _ended(desk, _attempted(desk, run))
    settling.answered(desk)
    if run.outcome is Outcome.MET and not run.landing and (decided or merges(desk) == "auto"):
        run = _landed_or_held(desk, run)
        if run.outcome is not Outcome.MET:
            run = _ended(desk, run)
    return _stopped_and_closed(desk, run)


def _stopped_and_closed(desk: Desk, run: Run) -> Run:
    """The line first, at once, when the run stopped; then all that takes its time."""
    opened = opening.stopped(desk, run)
    if opened and desk.kind == "plan":  # what a person asked for waits for no model
        analysing.drafted_onto(desk, opened.incident, opened.evidence)
    opening.breached(desk, run)  # by the analyst; or by a lab that broke while it landed
    planning.consider(desk, run)
    opening.breached(desk, run)
    return closing.close(desk, run)


def _landed_or_held(desk: Desk, run: Run) -> Run:
    """Land; without a lab to verify the merge in, nothing moves and the run goes on waiting."""
    try:
        return queueing.land(desk, run)
    except LabFailed as problem:
        held = Held(f"no lab to verify the merge in: {redact(str(problem), desk.shop.secrets)}")
        desk.journal.write("held", {"held": encode(held)})
        return replace(run, held=held)


def _attempted(desk: Desk, run: Run) -> Run:
    """The run worked through and judged; what keeps a lab from standing up stops it."""
    if stop := desk.wall.stop() or planned_for_another(desk):
        return so_far(desk).stopped(stop)
    try:
        run = _work(desk, run) if desk.plan.chunks else run
        return proving.prove(desk, run) if run.outcome is Outcome.OPEN else run
    except LabFailed as problem:
        desk.wall.look()  # what a command reached for says more than that it failed
        return run.stopped(desk.wall.stop() or Stop("lab", str(problem)))


def planned_for_another(desk: Desk) -> Stop | None:
    """Whether files in the plan's scope changed since the commit that it was written against (`planned-at`)."""
    if desk.plan.planned_at is None or desk.kind != "plan":
        return None
    then = desk.hub.git.resolve(desk.plan.planned_at)
    if then is None:
        return Stop("plan-drift", f"planned-at {desk.plan.planned_at} is no commit of this repository")
    changed = [change.path for change in desk.hub.git.changes(then, desk.base)]
    moved = [path for path in changed if desk.plan.scope.inside and desk.plan.scope.allows(path)]
    if not moved:
        return None
    told = f"changed since {desk.plan.planned_at}, which the plan was written against: {', '.join(moved[:20])}"
    return Stop("plan-drift", f"{told}. See whether the plan still holds, set planned-at anew and status: ready")


def _ended(desk: Desk, run: Run) -> Run:
    desk.journal.write("ended", closing.ending(run))
    return run


def merges(desk: Desk) -> str:
    """Who decides about landing: `human` or `auto`."""
    return desk.plan.merge or desk.shop.loops.merge


def begin(desk: Desk) -> Run:
    """The run as its journal tells it: new, or as far as it had come."""
    opened = desk.journal.last("opened") or {}
    run = Run(
        desk.number,
        desk.plan,
        desk.base,
        desk.branch,
        kind=desk.kind,
        continues=opened.get("continues"),
        tip=opened.get("tip"),
    )
    if ended := desk.journal.last("ended"):
        run = closing.restored(desk, run, ended)
    if fact := desk.journal.last("landed"):
        run = proving.as_landed(desk, run, decode(Landing, fact["landing"]))
    elif desk.journal.last("candidate") and (done := queueing.found(desk, run)):
        run = proving.as_landed(desk, run, done)
    elif fact := desk.journal.last("held"):
        run = replace(run, held=decode(Held, fact["held"]))
    if (fact := desk.journal.last("decided")) and not run.landing:
        run = replace(run, decision=str(fact["decision"]))
    return run


def so_far(desk: Desk) -> Run:
    """The run as `begin` has it, with the attempts of one that was cut off in the middle of its work."""
    run = begin(desk)
    if run.outcome is Outcome.OPEN:
        for fact in (fact for fact in desk.journal.facts() if fact["kind"] == "attempt"):
            run = run.after(decode(Attempt, fact["attempt"]))
    return run


def rejected(desk: Desk) -> Run:
    """End a run because a person said no; one that was interrupted ends with what it had come to.

    One that another run landed along with itself at this moment, has landed.
    """
    run = so_far(desk)
    if run.outcome is Outcome.OPEN:
        run = _ended(desk, run.stopped(Stop("rejected", "a person said no before it had ended")))
    if not run.decision:
        with desk.hub.lock("landing"):  # one that died in the queue may be landed by another at this very moment
            if not (done := queueing.found(desk, run)):
                desk.journal.write("decided", {"decision": "rejected"})
        if done:
            return closing.close(desk, proving.as_landed(desk, run, done))
    settling.given_up(desk)
    return closing.close(desk, replace(run, decision="rejected"))


def _work(desk: Desk, run: Run) -> Run:
    """All chunks in one lab. Left whole, the lab's bytes are in refs and it goes; interrupted, it stays."""
    opened = desk.journal.last("opened") or {}
    todo = [chunk for chunk in desk.plan.chunks if chunk.number not in opened.get("kept", ())]
    seen = tuple(opened.get("seen", ()))
    with desk.lab(desk.wish("", run.tip or run.base, throwaway=False)) as lab:
        reached("lab:made")
        _ready(desk, lab)
        reached("lab:opened")
        for chunk in todo:
            desk.tell("chunk", f"chunk {chunk.number} of {len(desk.plan.chunks)}: {chunk.title}", chunk=chunk.number)
            run = work_through(desk, run, chunk, lab, seen if chunk is todo[0] else ())
            if run.stop:
                return run
            desk.hub.point(desk.branch, run.tip or run.base)
    return run


def _ready(desk: Desk, lab: Lab) -> None:
    """Run `setup` in a new lab, and again in one whose set-up was cut off."""
    if not desk.shop.loops.setup:
        return
    last = desk.journal.last("setup")
    if lab.fresh or not (last and last["done"]):
        desk.journal.write("setup", {"done": False})
        set_up(desk, lab)
        desk.journal.write("setup", {"done": True})


def stop_with(desk: Desk, run: Run, stop: Stop) -> Run:
    """End a run for a reason outside its chunks."""
    return _stopped_and_closed(desk, _ended(desk, run.stopped(stop)))

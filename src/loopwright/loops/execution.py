"""Takes a claimed plan, works through its chunks in a lab, proves the goal, lands it, and writes down what happened."""

from __future__ import annotations

from dataclasses import replace

from loopwright.checkpoints import reached
from loopwright.contracts import Lab
from loopwright.journal.codec import decode
from loopwright.loops import closing, proving
from loopwright.loops.desk import Desk
from loopwright.loops.making import work_through
from loopwright.loops.promotion import landing
from loopwright.loops.verification import set_up
from loopwright.vocabulary import Held, Landing, Outcome, Run, Stop


def execute(desk: Desk, *, decided: bool = False) -> Run:
    """Run a plan to its end, from wherever an interrupted one stood. What it made stays on its branch or lands.

    `decided`: a person said that it may land (`land N`), whatever `merge:` says.
    """
    run = begin(desk)
    if not run.landing and not _over(run):
        if run.outcome is Outcome.OPEN:
            run = _work(desk, run)
            if run.outcome is Outcome.OPEN:
                run = proving.prove(desk, run)
            desk.journal.write("ended", closing.ending(run))
        if run.outcome is Outcome.MET and (decided or merges(desk) == "auto"):
            run = proving.land(desk, run)
    return closing.close(desk, run)


def _over(run: Run) -> bool:
    return run.outcome in (Outcome.NOT_MET, Outcome.STOPPED)


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
        run = replace(run, landing=decode(Landing, fact["landing"]), outcome=Outcome.MET)
    elif done := landing.landed(desk.hub, desk.shop.loops.mainline, desk.number, desk.base):
        run = replace(run, landing=done, outcome=Outcome.MET)
    elif fact := desk.journal.last("held"):
        run = replace(run, held=decode(Held, fact["held"]))
    return run


def _work(desk: Desk, run: Run) -> Run:
    """All chunks in one lab. Left whole, the lab's bytes are in refs and it goes; interrupted, it stays."""
    opened = desk.journal.last("opened") or {}
    kept = set(opened.get("kept", []))
    with desk.shop.open_lab(desk.shop.site, desk.wish("", run.tip or run.base, throwaway=False)) as lab:
        reached("lab:made")
        _ready(desk, lab)
        reached("lab:opened")
        for chunk in desk.plan.chunks:
            if chunk.number in kept:
                continue
            desk.tell("chunk", f"chunk {chunk.number} of {len(desk.plan.chunks)}: {chunk.title}", chunk=chunk.number)
            run = work_through(desk, run, chunk, lab, tuple(opened.get("seen", ())))
            if run.stop:
                return run
            desk.hub.git.set_ref(f"refs/heads/{desk.branch}", run.tip or run.base)
    return run


def _ready(desk: Desk, lab: Lab) -> None:
    if lab.fresh:
        set_up(desk, lab)


def stop_with(desk: Desk, run: Run, stop: Stop) -> Run:
    """End a run for a reason outside its chunks."""
    run = run.stopped(stop)
    desk.journal.write("ended", closing.ending(run))
    return closing.close(desk, run)

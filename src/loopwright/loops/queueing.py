"""Lands what is met: it waits in the queue until it is its turn, and is verified on the mainline of that moment."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC

from loopwright.journal import line
from loopwright.journal.codec import encode
from loopwright.loops.batching import land_waiting, most
from loopwright.loops.desk import Desk
from loopwright.loops.fitting import against_the_mainline, title
from loopwright.loops.promotion import landing, queue
from loopwright.loops.promotion.landing import Conflict, Stale
from loopwright.loops.promotion.queue import Turn, Waiting
from loopwright.loops.proving import as_landed, candidate, conflict_stop, gated, is_verified
from loopwright.vocabulary import Landing, Outcome, Run


def land(desk: Desk, run: Run) -> Run:
    """Land what is met, one run after the other or several at once: else each landing would make all others verify
    their merge again, and those with the slowest gates would never be through."""
    mine = Waiting(desk.number, desk.plan.name, desk.kind, run.base, desk.plan.priority, _now(desk), os.getpid())

    def waits(whom: Waiting | None) -> None:
        who = f": gen-{whom.run} of {whom.plan} (process {whom.pid}, there since {whom.since})" if whom else ""
        desk.tell("wait", f"waits until another run has landed{who}")

    with queue.turn(desk.hub, mine, waits, lambda: found(desk, run)) as done:
        done = done or _with_others(desk, run)
        return _arrived(desk, run, done) if done else _land(desk, run)


def _with_others(desk: Desk, run: Run) -> Landing | None:
    """Land together with those that wait behind. Not what needs no verification any more: it lands at once."""
    if why := queue.apart(desk.hub, desk.number):
        desk.note(f"verified by itself: {why}")
        return None
    few = most(desk.shop.loops, desk.shop.lab_kind) < 2 or len(queue.line(desk.hub)) < 2
    if desk.kind != "plan" or few or is_verified(desk, run):
        return None
    land_waiting(desk, run, _now(desk))
    return found(desk, run)


def _now(desk: Desk) -> str:
    return desk.shop.clock.now().astimezone(UTC).isoformat(timespec="milliseconds")


def found(desk: Desk, run: Run) -> Landing | None:
    """The run's landing, if the mainline has it."""
    main = f"refs/heads/{desk.shop.loops.mainline}"
    return landing.landed(desk.hub, main, desk.number, desk.base, run.tip or run.base)


def _land(desk: Desk, run: Run) -> Run:
    """While the mainline moves all the same, the merge is verified again, until it holds or no longer fits."""
    queue.say_turn(desk.hub, Turn((desk.number,), _now(desk)))
    stale = False
    if stop := desk.wall.stop():
        return run.stopped(stop)
    while True:
        merged = candidate(desk, run.tip or run.base, anew=stale)
        if isinstance(merged, Conflict):
            return run.stopped(conflict_stop(merged))
        run = gated(desk, run, merged)
        if stop := desk.wall.stop():
            return run.stopped(stop)
        if run.outcome is Outcome.NOT_MET:
            desk.note("the gates passed on the run's own base, but not merged with what the mainline is now")
            return run
        if stop := against_the_mainline(desk, run, merged):
            return run.stopped(stop)
        desk.tell("land", "landing")
        mainline, words = desk.shop.loops.mainline, title(desk)
        on = ((desk.plan.name,), _resolves(desk))
        done = landing.land(desk.hub, mainline, desk.number, merged, run.base, words, on)
        if stale := isinstance(done, Stale):
            continue
        if isinstance(done, Conflict):
            return run.stopped(conflict_stop(done))
        if isinstance(done, Landing):
            return _arrived(desk, run, done)
        desk.journal.write("held", {"held": encode(done)})
        desk.tell("land", f"held: {done.reason} {', '.join(done.paths)}")
        return replace(run, held=done)


def _arrived(desk: Desk, run: Run, done: Landing) -> Run:
    desk.journal.write("landed", {"landing": encode(done)})
    desk.tell("land", f"landed as {done.commit[:10]}")
    return replace(as_landed(desk, run, done), held=None)


def _resolves(desk: Desk) -> tuple[str, ...]:
    """The incidents that don't hold up a landing. A mend that a person lands is held up by none that stops the whole
    line: of two, neither could be mended before the other."""
    return line.standing(desk.hub).whole if desk.kind == "resolution" else ()

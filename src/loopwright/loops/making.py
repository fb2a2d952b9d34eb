"""One chunk: the maker's attempts, until one passes or the plan stops."""

from __future__ import annotations

from contextlib import nullcontext

from loopwright.andon import breakers
from loopwright.checkpoints import reached
from loopwright.contracts import Lab
from loopwright.journal.codec import decode, encode
from loopwright.loops import telling
from loopwright.loops.andon import remembering
from loopwright.loops.desk import Desk
from loopwright.loops.judging import Judging
from loopwright.loops.withholding import without_secrets
from loopwright.vocabulary import Attempt, Change, Chunk, Hazard, Report, Run, Stop

AT_ONCE = frozenset({"drift", "gate-gaming", "scope-breaker", "role-wall"})
"""Reasons that stop the plan at the first attempt: another try would only try to be cleverer."""

SPENT = frozenset({"tokens", "dollars"})

_FREE = 2
"""Times the limit of attempts that a chunk may take when flaky checks, which cost none, go on saying no."""


def work_through(desk: Desk, run: Run, chunk: Chunk, lab: Lab, seen: tuple[str, ...] = ()) -> Run:
    """Attempt one chunk until it passes or the plan stops. `seen` is evidence from an earlier run."""
    limit = desk.shop.loops.attempts_per_chunk
    left, number = limit, 0
    while left > 0:
        number += 1
        tried = _attempt(desk, run, chunk, number, lab, seen, last=left == 1 or number == _FREE * limit)
        run = run.after(tried)
        if tried.passed:
            desk.progress.quiet = 0.0
            return run
        if stop := _stop(desk, tried):
            return run.stopped(stop)
        seen = (*(seen if telling.unseen(tried) else ()), *telling.evidence(desk, tried))
        left -= 0 if tried.free and number < _FREE * limit else 1
    failed = run.attempts[-1].failed
    last = ", ".join(telling.word(verdict) for verdict in failed)
    last += next((f": {telling.gist(verdict)[:300]}" for verdict in failed if verdict.command), "")
    detail = f"chunk {chunk.number} ({chunk.title}) failed {_times(number)}; at last {last}"
    return run.stopped(Stop("attempts", detail, chunk.number))


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _stop(desk: Desk, tried: Attempt) -> Stop | None:
    for verdict in tried.failed:
        if verdict.reason in AT_ONCE:
            return Stop(verdict.reason, verdict.evidence, tried.chunk)
    if tried.report.ended in SPENT:
        return Stop("budget", f"the run's budget is spent ({tried.report.ended})", tried.chunk)
    if tried.report.ended == "no-progress":
        return Stop("no-progress", _standstill(desk, tried), tried.chunk)
    if tried.failed and (why := breakers.minutes_spent(desk.deadline.elapsed(), desk.plan.budget.minutes)):
        return Stop("budget", why, tried.chunk)
    return None


def _standstill(desk: Desk, tried: Attempt) -> str:
    limit = desk.shop.loops.no_progress_minutes
    why = breakers.no_progress(limit * 60, limit)
    return f"chunk {tried.chunk}, attempt {tried.number}: {why}"


def _attempt(
    desk: Desk, run: Run, chunk: Chunk, number: int, lab: Lab, seen: tuple[str, ...], *, last: bool
) -> Attempt:
    """One maker's pass over a chunk, and what every check said of it. Done once, also across restarts."""
    if fact := desk.journal.last("attempt", chunk=chunk.number, number=number):
        return decode(Attempt, fact["attempt"])
    desk.tell("attempt", f"chunk {chunk.number} ({chunk.title}), attempt {number}", chunk=chunk.number, attempt=number)
    before = _before(run, chunk, number)
    report, change = _make(desk, run, chunk, number, lab, before, seen)
    reached("chunk:committed")
    verdicts = Judging(desk, run, chunk, number, lab).verdicts(report, change, before, last=last)
    if any(verdict.reason == "secrets" for verdict in verdicts):
        desk.hub.keep(_kept_at(desk, chunk, number), without_secrets(desk.hub, change, desk.shop.secrets))
    reached("chunk:checked")
    tried = Attempt(chunk.number, number, report, change.commit, verdicts)
    for verdict in tried.failed:
        desk.tell("verdict", f"{verdict.check} says no: {telling.gist(verdict)}", passed=False)
    desk.journal.write("attempt", {"chunk": chunk.number, "number": number, "attempt": encode(tried)})
    return tried


def _before(run: Run, chunk: Chunk, number: int) -> str:
    """The commit that this attempt goes on from: the last attempt's, unless a guard rolled that back."""
    start = run.tip or run.base
    mine = [attempt for attempt in run.attempts if attempt.chunk == chunk.number and attempt.number < number]
    kept = [a for a in mine if a.commit and not any(verdict.rolls_back for verdict in a.failed)]
    return kept[-1].commit or start if kept else start


def _make(
    desk: Desk, run: Run, chunk: Chunk, number: int, lab: Lab, before: str, seen: tuple[str, ...]
) -> tuple[Report, Change]:
    """The maker's session and the commit of what it left: one commit on the tip, whatever the number of attempts."""
    key, tip = f"{chunk.number}-{number}-maker", run.tip or run.base
    if not (fact := desk.journal.last("made", chunk=chunk.number, number=number)):
        begun = (desk.home / "transcripts" / f"{key}.jsonl").exists()
        if lab.fresh or not begun:
            lab.restore(before)
        task, known = telling.chunk_task(desk.plan, chunk), remembering.warnings(desk, chunk)
        report = desk.play("maker", key, nullcontext(lab), task, chunk=chunk, observations=seen, known=known)
        assert report is not None, "a maker can't be left out"
        reached("chunk:made")
        change = lab.snapshot(tip, telling.commit_message(desk, chunk, report))
        desk.wall.look(change, unseen=True)
        desk.hub.keep(_kept_at(desk, chunk, number), change.commit)
        body = {"commit": change.commit, "hazards": encode(change.hazards), "session": key}
        desk.journal.write("made", {"chunk": chunk.number, "number": number, **body})
        return report, desk.hub.change(desk.base, change.commit, change.hazards)
    session = desk.journal.last("session", key=key)
    assert session is not None, "what was made was made in a session"
    hazards = tuple(decode(Hazard, hazard) for hazard in fact["hazards"])
    return decode(Report, session["report"]), desk.hub.change(desk.base, fact["commit"], hazards)


def _kept_at(desk: Desk, chunk: Chunk, number: int) -> str:
    return f"attempts/{desk.number}/{chunk.number}/{number}"

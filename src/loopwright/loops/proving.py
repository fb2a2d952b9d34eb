"""After the chunks: gates and goal on the exact tree that would land, then the goal-checker, then the reviewer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from loopwright.checkpoints import reached
from loopwright.checks import judged
from loopwright.journal.codec import decode, encode
from loopwright.journal.facts import Lines
from loopwright.loops import telling
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import batch, landing
from loopwright.loops.promotion.gated import same_to_gates
from loopwright.loops.promotion.landing import Conflict
from loopwright.loops.verification import house_gates, judges_lab, verify
from loopwright.vocabulary import Change, Gate, Landing, Outcome, Run, Stop, Verdict


def prove(desk: Desk, run: Run) -> Run:
    """The run with its gates, goal and reviews judged: met, not met, or stopped at a conflict."""
    tip = run.tip or run.base
    found = candidate(desk, tip)
    if isinstance(found, Conflict):
        return run.stopped(conflict_stop(found))
    run = _walled(desk, gated(desk, run, found))
    if run.outcome is not Outcome.OPEN:
        return run
    if desk.kind != "plan":  # a revert is a person's decision: commands gate it, nobody has to judge it
        return replace(run, outcome=Outcome.MET)
    run = _walled(desk, _goal(desk, run, found))
    if run.outcome is not Outcome.OPEN:
        return run
    return _walled(desk, _review(desk, run, tip, found))


def _walled(desk: Desk, run: Run) -> Run:
    """The run, stopped if something that ran in its labs reached for what only people decide."""
    stop = desk.wall.stop()
    return run.stopped(stop) if stop else run


def conflict_stop(conflict: Conflict) -> Stop:
    if not conflict.paths:
        return Stop("conflict", "the mainline was replaced meanwhile: it has no commit in common with this run")
    paths = ", ".join(conflict.paths[:10])
    return Stop("conflict", f"the mainline changed the same lines meanwhile: {paths}")


def candidate(desk: Desk, tip: str, *, anew: bool = False) -> str | Conflict:
    """The commit that would land now. The same one, also across restarts, for as long as the mainline doesn't move
    but by record commits: these change nothing that a gate could see.

    `anew`: it was stale. The mainline's files may be the same, and merge otherwise: it merged the run and undid that.
    """
    mainline = desk.shop.loops.mainline
    fact = None if anew else desk.journal.last("candidate", tip=tip)
    if fact and (main := desk.hub.tip(mainline)) and same_to_gates(desk.hub.git, main, fact["mainline"]):
        return str(fact["commit"])
    found = landing.candidate(desk.hub, mainline, tip, desk.number)
    if isinstance(found, str):
        desk.hub.keep(f"verified/{desk.number}", found)
        first, _ = desk.hub.git.parents(found)
        desk.journal.write("candidate", {"commit": found, "mainline": first, "tip": tip})
        reached("verify:merged")
    return found


def gates_of(desk: Desk, mainline: str) -> tuple[Gate, ...]:
    """All that must hold on the tree that lands: the repository's checks and standards, the plan's, every chunk's, the
    goal's.

    The repository's are those of the mainline's commit that it lands on: they may be others than when the run began.
    """
    chunks = tuple(gate for chunk in desk.plan.chunks for gate in chunk.verify)
    every = (*house_gates(desk, mainline), *desk.plan.checks, *chunks, *goal_gates(desk))
    by_meaning = {gate.meaning: gate for gate in reversed(every)}
    return tuple(reversed(by_meaning.values()))


def goal_gates(desk: Desk) -> tuple[Gate, ...]:
    """A revert is held to every check, but not to the goal that it takes back."""
    return desk.plan.goal_gates if desk.kind == "plan" else ()


def gated(desk: Desk, run: Run, commit: str) -> Run:
    """The run with all gates judged on a candidate: not met when one fails."""
    mainline = desk.hub.git.parents(commit)[0]
    verdicts = verify(
        desk, f"landing-{commit[:8]}", commit, mainline, gates_of(desk, mainline), "landing", decisive=True
    )
    reached("verify:gated")
    outcome = run.outcome if all(verdict.passed for verdict in verdicts) else Outcome.NOT_MET
    return replace(_judged(desk, run, verdicts), outcome=outcome)


def _judged(desk: Desk, run: Run, verdicts: tuple[Verdict, ...]) -> Run:
    """The run with what commands said of it now; what the roles said stays."""
    asked = {gate.command for gate in goal_gates(desk)}
    judged_before = tuple(verdict for verdict in run.goal if verdict.command is None)
    goal = (*(verdict for verdict in verdicts if verdict.command in asked), *judged_before)
    return replace(run, checks=tuple(verdict for verdict in verdicts if verdict.command not in asked), goal=goal)


def as_landed(desk: Desk, run: Run, done: Landing) -> Run:
    """The run as it landed, with the verdicts about that very commit: its judging may have ended with those about an
    earlier merge."""
    landed = replace(run, landing=done, outcome=Outcome.MET)
    if run.checks and all(verdict.commit == done.verified for verdict in run.checks):
        return landed
    fact = desk.journal.last("gates", commit=done.verified) or _of_the_batch(desk, done.verified)
    if fact is None:
        return landed
    mine = {gate.command for gate in gates_of(desk, desk.hub.git.parents(done.verified)[0])}
    verdicts = (decode(Verdict, told) for told in fact["verdicts"])
    return _judged(desk, landed, tuple(verdict for verdict in verdicts if verdict.command in mine))


def _of_the_batch(desk: Desk, verified: str) -> Mapping[str, Any] | None:
    """The gates that another run held for this one, too, as that one's journal has it."""
    other = batch.verifier(desk.hub.git, verified)
    facts = Lines(desk.hub.run_home(other) / "journal.jsonl").entries() if other else ()
    return next((fact for fact in facts if fact["kind"] == "gates" and fact["commit"] == verified), None)


def is_verified(desk: Desk, run: Run) -> bool:
    """Whether what would land now was verified already: nothing but record commits came since."""
    fact, main = desk.journal.last("candidate", tip=run.tip or run.base), desk.hub.tip(desk.shop.loops.mainline)
    if fact is None or main is None or not desk.journal.last("gates", commit=fact["commit"]):
        return False
    return same_to_gates(desk.hub.git, main, fact["mainline"])


def _goal(desk: Desk, run: Run, commit: str) -> Run:
    """Ask the goal-checker: prose criteria are answered by number, or they aren't met."""
    lab = judges_lab(desk, "goal-checker", commit)
    task = telling.goal_task(desk.plan, run.goal)
    key = f"goal-checker-{commit[:10]}"  # what it saw: another candidate is judged anew
    report = desk.play("goal-checker", key, lab, task, answer="submit_goal_report")
    reached("verify:judged")
    if report is None:
        if desk.plan.prose_goals:
            desk.note("criteria in prose were not judged: no goal-checker")
        return run
    judged_on = Change(desk.base, commit, desk.hub.git.tree_of(commit))
    verdict = judged.verdict("goal-checker", report, judged_on, desk.plan.prose_goals)
    return replace(run, goal=(*run.goal, verdict), outcome=run.outcome if verdict.passed else Outcome.NOT_MET)


def _review(desk: Desk, run: Run, tip: str, commit: str) -> Run:
    """Ask the reviewer about the whole diff, all parts of it; every part must be approved."""
    change = desk.hub.change(run.base, tip)
    verdicts: list[Verdict] = []
    for i, task in enumerate(telling.review_tasks(run, change), 1):
        lab = judges_lab(desk, f"reviewer-{i}", commit)
        report = desk.play("reviewer", f"reviewer-{i}", lab, task, answer="submit_verdict")
        if report is not None:
            verdicts.append(judged.verdict("reviewer", report, change))
    outcome = Outcome.MET if all(verdict.passed for verdict in verdicts) else Outcome.NOT_MET
    desk.journal.write("reviewed", {"commit": commit, "verdicts": encode(tuple(verdicts))})
    return replace(run, reviews=tuple(verdicts), outcome=outcome)

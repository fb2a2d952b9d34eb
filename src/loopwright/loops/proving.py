"""After the chunks: gates and goal on the exact tree that would land, then the goal-checker, then the reviewer."""

from __future__ import annotations

from dataclasses import replace

from loopwright.checkpoints import reached
from loopwright.checks import judged
from loopwright.journal import line
from loopwright.journal.codec import encode
from loopwright.loops import telling
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import landing
from loopwright.loops.promotion.gated import same_to_gates
from loopwright.loops.promotion.landing import Conflict, Stale
from loopwright.loops.verification import fresh_lab, house_gates, rules, verify
from loopwright.vocabulary import Change, Gate, Landing, Outcome, Run, Stop, Verdict, matches


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
    asked = {gate.command for gate in goal_gates(desk)}
    judged_before = tuple(verdict for verdict in run.goal if verdict.command is None)
    goal = (*(verdict for verdict in verdicts if verdict.command in asked), *judged_before)
    checks = tuple(verdict for verdict in verdicts if verdict.command not in asked)
    outcome = run.outcome if all(verdict.passed for verdict in verdicts) else Outcome.NOT_MET
    return replace(run, checks=checks, goal=goal, outcome=outcome)


def _goal(desk: Desk, run: Run, commit: str) -> Run:
    """Ask the goal-checker: prose criteria are answered by number, or they aren't met."""
    lab = fresh_lab(desk, "goal-checker", commit, desk.base)
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
        lab = fresh_lab(desk, f"reviewer-{i}", commit, desk.base)
        report = desk.play("reviewer", f"reviewer-{i}", lab, task, answer="submit_verdict")
        if report is not None:
            verdicts.append(judged.verdict("reviewer", report, change))
    outcome = Outcome.MET if all(verdict.passed for verdict in verdicts) else Outcome.NOT_MET
    desk.journal.write("reviewed", {"commit": commit, "verdicts": encode(tuple(verdicts))})
    return replace(run, reviews=tuple(verdicts), outcome=outcome)


def land(desk: Desk, run: Run) -> Run:
    """Land what is met, one run after the other: else each landing would make all others verify their merge again,
    and those with the slowest gates would never be through."""
    with landing.turn(desk.hub, lambda: desk.tell("wait", "waits until another run has landed")):
        return _land(desk, run)


def _land(desk: Desk, run: Run) -> Run:
    """While the mainline moves all the same, the merge is verified again, until it holds or no longer fits."""
    stale = False
    while True:
        found = candidate(desk, run.tip or run.base, anew=stale)
        if isinstance(found, Conflict):
            return run.stopped(conflict_stop(found))
        run = gated(desk, run, found)
        if stop := desk.wall.stop():
            return run.stopped(stop)
        if run.outcome is Outcome.NOT_MET:
            desk.note("the gates passed on the run's own base, but not merged with what the mainline is now")
            return run
        if stop := _against_the_mainline(desk, run, found):
            return run.stopped(stop)
        desk.tell("land", "landing")
        mainline, title = desk.shop.loops.mainline, _title(desk)
        on = (desk.plan.name, _resolves(desk))
        done = landing.land(desk.hub, mainline, desk.number, found, run.base, title, on)
        if stale := isinstance(done, Stale):
            continue
        if isinstance(done, Conflict):
            return run.stopped(conflict_stop(done))
        if isinstance(done, Landing):
            desk.journal.write("landed", {"landing": encode(done)})
            desk.tell("land", f"landed as {done.commit[:10]}")
            return replace(run, landing=done, held=None)
        desk.journal.write("held", {"held": encode(done)})
        desk.tell("land", f"held: {done.reason} {', '.join(done.paths)}")
        return replace(run, held=done)


def _resolves(desk: Desk) -> tuple[str, ...]:
    """The incidents that don't hold up a landing. A mend that a person lands is held up by none that stops the whole
    line: of two, neither could be mended before the other."""
    return line.standing(desk.hub).whole if desk.kind == "resolution" else ()


def _title(desk: Desk) -> str:
    verb = {"plan": "land", "rollback": "rollback"}.get(desk.kind, "resolve")
    return f"{verb} {desk.plan.name}: {desk.plan.title} (gen-{desk.number})"


def _against_the_mainline(desk: Desk, run: Run, commit: str) -> Stop | None:
    """Whether landing would undo what a person did on the mainline, has been undone by one already, or touches what
    the mainline protects by now."""
    if desk.kind != "plan":  # taking back is what a rollback is for, and its plan is the landing that it names
        return None
    git, main, tip = desk.hub.git, desk.hub.git.parents(commit)[0], run.tip or run.base
    if undone := landing.silent_reverts(git, run.base, main, commit, desk.plan.scope):
        detail = f"landing would take back what the mainline got meanwhile: {', '.join(undone)}"
        return Stop("silent-revert", detail)
    if gone := landing.taken_back(git, run.base, tip, commit):
        return Stop("conflict", f"the mainline had this work already, and took it back: {', '.join(gone[:10])}")
    protected = rules(desk, main).protected
    if barred := [change.path for change in git.changes(run.base, tip) if matches(change.path, protected)]:
        detail = f"the mainline's LOOPS.md protects by now what this run changed: {', '.join(barred[:10])}"
        return Stop("protected", detail)
    return None

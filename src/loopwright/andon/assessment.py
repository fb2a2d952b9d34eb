"""What a stop amounts to: which line it stops, who may let it go on, and what seems to have caused it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from loopwright.andon.classification import classify
from loopwright.andon.signature import signature
from loopwright.vocabulary import Candidate, FailedCommand, Incident, Run, Stop, Verdict


class Weight(NamedTuple):
    """How far a kind of stop reaches, how much it takes to go on, and its cause where the kind itself tells it."""

    scope: str
    level: int
    cause: str | None = None


PLAN, LINE = "plan", "line"

KINDS: Mapping[str, Weight] = {
    # Level 1: nothing is wrong with the work; a person who sets the plan ready again has decided.
    "budget": Weight(PLAN, 1, "resource"),
    "conflict": Weight(PLAN, 1, "conflict"),
    "plan-drift": Weight(PLAN, 1, "conflict"),
    "lost": Weight(PLAN, 1),  # what the run was begun with is gone
    "unreachable": Weight(LINE, 1, "network"),
    "user-failures": Weight(PLAN, 1),  # and a hypothesis of why it should go better
    # Level 2: something failed and has to be understood.
    "attempts": Weight(PLAN, 2),
    "no-progress": Weight(PLAN, 2, "timeout"),
    "scope-breaker": Weight(PLAN, 2, "agent-conduct"),
    "protected": Weight(PLAN, 2, "agent-conduct"),
    "silent-revert": Weight(PLAN, 2, "conflict"),
    "pull": Weight(LINE, 2),
    "deaths": Weight(LINE, 2),
    # Level 3: an agent worked against the gates, or the ground that all labs stand on gave way.
    "drift": Weight(PLAN, 3, "agent-conduct"),
    "gate-gaming": Weight(PLAN, 3, "agent-conduct"),
    "lab": Weight(LINE, 3),
    "harness": Weight(LINE, 3),
    # Level 4: a role reached for what only a person or loopwright decides.
    "role-wall": Weight(PLAN, 4, "agent-conduct"),
}
"""Every kind of stop. One that isn't here is taken for level 2 and its plan's."""

TOLD = 0.95
"""Confidence of a cause that the kind of stop itself tells: a guard has compared trees, a counter has counted."""

SAME_FAILURE = 3
"""From so many plans or backends, the same failure is no longer taken for theirs: the harness is suspected."""


def assess(
    run: Run,
    stop: Stop,
    *,
    levels: Mapping[str, int],
    printed: Callable[[Verdict], str] = lambda verdict: verdict.evidence,
    others: Iterable[Incident] = (),
    maker: str = "",
) -> Incident:
    """The incident that a stop is.

    `levels` are a repository's own action levels by kind; `printed` gives all that a failed command printed. `others`
    are the incidents that are open, and this plan's own of before: the same output of the same command in two other
    plans, or by two other makers (`maker` names this one's backend and model), makes this one a suspicion of the
    harness. Attempts at one chunk are never independent; a guard or a counter says the same of everybody, and suspects
    nothing.
    """
    failed = decisive(run, stop)
    causes = _causes(stop, failed, printed)
    mark = signature(failed.command or failed.check, printed(failed)) if failed else signature(stop.reason, stop.detail)
    sources = _sources(mark, run.plan.name, maker, others) if failed and failed.command else []
    kind = "harness" if sources else stop.reason
    weight = KINDS.get(kind, Weight(PLAN, 2))
    return Incident(
        run=run.number,
        kind=kind,
        scope=weight.scope,
        level=levels.get(kind, weight.level),
        category=causes[0].label,
        confidence=causes[0].confidence,
        summary=_summary(stop, sources),
        plan=run.plan.name,
        chunk=stop.chunk,
        candidates=causes,
        signature=mark,
        command=failed.command if failed else None,
        exit=failed.exit if failed else None,
        commit=(failed.commit if failed else None) or (run.attempts[-1].commit if run.attempts else None),
        base=run.base,
        maker=maker,
    )


def _sources(mark: str, plan: str, maker: str, others: Iterable[Incident]) -> list[str]:
    """The other plans, or else the other makers, from which the same failure came, if they are enough to suspect what
    is common to all of them; else none."""
    same = [other for other in others if other.signature == mark]
    for found in ({o.plan for o in same} - {plan, None}, {o.maker for o in same} - {maker, ""}):
        if len(found) + 1 >= SAME_FAILURE:
            return sorted(str(name) for name in found)
    return []


def decisive(run: Run, stop: Stop) -> Verdict | None:
    """The verdict that a stop rests on: of the gates on what would land, or of the last attempt. A command that failed
    before a role that says no; None where nothing was judged. An attempt that did nothing more tells nothing of why the
    ones before it failed."""
    worked = [tried for tried in run.attempts if any(verdict.reason != "no-changes" for verdict in tried.failed)]
    last = (worked or list(run.attempts))[-1].failed if run.attempts else ()
    at_landing = tuple(verdict for verdict in (*run.checks, *run.goal) if not verdict.passed)
    said = [*at_landing, *last]
    named = [verdict for verdict in said if verdict.reason == stop.reason]
    commands = [verdict for verdict in said if verdict.command]
    return next(iter((*named, *commands, *said)), None)


def _causes(stop: Stop, failed: Verdict | None, printed: Callable[[Verdict], str]) -> tuple[Candidate, ...]:
    """The likely causes, the likeliest first: told by the kind of stop, or read from what the command printed."""
    told = KINDS.get(stop.reason, Weight(PLAN, 2)).cause
    if told is not None:
        return (Candidate(told, TOLD),)
    if failed is not None and failed.command is None and failed.source == "guard":
        return (Candidate("agent-conduct", TOLD),)
    if failed is not None and failed.command is not None:
        late = failed.reason == "timeout"
        return classify(FailedCommand(failed.command, failed.exit, printed(failed), late)).candidates
    return classify(FailedCommand("", None, stop.detail)).candidates


def _summary(stop: Stop, others: list[str]) -> str:
    first = next(iter(stop.detail.strip().splitlines()), "") or stop.reason
    if not others:
        return first[:300]
    return f"the same failure as in {', '.join(others)}, so the harness is suspected and not the maker: {first[:200]}"

"""Which plans may begin, in which order, and what the others wait for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from loopwright import markdown
from loopwright.errors import Problem
from loopwright.vocabulary import Plan, Status


def ready(plans: Iterable[Plan]) -> tuple[Plan, ...]:
    """The ready plans whose dependencies are all done: by priority, then by name."""
    plans = tuple(plans)
    free = [plan for plan in plans if plan.status is Status.READY and not waiting_for(plan, plans)]
    return tuple(sorted(free, key=lambda plan: (plan.priority, plan.name)))


def waiting_for(plan: Plan, plans: Iterable[Plan]) -> tuple[str, ...]:
    """The dependencies of `plan` that are not there or not done, in its own order."""
    done = {other.name for other in plans if other.status is Status.DONE}
    return tuple(name for name in plan.depends_on if name not in done)


def behind(plan: Plan, plans: Iterable[Plan]) -> tuple[Plan, ...]:
    """`plan`, and all that it waits for, at first or second hand."""
    by_name = {other.name: other for other in plans if other.status is not Status.DONE}
    found = [plan]
    for one in found:
        found += [by_name[name] for name in one.depends_on if name in by_name and by_name[name] not in found]
    return tuple(found)


def cycles(plans: Iterable[Plan]) -> tuple[Problem, ...]:
    """One problem for each ring of plans that wait for one another, at the `depends-on` of its first."""
    core = _knot({plan.name: plan for plan in sorted(plans, key=lambda plan: plan.name)})
    rings = {ring for name in core if (ring := _ring(name, core))}
    return tuple(_problem(core[ring[0]], ring) for ring in sorted(rings))


def lost(plans: Iterable[Plan], claimed: Collection[str]) -> tuple[Problem, ...]:
    """One problem for each plan that says `running` though no run has claimed it: a renamed one, or an old file."""
    mend = "set `status: ready` to have it run, or take the file away"
    return tuple(
        Problem(plan.path, _line(plan, "status"), "status", "says `running`, but no run has this plan", mend)
        for plan in plans
        if plan.status is Status.RUNNING and plan.name not in claimed
    )


def _knot(plans: dict[str, Plan]) -> dict[str, Plan]:
    """What is left when plans that wait for nobody, or for whom nobody waits, are taken away again and again."""
    while True:
        waited_for = {name for plan in plans.values() for name in plan.depends_on}
        kept = {
            name: plan
            for name, plan in plans.items()
            if name in waited_for and any(other in plans for other in plan.depends_on)
        }
        if len(kept) == len(plans):
            return kept
        plans = kept


def _ring(start: str, plans: Mapping[str, Plan]) -> tuple[str, ...]:
    """The shortest way from `start` back to itself, turned so that the first name comes first; empty: none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:
        for name in plans[way[-1]].depends_on:
            if name == start:
                first = way.index(min(way))
                return way[first:] + way[:first]
            if name in plans and name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()


def _problem(plan: Plan, ring: tuple[str, ...]) -> Problem:
    told = f"the plans wait for one another: {' -> '.join((*ring, ring[0]))}"
    return Problem(plan.path, _line(plan, "depends-on"), "cycle", told, "take one of them out of depends-on")


def _line(plan: Plan, field: str) -> int:
    return markdown.read(plan.path, plan.text.encode()).lines.get(field, 1)

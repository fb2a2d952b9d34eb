"""Puts right what dead processes have left (claims that don't read, labs that nobody goes on in, branches of runs that
are over), and tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from loopwright.contracts import Clock, Site
from loopwright.errors import LoopwrightError
from loopwright.journal import claims, records
from loopwright.journal.hub import Hub
from loopwright.labs import janitor
from loopwright.labs.janitor import Left
from loopwright.loops.promotion import checkout

_BRANCHES = "refs/heads/loop"
_OVER = ("done", "failed", "stopped", "rejected")
"""Statuses of a run that leaves no branch. One in review waits on its branch."""


def tidy(hub: Hub, clock: Clock, *, whole: bool = False) -> Iterator[str]:
    """Mend claims, and clear away the labs that may go; what there is to tell of it.

    `whole`: the refs of labs that are gone, too, and what had to be left is told.

    It is beside the point of whatever it is done before: what keeps it from working is told, and stops nothing.
    """
    try:
        yield from claims.mend(hub)
        _drop_branches(hub)
        swept = janitor.sweep(site(hub), clock.now(), _needed(hub))
        if whole:
            janitor.drop_refs(site(hub), _needed(hub))
    except (OSError, LoopwrightError) as problem:
        yield f"what dead runs have left can't be cleared away: {problem}"
        return
    if swept.ended:
        yield f"ended {swept.ended} processes that were still at work in labs of runs that died"
    for name in swept.removed:
        yield f"cleared away lab {name}: its run is over, and what was in it is in refs"
    if whole:
        yield from map(told, swept.left)


def _drop_branches(hub: Hub) -> None:
    """Delete branches of runs that are over: while a git that was killed keeps `packed-refs` locked, none goes."""
    if _litter(hub):
        with hub.lock("claims"):  # nobody begins a run of such a plan meanwhile
            hub.git.delete_refs(_litter(hub))


def _litter(hub: Hub) -> dict[str, str]:
    """The branches that hold nothing but what a run made that is over, as its record says, and that other refs hold."""
    plans = {ref.removeprefix(f"{_BRANCHES}/"): (ref, oid) for ref, oid in hub.git.refs(_BRANCHES).items()}
    claimed = {claim.plan for claim in claims.every(hub)} if plans else set()
    over = {
        ref: oid
        for plan, record in records.of_plans(hub, plans).items()
        for ref, oid in (plans[plan],)
        if plan not in claimed and record["status"] in _OVER
        if hub.git.is_ancestor(oid, record["tip"] or record["base"]) and not checkout.find(hub, ref)
    }
    alone = hub.git.reached_from_nowhere_else(over.values(), _BRANCHES)
    return {ref: oid for ref, oid in over.items() if oid not in alone}


def told(left: Left) -> str:
    """A lab that was left, as people are told of it."""
    return f"left {left.place}: {left.why}\n  mend: {left.mend}"


def site(hub: Hub) -> Site:
    """Where the labs of a repository are, for whoever opens none."""
    return Site(hub.top, hub.common, hub.labs, hub.object_format, {}, {})


def _needed(hub: Hub) -> Callable[[int], bool]:
    """Whether a run is at work or can be gone on with: it has a claim, or somebody does something in its name."""

    @cache
    def claimed() -> frozenset[int]:
        return frozenset(claim.run for claim in claims.every(hub))

    @cache
    def needed(number: int) -> bool:
        return number in claimed() or claims.is_alive(hub, number)

    return needed

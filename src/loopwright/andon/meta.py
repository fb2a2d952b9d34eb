"""When failing again is no answer any more, and everything stops for another plan: Meta-Andon."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from loopwright.andon import breakers
from loopwright.andon.breakers import Row
from loopwright.vocabulary import Incident

PLACES = 2
"""Incidents in so many different places of one plan: it isn't one place that is wrong, but the plan."""

MENDED_IN_VAIN = 2
"""So often a mend was followed by another failure: what is mended isn't the cause."""

_NO_FAILURE = frozenset(
    {"budget", "conflict", "plan-drift", "unreachable", "pull", "deaths", "user-failures", "meta", "lab", "harness"}
)
"""Kinds that say nothing of whether the plan can be carried out."""


def due(rows: Iterable[Row], incidents: Sequence[Incident], limit: int) -> str | None:
    """Why Plan Mode is due; None while the line may go on.

    `rows`: every run, with the moments at which a person decided. `incidents`: those of the plan that failed last,
    since the last Meta-Andon of it, oldest first. `limit`: failed runs in a row (`breakers:` of LOOPS.md).
    """
    failures = _one_each(incident for incident in incidents if incident.kind not in _NO_FAILURE)
    return breakers.consecutive(rows, limit) or _places(failures) or _in_vain(failures)


def _one_each(incidents: Iterable[Incident]) -> list[Incident]:
    """A run fails once: what its analyst did after that is another incident, and says nothing of the plan."""
    first: dict[int, Incident] = {}
    for incident in incidents:
        first.setdefault(incident.run, incident)
    return list(first.values())


def _places(incidents: Sequence[Incident]) -> str | None:
    where = {_place(one): one for one in incidents if one.chunk is not None or one.kind != "role-wall"}
    if len(where) < PLACES:
        return None
    told = ", ".join(f"gen-{incident.run} at {place}" for place, incident in where.items())
    return f"incidents in {len(where)} different places of {incidents[-1].plan}: {told}"


def _place(incident: Incident) -> str:
    """Where in its plan an incident happened."""
    return "its landing" if incident.chunk is None else f"chunk {incident.chunk}"


def _in_vain(incidents: Sequence[Incident]) -> str | None:
    others = [(one, two) for one, two in pairwise(incidents) if one.signature != two.signature]
    if len(others) < MENDED_IN_VAIN:
        return None
    told = ", ".join(f"gen-{one.run} was resolved and gen-{two.run} failed otherwise" for one, two in others)
    return f"mended {len(others)} times, and each time {incidents[-1].plan} failed in another way: {told}"

"""How much of a run's minutes is over: from its claim on, whatever dies between.

What doesn't count is the time in which it stood still in order: paused, or interrupted by a person. From a process's
death to when somebody goes on, it counts: when it died nobody knows, and a run that is killed each nine minutes would
have no end. Within one process the clock that never goes back counts, and what was counted is in the journal: to set
the wall clock gives nobody a minute, and takes none while the process lives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loopwright.contracts import Clock


@dataclass(frozen=True)
class Deadline:
    """The seconds that were over when a process took the run up, and when that was."""

    clock: Clock
    before: float
    since: float

    @classmethod
    def of(cls, clock: Clock, facts: Sequence[Mapping[str, Any]], start: str) -> Deadline:
        """That of a run which was claimed at `start`, taken up now."""
        return cls(clock, counted(facts, start, clock.now().isoformat()), clock.monotonic())

    def elapsed(self) -> float:
        """Seconds that are over now."""
        return self.before + self.clock.monotonic() - self.since


def counted(facts: Sequence[Mapping[str, Any]], start: str, end: str) -> float:
    """The seconds from `start` to `end` that count, by a run's journal."""
    total, before, stands = 0.0, datetime.fromisoformat(start), False
    for fact in facts:
        at = datetime.fromisoformat(fact["at"])
        total = fact.get("elapsed", total if stands else total + _between(before, at))
        stands = fact["kind"] == "interrupted" or (stands and fact["kind"] != "resumed")
        before = at
    return float(total if stands else total + _between(before, datetime.fromisoformat(end)))


def _between(one: datetime, other: datetime) -> float:
    return max((other - one).total_seconds(), 0.0)

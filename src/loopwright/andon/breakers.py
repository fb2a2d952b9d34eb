"""When enough is enough: each breaker as a rule over plain values, with the words to say once it has tripped.

A breaker trips at its threshold and not before. The thresholds are those of `breakers:` and `budget:` in LOOPS.md and
of a plan's `budget:`. That of stray files is the scope guard's (`checks.scope`), who alone knows what a stray is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

FAILED = frozenset({"stopped", "not-met"})
_ENDED = FAILED | {"met"}


@dataclass(frozen=True, slots=True)
class Row:
    """One run as its record tells it. Moments are UTC, ISO 8601; None for what hasn't happened."""

    run: int
    plan: str
    outcome: str  # of vocabulary.Outcome
    status: str  # of vocabulary.Status
    ended: str | None  # when its judging ended
    landed: str | None = None
    decisions: tuple[str, ...] = ()  # when a person decided something about it: landed, rejected, took back, resolved


def failed_in_a_row(rows: Iterable[Row]) -> int:
    """How many of the newest runs ended stopped or failed, across all plans. A run that met its goal ends the row, and
    so does a landing or a person's decision about any run, also an old one; runs that haven't ended aren't in it."""
    events: list[tuple[datetime, int, bool]] = []
    for row in rows:
        events += [(datetime.fromisoformat(at), 1, False) for at in (row.landed, *row.decisions) if at]
        if row.ended and row.outcome in _ENDED:
            events.append((datetime.fromisoformat(row.ended), 0, row.outcome in FAILED))
    count = 0
    for _, _, failed in sorted(events):
        count = count + 1 if failed else 0
    return count


def consecutive(rows: Iterable[Row], limit: int) -> str | None:
    """Why the whole line is to stop: `limit` runs in a row have failed; None while it may go on."""
    found = tuple(rows)
    count = failed_in_a_row(found)
    if count < limit:
        return None
    ended = sorted((row.ended, row.run, row.plan) for row in found if row.ended and row.outcome in FAILED)
    names = ", ".join(f"gen-{run} of {plan}" for _, run, plan in ended[-count:][-10:])
    return f"{count} runs in a row have failed ({names}), and nothing landed and nobody decided anything in between"


def deaths(moments: Iterable[float], now: float, most: int, seconds: float) -> str | None:
    """Why the whole line is to stop: more than `most` processes of runs died within `seconds`; None while it may go on.
    What ends the processes of several plans is no plan's fault, and isn't mended by starting them again."""
    count = sum(now - moment < seconds for moment in moments)
    return f"{count} processes of runs died within {seconds / 60:g} minutes" if count > most else None


def user_failures(count: int, limit: int) -> str | None:
    """Why a plan is to stop: a person has said no to what it made `limit` times; None while it may go on."""
    if count < limit:
        return None
    return f"a person rejected or took back what this plan made {count} times"


def hypotheses(text: str) -> frozenset[str]:
    """The lines `Hypothesis: ...` of a plan or page that say something: three words or more. Those under the heading
    `Five Whys` are left out, for a model may have drafted them, and so is what stands in a code block."""
    found, heading, fence = set[str](), "", ""
    for line in text.splitlines():
        if mark := re.match(r" {0,3}(`{3,}|~{3,})", line):
            closes = fence and mark[1].startswith(fence)
            fence = "" if closes else fence or mark[1]
        elif not fence and line.startswith("## "):
            heading = line[3:].strip().casefold()
        elif not fence and heading != "five whys" and (said := re.match(r"(?:[-*] )?Hypothesis: *(.+)", line)):
            found |= {" ".join(said[1].split())} if len(re.findall(r"[^\W\d_]{2,}", said[1])) >= _WORDS else set()
    return frozenset(found)


_WORDS = 3


def no_progress(quiet: float, minutes: float) -> str | None:
    """Why a session is to end: for so many seconds there was nothing new; None while it may go on."""
    if round(quiet, 6) < minutes * 60:  # sums of clock readings are off by less than a microsecond
        return None
    return f"nothing new for {minutes:g} minutes: no file, no commit and no state of the tests that wasn't there before"


def minutes_spent(seconds: float, minutes: float | None) -> str | None:
    """Why a run is to stop: the plan's `budget: {minutes}` is over."""
    if minutes is None or seconds < minutes * 60:
        return None
    return f"the plan's {minutes:g} minutes are over"


def day_spent(usd: float, limit: float | None) -> str | None:
    """Why no run is to begin: today's have spent `budget: {usd-per-day}`."""
    if limit is None or usd < limit:
        return None
    return f"today's runs have spent ${usd:.2f} of ${limit:g} (UTC day)"

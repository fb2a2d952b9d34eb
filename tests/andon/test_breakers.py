"""Each breaker trips at its threshold, and not before."""

from __future__ import annotations

import pytest

from loopwright.andon import breakers
from loopwright.andon.breakers import Row


def at(minute: int) -> str:
    return f"2026-11-21T10:{minute:02}:00.000+00:00"


def failed(run: int, minute: int, outcome: str = "stopped", plan: str = "") -> Row:
    return Row(run, plan or f"plan-{run}", outcome, "stopped" if outcome == "stopped" else "failed", at(minute))


def review(run: int, minute: int) -> Row:
    return Row(run, f"plan-{run}", "met", "review", at(minute))


def landed(run: int, minute: int, later: int) -> Row:
    return Row(run, f"plan-{run}", "met", "done", at(minute), landed=at(later))


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ((), 0),
        ((failed(1, 1),), 1),
        ((failed(1, 1), failed(2, 2, "not-met"), failed(3, 3)), 3),
        ((failed(1, 1, plan="a"), failed(2, 2, plan="b"), failed(3, 3, plan="a")), 3),
        ((failed(1, 1), failed(2, 2), landed(3, 3, 4)), 0),
        ((failed(1, 1), landed(2, 2, 3), failed(3, 4)), 1),
        ((failed(1, 1), review(2, 2), failed(3, 3)), 1),
        # what counts is when it ended, not which number it has
        ((failed(1, 9), failed(2, 2), landed(3, 3, 4)), 1),
        # an old run that lands, or is decided about, after the failures
        ((review(1, 1), failed(2, 2), failed(3, 3)), 2),
        ((landed(1, 1, 4), failed(2, 2), failed(3, 3)), 0),
        ((Row(1, "a", "met", "rejected", at(1), decisions=(at(4),)), failed(2, 2), failed(3, 3)), 0),
        ((Row(1, "a", "stopped", "stopped", at(1), decisions=(at(2),)), failed(2, 3)), 1),
        ((Row(1, "a", "stopped", "stopped", at(1), decisions=(at(4),)), failed(2, 3)), 0),
        # runs that haven't ended neither count nor end the row
        ((failed(1, 1), Row(2, "b", "paused", "running", None), failed(3, 3)), 2),
        ((failed(1, 1), Row(2, "b", "interrupted", "running", None), failed(3, 3)), 2),
    ],
)
def test_failed_runs_in_a_row_are_counted_by_when_they_ended(rows: tuple[Row, ...], count: int) -> None:
    assert breakers.failed_in_a_row(rows) == count
    assert breakers.failed_in_a_row(tuple(reversed(rows))) == count


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_consecutive_failures_trip_at_the_limit_and_name_the_runs(limit: int) -> None:
    rows = tuple(failed(number, number) for number in range(1, limit + 1))
    assert breakers.consecutive(rows[1:], limit) is None
    told = breakers.consecutive(rows, limit)
    assert told is not None
    assert told.startswith(f"{limit} runs in a row have failed")
    assert all(f"gen-{row.run} of {row.plan}" in told for row in rows)


def test_a_run_before_the_row_is_not_named() -> None:
    told = breakers.consecutive((failed(1, 1), landed(2, 2, 3), failed(3, 4), failed(4, 5)), 2)
    assert told is not None
    assert "gen-3 of plan-3, gen-4 of plan-4" in told
    assert "gen-1" not in told


@pytest.mark.parametrize(("count", "limit", "trips"), [(0, 1, False), (1, 1, True), (1, 2, False), (2, 2, True)])
def test_user_failures_trip_at_the_limit(count: int, limit: int, trips: bool) -> None:
    assert (breakers.user_failures(count, limit) is not None) is trips


@pytest.mark.parametrize(
    ("quiet", "minutes", "trips"),
    [
        (0.0, 10, False),
        (599.9, 10, False),
        (599.99999, 10, False),
        (600.0, 10, True),
        (600.1, 10, True),
        (29.9, 0.5, False),
        (30.0, 0.5, True),
        (sum([0.1] * 6000), 10, True),  # 599.9999999999 by the sums of a computer
        (sum([0.1] * 5999), 10, False),
    ],
)
def test_no_progress_trips_at_ten_minutes_and_not_before(quiet: float, minutes: float, trips: bool) -> None:
    assert (breakers.no_progress(quiet, minutes) is not None) is trips


@pytest.mark.parametrize(
    ("seconds", "minutes", "trips"), [(1e9, None, False), (59.999, 1, False), (60.0, 1, True), (90, 1.5, True)]
)
def test_a_plans_minutes_trip_when_they_are_over(seconds: float, minutes: float | None, trips: bool) -> None:
    assert (breakers.minutes_spent(seconds, minutes) is not None) is trips


@pytest.mark.parametrize(("usd", "limit", "trips"), [(1e9, None, False), (19.999, 20, False), (20.0, 20, True)])
def test_a_days_dollars_trip_when_they_are_spent(usd: float, limit: float | None, trips: bool) -> None:
    assert (breakers.day_spent(usd, limit) is not None) is trips


@pytest.mark.parametrize(
    ("moments", "trips"),
    [
        ([100.0] * 4, False),
        ([100.0] * 5, True),
        ([40.0, *[100.0] * 4], False),  # the first one is 60 seconds old, and no longer counts
        ([40.1, *[100.0] * 4], True),
    ],
)
def test_deaths_trip_when_there_are_more_than_so_many_within_a_time(moments: list[float], trips: bool) -> None:
    assert (breakers.deaths(moments, 100.0, 4, 60.0) is not None) is trips


PAGE = """# A page
Hypothesis: the price is net, not gross
- Hypothesis: rounding is done once per order

Hypothesis:
Hypothesis: ...
Hypothesis: TODO
Hypothesis: 1 2 3 4
Nobody has a Hypothesis: of this kind at all

```text
Hypothesis: in a block of output somewhere
```

## Five Whys
Hypothesis: a model has drafted this one
### Level 2
Hypothesis: and this one as well

## Root cause
Hypothesis: the plan means another list
"""


def test_a_hypothesis_is_a_line_of_some_words_that_no_model_and_no_output_has_written() -> None:
    assert breakers.hypotheses(PAGE) == {
        "the price is net, not gross",
        "rounding is done once per order",
        "the plan means another list",
    }

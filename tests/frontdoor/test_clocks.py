"""Clocks that jump, and a model that is away for an hour, by a clock of the test's: nothing fails, nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from loopwright import workshop
from loopwright.clocks import SystemClock
from loopwright.journal import hub as hubs
from loopwright.journal.book import NANO
from loopwright.journal.pool import Pool
from loopwright.loops import decisions, pausing, starting
from loopwright.testing.clock import FakeClock
from loopwright.testing.script import Fault
from loopwright.vocabulary import Event

from .conftest import Scripted, Shop, judges, small_maker, small_plan
from .incidents import incidents

DAY = 86_400.0


@dataclass
class Jumping:
    """A clock whose wall time somebody sets: the time that never goes back goes on as it did."""

    steady: FakeClock = field(default_factory=FakeClock)
    off: float = 0.0

    def now(self) -> datetime:
        return self.steady.now() + timedelta(seconds=self.off)

    def monotonic(self) -> float:
        return self.steady.monotonic()

    def sleep(self, seconds: float) -> None:
        self.steady.sleep(seconds)


@pytest.fixture(autouse=True)
def _labs_of_the_shop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", shop.door.env["HOME"])
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)


def run(shop: Shop, clock: Jumping, jumps: list[float] | None = None) -> dict[str, Any]:
    """Run the plan, or go on with it; at each event the wall clock is set by the next of the jumps."""
    hub, ahead = hubs.find(shop.path), iter(jumps or [])

    def tell(event: Event) -> None:
        del event
        clock.off += next(ahead, 0.0)

    env = {**shop.door.env, "LOOPWRIGHT_RETRY_SECONDS": "600"}
    made = workshop.assemble(hub, env, workshop.configuration(hub), clock=clock, tell=tell)
    if shop.claims:
        return decisions.resume(hub, made, 1)
    with starting.desk_for(hub, made, "small") as desk:
        assert not isinstance(desk, starting.Finished)
        return pausing.carry_out(desk)


@pytest.mark.parametrize("jump", [-2 * DAY, 400 * DAY, -400 * DAY])
def test_a_wall_clock_that_jumps_at_each_step_changes_no_outcome(scripted: Scripted, jump: float) -> None:
    shop = scripted([small_maker(1), *judges()])
    shop.plan("small", small_plan(1))

    result = run(shop, Jumping(), [jump, -jump] * 100)

    assert (result["outcome"], result["landed"]) == ("met", True)
    assert result["seconds"] >= 0
    assert shop.door("fsck", "--json").json["findings"] == []
    assert shop.claims == []


class Skipping(SystemClock):
    """The machine's clocks, on which a sleep takes no time: they are ahead by it from then on."""

    ahead = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=Skipping.ahead)

    def monotonic(self) -> float:
        return super().monotonic() + Skipping.ahead

    def sleep(self, seconds: float) -> None:
        Skipping.ahead += seconds


def test_a_model_that_is_away_for_an_hour_pauses_the_run_which_closes_its_incident_itself(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command itself, with the patience that it has where nobody says other: 900 seconds at a time."""
    monkeypatch.setattr("loopwright.running.SystemClock", Skipping)
    down = [Fault("overloaded", times=120)]  # some 27 within the 900 seconds
    shop = scripted([small_maker(1, faults=down), *judges()])
    del shop.door.env["LOOPWRIGHT_RETRY_SECONDS"]
    shop.plan("small", small_plan(1))
    codes = list[int]()

    while codes[-1:] in ([], [4]) and len(codes) < 12:
        told = shop.door("run", "small", "--json")
        codes.append(told.code)
        monkeypatch.setattr(Skipping, "ahead", Skipping.ahead + 900 + 60)  # what it waited, and what the watcher does
        (row,) = incidents(shop)
        assert (row["kind"], row["status"]) == ("unreachable", "resolved" if told.json["landed"] else "open")
        assert told.json["outcome"] == ("met" if told.json["landed"] else "paused")

    assert (set(codes[:-1]), codes[-1], len(codes) > 3600 / 900) == ({4}, 0, True)
    assert shop.door("status").code == 0
    overloaded = [asked for asked in shop.model.requests if asked.answered == "overloaded"]
    assert (len(overloaded), len(shop.model.requests)) == (120, 120 + 5)  # nobody was asked twice for an answer
    assert "charged" not in shop.record(1)
    book = Pool(hubs.find(shop.path)).seen(Skipping().now().date().isoformat())  # whose day may be another one by now
    spent = sum(amount.nano for (_, run), amount in book.spent.items() if run == 1)
    assert not book.open
    assert spent / NANO == pytest.approx(shop.record(1)["usd"], abs=1e-6)

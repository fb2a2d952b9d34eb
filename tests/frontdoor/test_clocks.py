"""Clocks that jump, and a model that is away for an hour, by a clock of the test's: nothing fails, nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from loopwright import workshop
from loopwright.journal import hub as hubs
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


def test_a_model_that_is_away_for_an_hour_pauses_the_run_which_closes_its_incident_itself(scripted: Scripted) -> None:
    shop = scripted([small_maker(1, faults=[Fault("overloaded", times=120)]), *judges()])
    shop.plan("small", small_plan(1))
    clock, outcomes = Jumping(), list[str]()

    while not outcomes or outcomes[-1] == "paused":
        clock.steady.advance(60.0)  # after which the watcher tries again
        outcomes.append(run(shop, clock)["outcome"])
        assert [row["kind"] for row in incidents(shop)] == ["unreachable"]
        assert incidents(shop)[0]["status"] == ("resolved" if outcomes[-1] == "met" else "open")

    assert clock.steady.seconds > 3600
    assert (outcomes[-1], len(outcomes) > 2) == ("met", True)
    assert shop.record(1)["landed"]
    assert shop.door("status").code == 0

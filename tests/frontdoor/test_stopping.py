"""Ctrl-C once lets come what is being paid for, twice stops now; either way the same command goes on from there."""

from __future__ import annotations

import signal

import pytest

from loopwright import stopping
from loopwright.testing.frontdoor import Started, until
from loopwright.testing.script import Fault

from .conftest import PLAN, Scripted, Shop, good_maker, judges, small_maker, small_plan
from .watching import landings, left_over, runs, small_shop, status

HANG = [Fault("hang", seconds=30)]
ANSWER = [Fault("slow", seconds=1.5)]
SILENT = [Fault("slow", seconds=30)]  # not even the answer's beginning
SAID = "stops once the maker's answer"


def begun(shop: Shop, *words: str) -> Started:
    """A command at the moment in which its first answer is under way."""
    started = shop.door.start(*words)
    until(lambda: shop.model.asked("maker"), what="the maker was asked")
    return started


def interrupted(shop: Shop) -> bool:
    """Whether run 1 stands still and says so, in its record and in `status`."""
    (row,) = shop.door("status", "--json").json["runs"]
    return (shop.record(1)["outcome"], row["alive"], row["at"]) == ("interrupted", False, "interrupted")


def test_the_first_ctrl_c_lets_the_answer_come_which_nobody_pays_for_again(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2), ANSWER)
    started = begun(shop, "run", shop.plan("p1", small_plan(1)), "--json")

    started.signal(signal.SIGINT)
    told = started.wait(20)

    assert (told.code, told.json["outcome"], told.json["usd"] > 0) == (130, "interrupted", True)
    assert f"{SAID}, with what it calls for, is there; Ctrl-C again stops now" in told.err
    assert interrupted(shop)
    assert shop.door("resume", "1", "--json").json["landed"]
    assert len(shop.model.asked("maker")) == 2  # as without a stop


def test_what_is_paid_for_as_a_part_of_more_stops_with_the_whole() -> None:
    """An agent's program is a part of its session, whose end is still to be written down."""
    kept = []

    def session() -> None:
        with stopping.finishing("the whole"):
            with stopping.finishing("a part"):
                signal.raise_signal(signal.SIGINT)
            kept.append(signal.getitimer(signal.ITIMER_REAL)[0])

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
    try:
        with stopping.heeding(), pytest.raises(KeyboardInterrupt):
            session()
    finally:
        signal.signal(signal.SIGINT, before)

    assert kept > [0], "it came to its end, for which patience has an end, too"
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    with stopping.waiting():
        kept.append(0)
    assert kept[1:] == [0], "a stop is over with what it stopped"


def test_a_second_ctrl_c_stops_now(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2), HANG)
    started = begun(shop, "run", shop.plan("p1", small_plan(1)))

    started.signal(signal.SIGINT)
    until(lambda: SAID in started.err, what="told what it waits for")
    started.signal(signal.SIGINT)

    assert started.wait(10).code == 130
    assert interrupted(shop)
    assert not left_over(shop)


def test_an_answer_that_never_comes_is_not_waited_for_without_end(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "PATIENCE", 0.2)
    shop = small_shop(scripted, range(1, 2), HANG)
    started = begun(shop, "run", shop.plan("p1", small_plan(1)))

    started.signal(signal.SIGINT)

    assert started.wait(10).code == 130
    assert interrupted(shop)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("faults", [HANG, SILENT])
def test_who_ends_services_and_sessions_is_waited_for_by_nobody(
    scripted: Scripted, number: signal.Signals, faults: list[Fault]
) -> None:
    before = signal.signal(number, signal.SIG_DFL)  # where tests run under `nohup` it is ignored from birth
    try:
        shop = small_shop(scripted, range(1, 2), faults)
        started = begun(shop, "run", shop.plan("p1", small_plan(1)))

        started.signal(number)

        assert started.wait(10).code == 130
    finally:
        signal.signal(number, before)
    assert interrupted(shop)
    assert len(shop.model.asked("maker")) == 1  # a stop is no failure of the connection, and nothing is tried again


def test_while_a_model_is_away_nothing_is_paid_for_and_one_ctrl_c_is_enough(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2), [Fault("overloaded", retry_after=30)])
    started = shop.door.start("run", shop.plan("p1", small_plan(1)), env={"LOOPWRIGHT_RETRY_SECONDS": "900"})
    until(lambda: "next try in 30 s" in started.err, what="its waiting")

    started.signal(signal.SIGINT)

    assert started.wait(10).code == 130
    assert interrupted(shop)


@pytest.mark.parametrize("signals", [1, 2])
def test_a_gate_can_be_had_again_for_nothing_and_is_waited_for_by_nobody(scripted: Scripted, signals: int) -> None:
    """Nor does who types Ctrl-C twice in a hurry keep it from being written down where the run stands."""
    shop = scripted([good_maker(), *judges()])
    home = shop.path.parent / "home"
    gate = f"touch {home}/gate; [ -e {home}/open ] || sleep 60"
    shop.plan("fix", PLAN.replace("## Goal", f"## Checks\n- `{gate}`\n\n## Goal"))
    started = shop.door.start("run", "fix")
    until((home / "gate").exists, what="the gate is at work")

    for _ in range(signals):
        started.signal(signal.SIGINT)

    assert started.wait(10).code == 130
    assert interrupted(shop)
    until(lambda: not left_over(shop), what="nothing is left running")
    (home / "open").touch()
    assert shop.door("run", "fix", "--json").json["landed"]


def test_a_watcher_that_is_to_finish_begins_nothing_more_and_lets_the_answer_come(scripted: Scripted) -> None:
    shop = scripted([small_maker(1, faults=ANSWER), small_maker(2), *judges()])
    shop.configure("max-parallel: 1")
    shop.plan("p1", small_plan(1))
    shop.plan("p2", small_plan(2))
    started = begun(shop, "watch")

    started.signal(signal.SIGINT)
    told = started.wait(20)

    assert told.code == 130
    assert "begins nothing more, and lets the models' answers to p1 come; Ctrl-C again stops now" in told.err
    assert interrupted(shop)
    assert (status(shop, "p1"), status(shop, "p2"), runs(shop)) == ("running", "ready", [1])
    assert not left_over(shop)
    assert shop.door("watch", "--once").code == 0
    assert landings(shop) == ["p1", "p2"]
    assert len(shop.model.asked("maker")) == 4  # two for each, as without a stop

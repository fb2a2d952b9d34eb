"""The budget pool: what is set aside, paid and charged adds up whatever dies, and nothing is spent twice."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from loopwright.clocks import SystemClock
from loopwright.errors import BadUse
from loopwright.journal import claims, pool
from loopwright.journal.book import NANO, Amount, Book, line
from loopwright.journal.hub import Hub, find
from loopwright.journal.pool import Pool
from loopwright.loops.purse import Grant, Purse
from loopwright.testing.clock import FakeClock
from loopwright.testing.repository import Repository
from loopwright.vocabulary import Event, Usage
from tests.journal.test_claims import race

TODAY = "2026-11-20"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("HOME", str(tmp_path))
    repo = Repository.init(tmp_path / "hub")
    repo.write("README.md", "# App\n")
    repo.commit("first")
    return find(repo.path)


class Waits(Exception):
    """Somebody would have to wait."""


class Busy(FakeClock):
    def sleep(self, seconds: float) -> None:
        raise Waits


def usd(dollars: float) -> Usage:
    return Usage(output=round(dollars * 100), usd=dollars)


def purse(hub: Hub, run: int = 1, per_day: float | None = 10, clock: FakeClock | None = None) -> Purse:
    return Purse(Pool(hub), run, per_day, clock or Busy(), lambda event: None)


def day(hub: Hub, total: float = 10, date: str = TODAY) -> tuple[float, float, float]:
    """What is free, set aside and committed, as who only looks sees it."""
    found = Pool(hub).seen(date).on(date, round(total * NANO))
    return found.free / NANO, found.reserved / NANO, found.committed / NANO


# ---------------------------------------------------------------- one call


@pytest.fixture
def alive(hub: Hub) -> Iterator[None]:
    """Runs 1 and 2 are being worked on."""
    held = [claims.hold(hub, run) or 0 for run in (1, 2)]
    yield
    for descriptor in held:
        os.close(descriptor)


@pytest.mark.usefixtures("alive")
def test_a_calls_ceiling_is_set_aside_and_what_it_did_not_cost_is_given_back(hub: Hub) -> None:
    with purse(hub).reserved(usd(3), usd(1)) as grant:
        assert (grant.usd, day(hub)) == (None, (7, 3, 0))
        grant.spent(usd(0.5))
    assert day(hub) == (9.5, 0, 0.5)


@pytest.mark.usefixtures("alive")
def test_a_call_of_which_nobody_knows_what_it_cost_is_charged_its_ceiling(hub: Hub) -> None:
    mine = purse(hub)
    with pytest.raises(KeyboardInterrupt), mine.reserved(usd(3), usd(1)):
        raise KeyboardInterrupt
    assert day(hub) == (7, 0, 3)
    assert mine.charges() == Usage(input=300, usd=3)


@pytest.mark.usefixtures("alive")
def test_where_the_day_has_less_a_call_gets_less_and_in_the_end_none(hub: Hub) -> None:
    with purse(hub).reserved(usd(9), usd(1)) as grant:
        grant.spent(usd(8.5))
    with purse(hub).reserved(usd(9), usd(1)) as grant:
        assert grant.usd == 1.5
        grant.spent(usd(1.25))
    with pytest.raises(BadUse, match=r"\$9\.7500 of \$10 .* the next call may cost \$1\.0000"):
        purse(hub).reserved(usd(9), usd(1)).__enter__()
    assert day(hub) == (0.25, 0, 9.75)


@pytest.mark.usefixtures("alive")
def test_who_finds_the_rest_set_aside_waits_for_what_comes_back(hub: Hub) -> None:
    told: list[Event] = []

    class Patient(FakeClock):
        def sleep(self, seconds: float) -> None:
            first.__exit__(None, None, None)

    first = purse(hub, 1).reserved(usd(8), usd(1))
    first.__enter__().spent(usd(1))
    other = Purse(Pool(hub), 2, 10, Patient(), told.append)
    with other.reserved(usd(8), usd(1)) as grant:
        assert (grant.usd, [event.kind for event in told]) == (None, ["wait"])


@pytest.mark.usefixtures("alive")
def test_what_has_no_known_price_is_not_bound_by_dollars_and_is_no_zero(hub: Hub) -> None:
    unknown = Usage(output=500, usd=None, unpriced="no price is known")
    with purse(hub, per_day=0.001).reserved(unknown, unknown) as grant:
        grant.spent(unknown)
    assert [line for line in Pool(hub).path.read_text().splitlines() if "null" not in line] == []
    assert Pool(hub).seen(TODAY).spent == {(TODAY, 1): Amount(0, 500, priced=False)}


def test_dollars_stay_spent_beside_a_call_without_a_price(hub: Hub) -> None:
    """Both when the pool is folded and when it is made anew from transcripts."""
    book = Book()
    for amount in (Amount(4 * NANO, 9), Amount(0, 9, priced=False)):
        book.take(line("carried", 1, 7, TODAY, amount))
    again = Book()
    for entry in book.folded():
        again.take(entry)
    assert again.on(TODAY, 10 * NANO) == book.on(TODAY, 10 * NANO)
    assert again.on(TODAY, 10 * NANO).committed == 4 * NANO

    base = hub.tip("main") or ""
    made = claims.make(hub, "p", b"", base, FakeClock(), prepare=lambda number: transcript(hub, number))
    assert made
    os.close(made[1])
    assert day(hub, date=made[0].at[:10]) == (6, 0, 4)


def transcript(hub: Hub, run: int) -> None:
    place = hub.run_home(run) / "transcripts/maker.jsonl"
    place.parent.mkdir()
    told = ({"kind": "call", "usage": {"output": 9, "usd": usd}} for usd in (4.0, None))
    place.write_text("".join(json.dumps(entry) + "\n" for entry in told))


@pytest.mark.usefixtures("alive")
def test_a_clock_that_jumps_mints_nothing(hub: Hub) -> None:
    """Each day has its own dollars, and comes back as it was left."""
    clock = Busy()
    mine = purse(hub, clock=clock)
    for jump in (0, 1, -1, 0, 1, -1):
        clock.advance(jump * 86_400)
        with suppress(BadUse), mine.reserved(usd(6), usd(6)) as grant:
            clock.advance(-3 * 86_400)  # in the middle of a call
            grant.spent(usd(6))
            clock.advance(3 * 86_400)
    assert [day(hub, date=f"2026-11-{date}") for date in (20, 21)] == [(4, 0, 6), (4, 0, 6)]


# ---------------------------------------------------------------- what goes wrong with the file


@pytest.mark.parametrize("broken", [b"{}\n", b"\x00\xff\n", b'{"kind": "paid", "id": 1}\n', b"[" * 50_000 + b"\n"])
def test_a_pool_that_does_not_read_lets_nothing_be_spent(hub: Hub, broken: bytes) -> None:
    Pool(hub).path.write_bytes(broken)
    for ask in (lambda: purse(hub).reserved(usd(1), usd(1)).__enter__(), lambda: day(hub)):
        with pytest.raises(BadUse, match=r"pool\.jsonl: the budget pool doesn't read.*\n  mend: delete it"):
            ask()
    assert Pool(hub).path.read_bytes() == broken


def test_a_pool_that_was_emptied_is_made_anew_and_one_that_was_cut_is_read_again(hub: Hub) -> None:
    base, known = hub.tip("main") or "", Pool(hub)
    made = claims.make(hub, "p", b"", base, FakeClock(), prepare=lambda number: transcript(hub, number))
    assert made
    today = made[0].at[:10]
    with known.changing(today):
        known.add(line("carried", 1, 3, today, Amount(1 * NANO, 9)))
    first, _ = known.path.read_bytes().splitlines(keepends=True)

    os.truncate(known.path, len(first))
    with known.changing(today) as cut:
        assert cut.on(today, 10 * NANO).committed == 4 * NANO

    os.truncate(known.path, 0)
    assert day(hub, date=today) == (6, 0, 4)
    with known.changing(today) as anew:
        assert anew.on(today, 10 * NANO).committed == 4 * NANO
    os.close(made[1])


@pytest.mark.usefixtures("alive")
@pytest.mark.parametrize("cut_off", [False, True])
def test_the_end_of_a_call_from_before_the_pool_was_emptied_is_no_later_calls(hub: Hub, cut_off: bool) -> None:
    early, late = purse(hub, 1).reserved(usd(3), usd(1)), purse(hub, 2).reserved(usd(5), usd(1))
    paid = early.__enter__()
    os.truncate(Pool(hub).path, 0)
    late.__enter__()
    paid.spent(usd(2))
    with suppress(KeyboardInterrupt):
        early.__exit__(*((KeyboardInterrupt, KeyboardInterrupt(), None) if cut_off else (None, None, None)))
    assert day(hub) == ((2, 5, 3) if cut_off else (3, 5, 2))
    late.__exit__(None, None, None)
    assert day(hub) == ((7, 0, 3) if cut_off else (8, 0, 2))


def test_a_pool_that_is_no_file_lets_nothing_be_spent(hub: Hub) -> None:
    Pool(hub).path.mkdir()
    with pytest.raises(BadUse, match="the budget pool can't be had"):
        purse(hub).reserved(usd(1), usd(1)).__enter__()


# ---------------------------------------------------------------- whatever happens


@dataclass
class Fuzz:
    """Runs that set aside, pay, are cut off, die and come back; and what should have come of it."""

    hub: Hub
    dice: random.Random
    clock: Busy = field(default_factory=Busy)
    alive: dict[int, int] = field(default_factory=dict)
    purses: dict[int, Purse] = field(default_factory=dict)
    calls: list[tuple[int, str, Grant, float, AbstractContextManager[Grant]]] = field(default_factory=list)
    dead: list[object] = field(default_factory=list)  # not ended by anybody, as a killed process leaves them
    committed: Counter[str] = field(default_factory=Counter)
    total: float = 50

    @property
    def today(self) -> str:
        return self.clock.now().date().isoformat()

    def step(self) -> None:
        run = self.dice.randint(1, 4)
        if run not in self.alive:
            self.begin(run)
        what = self.dice.choice([self.reserve] * 4 + [self.pay] * 3 + [self.kill, self.tear, self.tomorrow])
        what(run)

    def begin(self, run: int) -> None:
        self.alive[run] = claims.hold(self.hub, run) or 0
        self.purses[run] = purse(self.hub, run, self.total, self.clock)
        self.purses[run].charges()

    def reserve(self, run: int) -> None:
        before = self.free()
        most = self.dice.randint(1, 900) / 100
        call = self.purses[run].reserved(usd(most), usd(0.01))
        with suppress(BadUse, Waits):
            grant = call.__enter__()
            ceiling = most if grant.usd is None else grant.usd
            assert ceiling <= before + 1e-9
            self.calls.append((run, self.today, grant, ceiling, call))

    def pay(self, run: int) -> None:
        mine = [call for call in self.calls if call[0] == run]
        if not mine:
            return
        _, date, grant, ceiling, call = mine[0]
        self.calls.remove(mine[0])
        cost = round(self.dice.random() * ceiling, 6)
        if self.dice.random() < 0.2:
            with suppress(KeyboardInterrupt):
                call.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
            cost = ceiling
        else:
            grant.spent(Usage(usd=cost))
            call.__exit__(None, None, None)
        self.committed[date] += round(cost * NANO)

    def kill(self, run: int) -> None:
        os.close(self.alive.pop(run))
        vars(self.purses.pop(run))["_ended"] = lambda grant, paid: None  # who is dead writes nothing more
        for call in [call for call in self.calls if call[0] == run]:
            self.calls.remove(call)
            self.committed[call[1]] += round(call[3] * NANO)
            self.dead.append(call)
        if self.dice.random() < 0.5:  # taken up again at once, before anybody else looks
            self.begin(run)

    def tear(self, run: int) -> None:
        with Pool(self.hub).path.open("ab") as file:
            file.write(b'{"kind": "paid", "i')

    def tomorrow(self, run: int) -> None:
        self.clock.start += timedelta(days=self.dice.choice([0, 0, 0, 1, -1]))

    def free(self) -> float:
        return Pool(self.hub).seen(self.today).on(self.today, round(self.total * NANO)).free / NANO

    def adds_up(self) -> None:
        book = Pool(self.hub).seen(self.today)
        for date in {self.today, *self.committed}:
            found = book.on(date, round(self.total * NANO))
            assert found.free + found.reserved + found.committed == found.total
            assert found.free >= 0
            assert found.committed == self.committed[date]
            assert found.reserved == sum(round(call[3] * NANO) for call in self.calls if call[1] == date)


@pytest.mark.parametrize("seed", range(4))
def test_free_set_aside_and_committed_are_the_total_whoever_dies(
    hub: Hub, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_LARGEST", 2_000)  # folded every ten calls or so
    fuzz = Fuzz(hub, random.Random(seed))
    for _ in range(150):
        fuzz.step()
        fuzz.adds_up()
    assert len(fuzz.dead) > 3
    assert sum(fuzz.committed.values()) > fuzz.total * NANO / 2


def test_many_processes_at_once_do_not_spend_the_last_dollars_twice(hub: Hub) -> None:
    def spend() -> bool:
        held = claims.hold(find(hub.top), os.getpid())
        mine = Purse(Pool(find(hub.top)), os.getpid(), 3, SystemClock(), lambda event: None)
        try:
            with mine.reserved(usd(1), usd(1)) as grant:
                grant.spent(usd(1))
        except BadUse:
            return False
        finally:
            os.close(held or 0)
        return True

    assert sorted(race(spend, 10)) == [False] * 7 + [True] * 3
    assert day(hub, 3, SystemClock().now().date().isoformat()) == (0, 0, 3)

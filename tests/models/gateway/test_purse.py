"""What is spent never passes the allowance, whatever is asked for at once, and all of it is accounted for."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from loopwright.models.gateway.purse import Ceiling, Purse, Refused, Wish
from loopwright.testing.clock import FakeClock
from loopwright.vocabulary import Allowance, Usage


@pytest.mark.parametrize("seed", range(4))
def test_calls_at_random_from_many_threads_never_overrun_it(seed: int) -> None:
    may = Allowance(turns=60, tokens=20_000, usd=2.0, seconds=None)
    purse = Purse(may, FakeClock().monotonic, 0.0)

    def agent(number: int) -> Usage:
        chance, paid = random.Random(seed * 100 + number), Usage()
        for _ in range(20):
            most = Ceiling(chance.randrange(1, 3_000), chance.choice([None, chance.random() / 3]))
            least = Ceiling(chance.randrange(1, most.tokens + 1), most.usd and most.usd * chance.random())
            try:
                call, ceiling = purse.reserve(Wish(most, least))
            except Refused:
                continue
            used = Usage(input=chance.randrange(ceiling.tokens + 1), requests=1, usd=ceiling.usd)
            purse.settle(call, used)
            purse.settle(call, used)  # a second time is none
            paid += used
        return paid

    with ThreadPoolExecutor(8) as pool:
        paid = sum(pool.map(agent, range(8)), Usage())
    assert purse.reserved == {}
    assert (purse.spent.tokens, purse.turns) == (paid.tokens, paid.requests)
    assert purse.spent.tokens <= 20_000
    assert purse.dollars <= 2.0
    assert purse.turns <= 60


def test_who_waits_for_others_costs_is_told_when_the_session_ends() -> None:
    purse = Purse(Allowance(turns=1, seconds=None), FakeClock().monotonic, 0.0)
    call = Wish(Ceiling(1), Ceiling(1))
    purse.reserve(call)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(purse.reserve, call)
        purse.close()
        with pytest.raises(Refused, match="the session is over"):
            waiting.result()


@pytest.mark.parametrize(
    ("tokens", "usd", "granted"),
    [
        (None, None, Ceiling(2_100, 0.042)),
        (2_100, 0.042, Ceiling(2_100, 0.042)),
        (1_600, None, Ceiling(1_600, 0.032)),
        (None, 0.027, Ceiling(1_350, 0.027)),
        (1_600, 0.027, Ceiling(1_350, 0.027)),
        (1_100, 0.022, Ceiling(1_100, 0.022)),
        (1_099, None, None),
        (None, 0.0219, None),
    ],
)
def test_a_call_gets_what_is_left_down_to_the_shortest_answer(
    tokens: int | None, usd: float | None, granted: Ceiling | None
) -> None:
    found = Wish(Ceiling(2_100, 0.042), Ceiling(1_100, 0.022)).within(tokens, usd)
    assert (found and found.tokens) == (granted and granted.tokens)
    assert (found and found.usd) == pytest.approx(granted and granted.usd)

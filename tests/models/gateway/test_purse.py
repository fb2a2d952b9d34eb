"""What is spent never passes the allowance, whatever is asked for at once, and all of it is accounted for."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from loopwright.models.gateway.purse import Ceiling, Purse, Refused
from loopwright.testing.clock import FakeClock
from loopwright.vocabulary import Allowance, Usage


@pytest.mark.parametrize("seed", range(4))
def test_calls_at_random_from_many_threads_never_overrun_it(seed: int) -> None:
    may = Allowance(turns=60, tokens=20_000, usd=2.0, seconds=None)
    purse = Purse(may, FakeClock().monotonic, 0.0)

    def agent(number: int) -> Usage:
        chance, paid = random.Random(seed * 100 + number), Usage()
        for _ in range(20):
            ceiling = Ceiling(chance.randrange(1, 3_000), chance.choice([None, chance.random() / 3]))
            try:
                call = purse.reserve(ceiling)
            except Refused:
                continue
            used = Usage(input=chance.randrange(ceiling.tokens + 1), requests=1, usd=ceiling.usd and ceiling.usd / 2)
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
    purse.reserve(Ceiling(1))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(purse.reserve, Ceiling(1))
        purse.close()
        with pytest.raises(Refused, match="the session is over"):
            waiting.result()

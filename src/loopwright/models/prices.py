"""What tokens cost: one dated table. A model that isn't in it has an unknown cost, never a cost of 0."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

TAKEN = date(2026, 11, 20)
"""The day on which this table was last held against measured bills and the published rates."""

_ALWAYS = date.min
_MILLION = 1_000_000
_HOUR = 2
"""What is kept in the cache for an hour costs this many times the input, whatever the model."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, from a day on, for prompts of more than `over` tokens."""

    input: float
    output: float
    cache_write: float  # kept for five minutes: the only kind that loopwright's own roles ask for
    cache_read: float
    since: date = _ALWAYS
    over: int = 0


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of one model: its prices, newest last, and its sizes in tokens."""

    prices: tuple[Price, ...]
    context: int
    longest_answer: int

    def price(self, prompt: int, on: date) -> Price | None:
        """The price that holds on a day for a prompt of so many tokens, cached ones counted in."""
        fitting = [price for price in self.prices if price.since <= on and prompt >= price.over]
        return max(fitting, key=lambda price: (price.over, price.since), default=None)


_BIG, _SMALL = 1_000_000, 200_000
_OPUS = Model((Price(5, 25, 6.25, 0.50),), _BIG, 64_000)

MODELS: dict[str, Model] = {
    "claude-fable-5-2": Model((Price(8, 40, 10, 0.20),), _BIG, 128_000),
    "claude-fable-5-1": Model((Price(10, 50, 12.5, 0.25),), _BIG, 64_000),
    "claude-opus-5-5": Model((Price(4, 20, 5, 0.20),), _BIG, 128_000),
    "claude-opus-5": _OPUS,
    "claude-opus-4-8": _OPUS,
    "claude-sonnet-5-5": Model(
        (Price(2, 10, 2.5, 0.20), Price(2, 10, 2.5, 0.10, since=date(2026, 10, 7))), _BIG, 128_000
    ),
    "claude-sonnet-5": Model((Price(2, 10, 2.5, 0.20),), _BIG, 64_000),
    "claude-sonnet-4-6": Model((Price(3, 15, 3.75, 0.30),), _SMALL, 32_000),
    "claude-haiku-5-5": Model(
        (Price(0.10, 0.50, 0.125, 0.01), Price(0.50, 2.50, 0.625, 0.05, over=100_001)), _BIG, 128_000
    ),
    "claude-haiku-4-5": Model((Price(1, 5, 1.25, 0.10),), _SMALL, 32_000),
}


def known(model: str) -> Model | None:
    """What the table says of a model, by its name or by a dated name such as `claude-haiku-4-5-20251001`."""
    return MODELS.get(model) or MODELS.get(re.sub(r"-\d{8}$", "", model))


def counted_as(answered: str, asked: str) -> str:
    """The model by whose prices an answer counts: the one that it names. Where that has none, the one that was asked:
    something in between calls its models by names of its own."""
    return answered if known(answered) else asked or answered


def cost(
    model: str, *, input: int, output: int, cache_read: int, cache_write: int, on: date, cache_hour: int = 0
) -> tuple[float | None, str | None]:
    """(US dollars, None) for one request's tokens, or (None, why they have no known price). `cache_hour`: how many of
    those written to the cache are kept there for an hour."""
    entry = known(model)
    price = entry.price(input + cache_read + cache_write, on) if entry else None
    if price is None:
        return None, f"no price is known for the model {model} on {on} (price table of {TAKEN})"
    spent = (
        input * price.input
        + output * price.output
        + cache_read * price.cache_read
        + (cache_write - cache_hour) * price.cache_write
        + cache_hour * price.input * _HOUR
    )
    return spent / _MILLION, None


def longest_answer(model: str) -> int:
    """How many tokens one answer may have: what every model of the table can do, less for an unknown model."""
    entry = known(model)
    return min(entry.longest_answer, 32_000) if entry else 8_192

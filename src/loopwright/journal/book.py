"""What the lines of the budget pool add up to: for a day and for a run, what is set aside and what is committed.

Amounts are whole numbers (a billionth of a dollar; the smallest price per token is ten of these), so that free, set
aside and committed are the total to the last digit however often they are added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loopwright.vocabulary import Usage

NANO = 1_000_000_000


def nano(dollars: float) -> int:
    """Dollars as the pool counts them."""
    return round(dollars * NANO)


@dataclass(frozen=True, slots=True)
class Amount:
    """Dollars and tokens. What has no known price takes nothing from the dollars, which don't bind it."""

    nano: int = 0
    tokens: int = 0
    priced: bool = True

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.nano + other.nano, self.tokens + other.tokens, self.priced and other.priced)

    def beyond(self, other: Amount) -> Amount:
        """How much more it is."""
        return Amount(max(self.nano - other.nano, 0), max(self.tokens - other.tokens, 0))

    @classmethod
    def of(cls, usage: Usage) -> Amount:
        """What a usage takes."""
        return cls(nano(usage.usd or 0.0), usage.tokens, usage.usd is not None)

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Amount:
        return cls(entry["nanodollars"] or 0, entry["tokens"], entry["nanodollars"] is not None)

    def written(self) -> dict[str, int | None]:
        """Of a sum, the dollars that are known: what was added to them without a price doesn't take them away."""
        return {"nanodollars": self.nano if self.priced or self.nano else None, "tokens": self.tokens}


@dataclass(frozen=True, slots=True)
class Held:
    """A call under way, whose ceiling is set aside."""

    run: int
    day: str
    ceiling: Amount


@dataclass(frozen=True, slots=True)
class Account:
    """`free + reserved + committed == total`, always. Free is below 0 where more was paid than there was: the total
    was lowered since, or a call cost more than its ceiling. In billionths of a dollar."""

    total: int
    reserved: int
    committed: int

    @property
    def free(self) -> int:
        return self.total - self.reserved - self.committed


@dataclass
class Book:
    """All lines so far. It changes by `take` alone."""

    open: dict[int, Held] = field(default_factory=dict)
    spent: dict[tuple[str, int], Amount] = field(default_factory=dict)  # by day and run

    def take(self, entry: Mapping[str, Any]) -> None:
        """Let one line count. A call that is told to have ended twice counts once."""
        number, kind = entry["id"], entry["kind"]
        if kind == "reserved":
            self.open[number] = Held(entry["run"], entry["day"], Amount.read(entry))
        elif kind == "carried":
            self._commit(entry["day"], entry["run"], Amount.read(entry))
        elif held := self.open.pop(number, None):
            self._commit(held.day, held.run, Amount.read(entry) if kind == "paid" else held.ceiling)

    def _commit(self, day: str, run: int, amount: Amount) -> None:
        self.spent[day, run] = self.spent.get((day, run), Amount()) + amount

    def taken(self, run: int) -> Amount:
        """All that a run has taken, on all days, with what is set aside for its calls under way."""
        held = (held.ceiling for held in self.open.values() if held.run == run)
        return sum((amount for (_, other), amount in self.spent.items() if other == run), sum(held, Amount()))

    def folded(self) -> list[dict[str, Any]]:
        """The same book in fewer lines: one for what a run has taken on a day, and one for each call under way."""
        carried = (line("carried", 1, run, day, amount) for (day, run), amount in self.spent.items())
        return [*carried, *(line("reserved", n, held.run, held.day, held.ceiling) for n, held in self.open.items())]

    def on(self, day: str, total: int) -> Account:
        """A day's dollars, of which there are `total`."""
        reserved = (held.ceiling for held in self.open.values() if held.day == day)
        committed = (amount for (other, _), amount in self.spent.items() if other == day)
        return _account(total, reserved, committed)

    def of(self, run: int, total: int) -> Account:
        """A run's dollars, on all days."""
        reserved = (held.ceiling for held in self.open.values() if held.run == run)
        committed = (amount for (_, other), amount in self.spent.items() if other == run)
        return _account(total, reserved, committed)


def line(kind: str, number: int, run: int, day: str, amount: Amount) -> dict[str, Any]:
    """A line of the pool as it is written."""
    return {"kind": kind, "id": number, "run": run, "day": day, **amount.written()}


def _account(total: int, reserved: Iterable[Amount], committed: Iterable[Amount]) -> Account:
    return Account(total, sum(amount.nano for amount in reserved), sum(amount.nano for amount in committed))

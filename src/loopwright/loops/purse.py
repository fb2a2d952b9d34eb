"""What one run takes from the budget pool: each call's ceiling is set aside before it, and what it cost taken after."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from loopwright import stopping
from loopwright.andon import breakers
from loopwright.checkpoints import reached
from loopwright.contracts import Clock
from loopwright.errors import BadUse
from loopwright.journal.book import NANO, Amount, Book, line, nano
from loopwright.journal.pool import Pool, measured
from loopwright.vocabulary import Event, Usage

_AGAIN = 0.2
"""Seconds between two looks at what the calls of other runs hold back."""

_BITS = 52
"""Of a call's number. To count on from the last line would give a number again once the file is gone, and the end of an
earlier call would be taken for a later one's."""

DAY_MEND = "go on tomorrow, or raise `budget: {usd-per-day}` in agents/LOOPS.md"


@dataclass
class Grant:
    """What one call may cost. `usd`: less than was wished for, where the day has no more; else None. `paid`: what it
    cost, told by whoever made it; a grant of which nothing is told was no call."""

    number: int
    day: str
    ceiling: Amount
    usd: float | None = None
    paid: Usage = field(default_factory=Usage)

    def spent(self, usage: Usage) -> None:
        """Tell what the call cost."""
        self.paid += usage


@dataclass
class Purse:
    """One run's. Fits `contracts.Purse`."""

    pool: Pool
    run: int
    usd_per_day: float | None
    clock: Clock
    tell: Callable[[Event], None]
    chance: Callable[[int], int] = secrets.randbits
    _begun: bool = False

    @contextmanager
    def reserved(self, most: Usage, least: Usage) -> Iterator[Grant]:
        """Set aside what a call may cost at the `most` while it is made: less where the day has less, down to `least`.

        Waits while the calls of others hold back what they may not need. Raises BadUse once the day has not even
        `least`. A call that is cut off is charged what was set aside: nobody knows what it cost.
        """
        grant = self._granted(Amount.of(most), Amount.of(least))
        reached("pool:reserved")
        try:
            yield grant
        except BaseException:
            self._ended(grant, None)
            raise
        self._ended(grant, Amount.of(grant.paid))
        reached("pool:paid")

    def charges(self) -> Usage:
        """What the run has taken beyond what its transcripts tell: the ceilings of calls whose end nobody saw, and
        answers that came when there was nobody to keep them."""
        with self._changing() as book:
            amount = book.taken(self.run).beyond(measured(self.pool.hub, self.run))
        return Usage(input=amount.tokens, usd=amount.nano / NANO)

    @property
    def _today(self) -> str:
        return self.clock.now().date().isoformat()

    @contextmanager
    def _changing(self) -> Iterator[Book]:
        """The pool. The first time, what an earlier process of this run left under way is charged: it is dead."""
        with self.pool.changing(self._today) as book:
            left = [] if self._begun else [number for number, held in book.open.items() if held.run == self.run]
            for number in left:
                self.pool.add({"kind": "charged", "id": number})
            self._begun = True
            yield book

    def _ended(self, grant: Grant, paid: Amount | None) -> None:
        """Write down what a call came to. One that the pool has lost (it was emptied meanwhile) counts all the same."""
        with self._changing() as book:
            if grant.number not in book.open:
                self.pool.add(
                    line("carried", grant.number, self.run, grant.day, grant.ceiling if paid is None else paid)
                )
            elif paid is None:
                self.pool.add({"kind": "charged", "id": grant.number})
            else:
                self.pool.add({"kind": "paid", "id": grant.number, **paid.written()})

    def _granted(self, most: Amount, least: Amount) -> Grant:
        told = False
        while (grant := self._tried(most, least)) is None:
            if not told:
                self.tell(Event("wait", "what is left of the day's dollars is set aside for calls under way"))
            told = True
            with stopping.waiting():
                self.clock.sleep(_AGAIN)
        return grant

    def _tried(self, most: Amount, least: Amount) -> Grant | None:
        """A grant, or None while others hold back what would be enough."""
        with self._changing() as book:
            wished = most
            if self.usd_per_day is not None and most.priced:
                day = book.on(self._today, nano(self.usd_per_day))
                wished = replace(most, nano=min(most.nano, day.total - day.committed))
                if wished.nano < least.nano:
                    raise self._refusal(day.committed, least.nano)
                if wished.nano > day.free:
                    return None
            grant = Grant(1 + self.chance(_BITS), self._today, wished, wished.nano / NANO if wished != most else None)
            self.pool.add(line("reserved", grant.number, self.run, grant.day, wished))
        return grant

    def _refusal(self, committed: int, least: int) -> BadUse:
        limit = self.usd_per_day or 0.0
        why = breakers.day_spent(committed / NANO, limit)
        spent = f"today's runs have spent ${committed / NANO:.4f} of ${limit:g} (UTC day)"
        return BadUse(
            why or f"{spent}, and the next call may cost ${least / NANO:.4f} with the shortest answer", DAY_MEND
        )

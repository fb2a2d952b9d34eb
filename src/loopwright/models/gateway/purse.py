"""What a session may still spend: free + reserved + spent = the allowance, whatever goes on at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from loopwright.vocabulary import Allowance, Usage

WORDS = ("max-turns", "tokens", "dollars", "time")
"""The ceilings, by the words of `Report.ended`."""


class Refused(Exception):
    """A call that doesn't fit into what is left. `word` names the ceiling."""

    def __init__(self, word: str, why: str) -> None:
        super().__init__(why)
        self.word, self.why = word, why


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that one call may cost. `usd` is None where its price isn't known."""

    tokens: int
    usd: float | None = None


SHORTEST = 1_024
"""Tokens of an answer below which none is asked for: it would be cut in the middle of its first call."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a call may cost with its whole answer, and with the shortest that makes sense."""

    most: Ceiling
    least: Ceiling
    alone: bool = False  # its bytes don't tell what it may cost: with others under way, many would be over at once

    def within(self, tokens: int | None, usd: float | None) -> Ceiling | None:
        """The most of it that fits into what is left (None: no ceiling there); None where not even the least does."""
        most, least = self.most, self.least
        share = 1.0
        if tokens is not None:
            share = min(share, _share(least.tokens, most.tokens, tokens))
        if usd is not None and most.usd is not None and least.usd is not None:
            share = min(share, _share(least.usd, most.usd, usd))
        if share >= 1.0:
            return most
        length = int(least.tokens + share * (most.tokens - least.tokens))
        dollars = None if most.usd is None or least.usd is None else least.usd + share * (most.usd - least.usd)
        return None if share < 0 else Ceiling(length, dollars)


def _share(least: float, most: float, left: float) -> float:
    """How much of the way from `least` to `most` is left to pay for; below 0 where there is less than `least`."""
    if left >= most or left < least:
        return 1.0 if left >= most else -1.0
    return (left - least) / (most - least)


@dataclass
class Purse:
    """One session's allowance. Every method may be called from any thread.

    A call is let in once its ceiling fits beside what is spent and what is in flight, with a shorter answer where less
    is left. One that would fit if the calls in flight cost nothing waits for them: it is refused only when it can't
    fit whatever they come to.
    """

    allowance: Allowance
    monotonic: Callable[[], float]
    began: float
    spent: Usage = field(default_factory=Usage)  # of earlier processes of this session, too
    dollars: float = 0.0  # what of it has a known price: a model without one takes nothing from the dollars
    turns: int = 0
    reserved: dict[int, Ceiling] = field(default_factory=dict)
    closed: bool = False
    _alone: bool = False  # the call in flight is one that goes alone
    _number: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def reserve(self, wish: Wish) -> tuple[int, Ceiling]:
        """Let a call in: the number to settle it by, and what it may cost. Raises Refused."""
        with self._changed:
            while True:
                ceiling = self._possible(wish)
                if self._fits(ceiling) and not (self.reserved and (wish.alone or self._alone)):
                    self._number += 1
                    self.reserved[self._number], self._alone = ceiling, wish.alone
                    return self._number, ceiling
                self._changed.wait(1.0)

    def settle(self, number: int, usage: Usage) -> None:
        """A call has come to its end, and cost this much; a call without an answer is no turn."""
        with self._changed:
            if self.reserved.pop(number, None) is None:
                return
            self.spent += usage
            self.dollars += usage.usd or 0.0
            self.turns += usage.requests
            self._changed.notify_all()

    def lose(self, number: int) -> None:
        """A call has come to its end, and nobody knows what it cost: all of its ceiling, then."""
        ceiling = self.reserved.get(number, Ceiling(0))
        self.settle(number, Usage(input=ceiling.tokens, usd=ceiling.usd, requests=1))

    def close(self) -> None:
        """Let nobody in any more, and nobody wait."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def _possible(self, wish: Wish) -> Ceiling:
        """What a call may cost if those in flight cost nothing. Raises Refused for one that fits in no case."""
        may = self.allowance
        if self.closed:
            raise Refused("time", "the session is over")
        if may.seconds is not None and self.monotonic() - self.began >= may.seconds:
            raise Refused("time", f"the session's {may.seconds:g} seconds are over")
        if self.turns >= may.turns:
            raise Refused("max-turns", f"the session's {may.turns} requests are made")
        tokens = None if may.tokens is None else max(may.tokens - self.spent.tokens, 0)
        usd = None if may.usd is None else max(may.usd - self.dollars, 0.0)
        if ceiling := wish.within(tokens, usd):
            return ceiling
        shortest = "with the shortest answer"
        if tokens is not None and wish.least.tokens > tokens:
            raise Refused(
                "tokens", f"{tokens} tokens are left, and this call could take {wish.least.tokens} {shortest}"
            )
        raise Refused("dollars", f"${usd:.4f} are left, and this call could cost ${wish.least.usd:.4f} {shortest}")

    def _fits(self, ceiling: Ceiling) -> bool:
        """Whether it fits beside the calls in flight, each of which may cost all of its ceiling."""
        may, flying = self.allowance, tuple(self.reserved.values())
        tokens = self.spent.tokens + sum(other.tokens for other in flying) + ceiling.tokens
        usd = self.dollars + sum(other.usd or 0.0 for other in flying) + (ceiling.usd or 0.0)
        return (
            self.turns + len(flying) < may.turns
            and (may.tokens is None or tokens <= may.tokens)
            and (may.usd is None or ceiling.usd is None or usd <= may.usd)
        )

"""What a request may cost before it is made, and how much of an answer the day's dollars still pay for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date

from loopwright.backends import shape
from loopwright.contracts import Session
from loopwright.models import prices
from loopwright.models.client import Request
from loopwright.models.gateway.purse import Ceiling
from loopwright.vocabulary import Usage

SHORTEST = 1_024
"""Tokens of an answer below which none is asked for: it would be cut in the middle of its first call."""

_BYTES = 2
"""Bytes of a prompt that count as a token, where English has about four and code three: a ceiling, and no estimate."""

Tell = Callable[[Usage], None]


def tolls(session: Session) -> Callable[[Request], AbstractContextManager[tuple[Request, Tell]]]:
    """What sets a request's ceiling aside while it is made: yields the request, its answer cut to what is there to pay
    for it, and whom to tell what it cost."""

    @contextmanager
    def toll(request: Request) -> Iterator[tuple[Request, Tell]]:
        if session.purse is None:
            yield request, lambda usage: None
            return
        today = session.clock.now().date()
        longest = request.max_tokens or prices.longest_answer(request.model)
        most, least = (ceiling(request, answer, today) for answer in (longest, min(SHORTEST, longest)))
        with session.purse.reserved(most, least) as grant:
            if grant.usd is not None and most.usd is not None and least.usd is not None:
                share = (grant.usd - least.usd) / (most.usd - least.usd) if most.usd > least.usd else 1.0
                longest = int(least.output + share * (longest - least.output))
            yield replace(request, max_tokens=longest), grant.spent

    return toll


def shared(session: Session) -> Callable[[Ceiling], AbstractContextManager[Tell]]:
    """The same for a call that comes through a gateway: it is made as it was asked for, or not at all."""

    @contextmanager
    def toll(ceiling: Ceiling) -> Iterator[Tell]:
        if session.purse is None:
            yield lambda usage: None
            return
        most = Usage(output=ceiling.tokens, usd=ceiling.usd)
        with session.purse.reserved(most, most) as grant:
            yield grant.spent

    return toll


def ceiling(request: Request, answer: int, today: date) -> Usage:
    """What a request costs at the most, with an answer of so many tokens: all of it is written to the cache anew."""
    sent = shape.size([list(request.system), list(request.messages), list(request.tools)])
    known = prices.known(request.model)
    prompt = min(sent // _BYTES, known.context) if known else sent // _BYTES
    counts = {"input": 0, "output": answer, "cache_read": 0, "cache_write": prompt}
    usd, why = prices.cost(request.model, **counts, on=today)
    return Usage(**counts, usd=usd, unpriced=why)

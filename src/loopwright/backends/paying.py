"""What a request may cost before it is made, and how long an answer the run's and the day's dollars still pay for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date

from loopwright.backends import shape
from loopwright.contracts import Session
from loopwright.models import prices
from loopwright.models.client import Request
from loopwright.models.gateway.purse import SHORTEST, Ceiling, Wish
from loopwright.vocabulary import Usage

_BYTES = 2
"""Bytes of a prompt that count as a token, where English has about four and code three: a ceiling, and no estimate."""

Tell = Callable[[Usage], None]


class Spent(Exception):
    """A request that not even the shortest answer fits into what is left of the run's dollars."""


def tolls(session: Session) -> Callable[[Request], AbstractContextManager[tuple[Request, Tell]]]:
    """What sets a request's ceiling aside while it is made: yields the request, its answer cut to what the run's and
    the day's dollars can still pay for, and whom to tell what it cost. It raises Spent where the run can pay for none.
    For one answer: what its tries that broke off have cost is known here alone."""
    paid = sum(usage.usd or 0.0 for usage in _kept(session))

    @contextmanager
    def toll(request: Request) -> Iterator[tuple[Request, Tell]]:
        may, today = session.allowance.usd, session.clock.now().date()
        longest = request.max_tokens or prices.longest_answer(request.model)
        most, least = (ceiling(request, answer, today) for answer in (longest, min(SHORTEST, longest)))
        allowed = Wish(most, least).within(None, None if may is None else max(may - paid, 0.0))
        if allowed is None:
            raise Spent
        with shared(session)(Wish(allowed, least)) as (granted, tell):

            def hear(usage: Usage) -> None:
                nonlocal paid
                paid += usage.usd or 0.0
                tell(usage)

            yield replace(request, max_tokens=longest - (most.tokens - granted.tokens)), hear

    return toll


def _kept(session: Session) -> Iterator[Usage]:
    """What each answer in a session's transcript has cost."""
    told = (entry.get("usage") for entry in session.transcript.entries())
    return (Usage(**usage) for usage in told if isinstance(usage, dict))


def shared(session: Session) -> Callable[[Wish], AbstractContextManager[tuple[Ceiling, Tell]]]:
    """What all runs share, asked before each call: it yields what the call may cost, and whom to tell what it did."""

    @contextmanager
    def toll(wish: Wish) -> Iterator[tuple[Ceiling, Tell]]:
        if session.purse is None:
            yield wish.most, lambda usage: None
            return
        most, least = (Usage(output=one.tokens, usd=one.usd) for one in (wish.most, wish.least))
        with session.purse.reserved(most, least) as grant:
            yield wish.within(None, grant.usd) or wish.least, grant.spent

    return toll


def ceiling(request: Request, answer: int, today: date) -> Ceiling:
    """What a request costs at the most, with an answer of so many tokens: all of it is written to the cache anew."""
    sent = shape.size([list(request.system), list(request.messages), list(request.tools)])
    known = prices.known(request.model)
    prompt = min(sent // _BYTES, known.context) if known else sent // _BYTES
    usd, _ = prices.cost(request.model, input=0, output=answer, cache_read=0, cache_write=prompt, on=today)
    return Ceiling(prompt + answer, usd)

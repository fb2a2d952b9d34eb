"""Sends one turn of a conversation to the Messages API and brings back one whole answer.

The SDK is asked to stream always (long answers aren't to be had otherwise) and never to retry by itself: its two
tries end after a second, and it neither retries an error inside a stream nor notices a stream that just ends.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from loopwright.models import prices, retry
from loopwright.models.defaults import Access
from loopwright.models.stream import Answer, Senseless
from loopwright.vocabulary import Event, Usage

if TYPE_CHECKING:
    import anthropic

SILENCE = 120.0
"""Seconds without a single byte after which a request counts as dropped. The API sends a ping far more often."""


LONGEST = 3600.0
"""Seconds that one answer may take in all: 32,000 tokens take a slow model half of that. Something in between that has
lost the model, and pings for ever, would else never be noticed."""

HALTED = "halted"
"""The stop reason of an answer that was broken off from here. What it held is left out, and was paid for."""


def never(waited: float) -> bool:
    """Nobody breaks an answer off."""
    del waited
    return False


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. The blocks are those of the Messages API, cache breakpoints included."""

    model: str
    system: Sequence[Mapping[str, Any]]
    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    max_tokens: int | None = None  # None: as much as the model is known to be able to


@dataclass(frozen=True, slots=True)
class Turn:
    """One whole answer. `usage` counts the tries that were paid for and broke off as well."""

    blocks: tuple[dict[str, Any], ...]
    stop_reason: str
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    broken: Mapping[str, str] = field(default_factory=dict)  # tool call id -> input text that is no JSON object
    waited: float = 0.0  # seconds lost to tries that failed, which are nobody's fault here


Toll = Callable[[Request], AbstractContextManager[tuple[Request, Callable[[Usage], None]]]]
"""Yields the request as it is to be sent, and whom to tell what it cost."""


def free(request: Request) -> AbstractContextManager[tuple[Request, Callable[[Usage], None]]]:
    """Nobody counts what is spent."""
    return contextlib.nullcontext((request, lambda usage: None))


@dataclass(frozen=True)
class Wire:
    """How to reach a model: where, with what patience, and who is told about waiting."""

    access: Access
    time: retry.Time
    tell: Callable[[Event], None]
    horizon: float = retry.HORIZON
    silence: float = SILENCE
    chance: Callable[[], float] = random.random
    over: Callable[[float], bool] = never  # asked at each event, with the seconds that were lost to failed tries
    toll: Toll = free  # what has to be done before each try, and be told what it cost

    def ask(self, request: Request) -> Turn:
        """One whole answer, after as many tries as it takes.

        Raises Unreachable (no or a refused key, or a model that stays away past the horizon), BadUse (a model or
        request that the API doesn't know) and PromptTooLong.
        """
        patience = retry.Patience(self.time, self.tell, self.horizon, self.chance)
        spent, began = Usage(), self.time.monotonic()
        while True:
            answer = Answer()
            with self.toll(request) as (affordable, tell):
                started = self.time.monotonic()
                failure = self._try(affordable, answer, started - began)
                paid = self._paid(answer, request.model)
                tell(paid)
            spent += paid
            model = answer.model or request.model
            if answer.halted:
                return Turn((), HALTED, spent, model, waited=started - began)
            if failure is None:
                reason = answer.stop_reason or ""
                return Turn(tuple(answer.blocks), reason, spent, model, answer.broken, started - began)
            patience.wait(failure, self.access.url, request.model)

    def _try(self, request: Request, answer: Answer, waited: float) -> retry.Failure | None:
        """Fill `answer` from one request; the failure when it didn't come whole."""
        client = _client(self.access, os.getpid())
        parameters: dict[str, Any] = {
            "model": request.model,
            "max_tokens": request.max_tokens or prices.longest_answer(request.model),
            "system": request.system,
            "messages": request.messages,
            "tools": request.tools,
        }
        heed = functools.partial(self._heed, answer, waited, self.time.monotonic() + LONGEST)
        with _failures(self.silence) as failed:
            stream = client.messages.create(**parameters, stream=True, timeout=_timeout(self.silence))
            with stream:
                stream.response.stream = _heeded(stream.response.stream, heed)
                for event in stream:
                    answer.take(cast(dict[str, Any], event.to_dict()))
                    heed()
        if answer.whole:
            return None
        return failed[0] if failed else retry.Failure("broken-off", "the stream ended before its message did")

    def _heed(self, answer: Answer, waited: float, end: float) -> None:
        """Asked at all that comes, also at what the SDK keeps to itself (a ping). Raises _Enough."""
        if answer.whole:
            return
        answer.halted = self.over(waited)
        if answer.halted or self.time.monotonic() >= end:
            raise _Enough(f"the answer didn't end within {LONGEST:g} s")

    def _paid(self, answer: Answer, model: str) -> Usage:
        """What a try cost, as far as it came."""
        if not answer.begun:
            return Usage()
        count = answer.counts
        counts = {
            "input": count.input,
            "output": answer.output,
            "cache_read": count.cache_read,
            "cache_write": count.cache_write,
        }
        usd, reason = prices.cost(prices.counted_as(answer.model, model), **counts, on=self.time.now().date())
        return Usage(**counts, usd=usd, unpriced=reason, requests=1)


class _Enough(Exception):
    """Nobody waits for the rest of an answer."""


def _heeded(stream: Any, heed: Callable[[], None]) -> Any:
    """The bytes of a response; after each piece of them `heed` is called."""
    import httpx2

    class Heeded(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for piece in stream:
                yield piece
                heed()

        def close(self) -> None:
            stream.close()

    return Heeded()


@functools.lru_cache(maxsize=8)
def _client(access: Access, process: int) -> anthropic.Anthropic:
    """One client per endpoint, key and process: its connection is kept alive, and never shared with a fork."""
    import anthropic

    return anthropic.Anthropic(api_key=access.key, base_url=access.url, max_retries=0)


def _timeout(silence: float) -> Any:
    import anthropic

    return anthropic.Timeout(silence, connect=min(10.0, silence))


@contextlib.contextmanager
def _failures(silence: float) -> Iterator[list[retry.Failure]]:
    """Turn what the SDK and its transport raise into one `Failure`, put into the list that is given."""
    import anthropic
    import httpx2

    found: list[retry.Failure] = []
    try:
        yield found
    except anthropic.APIStatusError as error:
        kind, message = str(error.type or "http_error"), str(error.api_message or error.message)
        found.append(retry.Failure(kind, message, error.status_code, error.response.headers.get("retry-after")))
    except (anthropic.APITimeoutError, httpx2.TimeoutException):
        found.append(retry.Failure("silence", f"nothing was heard for {silence:g} s"))
    except _Enough as enough:
        found.append(retry.Failure("silence", str(enough)))
    except (anthropic.APIConnectionError, httpx2.HTTPError) as error:
        cause = error.__cause__ or error
        found.append(retry.Failure("connection", str(cause) or type(cause).__name__))
    except (anthropic.APIResponseValidationError, json.JSONDecodeError, UnicodeDecodeError, Senseless) as error:
        # A proxy's page instead of an answer, or bytes that were lost.
        found.append(retry.Failure("broken-off", f"the answer can't be read ({type(error).__name__})"))

"""Which failures pass by themselves, how long to wait for that, and what a person has to mend about the others."""

from __future__ import annotations

import email.utils
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from loopwright import stopping
from loopwright.errors import BadUse, LoopwrightError, Unreachable
from loopwright.vocabulary import Event

HORIZON = 900.0
"""Seconds that a failing model is tried again before the run pauses, unless LOOPWRIGHT_RETRY_SECONDS says other."""

_LONGEST_WAIT = 60.0
_PASSING = {"rate_limit_error", "overloaded_error", "api_error", "timeout_error", "connection", "silence", "broken-off"}
_REFUSED = {"authentication_error", "permission_error", "billing_error"}


class PromptTooLong(LoopwrightError):
    """The conversation no longer fits what the model can read: something has to be taken out of it."""


class Time(Protocol):
    """The part of `contracts.Clock` that is needed here; this floor lies below the contracts."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that brought no answer. `kind` is the API's error type, or connection, silence, broken-off."""

    kind: str
    message: str
    status: int | None = None
    retry_after: str | None = None

    @property
    def passes(self) -> bool:
        """Whether waiting may help. An error inside a stream has status 200: there its kind alone decides."""
        if self.status is None or self.status < 300 or self.kind in _PASSING:
            return self.kind in _PASSING
        return self.status >= 500 or self.status in (408, 409, 429)

    @property
    def too_long(self) -> bool:
        """The API has no error type of its own for this, so its words are looked at."""
        said = self.message.lower()
        words = "prompt is too long" in said or "exceed context limit" in said
        return self.status == 413 or self.kind == "request_too_large" or (self.status in (200, 400) and words)

    def __str__(self) -> str:
        number = f" {self.status}" if self.status not in (None, 200) else ""
        return f"{self.kind.replace('_', ' ')}{number}: {' '.join(self.message.split())[:300]}"


def place(url: str) -> str:
    """An address as it may be told: without a name, password or query, in which a proxy's key may stand."""
    scheme, mark, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def final(failure: Failure, url: str, model: str) -> LoopwrightError:
    """The error to raise for a failure that waiting doesn't mend."""
    url = place(url)
    if failure.too_long:
        return PromptTooLong(str(failure))
    if failure.status in (401, 402, 403) or failure.kind in _REFUSED or "credit balance" in failure.message:
        return Unreachable(
            f"{url} refuses the key for the model {model} ({failure})",
            "look at the key and the credit of its account: ANTHROPIC_API_KEY (or LOOPWRIGHT_LAB_API_KEY for maker "
            "and documenter) in the environment or in .env",
        )
    if failure.status == 404 or failure.kind == "not_found_error":
        return BadUse(
            f"{url} doesn't know the model {model} ({failure})",
            "name another one: `model:` in the role's file, LOOPWRIGHT_MODEL or LOOPWRIGHT_LAB_MODEL; "
            "or look at ANTHROPIC_BASE_URL",
        )
    return BadUse(
        f"{url} refuses the request for the model {model} ({failure})",
        "look at the model's name and at ANTHROPIC_BASE_URL; a proxy between must speak the Messages API",
    )


@dataclass
class Patience:
    """Waits between the tries of one turn, and gives up when `horizon` seconds have gone by since the first failure."""

    time: Time
    tell: Callable[[Event], None]
    horizon: float
    chance: Callable[[], float]  # from 0 to 1: so that many labs don't all come back at once
    failures: int = 0
    _since: float | None = None

    def wait(self, failure: Failure, url: str, model: str) -> None:
        """Return when it is time for the next try; raise when there should be none."""
        if failure.too_long or not failure.passes:
            raise final(failure, url, model)
        now = self.time.monotonic()
        self._since = now if self._since is None else self._since
        left = self._since + self.horizon - now
        asked = self._asked(failure)
        seconds = asked if asked is not None else min(self._backoff(), left)
        if seconds > left or left <= 0:
            raise Unreachable(
                f"the model {model} at {place(url)} can't be had: {failure} (tried {self.failures + 1} times)",
                "try again later; LOOPWRIGHT_RETRY_SECONDS says for how long a failing model is retried",
            )
        self.failures += 1
        self.tell(
            Event(
                "wait",
                f"{failure}; next try in {seconds:.0f} s",
                {"why": failure.kind, "status": failure.status, "seconds": seconds, "failures": self.failures},
            )
        )
        with stopping.waiting():
            self.time.sleep(seconds)

    def _backoff(self) -> float:
        """1, 2, 4 ... 60 seconds, each shortened by up to a half by chance."""
        return float(min(2.0 ** min(self.failures, 10), _LONGEST_WAIT) * (1 - self.chance() / 2))

    def _asked(self, failure: Failure) -> float | None:
        """What retry-after asks for, in seconds: a number or a date. None when it asks for nothing to wait for."""
        text = (failure.retry_after or "").strip()
        try:
            seconds = float(text)
        except ValueError:
            try:
                when = email.utils.parsedate_to_datetime(text)
            except ValueError:
                return None
            aware = when if when.tzinfo else when.replace(tzinfo=UTC)
            seconds = (aware - self.time.now()).total_seconds()
        return seconds if 0 < seconds < float("inf") else None

"""What a request of a lab's asks for, read before anything of it goes further."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import Any

from loopwright.models import prices
from loopwright.models.gateway.apis import Api, counted
from loopwright.models.gateway.purse import SHORTEST, Ceiling, Wish
from loopwright.models.gateway.reaching import objects, reaching_out
from loopwright.models.stream import is_deep

_BYTES_A_TOKEN = 2
"""English has about four bytes to a token and code three: a ceiling, and no estimate."""
_PICTURE = 5_000
"""Tokens that a picture may take at most, however many bytes it has."""
_UNSAID = 128_000
"""Tokens of an answer for which the request names no limit: as many as any known model gives."""
_MOST = 10_000_000
"""Tokens or answers past which a number is none. A negative one means to some far sides that there is no limit."""
_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_MOST_NESTS, _MOST_VALUES = 200_000, 500_000
"""Opening brackets and commas of a body. Read, 30 MB of `{},` take 860 MB. 4 MB of code, about a million tokens, have
28,000 and 67,000."""
_LARGE = 1 << 18
"""Bytes of a body from which on one is read at a time: while it is, it takes many times its size."""
SHOWN = 16_384
"""Characters of what was said last, and of what was answered, that are kept."""
_one_at_a_time = threading.Lock()


class Senseless(ValueError):
    """A request that can't be passed on: what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request's body, and what may matter of it."""

    data: bytes = field(repr=False)  # the body written anew: of a name that is given twice, only what was read goes on
    model: str
    tokens: int  # its prompt's, as an estimate from above
    answer: int  # tokens that each of its answers may have
    shortest: int  # of these, how many it must have to be worth asking for
    streams: bool
    answers: int  # how many it asks for
    said: Any = field(repr=False)  # its newest message, or the two ends of it
    limits: tuple[str, ...]  # the names under which it bounds its answers
    failed: int  # tool calls of which that message says that they failed
    paged: bool  # it holds a document, which may have any number of pages

    def wish(self, on: date) -> Wish:
        """What it may cost, with whole answers and with the shortest."""
        return Wish(self._ceiling(self.answer, on), self._ceiling(min(self.shortest, self.answer), on), self.paged)

    def _ceiling(self, answer: int, on: date) -> Ceiling:
        """All of its prompt may be written to the cache, for an hour."""
        kept = {"cache_write": self.tokens, "cache_hour": self.tokens}
        output = answer * self.answers
        usd, _ = prices.cost(self.model, input=0, output=output, cache_read=0, **kept, on=on)
        return Ceiling(self.tokens + output, usd)

    def within(self, ceiling: Ceiling, api: Api) -> Asked:
        """The same with answers that are no longer than a ceiling pays for, and with its usage asked for."""
        answer = min((ceiling.tokens - self.tokens) // self.answers, self.answer)
        # One that another API knows bounds nothing where a far side passes over what it doesn't know.
        unbounded = bool(self.limits) and not {api.limit, "max_tokens" if api.form == "chat" else ""} & {*self.limits}
        if answer == self.answer and not unbounded and not (api.form == "chat" and self.streams):
            return self
        with _in_turn(self.data):
            body = json.loads(self.data)
            if answer < self.answer or unbounded:
                body |= dict.fromkeys(self.limits, answer)
                body |= {api.limit: answer} if unbounded or not self.limits else {}
            return replace(self, data=written(counted(api, body) or body), answer=answer)


def read(data: bytes) -> Asked:
    """A request's body. Raises Senseless for one that is no request, or that would have the far side reach out."""
    if data.count(b"{") + data.count(b"[") > _MOST_NESTS or data.count(b",") > _MOST_VALUES:
        raise Senseless(f"the body has more than {_MOST_NESTS} brackets or {_MOST_VALUES} commas")
    with _in_turn(data):
        return _asked(data)


def _in_turn(data: bytes) -> AbstractContextManager[object]:
    return _one_at_a_time if len(data) > _LARGE else contextlib.nullcontext()


def _asked(data: bytes) -> Asked:
    try:
        body = json.loads(data)
        anew = written(body)
    except (ValueError, RecursionError):
        raise Senseless("the body is no JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        raise Senseless("the body is no JSON object with a model")
    if problem := next(chain(_odd_numbers(body), reaching_out(body)), None):
        raise Senseless(problem)
    limit = max((body[name] for name in _LIMITS if isinstance(body.get(name), int)), default=_UNSAID)
    pictures = list(_pictures(body))
    tokens = (len(data) - sum(pictures)) // _BYTES_A_TOKEN + 1 + _PICTURE * len(pictures)
    known = prices.known(body["model"])
    tokens = min(tokens, known.context) if known else tokens
    many, said = body.get("n"), newest(body)
    return Asked(
        anew,
        body["model"],
        tokens,
        max(limit, 0),
        max(SHORTEST, _thought(body) + 1),
        body.get("stream") is True,
        max(many, 1) if isinstance(many, int) else 1,
        shown(said),
        tuple(name for name in _LIMITS if body.get(name) is not None),
        sum(1 for _ in _failed(said)),
        any(map(_is_paged, objects(body))),
    )


def _odd_numbers(body: Mapping[str, Any]) -> Iterator[str]:
    """What bounds an answer and is no number of tokens: some far sides take "8" for 8, or -1 for no limit at all, and
    then nobody has counted it."""
    for name in (*_LIMITS, "n"):
        number = body.get(name)
        if number is not None and not (type(number) is int and 0 <= number <= _MOST):
            yield f"`{name}` is a whole number from 0 to {_MOST}"


def _thought(body: Mapping[str, Any]) -> int:
    """The tokens that are to be thought before an answer begins."""
    thinking = body.get("thinking")
    thought = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
    return thought if isinstance(thought, int) else 0


def newest(body: Mapping[str, Any]) -> Any:
    """The newest message of a request, which is what the ones before it didn't have."""
    said = body.get("messages") or body.get("input")
    return said[-1] if isinstance(said, list) and said else said


def _failed(said: Any) -> Iterator[Mapping[str, Any]]:
    content = said.get("content") if isinstance(said, dict) else None
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("is_error") is True:
            yield block


def shown(value: Any) -> Any:
    """The value itself, or its JSON, of a long one the two ends."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= SHOWN:
        return text if is_deep(value) else value
    half = SHOWN // 2
    return f"{text[:half]}\n[... {len(text) - SHOWN} characters left out here ...]\n{text[-half:]}"


def written(body: Any) -> bytes:
    """A body as JSON, half a character in its escape. Raises ValueError and RecursionError."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace")


def _is_paged(value: Mapping[str, Any]) -> bool:
    """Whether it is a PDF or the like: 10 KB of it can be 600 pages, each of thousands of tokens."""
    source = value.get("source")
    read = isinstance(source, dict) and source.get("type") in ("text", "content")
    return value.get("type") in ("document", "input_file", "file") and not read


def _pictures(body: Mapping[str, Any]) -> Iterator[int]:
    """The sizes in bytes of the pictures that a request carries."""
    for value in objects(body):
        source = value.get("source")
        if value.get("type") == "image" and isinstance(source, dict) and isinstance(source.get("data"), str):
            yield len(source["data"])
        picture = value.get("image_url")
        address = picture.get("url") if isinstance(picture, dict) else picture
        if value.get("type") in ("image_url", "input_image") and isinstance(address, str):
            yield len(address)

"""Passes one request on with the key, and its answer back piece by piece, as they come."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from loopwright.models.gateway.apis import Api, Upstream, refusal
from loopwright.models.gateway.hearing import Ear
from loopwright.models.retry import Failure

if TYPE_CHECKING:
    import httpx2

TALKS = 32
"""Connections of a lab's that are served at once."""
_PATIENCE = 600.0
"""Seconds without a byte from the far side: an answer that isn't streamed may take minutes to begin."""
_CONNECT = 10.0
_MOST_SAID = 1 << 20

_ASKING = ("content-type", "accept", "user-agent", "anthropic-version", "anthropic-beta", "openai-beta")
"""The headers of a request that go further. Whose account, which host and which key is none of a lab's business."""
_ANSWERING = ("content-type", "retry-after", "retry-after-ms", "x-should-retry", "request-id", "x-request-id")
_ANSWERING_TOO = ("anthropic-ratelimit-", "x-ratelimit-")
_LONGEST_HEADER = 4096


class Out(Protocol):
    """The lab's end of the talk. Raises OSError when there is nobody any more."""

    def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None: ...
    def begin(self, status: int, headers: Mapping[str, str]) -> None: ...
    def piece(self, data: bytes) -> None: ...
    def end(self) -> None: ...
    def hang_up(self) -> None: ...


@dataclass
class Passed:
    """What became of one request."""

    ear: Ear
    status: int | None = None
    size: int = 0  # bytes of the answer
    failure: Failure | None = None  # why there was no answer, or none to its end
    unheard: bool = False  # it went out, and may have been answered
    last: Callable[[], None] = lambda: None  # says the answer's end; to be called once it is counted


@dataclass
class Line:
    """The connections to the far side."""

    client: httpx2.Client = field(default_factory=lambda: _client())

    def close(self) -> None:
        self.client.close()

    def passed(
        self, api: Api, upstream: Upstream, query: str, headers: Mapping[str, str], data: bytes, streams: bool, out: Out
    ) -> Passed:
        """Pass one request on, and its answer back. Whatever goes wrong is in what is returned: nothing is retried."""
        import httpx2

        done = Passed(Ear(api.form, streams))
        sent = {**_kept(headers), **api.credentials(upstream), "accept-encoding": "identity"}
        try:
            request = self.client.build_request("POST", api.address(upstream, query), content=data, headers=sent)
            with contextlib.closing(self.client.send(request, stream=True)) as response:
                done.status = response.status_code
                self._back(response, upstream, done, out)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, RuntimeError) as problem:
            # RuntimeError: the session is over, and the client was closed meanwhile.
            done.failure = Failure("connection", _said(problem, upstream.key))
            # A stream begins at once. An answer in one piece is made before the first byte of it comes.
            cut_off = isinstance(problem, httpx2.ReadTimeout | httpx2.ReadError | httpx2.RemoteProtocolError)
            done.unheard = cut_off and done.status is None and not streams
            told = refusal(502, f"the model's endpoint can't be reached: {done.failure}")
            nothing_yet = done.status is None
            done.last = (
                (lambda: out.whole(502, {"content-type": "application/json"}, told)) if nothing_yet else out.hang_up
            )
        except OSError:  # the lab's end went away
            done.last = out.hang_up
        return done

    def _back(self, response: httpx2.Response, upstream: Upstream, done: Passed, out: Out) -> None:
        headers = dict(_told(response.headers))
        if response.status_code >= 300:
            body = _bounded(response).replace(upstream.key.encode(), b"[the key]")
            done.size = len(body)
            done.failure = _failure(body, response)
            status = response.status_code
            done.last = lambda: out.whole(status, headers, body)
            return
        done.ear.streams = "event-stream" in headers.get("content-type", "")
        there = _told_on(lambda: out.begin(response.status_code, headers), done)
        for piece in response.iter_bytes():
            done.size += len(piece)
            done.ear.hear(piece)  # first: what was said is paid for, also when nobody is there to hear it
            there = there and _told_on(functools.partial(out.piece, piece), done)
        done.last = out.end if there else out.hang_up


def _told_on(tell: Callable[[], None], done: Passed) -> bool:
    """Whether the lab's end took it. Who hangs up on an answer that isn't streamed has it all the same: it is made and
    paid for by now, and is heard to its end for what it cost. A stream ends where nobody listens any more."""
    try:
        tell()
    except OSError:
        if done.ear.streams:
            raise
        return False
    return True


def _client() -> httpx2.Client:
    """A pool of connections; proxies and certificates as the environment says. It follows no redirect with the key, and
    carries no cookie from one call into the next."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx2

    none = CookieJar(DefaultCookiePolicy(allowed_domains=()))

    timeout = httpx2.Timeout(_PATIENCE, connect=_CONNECT)
    return httpx2.Client(timeout=timeout, limits=httpx2.Limits(max_connections=TALKS), cookies=none)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that go further, as far as they are what a header may be."""
    found = {name.lower(): value for name, value in headers.items()}
    plain = {name: found[name] for name in _ASKING if name in found}
    return {name: v for name, v in plain.items() if v.isascii() and v.isprintable() and len(v) < _LONGEST_HEADER}


def _told(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if name.lower() in _ANSWERING or name.lower().startswith(_ANSWERING_TOO):
            yield name.lower(), value


def _bounded(response: httpx2.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > _MOST_SAID:
            break
    return bytes(body[:_MOST_SAID])


def _failure(body: bytes, response: httpx2.Response) -> Failure:
    """What the far side says of its no."""
    try:
        error = json.loads(body)["error"]
        kind, message = str(error["type"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        kind, message = "http_error", body[:500].decode(errors="replace")
    return Failure(kind, message[:2000], response.status_code, response.headers.get("retry-after"))


def _said(problem: Exception, key: str) -> str:
    return f"{type(problem).__name__}: {problem}".replace(key, "[the key]")[:500]

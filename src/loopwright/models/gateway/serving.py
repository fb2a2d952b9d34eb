"""The lab's side: HTTP on a loopback port and on a unix socket, bounded in every direction."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseServer, ThreadingMixIn, ThreadingTCPServer, ThreadingUnixStreamServer
from typing import Any, Protocol

from loopwright.models.gateway.apis import refusal
from loopwright.models.gateway.forwarding import TALKS, Out

LARGEST = 32 << 20
"""Bytes of a request, as the Messages API itself has it."""
_PIECE = 1 << 16
_DIGITS = 12
TOGETHER = 64 << 20
"""Bytes of all requests that are read, judged and passed on at once; twice that in memory, as each is written anew."""
_PATIENCE = 60.0
"""Seconds that a request waits until there is room for its body."""
_IDLE = 120.0
"""Seconds that a connection may say nothing, or take nothing."""
_JSON = {"content-type": "application/json"}


class Answers(Protocol):
    """Who answers what was let in."""

    def knows(self, path: str) -> bool: ...

    def answer(self, path: str, query: str, headers: Mapping[str, str], data: bytes, out: Out) -> None: ...


@dataclass
class Room:
    """How many bytes of bodies there is room for. Who doesn't find any waits a while."""

    left: int = TOGETHER
    closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextlib.contextmanager
    def taken(self, size: int) -> Iterator[bool]:
        """Whether so many bytes found room until the block ends."""
        with self._changed:
            found = self._changed.wait_for(lambda: self.closed or size <= self.left, _PATIENCE) and not self.closed
            self.left -= size if found else 0
        try:
            yield found
        finally:
            with self._changed:
                self.left += size if found else 0
                self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


@dataclass
class Porter:
    """Who is let in: whoever has the token, and not more than so many at once."""

    token: str = field(repr=False)
    answers: Answers = field(repr=False)
    talks: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(TALKS))
    open: set[socket.socket] = field(default_factory=set)
    room: Room = field(default_factory=Room)

    def lets_in(self, headers: Mapping[str, str]) -> bool:
        told = {name.lower(): value for name, value in headers.items()}
        keys = (told.get("x-api-key", ""), told.get("authorization", "").removeprefix("Bearer "))
        return any(compare_digest(key.encode(), self.token.encode()) for key in keys)

    def hang_up(self) -> None:
        """End every talk that goes on."""
        self.room.close()
        for talk in tuple(self.open):
            with contextlib.suppress(OSError):
                talk.shutdown(socket.SHUT_RDWR)


class _Serving(ThreadingMixIn):
    """What both servers have: few talks at once, and ends of talks that are no news."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    porter: Porter

    def process_request(self, request: Any, client_address: Any) -> None:
        if self.porter.talks.acquire(blocking=False):
            self.porter.open.add(request)
            super().process_request(request, client_address)
        else:
            request.close()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.porter.open.discard(request)
            self.porter.talks.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A lab that goes away in the middle is no news; everything else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[misc]


class ByPort(_Serving, ThreadingTCPServer):
    def __init__(self, porter: Porter) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.porter = porter

    def get_request(self) -> tuple[socket.socket, Any]:
        talk, address = super().get_request()
        talk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)  # else a small piece waits for the last one's ack
        return talk, address


class ByPath(_Serving, ThreadingUnixStreamServer):
    def __init__(self, porter: Porter, path: Path) -> None:
        super().__init__(str(path), _Talk)
        self.porter = porter
        path.chmod(0o666)  # a lab's commands may run as somebody else; as at the port, the token says who may ask


class _Talk(BaseHTTPRequestHandler):
    """One connection. Fits `forwarding.Out`."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "loopwright", ""
    timeout = _IDLE
    server: Any

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: what is kept is in the session's transcript."""

    # The names that http.server looks for:
    def do_GET(self) -> None:
        if self._let_in(self.path.partition("?")[0] == "/"):
            self.whole(200, _JSON, b"{}")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        path, _, query = self.path.partition("?")
        answers = self.server.porter.answers
        if not self._let_in(answers.knows(path)) or (length := self._bounded()) is None:
            return
        with self.server.porter.room.taken(length) as found:
            if found:
                answers.answer(path, query, dict(self.headers.items()), self.rfile.read(length), self)
            else:
                self._refuse(429, f"the bodies of other requests fill the {TOGETHER} bytes that there are for all")

    def do_PUT(self) -> None:
        self._let_in(False)

    do_DELETE = do_PATCH = do_OPTIONS = do_PUT

    def _let_in(self, known: bool) -> bool:
        """Whether this request may come in; else it is told why not."""
        if not self.server.porter.lets_in(dict(self.headers.items())):
            self._refuse(401, "this endpoint is for one session's agent, which has its token")
        elif not known:
            self._refuse(404, f"{self.command} {self.path[:200]} isn't passed on")
        else:
            return True
        return False

    @property
    def _length(self) -> int | None:
        """The body's bytes, as the request says; None when it doesn't. A number of 5,000 digits isn't worked out."""
        told = self.headers.get("content-length", "")
        if not told.isdecimal():
            return None
        return int(told) if len(told) < _DIGITS else LARGEST + 1

    def _bounded(self) -> int | None:
        """The bytes of the request's body; None when it is refused."""
        if (length := self._length) is None:
            self._refuse(411, "a request has a content-length here")
        elif length > LARGEST:
            self._refuse(413, f"a request has at most {LARGEST} bytes")
        else:
            return length
        return None

    def _refuse(self, status: int, why: str) -> None:
        self.close_connection = True
        left = self._length or 0
        while 0 < left <= LARGEST and (read := len(self.rfile.read(min(left, _PIECE)))):
            left -= read  # an end with bytes unread would take the answer back
        self.whole(status, _JSON, refusal(status, why))

    # -------------------------------------------------------------- Out

    def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._begin(status, {**headers, "content-length": str(len(body))})
        if self.command != "HEAD":
            self.wfile.write(body)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        if self.request_version == "HTTP/1.1":
            self._begin(status, {**headers, "transfer-encoding": "chunked"})
        else:
            self.close_connection = True
            self._begin(status, headers)

    def piece(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if self.request_version == "HTTP/1.1" else data)

    def end(self) -> None:
        if self.request_version == "HTTP/1.1":
            self.wfile.write(b"0\r\n\r\n")

    def hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()


@contextlib.contextmanager
def served(porter: Porter, path: Path) -> Iterator[int]:
    """Serve until the block ends; the port."""
    with contextlib.ExitStack() as stack:
        by_port = stack.enter_context(ByPort(porter))
        servers: tuple[BaseServer, ...] = (by_port, stack.enter_context(ByPath(porter, path)))
        for server in servers:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield int(by_port.server_address[1])

"""The HTTP side of a scripted endpoint: JSON and streams of events, and every way in which they break."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from loopwright.backends.script import Fault, Turn
from loopwright.testing import responses, wire
from loopwright.testing.register import Answering, Asked, Endpoint

_LONGEST_BODY = 64 << 20
KEYS = ("x-api-key", "authorization")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, endpoint: Endpoint) -> None:
        super().__init__(("127.0.0.1", port), _Talk)
        self.endpoint = endpoint
        endpoint.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news; everything else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each small write waits for the client's delayed acknowledgement
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: the endpoint's `requests` say it all."""

    # The names that http.server looks for:
    def do_GET(self) -> None:
        endpoint = self.server.endpoint
        self._json(200, {"scripted": True, "answered": endpoint.answered, "seconds": endpoint.seconds})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        began = time.perf_counter()
        data = self.rfile.read(min(int(self.headers.get("content-length") or 0), _LONGEST_BODY))
        path = self.path.split("?")[0].rstrip("/")
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        if self._responds and isinstance(body, dict):
            body = responses.as_conversation(body)
        if problem := self._refused(path, body):
            self._json(*problem)
        elif path.endswith("/count_tokens"):
            self._json(200, {"input_tokens": len(data) // 4})
        else:
            headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in KEYS}
            try:
                self._say(self.server.endpoint.answer(headers, body, len(data)))
            finally:
                self.server.endpoint.ended(time.perf_counter() - began)

    @property
    def _responds(self) -> bool:
        """Whether this is a request by the Responses API."""
        return self.path.partition("?")[0] == responses.PATH

    def _refused(self, path: str, body: object) -> tuple[int, dict[str, Any]] | None:
        if path not in ("/v1/messages", "/v1/messages/count_tokens", responses.PATH):
            return 404, wire.error_body("not_found_error", f"there is nothing at {path}")
        bearer = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        key, wanted = self.headers.get("x-api-key") or bearer, self.server.endpoint.key
        if not key or (wanted is not None and key != wanted):
            return 401, wire.error_body("authentication_error", "invalid x-api-key")
        if not isinstance(body, dict) or not body.get("messages") or not body.get("model"):
            return 400, wire.error_body("invalid_request_error", "no JSON object with model and messages")
        return None

    def _say(self, said: Answering) -> None:
        fault, closing = said.fault, self.server.endpoint.closing
        if fault.kind in wire.STATUSES:
            status, kind, text = wire.STATUSES[fault.kind]
            after = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after}"}
            self._json(status, wire.error_body(kind, text), after)
        elif said.turn is None or said.whole is None:
            what = f"the script has no turn {said.asked.place + 1} for the role {said.asked.role!r}"
            self._json(400, wire.error_body("invalid_request_error", f"{what}: {said.asked.first[:200]}"))
        elif fault.kind == "drop":
            self._hang_up()
        elif fault.kind == "page":
            self._bytes(200, b"<html>a proxy's page</html>", "text/html")
        elif fault.kind == "hang":
            self._begin_stream()
            closing.wait(fault.seconds)
            self._hang_up()
        elif fault.kind in ("cut-text", "cut-json", "no-stop", "error-event"):
            self._break_off(said.whole, fault)
        else:
            closing.wait(fault.seconds if fault.kind == "slow" else 0)
            self._turn(said.asked, said.turn, said.whole)

    def _turn(self, asked: Asked, turn: Turn, whole: dict[str, Any]) -> None:
        if not asked.body.get("stream"):
            self._json(200, responses.whole(whole) if self._responds else whole)
            return
        self._begin_stream()
        self._stream(responses.events(whole) if self._responds else wire.events(whole, turn))
        self._end_stream()

    def _break_off(self, whole: dict[str, Any], fault: Fault) -> None:
        self._begin_stream()
        self._stream(wire.broken_events(whole, fault))
        if fault.kind in ("no-stop", "error-event"):
            self._end_stream()
        else:
            self._hang_up()

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _stream(self, events: Iterable[wire.Event]) -> None:
        """The events, each a chunk of its own, in one write: this model takes no time."""
        pieces = [wire.sse(event) for event in events]
        self.wfile.write(b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces))

    def _end_stream(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _json(self, status: int, value: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self._bytes(status, json.dumps(value).encode(), "application/json", headers)

    def _bytes(self, status: int, data: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

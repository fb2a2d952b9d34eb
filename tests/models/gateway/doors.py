"""A gateway in front of a scripted endpoint, and a far side whose every byte a test decides."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anthropic

from loopwright.models.gateway import Gateway, Upstream, opened
from loopwright.models.gateway.door import Toll, free
from loopwright.testing import wire
from loopwright.testing.clock import FakeClock
from loopwright.testing.endpoint import Endpoint, scripted_endpoint
from loopwright.testing.script import Fault, Say, Session, Turn
from loopwright.vocabulary import Allowance

KEY = "sk-ant-real-0123456789abcdefghijklmnop"
MODEL = "claude-opus-5-5"
HELLO = Session(turns=[Turn(Say("Hello."))], repeat=True)


@dataclass
class Door:
    """An open gateway, what is behind it, and the transcript that it keeps."""

    gateway: Gateway
    far: Endpoint
    clock: FakeClock
    entries: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gateway.port}"

    def client(self, key: str | None = None) -> anthropic.Anthropic:
        return anthropic.Anthropic(api_key=key or self.gateway.token, base_url=self.url, max_retries=0)

    def ask(self, text: str = "Hi", *, max_tokens: int = 100, model: str = MODEL, **more: Any) -> Any:
        said: Any = [{"role": "user", "content": text}]
        return self.client().messages.create(model=model, max_tokens=max_tokens, messages=said, **more)

    def raw(self, head: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
        """(status, JSON) of a request whose every byte is given."""
        return spoken(socket.create_connection(("127.0.0.1", self.gateway.port), 10), head, body)

    def post(self, path: str, value: Mapping[str, Any], *headers: str) -> tuple[int, dict[str, Any]]:
        body = json.dumps(value).encode()
        known = (f"x-api-key: {self.gateway.token}", f"content-length: {len(body)}", *headers)
        return self.raw("\r\n".join([f"POST {path} HTTP/1.1", "host: x", *known]), body)

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["kind"] == "call"]


def spoken(talk: socket.socket, head: str, body: bytes) -> tuple[int, dict[str, Any]]:
    with talk:
        talk.sendall(f"{head}\r\nconnection: close\r\n\r\n".encode() + body)
        answer = b"".join(iter(lambda: talk.recv(65536), b""))
    first, _, rest = answer.partition(b"\r\n\r\n")
    rest = rest if b"chunked" not in first else b"".join(rest.split(b"\r\n")[1::2])
    return int(first.split()[1]), json.loads(rest) if rest else {}


@contextlib.contextmanager
def open_door(
    script: Sequence[Session] = (HELLO,),
    allowance: Allowance | None = None,
    *,
    far: str = "",
    before: Sequence[Mapping[str, Any]] = (),
    openai: str = "",
    toll: Toll = free,
) -> Iterator[Door]:
    """A gateway to a scripted endpoint, or to whatever serves at `far`."""
    clock, entries = FakeClock(), list[dict[str, Any]]()

    def keep(entry: Mapping[str, Any]) -> None:
        entries.append(json.loads(json.dumps(entry)))

    with scripted_endpoint(script, key=KEY) as endpoint:
        upstreams = {"anthropic": Upstream(far or endpoint.url, KEY)}
        upstreams |= {"openai": Upstream(openai, KEY)} if openai else {}
        may = allowance or Allowance(seconds=None)
        with opened(upstreams, may, clock, keep, model=MODEL, before=before, toll=toll) as gateway:
            yield Door(gateway, endpoint, clock, entries)


Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


@contextlib.contextmanager
def far_side(answer: Answer) -> Iterator[str]:
    """A server that answers every POST as a test wants it to."""

    class Talk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ends of talks are what some tests are about."""

    with Server(("127.0.0.1", 0), Talk) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def say_json(talk: BaseHTTPRequestHandler, value: Mapping[str, Any], status: int = 200, **headers: str) -> None:
    data = json.dumps(value).encode()
    talk.send_response(status)
    for name, told in {"content-type": "application/json", "content-length": str(len(data)), **headers}.items():
        talk.send_header(name, told)
    talk.end_headers()
    talk.wfile.write(data)


def message(text: str = "Hello.", **usage: Any) -> dict[str, Any]:
    """A whole message of the Messages API."""
    counts = {"input_tokens": 10, "output_tokens": 5, **usage}
    names = {"id": "msg", "type": "message", "role": "assistant", "model": MODEL, "stop_sequence": None}
    return {**names, "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": counts}


def stream(text: str = "Hello.") -> list[bytes]:
    """The same as the pieces of a stream."""
    return [wire.sse(event) for event in wire.events(message(text), Turn(Say(text)))]


def half(characters: int) -> bytes:
    """The beginning of a stream: a call of a tool, as far as so many characters."""
    begun = {"type": "content_block_start", "content_block": {"type": "tool_use", "id": "t", "name": "x", "input": {}}}
    delta = {"type": "input_json_delta", "partial_json": '{"a": "' + "x" * characters}
    events = [{**begun, "index": 0}, {"type": "content_block_delta", "index": 0, "delta": delta}]
    return stream()[0] + b"".join(map(wire.sse, events))


def begin_stream(talk: BaseHTTPRequestHandler) -> None:
    talk.send_response(200)
    talk.send_header("content-type", "text/event-stream")
    talk.send_header("connection", "close")
    talk.end_headers()
    talk.close_connection = True


def faults(*found: Fault) -> list[Session]:
    return [Session(turns=[Turn(Say("Hello."), faults=found)])]

"""What the gateway adds to a request, and to each piece of a stream, beside asking the model's endpoint directly."""

from __future__ import annotations

import contextlib
import http.client
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.results import Figure, Samples, Series, Taken, median, must, paired
from loopwright.clocks import SystemClock
from loopwright.journal.facts import Lines
from loopwright.models.gateway import Gateway, Upstream, opened
from loopwright.testing import wire
from loopwright.testing.script import Say, Turn
from loopwright.vocabulary import Allowance

ABOUT = (
    "One request after the other to an endpoint in the same process that answers at once, directly and through the "
    "gateway, with a transcript on disk; how long a stream's first piece takes from the request, and how long after "
    "its sending each piece arrives."
)
_KEY, _MODEL = "a-key", "claude-opus-5-5"
_APART = 0.005  # seconds between two pieces of a stream
_DIRECT, _THROUGH = "direct: request", "gateway: request"
_FIRST, _FIRST_THROUGH = "direct: first piece of a stream", "gateway: first piece of a stream"
_PIECE, _PIECE_THROUGH = "direct: a piece of a stream", "gateway: a piece of a stream"

_NAMES = (_DIRECT, _THROUGH, _FIRST, _FIRST_THROUGH, _PIECE, _PIECE_THROUGH)


def take(*, quick: bool) -> Taken:
    """Rounds that take turns: a request directly, one through the gateway, and the same streamed."""
    rounds = 5 if quick else 200
    samples: dict[str, list[float]] = {name: [] for name in _NAMES}
    with _far_side() as far, tempfile.TemporaryDirectory() as folder:
        lines = Lines(Path(folder) / "transcript.jsonl")
        may = Allowance(turns=10 * rounds, seconds=None)
        url = f"http://127.0.0.1:{far.server_address[1]}"
        with opened({"anthropic": Upstream(url, _KEY)}, may, SystemClock(), lines.append) as door:
            _rounds(samples, far, door, rounds)
        calls = [entry for entry in lines.entries() if entry["kind"] == "call"]
        must(len(calls) > rounds and all(call["whole"] for call in calls), "each call is counted, and came whole")
    kept = {name: Series.of("s", values) for name, values in samples.items()}
    return Taken(kept, (f"{len(calls)} calls are in the transcript, each whole and with its usage",), _notes())


def _notes() -> tuple[str, ...]:
    return (
        "client, gateway and endpoint share one process and its lock, so a piece may wait for the threads of others.",
        "each request through the gateway writes two entries of a transcript, and waits for the disk twice.",
        f"a stream has {len(_pieces())} pieces, {_APART * 1000:g} ms apart, each stamped when it is sent.",
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Medians, and the gateway's by the direct ones."""
    return (
        median(samples, _DIRECT),
        median(samples, _THROUGH, headline=True),
        paired(samples, "a request through the gateway to a direct one", _THROUGH, _DIRECT, headline=True),
        median(samples, _FIRST),
        median(samples, _FIRST_THROUGH, headline=True),
        paired(samples, "the first piece through the gateway to a direct one", _FIRST_THROUGH, _FIRST, headline=True),
        median(samples, _PIECE),
        median(samples, _PIECE_THROUGH, headline=True),
    )


class _Far(ThreadingHTTPServer):
    """Answers every POST; `sent` has the moment at which each piece of the newest stream went out."""

    daemon_threads = True
    sent: list[float]


class _Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Far

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        if not body.get("stream"):
            self._whole()
            return
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.server.sent = []
        for piece in _pieces():
            self.server.sent.append(time.perf_counter())
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(_APART)
        self.wfile.write(b"0\r\n\r\n")

    def _whole(self) -> None:
        data = json.dumps(_message()).encode()
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def _message() -> wire.Event:
    usage = {"input_tokens": 10, "output_tokens": 5}
    names = {"id": "msg", "type": "message", "role": "assistant", "model": _MODEL, "stop_sequence": None}
    return {**names, "content": [{"type": "text", "text": "Hello."}], "stop_reason": "end_turn", "usage": usage}


def _pieces() -> list[bytes]:
    """The message as a stream."""
    return [wire.sse(event) for event in wire.events(_message(), Turn(Say("Hello, " * 20)))]


@contextlib.contextmanager
def _far_side() -> Iterator[_Far]:
    with _Far(("127.0.0.1", 0), _Talk) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _rounds(samples: dict[str, list[float]], far: _Far, door: Gateway, rounds: int) -> None:
    ways = (
        (_DIRECT, _FIRST, _PIECE, http.client.HTTPConnection("127.0.0.1", far.server_address[1])),
        (_THROUGH, _FIRST_THROUGH, _PIECE_THROUGH, http.client.HTTPConnection("127.0.0.1", door.port)),
    )
    for *_, talk in ways:  # the first one opens connections, and imports the HTTP client
        _asked(talk, door.token)
    for _ in range(rounds):
        for name, *_, talk in ways:
            samples[name].append(_asked(talk, door.token))
    for _ in range(max(rounds // 20, 1)):
        for _, first, piece, talk in ways:
            after, pieces = _streamed(talk, door.token, far)
            samples[first].append(after)
            samples[piece] += pieces


def _ask(talk: http.client.HTTPConnection, token: str, *, stream: bool) -> http.client.HTTPResponse:
    said = {"model": _MODEL, "max_tokens": 100, "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}
    talk.request("POST", "/v1/messages", json.dumps(said), {"x-api-key": token, "content-type": "application/json"})
    answer = talk.getresponse()
    must(answer.status == 200, f"an answer, not {answer.status}")
    return answer


def _asked(talk: http.client.HTTPConnection, token: str) -> float:
    """Seconds from a request to its whole answer."""
    began = time.perf_counter()
    must(json.loads(_ask(talk, token, stream=False).read())["stop_reason"] == "end_turn", "a whole answer")
    return time.perf_counter() - began


def _streamed(talk: http.client.HTTPConnection, token: str, far: _Far) -> tuple[float, list[float]]:
    """Seconds from the request to its first piece, and from the sending of each piece to its arrival."""
    began = time.perf_counter()
    answer = _ask(talk, token, stream=True)
    heard: list[float] = []
    while line := answer.readline():
        if line.startswith(b"data:"):
            heard.append(time.perf_counter())
    must(len(heard) == len(far.sent), f"{len(far.sent)} pieces, not {len(heard)}")
    return heard[0] - began, [arrived - sent for arrived, sent in zip(heard, far.sent, strict=True)]

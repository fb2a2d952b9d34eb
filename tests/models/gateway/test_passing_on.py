"""The gateway between a real client and a far side: what goes through, and how."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import anthropic
import httpx2
import pytest

from loopwright.testing.frontdoor import until
from loopwright.testing.script import Call, Fault, Say, Session, Turn

from .doors import (
    KEY,
    MODEL,
    begin_stream,
    far_side,
    faults,
    half,
    message,
    open_door,
    say_json,
    spoken,
    stream,
)


def test_an_answer_comes_back_as_it_was_said_and_the_key_is_added_on_the_way() -> None:
    with open_door() as door:
        assert door.ask().content[0].text == "Hello."
        assert door.far.requests[0].model == MODEL
        told = json.dumps([dict(door.far.requests[0].headers), door.entries])
    assert KEY not in told
    assert door.gateway.token not in told


def test_a_stream_comes_back_event_by_event() -> None:
    session = Session(turns=[Turn(Say("Let me look."), Call("bash", command="ls -la"))])
    with open_door([session]) as door:
        events = list(door.ask(stream=True))
    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
    pieces = [event.delta for event in events if event.type == "content_block_delta"]
    assert (
        "".join(piece.partial_json for piece in pieces if piece.type == "input_json_delta") == '{"command": "ls -la"}'
    )


def test_the_first_piece_arrives_before_the_last_is_sent() -> None:
    """The far side holds its last pieces back until the client says that it has the first."""
    heard = threading.Event()

    def slowly(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        pieces = stream()
        begin_stream(talk)
        talk.wfile.write(pieces[0])
        assert heard.wait(10), "the first piece was kept back"
        talk.wfile.write(b"".join(pieces[1:]))

    with far_side(slowly) as far, open_door(far=far) as door, door.ask(stream=True) as events:
        first = next(iter(events))
        heard.set()
        rest = [event.type for event in events]
    assert (first.type, rest[-1]) == ("message_start", "message_stop")
    assert door.calls[0]["whole"]


def test_tokens_can_be_counted_for_nothing() -> None:
    with open_door() as door:
        counted = door.client().messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "Hi"}])
        assert counted.input_tokens > 0
        assert door.entries == []


def test_the_unix_socket_is_the_same_door() -> None:
    body = json.dumps({"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}).encode()
    with open_door() as door:
        for token, expected in ((door.gateway.token, 200), ("wrong", 401)):
            talk = socket.socket(socket.AF_UNIX)
            talk.connect(str(door.gateway.socket))
            head = (
                f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {len(body)}"
            )
            status, answer = spoken(talk, head, body)
            assert (status, "content" in answer) == (expected, expected == 200)
        place = door.gateway.socket.parent
        assert place.stat().st_mode & 0o777 == 0o755  # a lab's commands may run as somebody else
    assert not place.exists()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault("rate-limit", retry_after=7), 429),
        (Fault("overloaded"), 529),
        (Fault("server-error"), 500),
        (Fault("too-long"), 400),
        (Fault("not-found"), 404),
    ],
)
def test_a_no_of_the_far_side_is_handed_through_once_and_costs_nothing(fault: Fault, status: int) -> None:
    with open_door(faults(fault)) as door:
        with pytest.raises(anthropic.APIStatusError) as told:
            door.ask()
        assert told.value.status_code == status
        assert told.value.response.headers.get("retry-after") == (str(fault.retry_after) if fault.retry_after else None)
        assert len(door.far.requests) == 1
        assert door.gateway.purse.turns == 0
        assert door.ask().content[0].text == "Hello."
    assert [call["status"] for call in door.calls] == [status, 200]


@pytest.mark.parametrize("kind", ["drop", "cut-text", "cut-json"])
def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(kind: str) -> None:
    with open_door(faults(Fault(kind))) as door:
        with pytest.raises((httpx2.RemoteProtocolError, anthropic.InternalServerError)) as told:
            for _ in door.ask(stream=True):
                pass
        assert getattr(told.value, "status_code", 502) == 502
        until(lambda: door.calls)
    assert len(door.calls) == 1
    assert not door.calls[0]["whole"]
    assert door.calls[0]["failure"].startswith("connection")
    assert (door.calls[0]["usage"]["input"] > 0) == (kind != "drop")


def test_a_far_side_that_is_not_there_is_said_and_not_tried_again() -> None:
    with open_door(far="http://127.0.0.1:9") as door:
        with pytest.raises(anthropic.InternalServerError, match="can't be reached"):
            door.ask()
        assert door.gateway.failure is not None
        assert door.gateway.failure.passes
    assert len(door.calls) == 1


def test_a_key_that_the_far_side_says_back_is_taken_out() -> None:
    def parrot(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        wrong = f"invalid key {talk.headers['x-api-key']}"
        say_json(talk, {"type": "error", "error": {"type": "authentication_error", "message": wrong}}, 401)

    with far_side(parrot) as far, open_door(far=far) as door, pytest.raises(anthropic.AuthenticationError) as told:
        door.ask()
    assert KEY not in str(told.value)
    assert KEY not in json.dumps(door.entries)
    assert "invalid key [the key]" in str(told.value)


def test_only_headers_that_say_how_to_answer_go_further_and_come_back() -> None:
    seen: list[dict[str, str]] = []

    def look(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        seen.append({name.lower(): value for name, value in talk.headers.items()})
        say_json(talk, message(), 200, **{"set-cookie": "session=1", "request-id": "req_1", "server": "far"})

    told = (
        "cookie: a=b", "anthropic-version: 2023-06-01", "anthropic-beta: some-beta", "x-forwarded-for: 1.2.3.4",
        "openai-organization: other", "proxy-authorization: Basic x", "te: trailers",
    )  # fmt: skip
    with far_side(look) as far, open_door(far=far) as door:
        client = door.client().with_raw_response
        back = client.messages.create(model=MODEL, max_tokens=9, messages=[{"role": "user", "content": "Hi"}]).headers
        door.post("/v1/messages?beta=true", {"model": MODEL, "max_tokens": 9, "messages": []}, *told)
    assert {"set-cookie", "server"} & set(back) <= {"server"}
    assert back["request-id"] == "req_1"
    assert "far" not in back.get("server", "")
    kept = set(seen[1]) - {"host", "connection", "content-length", "accept-encoding"}
    assert kept == {"x-api-key", "anthropic-version", "anthropic-beta", "accept", "user-agent"} & kept
    assert seen[1]["x-api-key"] == KEY
    assert seen[1]["host"].startswith("127.0.0.1:")


def completions(talk: BaseHTTPRequestHandler, body: bytes) -> None:
    """OpenAI's two ways of answering, streamed when that is asked for."""
    asked = json.loads(body)
    assert talk.headers["authorization"] == f"Bearer {KEY}"
    assert talk.path in ("/v1/chat/completions", "/v1/responses")
    usage: dict[str, Any] = {
        "prompt_tokens": 30,
        "completion_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": 20},
    }
    if talk.path.endswith("responses"):
        usage = {"input_tokens": 30, "output_tokens": 4, "input_tokens_details": {"cached_tokens": 20}}
        item = {"type": "function_call", "name": "shell", "call_id": "c1", "arguments": '{"command": "ls"}'}
        whole = {"id": "r", "model": "gpt-x", "status": "completed", "output": [item], "usage": usage}
        events: list[Any] = [{"type": "response.created", "response": {"model": "gpt-x"}}]
        events += [{"type": "response.completed", "response": whole}]
    else:
        call = {"index": 0, "id": "c1", "function": {"name": "shell", "arguments": '{"command": "ls"}'}}
        choice = {"index": 0, "finish_reason": "tool_calls"}
        whole = {"model": "gpt-x", "choices": [{**choice, "message": {"tool_calls": [call]}}], "usage": usage}
        events = [{"model": "gpt-x", "choices": [{**choice, "finish_reason": None, "delta": {"tool_calls": [call]}}]}]
        events += [{"model": "gpt-x", "choices": [{**choice, "delta": {}}]}]
        if (asked.get("stream_options") or {}).get("include_usage"):
            events += [{"model": "gpt-x", "choices": [], "usage": usage}]
    if not asked.get("stream"):
        say_json(talk, whole)
        return
    begin_stream(talk)
    talk.wfile.write(b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events))


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
@pytest.mark.parametrize("streams", [False, True])
def test_openais_ways_are_passed_on_and_counted(path: str, streams: bool) -> None:
    with far_side(completions) as far, open_door(openai=f"{far}/v1") as door:
        body = json.dumps(
            {"model": "gpt-x", "stream": streams, "messages": [{"role": "user", "content": "Hi"}]}
        ).encode()
        talk = socket.create_connection(("127.0.0.1", door.gateway.port), 10)
        token = f"authorization: Bearer {door.gateway.token}"
        with talk:
            length = f"connection: close\r\ncontent-length: {len(body)}"
            talk.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\n{token}\r\n{length}\r\n\r\n".encode() + body)
            answer = b"".join(iter(lambda: talk.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    (call,) = door.calls
    assert (call["usage"]["input"], call["usage"]["cache_read"], call["usage"]["output"]) == (10, 20, 4)
    assert (call["usage"]["usd"], call["tools"], call["whole"]) == (None, ["shell"], True)
    assert "no price is known" in call["usage"]["unpriced"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_a_prompt_is_paid_also_where_its_count_would_have_come_at_the_end(path: str) -> None:
    """Who hangs up just before would else ask for nothing."""
    said: list[dict[str, Any]] = [{"choices": [{"delta": {"content": "x" * 400}}]}]
    if path == "/v1/responses":
        said = [{"type": "response.output_text.delta", "delta": "x"}]
        said += [{"type": "response.function_call_arguments.delta", "delta": "x" * 400}]

    def cut_off(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        begin_stream(talk)
        talk.wfile.write(b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in said))

    with far_side(cut_off) as far, open_door(openai=f"{far}/v1") as door:
        body = {"model": "gpt-x", "stream": True, "messages": [{"role": "user", "content": "y" * 2_000}]}
        with pytest.raises(json.JSONDecodeError):  # what was passed on of the stream
            door.post(path, body)
    usage = door.calls[0]["usage"]
    assert (usage["input"] > 1_000, 100 <= usage["output"] < 200) == (True, True)


def test_a_call_of_a_tool_that_breaks_off_is_paid_as_far_as_it_came() -> None:
    def cut_off(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        begin_stream(talk)
        talk.wfile.write(half(8_000))

    with far_side(cut_off) as far, open_door(far=far) as door:
        list(door.ask(stream=True))
    assert (door.calls[0]["usage"]["output"] > 2_000, door.calls[0]["tools"]) == (True, ["x"])


def test_without_a_key_for_it_an_api_is_refused_in_words() -> None:
    with open_door() as door:
        status, answer = door.post("/v1/responses", {"model": "gpt-x", "input": "Hi"})
    assert status == 403
    assert "OPENAI_API_KEY" in answer["error"]["message"]


def test_a_client_that_goes_away_ends_the_talk_and_what_was_said_is_paid() -> None:
    gone = threading.Event()

    def endless(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        pieces = stream("x" * 4000)
        begin_stream(talk)
        try:
            talk.wfile.write(b"".join(pieces[:4]))
            while not gone.wait(0.01):
                talk.wfile.write(b'event: ping\ndata: {"type": "ping"}\n\n')
        except OSError:
            gone.set()

    with far_side(endless) as far, open_door(far=far) as door:
        events = door.ask(stream=True)
        next(iter(events))
        events.close()
        assert until(gone.is_set), "the far side was left talking"
        assert until(lambda: door.calls)
    assert door.calls[0]["usage"]["output"] > 200
    assert door.calls[0]["usage"]["input"] == 10
    assert not door.calls[0]["whole"]


def test_an_answer_in_one_piece_is_paid_whole_also_when_nobody_waits_for_it() -> None:
    asked, gone = threading.Event(), threading.Event()

    def whole(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.set()
        assert gone.wait(10)
        say_json(talk, message("x" * 4_000_000, output_tokens=100_000))

    with far_side(whole) as far, open_door(far=far) as door:
        body = json.dumps({"model": MODEL, "max_tokens": 100_000, "messages": []}).encode()
        head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {door.gateway.token}"
        with socket.create_connection(("127.0.0.1", door.gateway.port), 10) as talk:
            talk.sendall(f"{head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            assert asked.wait(10)
        gone.set()
        until(lambda: door.calls)
    assert (door.calls[0]["usage"]["input"], door.calls[0]["usage"]["output"]) == (10, 100_000)

"""Who and what is let in, and what it may cost: each no is an answer that a client can read, with nothing sent on."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler
from typing import Any

import anthropic
import pytest

from loopwright.models.gateway import asking, serving, spent
from loopwright.models.gateway.apis import APIS
from loopwright.models.gateway.purse import Ceiling, Purse, Wish
from loopwright.testing.frontdoor import until
from loopwright.vocabulary import Allowance, Usage

from .doors import KEY, MODEL, Door, far_side, message, open_door, say_json

ASKED = {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


def far_from(door: Door) -> bool:
    """Whether nothing reached the far side, and nothing was spent."""
    return not door.far.requests and door.gateway.purse.spent.requests == 0


@pytest.mark.parametrize("token", ["", "wrong", KEY, "lw-"])
def test_who_has_no_token_is_refused(token: str) -> None:
    body = json.dumps(ASKED).encode()
    with open_door() as door:
        for name in (f"x-api-key: {token}", f"authorization: Bearer {token}"):
            head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\n{name}\r\ncontent-length: {len(body)}"
            status, told = door.raw(head, body)
            assert (status, told["error"]["type"]) == (401, "authentication_error")
        assert door.raw("HEAD / HTTP/1.1\r\nhost: x")[0] == 401
        assert far_from(door)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/messages/batches"),
        ("POST", "/v1/messages/../files"),
        ("POST", "/v1/complete"),
        ("POST", "http://elsewhere.example/v1/messages"),
        ("GET", "/v1/messages"),
        ("GET", "/v1/models"),
        ("DELETE", "/v1/files/1"),
        ("PUT", "/"),
        ("OPTIONS", "/v1/messages"),
    ],
)
def test_every_other_path_is_refused_with_its_name(method: str, path: str) -> None:
    with open_door() as door:
        head = f"{method} {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {door.gateway.token}\r\ncontent-length: 2"
        status, told = door.raw(head, b"{}")
        assert status == 404
        assert f"{method} {path}" in told["error"]["message"]
        assert far_from(door)


def test_a_look_whether_anybody_is_there_is_answered() -> None:
    with open_door() as door:
        for method in ("GET", "HEAD"):
            assert door.raw(f"{method} / HTTP/1.1\r\nhost: x\r\nx-api-key: {door.gateway.token}")[0] == 200


def test_a_body_without_end_or_past_the_limit_is_not_read() -> None:
    with open_door() as door:
        head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {door.gateway.token}"
        assert door.raw(f"{head}\r\ncontent-length: 99999999999")[0] == 413
        assert door.raw(f"{head}\r\ncontent-length: {'9' * 5_000}")[0] == 413
        assert door.raw(f"POST /elsewhere HTTP/1.1\r\nhost: x\r\ncontent-length: {'9' * 5_000}")[0] == 401
        assert door.raw(f"{head}\r\ncontent-length: -1")[0] == 411
        assert door.raw(f"{head}\r\ntransfer-encoding: chunked")[0] == 411
        assert far_from(door)


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"model": 3}', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with open_door() as door:
        head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {door.gateway.token}"
        status, told = door.raw(f"{head}\r\ncontent-length: {len(body)}", body)
        assert (status, told["error"]["type"]) == (400, "invalid_request_error")
        assert far_from(door)


@pytest.mark.parametrize(
    "odd",
    [
        {"n": "8"},
        {"n": 8.0},
        {"max_tokens": "90000"},
        {"max_completion_tokens": 9e4},
        {"max_tokens": -1},
        {"n": 10**400},
    ],
)
def test_a_number_of_answers_or_tokens_that_is_no_whole_number_is_refused(odd: dict[str, Any]) -> None:
    """A far side that takes it for one would give more than was set aside."""
    with open_door() as door:
        status, told = door.post("/v1/chat/completions", {**ASKED, **odd})
        assert (status, f"`{next(iter(odd))}` is a whole number" in told["error"]["message"]) == (400, True)
        assert far_from(door)


@pytest.mark.parametrize(
    ("path", "said", "sent"),
    [
        ("/v1/chat/completions", {"max_output_tokens": 7}, {"max_output_tokens": 7, "max_completion_tokens": 7}),
        ("/v1/responses", {"max_tokens": 7}, {"max_tokens": 7, "max_output_tokens": 7}),
        ("/v1/chat/completions", {"max_tokens": 7}, {"max_tokens": 7}),
        ("/v1/responses", {"max_output_tokens": 7}, {"max_output_tokens": 7}),
        ("/v1/responses", {"max_output_tokens": None}, {"max_output_tokens": None}),
    ],
)
def test_an_answer_is_bounded_by_the_name_that_its_api_knows(
    path: str, said: dict[str, Any], sent: dict[str, Any]
) -> None:
    """Else a far side that passes over the other name would answer at any length, and seven tokens are set aside."""
    asked = asking.read(json.dumps({"model": MODEL, "input": "Hi", **said}).encode())
    body = json.loads(asked.within(asked.wish(date(2026, 1, 1)).most, APIS[path]).data)
    assert {name: value for name, value in body.items() if name.startswith("max")} == sent


@pytest.mark.parametrize("many", [b"{}," * 200_000, b"[" * 200_001, b"1," * 500_000])
def test_a_body_that_takes_many_times_its_size_to_read_is_refused(many: bytes) -> None:
    body = json.dumps(ASKED).encode()[:-1] + b', "x": [' + many + b"1]}"
    with open_door() as door:
        head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {door.gateway.token}"
        status, told = door.raw(f"{head}\r\ncontent-length: {len(body)}", body)
        assert (status, "200000 brackets or 500000 commas" in told["error"]["message"]) == (400, True)
        assert far_from(door)


def test_of_two_large_bodies_one_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps({**ASKED, "system": "x" * (1 << 20)}).encode()
    begun, going_on, reading = list[bytes](), threading.Event(), asking._asked

    def slowly(data: bytes) -> asking.Asked:
        begun.append(data)
        assert going_on.wait(10)
        return reading(data)

    monkeypatch.setattr(asking, "_asked", slowly)
    with ThreadPoolExecutor(3) as pool:
        large = [pool.submit(asking.read, body) for _ in range(2)]
        until(lambda: body in begun)
        small = pool.submit(asking.read, json.dumps(ASKED).encode())
        until(lambda: len(begun) == 2, what="a small one doesn't wait")
        assert begun.count(body) == 1
        going_on.set()
        assert [one.result(10).model for one in (*large, small)] == [MODEL] * 3


def test_bodies_wait_until_there_is_room_for_them_and_are_refused_when_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of three bodies of 30 MB, two are held at once."""
    flying, going_on = [0], threading.Semaphore(0)

    def slowly(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        flying[0] += 1
        assert going_on.acquire(timeout=20)
        say_json(talk, message())

    large = {**ASKED, "system": "x" * (30 << 20)}
    with far_side(slowly) as far, open_door(far=far) as door, ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(door.post, "/v1/messages", large) for _ in range(2)]
        until(lambda: flying[0] == 2)
        monkeypatch.setattr(serving, "_PATIENCE", 0.1)
        status, answer = door.post("/v1/messages", large)
        assert (status, answer["error"]["type"]) == (429, "rate_limit_error")
        assert "the bodies of other requests fill the 67108864 bytes" in answer["error"]["message"]
        monkeypatch.setattr(serving, "_PATIENCE", 20)
        asking += [pool.submit(door.post, "/v1/messages", large), pool.submit(door.post, "/v1/messages", ASKED)]
        until(lambda: flying[0] == 3, what="a small one has room")
        going_on.release(4)
        assert [one.result()[0] for one in asking] == [200] * 4
    assert len(door.calls) == 4


def test_nobody_waits_for_room_when_the_session_is_over() -> None:
    room = serving.Room(left=10)
    with room.taken(10) as first, ThreadPoolExecutor(1) as pool:
        assert first
        waiting = pool.submit(lambda: room.taken(1).__enter__())
        room.close()
        assert not waiting.result(5)


PICTURE = {"type": "image", "source": {"type": "url", "url": "https://elsewhere.example/?secret"}}
INLINE = {"type": "tool_definition", "definition": {"type": "web_search_20250305", "name": "web_search"}}


@pytest.mark.parametrize(
    "more",
    [
        {"mcp_servers": [{"type": "url", "url": "https://elsewhere.example", "name": "x"}]},
        {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]},
        {"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]},
        {"tools": [{"name": "own"}, {"type": "mcp", "server_url": "https://elsewhere.example"}]},
        {"tools": [{"type": "namespace", "name": "x", "tools": [{"type": "web_search"}]}]},
        {"background": True},
        {"web_search_options": {}},
        {"model": "gpt-4o-search-preview"},
        {"tools": [{"type": "shell", "environment": {"type": "container_auto"}}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_addition", "tool": INLINE}]}]},
        {"input": [{"type": "tool_search_output", "tools": [{"type": "web_search"}]}]},
        {
            "input": [
                {"type": "computer_call_output", "output": {"type": "computer_screenshot", "image_url": "https://e"}}
            ]
        },
        {"messages": [{"role": "user", "content": [PICTURE]}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [PICTURE]}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://e.example"}}]}]},
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "https://e.example"}]}]},
    ],
)
def test_nothing_reaches_further_than_the_model_through_the_far_side(more: dict[str, Any]) -> None:
    with open_door() as door:
        status, told = door.post("/v1/messages", {**ASKED, **more})
        assert status == 400
        assert "a lab reaches the model" in told["error"]["message"]
        assert far_from(door)


@pytest.mark.parametrize(
    "more",
    [
        {"thread": {"type": "continue", "previous_message_id": "msg_1"}},
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"prompt": {"id": "pmpt_1"}},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
        {"fallbacks": [{"model": "claude-fable-5-1", "max_tokens": 64_000}]},
        {"speed": "fast"},
    ],
)
def test_what_cannot_be_counted_before_it_is_asked_is_refused(more: dict[str, Any]) -> None:
    with open_door() as door:
        status, told = door.post("/v1/messages", {**ASKED, **more})
        assert (status, "isn't passed on: what" in told["error"]["message"]) == (400, True)
        assert far_from(door)
        assert (
            door.post("/v1/messages", {**ASKED, "speed": "standard", "mcp_servers": [], "background": False})[0] == 200
        )


def test_of_a_name_that_is_given_twice_only_what_was_looked_at_goes_on() -> None:
    """Which of the two counts, each reader of JSON decides for itself."""
    asked = list[bytes]()

    def answer(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.append(body)
        say_json(talk, message())

    said = {**ASKED, "messages": [{"role": "user", "content": "é \U0001f600 \ud83d"}]}
    plain = json.dumps(said).encode()
    twice = b'{"max_tokens": 64000, "mcp_servers": [{"url": "https://elsewhere.example"}], "mcp_servers": null, '
    with far_side(answer) as far, open_door(far=far) as door:
        head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {door.gateway.token}"
        body = twice + plain[1:]
        assert door.raw(f"{head}\r\ncontent-length: {len(body)}", body)[0] == 200
    assert (asked[0].count(b"max_tokens"), asked[0].count(b"mcp_servers")) == (1, 1)
    assert json.loads(asked[0]) == {**said, "mcp_servers": None}


def test_tools_that_the_agent_runs_itself_and_pictures_by_their_bytes_pass() -> None:
    tools = [
        {"name": "own", "input_schema": {}},
        {"type": "bash_20250124", "name": "bash"},
        {"type": "custom", "name": "x"},
    ]
    tools.append({"type": "namespace", "name": "agents", "tools": [{"type": "function", "name": "wait"}]})
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 3_000_000}}
    said = [{"role": "user", "content": [picture, {"type": "text", "text": "see https://elsewhere.example"}]}]
    with open_door(allowance=Allowance(tokens=20_000, seconds=None)) as door:
        assert door.post("/v1/messages", {**ASKED, "tools": tools, "messages": said})[0] == 200


def test_a_text_is_no_picture_because_a_tool_was_called_with_what_looks_like_one() -> None:
    """A picture counts as 5,000 tokens, whatever its bytes; what a tool was called with is read as text."""
    call = {
        "type": "tool_use",
        "id": "t",
        "name": "x",
        "input": {"type": "image", "source": {"data": "word " * 99_999}},
    }
    with open_door(allowance=Allowance(tokens=20_000, seconds=None)) as door:
        status, told = door.post("/v1/messages", {**ASKED, "messages": [{"role": "assistant", "content": [call]}]})
        assert (status, "20000 tokens are left" in told["error"]["message"]) == (403, True)
        assert far_from(door)


# ---------------------------------------------------------------- the budget


@pytest.mark.parametrize(
    ("part", "alone"),
    [
        ({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}}, True),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hi"}}, False),
        ({"type": "input_file", "file_data": "data:application/pdf;base64,JVBERi0="}, True),
        ({"type": "text", "text": "Hi"}, False),
    ],
)
def test_what_has_pages_is_asked_about_alone(part: dict[str, Any], alone: bool) -> None:
    """Its bytes tell nothing of its tokens: many at once would each be let in by a ceiling of next to nothing."""
    body = {**ASKED, "messages": [{"role": "user", "content": [part]}]}
    wish = asking.read(json.dumps(body).encode()).wish(date(2026, 1, 1))
    purse = Purse(Allowance(seconds=None), lambda: 0.0, 0.0)
    other = Wish(Ceiling(1), Ceiling(1))
    for first, second in ((wish, other), (other, wish)):
        number, _ = purse.reserve(first)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(purse.reserve, second)
            if alone:
                with pytest.raises(TimeoutError):
                    waiting.result(0.1)
            else:
                waiting.result(5)
            purse.settle(number, Usage())
            purse.settle(waiting.result(5)[0], Usage())


def test_an_answer_without_a_limit_may_be_as_long_as_any() -> None:
    asked = asking.read(json.dumps({"model": "gpt-x", "input": "Hi"}).encode())
    assert asked.wish(date(2026, 1, 1)).most.tokens > 128_000


@pytest.mark.parametrize(
    ("allowance", "word"),
    [
        (Allowance(turns=0), "max-turns"),
        (Allowance(tokens=1_000), "tokens"),
        (Allowance(usd=0.02), "dollars"),  # 1,000 tokens of an answer are $0.02; there is a prompt, too
        (Allowance(seconds=0), "time"),
    ],
)
def test_a_call_that_cannot_fit_is_refused_before_it_is_made(allowance: Allowance, word: str) -> None:
    with open_door(allowance=allowance) as door:
        with pytest.raises(anthropic.PermissionDeniedError, match=word):
            door.ask(max_tokens=1_000)
        assert far_from(door)
        assert door.gateway.refused is not None
        assert door.gateway.refused.word == word
    assert [(call["refused"], "usage" in call) for call in door.calls] == [(word, False)]


def test_what_answers_cost_is_gone_and_the_next_call_that_fits_is_let_in() -> None:
    with open_door(allowance=Allowance(tokens=2_000, seconds=None)) as door:
        door.ask(max_tokens=1_500)
        used = door.gateway.purse.spent
        assert used.requests == 1
        assert 0 < used.tokens < 500
        assert used.usd == pytest.approx((used.input * 4 + used.output * 20) / 1e6)
        with pytest.raises(anthropic.PermissionDeniedError, match=f"{2_000 - used.tokens} tokens are left"):
            door.ask("Hi" * 2_000, max_tokens=2_000)
        door.ask(max_tokens=1_000)
        assert door.gateway.refused is None
    assert spent(door.entries) == door.gateway.purse.spent


@pytest.mark.parametrize(("usd", "longest"), [(0.0500, 2_000), (0.0300, 1_450), (0.0212, 1_024)])
def test_an_answer_is_as_long_as_the_rest_can_pay_for(usd: float, longest: int) -> None:
    with open_door(allowance=Allowance(usd=usd, seconds=None)) as door:
        door.ask(max_tokens=2_000)
        (asked,) = door.far.requests
        assert asked.body["max_tokens"] == pytest.approx(longest, abs=40)
        if longest < 2_000:
            with pytest.raises(anthropic.PermissionDeniedError, match="dollars"):
                door.ask(max_tokens=2_000, thinking={"type": "enabled", "budget_tokens": 1_900})
    assert len(door.far.requests) == 1


def test_each_of_several_answers_counts_and_is_cut() -> None:
    def answers(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.append(json.loads(body))
        say_json(talk, {"model": MODEL, "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 9}})

    asked: list[dict[str, Any]] = []
    ask = {"model": MODEL, "messages": [], "n": 3}
    with far_side(answers) as far, open_door(openai=far, allowance=Allowance(tokens=9_000, seconds=None)) as door:
        status, _ = door.post("/v1/chat/completions", {**ask, "max_tokens": 5_000})
        assert (status, asked[0]["max_tokens"]) == (200, pytest.approx(2_990, abs=10))
        status, _ = door.post("/v1/chat/completions", ask)
        assert (status, asked[1]["max_completion_tokens"]) == (200, pytest.approx(2_980, abs=10))
        assert door.post("/v1/chat/completions", {**ask, "n": 9})[0] == 403


def test_a_model_of_unknown_price_slips_past_no_dollar_ceiling_unless_it_is_the_roles_own() -> None:
    with open_door(allowance=Allowance(usd=5, seconds=None)) as door:
        with pytest.raises(anthropic.PermissionDeniedError, match="price of dear-one isn't known"):
            door.ask(model="dear-one")
        door.gateway.model = "dear-one"
        assert door.ask(model="dear-one").content[0].text == "Hello."
        assert door.gateway.purse.spent.usd is None
        assert "no price is known" in str(door.gateway.purse.spent.unpriced)


def test_an_answer_from_a_model_by_another_name_costs_what_the_one_that_was_asked_does() -> None:
    """Else a proxy with names of its own would have no ceiling of dollars bind."""

    def renamed(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        say_json(talk, {**message(input_tokens=1_000), "model": "vendor.claude-opus-v1:0"})

    with far_side(renamed) as far, open_door(far=far) as door:
        door.ask()
        assert door.gateway.purse.dollars == pytest.approx((1_000 * 4 + 5 * 20) / 1e6)


def test_an_hour_in_the_cache_costs_what_it_costs() -> None:
    usage: dict[str, Any] = {"cache_creation_input_tokens": 1_000}
    usage["cache_creation"] = {"ephemeral_1h_input_tokens": 600}

    def keeping(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        say_json(talk, message(**usage, cache_read_input_tokens=100))

    with far_side(keeping) as far, open_door(far=far) as door:
        door.ask()
    paid = door.calls[0]["usage"]
    assert (paid["input"], paid["output"], paid["cache_read"], paid["cache_write"]) == (10, 5, 100, 1_000)
    assert paid["usd"] == pytest.approx((10 * 4 + 5 * 20 + 100 * 0.20 + 400 * 5 + 600 * 8) / 1e6)


def test_what_summing_up_a_conversation_cost_is_not_among_its_answers_tokens_and_counts() -> None:
    summed = {"type": "compaction", "input_tokens": 9_000, "output_tokens": 700}
    parts = [summed, {"type": "message", "input_tokens": 10, "output_tokens": 5}]

    def summing(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        say_json(talk, message(iterations=parts))

    with far_side(summing) as far, open_door(far=far) as door:
        door.ask()
    assert (door.calls[0]["usage"]["input"], door.calls[0]["usage"]["output"]) == (9_010, 705)


def test_calls_at_once_are_reserved_for_and_overrun_nothing() -> None:
    """Four may be made, eight ask at once: those that have to wait for the others' costs do, and then it is over."""
    most = threading.Semaphore(0)
    flying, peak = [0], [0]
    lock = threading.Lock()

    def slowly(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        with lock:
            flying[0] += 1
            peak[0] = max(peak[0], flying[0])
        most.acquire(timeout=10)
        with lock:
            flying[0] -= 1
        say_json(talk, message(input_tokens=400, output_tokens=100))

    def ask(door: Door) -> str:
        try:
            return str(door.ask(max_tokens=900).content[0].text)
        except anthropic.PermissionDeniedError as no:
            return str(no)

    with far_side(slowly) as far, open_door(allowance=Allowance(tokens=2_500, seconds=None), far=far) as door:
        with ThreadPoolExecutor(8) as pool:
            asking = [pool.submit(ask, door) for _ in range(8)]
            until(lambda: flying[0] == 2)
            most.release(8)
            said = [one.result() for one in asking]
        assert said.count("Hello.") == 4
        assert sum("tokens are left" in text for text in said) == 4
        assert peak[0] == 2
        assert (door.gateway.purse.spent.tokens, door.gateway.purse.reserved) == (2_000, {})


# ---------------------------------------------------------------- what is kept


def test_what_an_earlier_process_paid_counts_and_a_call_nobody_saw_the_end_of_is_a_turn_without_a_cost() -> None:
    with open_door() as door:
        door.ask()
    paid = spent(door.entries)
    begun = {"kind": "asked", "call": 2, "model": MODEL, "ceiling": {"tokens": 700, "usd": 0.01}, "at": 1.0}
    before = [*door.entries, begun]
    with open_door(allowance=Allowance(turns=3, seconds=None), before=before) as again:
        assert again.gateway.purse.spent == paid
        again.ask()
        with pytest.raises(anthropic.PermissionDeniedError, match="max-turns"):
            again.ask()
    lost = again.calls[0]
    assert (lost["call"], lost["whole"], "usage" in lost) == (2, False, False)
    assert again.entries[1]["call"] == 3


def test_a_session_that_ends_in_the_middle_of_a_call_leaves_its_ceiling_set_aside() -> None:
    asked, over = threading.Event(), threading.Event()
    told, ended = list[Usage](), list[str]()

    @contextmanager
    def toll(wish: Wish) -> Iterator[tuple[Ceiling, Callable[[Usage], None]]]:
        try:
            yield wish.most, told.append
        except Exception as problem:
            ended.append(type(problem).__name__)
            raise

    def silent(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.set()
        over.wait(20)
        talk.close_connection = True

    with far_side(silent) as far, ThreadPoolExecutor(1) as pool:
        with open_door(far=far, toll=toll) as door:
            asking = pool.submit(door.ask, max_tokens=1_000)
            assert asked.wait(10)
        over.set()
        with pytest.raises(anthropic.APIConnectionError):
            asking.result()
    (call,) = door.calls
    assert (call["whole"], call["failure"].startswith("nobody saw its end"), "usage" in call) == (False, True, False)
    until(lambda: ended)
    assert (told, ended) == ([], ["_Over"])


def test_an_answer_in_one_piece_that_was_lost_on_the_way_is_charged_its_ceiling() -> None:
    """It is made before its first byte comes: who times out, or is cut off by something in between, has paid for it."""
    told, ended = list[Usage](), list[str]()

    @contextmanager
    def toll(wish: Wish) -> Iterator[tuple[Ceiling, Callable[[Usage], None]]]:
        try:
            yield wish.most, told.append
        except Exception as problem:
            ended.append(type(problem).__name__)
            raise

    def cut_off(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        talk.close_connection = True

    with far_side(cut_off) as far, open_door(far=far, toll=toll) as door:
        with pytest.raises(anthropic.InternalServerError, match="can't be reached"):
            door.ask(max_tokens=1_000)
        assert (door.gateway.purse.turns, door.gateway.purse.reserved) == (1, {})
        assert 0.02 < door.gateway.purse.dollars < 0.03
        with pytest.raises(anthropic.InternalServerError, match="can't be reached"):
            door.ask(stream=True)  # which would have begun
    assert (told, ended) == ([Usage()], ["_Unheard"])
    assert ["usage" in call for call in door.calls] == [False, True]


def test_long_texts_are_kept_by_their_two_ends() -> None:
    with open_door() as door:
        door.ask("begin " + "x" * 100_000 + " end")
    told = door.calls[0]["said"]
    assert len(told) < 20_000
    assert "begin" in told
    assert " end" in told
    assert "characters left out here" in told


def test_what_is_nested_too_deep_to_be_written_down_is_kept_as_text() -> None:
    nested = [{"type": "text", "text": "Hi", "more": json.loads("[" * 600 + "]" * 600)}]
    with open_door() as door:
        assert door.post("/v1/messages", {**ASKED, "messages": [{"role": "user", "content": nested}]})[0] == 200
    assert isinstance(door.calls[0]["said"], str)


def test_a_call_that_all_runs_can_pay_for_after_the_sessions_end_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopwright.models.gateway.door._LAST_WORDS", 0.05)
    waits, free_again = threading.Event(), threading.Event()
    asked, paid = list[bytes](), list[Usage]()

    @contextmanager
    def toll(wish: Wish) -> Iterator[tuple[Ceiling, Callable[[Usage], None]]]:
        waits.set()
        assert free_again.wait(10)
        yield wish.most, paid.append

    def answer(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.append(body)
        say_json(talk, message())

    with far_side(answer) as far:
        with open_door(far=far, toll=toll) as door:
            body = json.dumps(ASKED).encode()
            head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {door.gateway.token}"
            talk = socket.create_connection(("127.0.0.1", door.gateway.port), 10)
            talk.sendall(f"{head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            assert waits.wait(10)
        free_again.set()
        until(lambda: paid)
    talk.close()
    assert (asked, paid) == ([], [Usage()])
    assert [call["failure"] for call in door.calls] == [
        "nobody saw its end: it is charged as all that it might have cost"
    ]

"""One turn through the real SDK, over HTTP, against the scripted endpoint."""

import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest
from tests.models.gateway.doors import begin_stream, far_side, half, stream

from loopwright.errors import BadUse, Unreachable
from loopwright.models.client import HALTED, Request, Turn, Wire, never
from loopwright.models.defaults import Access
from loopwright.models.retry import PromptTooLong
from loopwright.testing import script
from loopwright.testing.clock import FakeClock
from loopwright.testing.endpoint import Endpoint, scripted_endpoint
from loopwright.vocabulary import Event

HELLO = script.Say("Hello.")
LOOK = script.Call("bash", command="ls")


def one_turn(*faults: script.Fault, parts: tuple[script.Say | script.Call, ...] = (HELLO,)) -> list[script.Session]:
    return [script.Session(turns=[script.Turn(*parts, faults=faults)])]


class Asking:
    def __init__(self, url: str, key: str = "k", horizon: float = 900, silence: float = 5) -> None:
        self.clock = FakeClock()
        self.told: list[Event] = []
        self.wire = Wire(Access(url, key), self.clock, self.told.append, horizon, silence, chance=lambda: 0.0)

    def request(self, model: str = "claude-opus-5-5") -> Request:
        system = [{"type": "text", "text": "Role: maker"}]
        return Request(model, system, [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}])

    def ask(self, model: str = "claude-opus-5-5") -> Turn:
        return self.wire.ask(self.request(model))


def serve(*faults: script.Fault) -> AbstractContextManager[Endpoint]:
    return scripted_endpoint(one_turn(*faults))


def test_an_answer_comes_whole_with_its_usage_and_its_price() -> None:
    parts = (script.Say("Let me look. äöü"), script.Call("bash", command="ls -la"), script.Call("nothing"))
    with scripted_endpoint(one_turn(parts=parts)) as endpoint:
        turn = Asking(endpoint.url).ask()
    text, call, empty = turn.blocks
    assert text["text"] == "Let me look. äöü"
    assert (call["name"], call["input"]) == ("bash", {"command": "ls -la"})
    assert empty["input"] == {}
    assert turn.stop_reason == "tool_use"
    assert turn.usage.requests == 1
    assert turn.usage.input > 0
    assert turn.usage.output > 0
    assert turn.usage.usd == pytest.approx((turn.usage.input * 4 + turn.usage.output * 20) / 1e6)


def test_what_is_sent_streams_and_has_no_sampling_or_thinking_parameters() -> None:
    with serve() as endpoint:
        Asking(endpoint.url).ask()
    sent = endpoint.requests[0]
    assert sent.body["stream"] is True
    assert set(sent.body) <= {"model", "max_tokens", "system", "messages", "tools", "stream"}
    assert "x-api-key" not in sent.headers
    assert sent.headers["anthropic-version"]


@pytest.mark.parametrize(
    "fault",
    [
        script.Fault("overloaded"),
        script.Fault("server-error"),
        script.Fault("rate-limit"),
        script.Fault("drop"),
        script.Fault("cut-text"),
        script.Fault("cut-json"),
        script.Fault("no-stop"),
        script.Fault("page"),
        script.Fault("error-event"),
        script.Fault("error-event", error="api_error"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.error}" if fault.kind == "error-event" else str(fault.kind),
)
def test_a_fault_that_passes_is_tried_again_and_told(fault: script.Fault) -> None:
    with serve(fault, fault, fault) as endpoint:
        asking = Asking(endpoint.url)
        turn = asking.ask()
    assert turn.blocks[0]["text"] == "Hello."
    assert [request.answered for request in endpoint.requests] == [fault.kind] * 3 + ["turn"]
    assert asking.clock.slept == [1.0, 2.0, 4.0]
    assert [event.kind for event in asking.told] == ["wait"] * 3
    assert turn.waited == 7.0


def test_a_try_that_broke_off_is_paid_for_and_counted() -> None:
    with serve(script.Fault("cut-json")) as endpoint:
        turn = Asking(endpoint.url).ask()
    tries = [request.spent["input_tokens"] for request in endpoint.requests]
    assert len(tries) == 2
    assert turn.usage.requests == 2
    assert turn.usage.input == sum(tries)


def test_an_answer_that_broke_off_is_paid_as_far_as_it_came() -> None:
    """Its tokens would have been counted at its end."""
    asked = list[bytes]()

    def cut_off_once(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.append(body)
        begin_stream(talk)
        talk.wfile.write(half(8_000) if len(asked) == 1 else b"".join(stream()))

    with far_side(cut_off_once) as url:
        turn = Asking(url).ask()
    assert (len(asked), 2_000 < turn.usage.output < 2_100) == (2, True)


def test_retry_after_in_seconds_is_honoured() -> None:
    with serve(script.Fault("rate-limit", retry_after=37)) as endpoint:
        asking = Asking(endpoint.url)
        asking.ask()
    assert asking.clock.slept == [37.0]


def test_retry_after_as_a_date_is_honoured() -> None:
    with serve(script.Fault("overloaded", retry_after="Fri, 20 Nov 2026 12:01:30 GMT")) as endpoint:
        asking = Asking(endpoint.url)
        asking.ask()
    assert asking.clock.slept == [90.0]


def test_a_retry_after_past_the_horizon_is_not_waited_for() -> None:
    with serve(script.Fault("rate-limit", retry_after=3600)) as endpoint:
        asking = Asking(endpoint.url)
        with pytest.raises(Unreachable, match="LOOPWRIGHT_RETRY_SECONDS"):
            asking.ask()
    assert asking.clock.slept == []


def test_silence_counts_as_a_dropped_connection() -> None:
    with serve(script.Fault("hang", seconds=30)) as endpoint:
        asking = Asking(endpoint.url, silence=0.2)
        turn = asking.ask()
    assert turn.blocks[0]["text"] == "Hello."
    assert asking.told[0].facts["why"] == "silence"


def test_a_slow_answer_is_no_failure() -> None:
    with serve(script.Fault("slow", seconds=0.3)) as endpoint:
        asking = Asking(endpoint.url, silence=5)
        assert asking.ask().blocks[0]["text"] == "Hello."
    assert asking.clock.slept == []


def test_a_model_that_stays_away_is_given_up_exactly_at_the_horizon() -> None:
    with serve(script.Fault("overloaded", times=1000)) as endpoint:
        asking = Asking(endpoint.url, horizon=900)
        with pytest.raises(Unreachable, match="overloaded"):
            asking.ask()
    assert asking.clock.seconds == 900
    assert max(asking.clock.slept) == 60


def test_a_horizon_of_zero_means_one_try() -> None:
    with serve(script.Fault("overloaded")) as endpoint:
        with pytest.raises(Unreachable):
            Asking(endpoint.url, horizon=0).ask()
        assert len(endpoint.requests) == 1


def test_an_endpoint_that_is_down_is_unreachable_after_the_horizon() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        asking = Asking(f"http://127.0.0.1:{held.getsockname()[1]}", horizon=10)
        with pytest.raises(Unreachable) as caught:
            asking.ask()
    assert caught.value.exit_code == 4
    assert asking.clock.seconds == 10


@pytest.mark.parametrize("kind", ["unauthorized", "forbidden"])
def test_a_refused_key_is_not_tried_again(kind: str) -> None:
    with serve(script.Fault(kind, times=5)) as endpoint:
        with pytest.raises(Unreachable, match=r"mend: .*ANTHROPIC_API_KEY"):
            Asking(endpoint.url).ask()
        assert len(endpoint.requests) == 1


def test_a_password_in_the_address_is_told_nobody() -> None:
    with serve(script.Fault("unauthorized")) as endpoint:
        for url in (endpoint.url, "http://127.0.0.1:9/v1?key=correct-horse"):
            with pytest.raises(Unreachable) as told:
                Asking(url.replace("://", "://ada:correct-horse@"), horizon=0).ask()
            assert ("127.0.0.1" in str(told.value), "correct-horse" in str(told.value)) == (True, False)


def test_the_key_that_is_given_is_the_key_that_is_sent() -> None:
    with scripted_endpoint(one_turn(), key="right") as endpoint:
        assert Asking(endpoint.url, key="right").ask().blocks
        with pytest.raises(Unreachable):
            Asking(endpoint.url, key="wrong").ask()


@pytest.mark.parametrize(("kind", "mend"), [("not-found", "LOOPWRIGHT_MODEL"), ("bad-request", "ANTHROPIC_BASE_URL")])
def test_a_request_that_can_never_work_is_bad_use(kind: str, mend: str) -> None:
    with serve(script.Fault(kind, times=5)) as endpoint:
        with pytest.raises(BadUse, match=mend):
            Asking(endpoint.url).ask()
        assert len(endpoint.requests) == 1


def test_a_prompt_that_is_too_long_has_an_error_of_its_own() -> None:
    with serve(script.Fault("too-long")) as endpoint, pytest.raises(PromptTooLong):
        Asking(endpoint.url).ask()


def test_tool_input_that_is_no_json_comes_with_what_was_said() -> None:
    half_a_pair = '{"command": "\\ud800"}'
    nested = ['{"a":' + "[" * deep + "]" * deep + "}" for deep in (600, 99_999)]  # of 600, it couldn't be written down
    said = ['{"command": "ls', "[1]", half_a_pair, *nested]
    with scripted_endpoint(one_turn(parts=tuple(script.Call("bash", raw=raw) for raw in said))) as endpoint:
        turn = Asking(endpoint.url).ask()
    assert [block["input"] for block in turn.blocks] == [{}] * 5
    assert list(turn.broken.values()) == said


def test_a_connection_is_kept_alive_between_turns(sockets: Callable[[], int]) -> None:
    with serve() as endpoint:
        asking = Asking(endpoint.url)
        before = sockets()
        for _ in range(5):
            asking.ask()
        assert sockets() == before + 1


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    made: list[object] = []
    connect = socket.create_connection

    def counted(*words: object, **more: object) -> socket.socket:
        made.append(words)
        return connect(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", counted)
    return lambda: len(made)


def test_the_sdk_is_not_imported_before_a_model_is_asked() -> None:
    code = "import sys, loopwright.backends.anthropic, loopwright.backends.scripted; print('anthropic' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_an_answer_is_broken_off_when_nobody_waits_for_it_any_more_and_what_it_cost_is_told() -> None:
    with serve() as endpoint:
        asking = Asking(endpoint.url)
        turn = replace(asking.wire, over=lambda waited: True).ask(asking.request())
    assert (turn.blocks, turn.stop_reason, turn.usage.requests) == ((), HALTED, 1)
    assert turn.usage.input > 0


def test_who_may_break_an_answer_off_is_told_of_the_time_that_the_model_was_away() -> None:
    asked: list[float] = []

    def over(waited: float) -> bool:
        asked.append(waited)
        return False

    with serve(script.Fault("rate-limit", retry_after=600)) as endpoint:
        asking = Asking(endpoint.url)
        turn = replace(asking.wire, over=over).ask(asking.request())
    assert turn.stop_reason == "end_turn"
    assert set(asked) == {600.0}


@pytest.mark.parametrize("patient", [True, False])
def test_a_far_side_that_only_pings_is_not_listened_to_for_ever(patient: bool) -> None:
    """The SDK keeps pings to itself."""
    asking = Asking("", horizon=0)

    def endless(talk: BaseHTTPRequestHandler, body: bytes) -> None:
        begin_stream(talk)
        talk.wfile.write(stream()[0])
        while True:  # until nobody is there any more
            asking.clock.advance(60)
            talk.wfile.write(b'event: ping\ndata: {"type": "ping"}\n\n')

    with far_side(endless) as url:
        over = never if patient else (lambda waited: asking.clock.seconds > 600)
        wire = replace(asking.wire, access=Access(url, "k"), over=over)
        if patient:
            with pytest.raises(Unreachable, match="didn't end within 3600 s"):
                wire.ask(asking.request())
        else:
            assert wire.ask(asking.request()).stop_reason == HALTED

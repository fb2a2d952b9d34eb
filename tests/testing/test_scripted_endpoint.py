"""The scripted endpoint as others use it: by any HTTP client, and as a program."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loopwright.testing.clock import FakeClock
from loopwright.testing.endpoint import scripted_endpoint
from loopwright.testing.script import Call, Fault, Say, Session, Turn


def post(url: str, body: object, path: str = "/v1/messages", key: str = "k") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request("POST", path, json.dumps(body), {"x-api-key": key} if key else {})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, data


def asking(*messages: dict[str, Any], role: str = "maker", **more: Any) -> dict[str, Any]:
    first = {"role": "user", "content": "Mend the sums."}
    return {"model": "m", "max_tokens": 9, "system": f"Role: {role}\n", "messages": [first, *messages], **more}


SESSIONS = [
    Session(role="maker", when="Mend", turns=[Turn(Say("Hm."), Call("bash", command="ls")), Turn(Say("Done."))]),
    Session(role="checker", unless="Mend", turns=[Turn(Say("Fine."))]),
]


def test_a_plain_request_is_answered_with_json_and_a_streaming_one_with_events() -> None:
    with scripted_endpoint(SESSIONS) as endpoint:
        status, headers, data = post(endpoint.url, asking())
        assert (status, headers["content-type"]) == (200, "application/json")
        message = json.loads(data)
        assert [block["type"] for block in message["content"]] == ["text", "tool_use"]
        assert message["stop_reason"] == "tool_use"
        assert message["usage"]["output_tokens"] > 0
        _, headers, data = post(endpoint.url, asking(stream=True))
        assert headers["content-type"].startswith("text/event-stream")
        names = [line.removeprefix("event: ") for line in data.decode().splitlines() if line.startswith("event: ")]
        assert (names[0], names[1], names[-2], names[-1]) == ("message_start", "ping", "message_delta", "message_stop")
        assert names.count("content_block_start") == names.count("content_block_stop") == 2


def test_the_turn_is_found_from_the_conversation_alone() -> None:
    with scripted_endpoint(SESSIONS) as endpoint:
        said = json.loads(post(endpoint.url, asking())[2])["content"]
    results = [{"type": "tool_result", "tool_use_id": said[1]["id"], "content": "sums.py"}]
    talk = asking({"role": "assistant", "content": said}, {"role": "user", "content": results})
    with scripted_endpoint(SESSIONS) as another:
        message = json.loads(post(another.url, talk)[2])
        assert message["content"] == [{"type": "text", "text": "Done."}]
        assert another.requests[0].place == 1
        assert another.requests[0].results[0]["content"] == "sums.py"


def test_a_request_that_no_session_fits_is_told_so_and_recorded() -> None:
    with scripted_endpoint(SESSIONS) as endpoint:
        status, _, data = post(endpoint.url, asking(role="checker"))
        assert status == 400
        assert "no turn 1 for the role 'checker'" in json.loads(data)["error"]["message"]
        assert [asked.answered for asked in endpoint.asked("checker")] == ["no-turn"]


def test_faults_come_in_their_order_once_per_conversation() -> None:
    faults = [Fault("rate-limit", retry_after=3), Fault("overloaded", times=2)]
    with scripted_endpoint([Session(turns=[Turn(Say("Done."), faults=faults)])]) as endpoint:
        answers = [post(endpoint.url, asking()) for _ in range(4)]
        assert [status for status, _, _ in answers] == [429, 529, 529, 200]
        assert answers[0][1]["retry-after"] == "3"
        assert post(endpoint.url, asking(role="checker"))[0] == 429


def test_what_is_no_message_request_is_refused() -> None:
    with scripted_endpoint(SESSIONS, key="right") as endpoint:
        assert post(endpoint.url, asking())[0] == 401
        assert post(endpoint.url, asking(), key="")[0] == 401
        assert post(endpoint.url, asking(), key="right")[0] == 200
        assert post(endpoint.url, [], key="right")[0] == 400
        assert post(endpoint.url, {"model": "m"}, key="right")[0] == 400
        assert post(endpoint.url, asking(), path="/v1/complete", key="right")[0] == 404
        tokens = json.loads(post(endpoint.url, asking(), path="/v1/messages/count_tokens", key="right")[2])
        assert tokens["input_tokens"] > 0
        assert len(endpoint.requests) == 1


def test_the_cache_keeps_what_a_breakpoint_closes_and_looks_back_twenty_blocks() -> None:
    def blocks(count: int, marks: tuple[int, ...]) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = [{"type": "text", "text": f"{number} " * 500} for number in range(count)]
        for mark in marks:
            made[mark]["cache_control"] = {"type": "ephemeral"}
        return made

    def spent(count: int, *marks: int) -> dict[str, int]:
        body = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": blocks(count, marks)}]}
        usage: dict[str, int] = json.loads(post(endpoint.url, body)[2])["usage"]
        return usage

    with scripted_endpoint([Session(turns=[Turn(Say("x"))])]) as endpoint:
        assert spent(10)["cache_creation_input_tokens"] == 0
        wrote = spent(10, 9)["cache_creation_input_tokens"]
        assert wrote > 0
        assert spent(29, 28)["cache_read_input_tokens"] == wrote
        assert spent(60, 59)["cache_read_input_tokens"] == 0
        usage = spent(62, 40, 61)
        assert usage["cache_read_input_tokens"] > 0
    with scripted_endpoint([Session(turns=[Turn(Say("x"))])], floor=100_000) as endpoint:
        assert spent(10, 9)["cache_creation_input_tokens"] == 0


def test_it_runs_as_a_program_with_a_script_file(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("sessions:\n- role: maker\n  turns:\n  - say: Hello from the file.\n")
    ready, log = tmp_path / "ready", tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "loopwright.testing.endpoint", "--script", str(script)]
    process = subprocess.Popen(
        [*command, "--ready-file", str(ready), "--log", str(log)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        deadline = time.monotonic() + 20
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert ready.read_text().strip() == url
        assert "Hello from the file." in post(url, asking())[2].decode()
        assert json.loads(log.read_text())["answered"] == "turn"
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stdout.close()


def test_a_fake_clock_moves_only_when_it_is_slept_on_or_told_to() -> None:
    clock = FakeClock()
    before = clock.now()
    clock.sleep(90)
    clock.advance(10)
    assert clock.monotonic() == 100
    assert (clock.now() - before).total_seconds() == 100
    assert clock.slept == [90]

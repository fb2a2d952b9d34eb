"""What a scripted endpoint says about its own work: the time in its answers, and what a cache would have had."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from loopwright.testing.caching import PromptCache
from loopwright.testing.endpoint import scripted_endpoint
from loopwright.testing.script import Fault, Say, Session, Turn

LONG = "a result " * 600


def told(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def test_the_endpoint_tells_how_many_answers_went_out_and_how_long_it_was_at_them() -> None:
    slow = Turn(Say("Done."), faults=[Fault("slow", seconds=0.2)])
    with scripted_endpoint([Session(turns=[slow])]) as endpoint:
        assert (told(endpoint.url)["answered"], told(endpoint.url)["seconds"]) == (0, 0.0)
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Go."}]}).encode()
        asked = urllib.request.Request(f"{endpoint.url}/v1/messages", body, {"x-api-key": "k"})
        began = time.perf_counter()
        urllib.request.urlopen(asked, timeout=10).close()
        took = time.perf_counter() - began
        while (now := told(endpoint.url))["answered"] < 1:
            assert time.perf_counter() - began < 10

    assert 0.2 <= now["seconds"] <= took + 0.1


def test_a_result_that_a_client_writes_as_a_text_and_then_as_a_list_is_the_same_prefix() -> None:
    cache = PromptCache()

    def asking(content: object, mark: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
        result = {"type": "tool_result", "tool_use_id": "t", "content": content, **mark}
        return {"model": "m", "messages": [{"role": "user", "content": [result]}, *more]}

    marked = {"cache_control": {"type": "ephemeral"}}
    first = cache.account(asking([{"type": "text", "text": LONG}], marked))
    later = {"role": "user", "content": [{"type": "text", "text": "Go on.", **marked}]}
    second = cache.account(asking(LONG, {}, later))

    assert (first.read, second.read) == (0, first.written)

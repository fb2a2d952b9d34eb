"""How the Messages API says a turn: as one JSON object, or as a stream of events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from loopwright.backends.script import Call, Fault, Say, Turn, call_id
from loopwright.testing.caching import Spent

STATUSES: dict[str, tuple[int, str, str]] = {
    "rate-limit": (429, "rate_limit_error", "This request would exceed the rate limit"),
    "overloaded": (529, "overloaded_error", "Overloaded"),
    "server-error": (500, "api_error", "Internal server error"),
    "unauthorized": (401, "authentication_error", "invalid x-api-key"),
    "forbidden": (403, "permission_error", "The key may not use this resource"),
    "not-found": (404, "not_found_error", "model: unknown"),
    "too-long": (400, "invalid_request_error", "prompt is too long: 1000001 tokens > 1000000 maximum"),
    "bad-request": (400, "invalid_request_error", "messages: the request makes no sense"),
}
"""The faults that are an answer with a status: (status, error.type, message)."""

Event = dict[str, Any]


def error_body(kind: str, message: str) -> Event:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_scripted"}


def content(turn: Turn, session: int, place: int) -> list[Event]:
    """The blocks of a turn. The input of a call with `raw` is left empty: only a stream can say it."""
    return [_block(part, call_id(session, place, number)) for number, part in enumerate(turn.parts)]


def _block(part: Say | Call, call: str) -> Event:
    if isinstance(part, Say):
        return {"type": "text", "text": part.text}
    return {"type": "tool_use", "id": call, "name": part.tool, "input": dict(part.input)}


def message(name: str, model: str, blocks: list[Event], stop: str | None, spent: Spent) -> Event:
    """A whole message, with its usage. `name` is its id: messages of one id are one message to Claude Code."""
    output = max(len(json.dumps(blocks).encode()) // 4, 1)
    usage = {
        "input_tokens": spent.input,
        "cache_read_input_tokens": spent.read,
        "cache_creation_input_tokens": spent.written,
        "output_tokens": output,
    }
    names = {"id": name, "type": "message", "role": "assistant", "model": model}
    return {**names, "content": blocks, "stop_reason": stop, "stop_sequence": None, "usage": usage}


def events(whole: Event, turn: Turn) -> Iterator[Event]:
    """The stream of a whole message, in the order in which the API sends it."""
    usage = whole["usage"]
    yield {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None, "usage": _at_start(usage)}}
    yield {"type": "ping"}
    for index, (block, part) in enumerate(zip(whole["content"], turn.parts, strict=True)):
        yield from _block_events(index, block, part)
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": usage["output_tokens"]}}
    yield {"type": "message_stop"}


def _at_start(usage: Mapping[str, int]) -> dict[str, int]:
    return {**usage, "output_tokens": 1}


def _block_events(index: int, block: Event, part: Say | Call) -> Iterator[Event]:
    if isinstance(part, Say):
        start, text, kind, key = {**block, "text": ""}, part.text, "text_delta", "text"
    else:
        text = part.raw if part.raw is not None else json.dumps(dict(part.input))
        start, kind, key = {**block, "input": {}}, "input_json_delta", "partial_json"
    yield {"type": "content_block_start", "index": index, "content_block": start}
    step = max(len(text) // 4, 16)
    for at in range(0, len(text), step):
        yield {"type": "content_block_delta", "index": index, "delta": {"type": kind, key: text[at : at + step]}}
    yield {"type": "content_block_stop", "index": index}


def broken_events(whole: Event, fault: Fault) -> list[Event]:
    """The beginning of a stream that breaks off, or that ends with an error."""
    start = next(events({**whole, "content": []}, Turn()))
    opened = {"type": "text", "text": ""} if fault.kind == "cut-text" else _half_a_call()
    delta = {"type": "text_delta", "text": "Let me"}
    if fault.kind != "cut-text":
        delta = {"type": "input_json_delta", "partial_json": '{"command": "rm -rf '}
    begun = [start, {"type": "content_block_start", "index": 0, "content_block": opened}]
    begun.append({"type": "content_block_delta", "index": 0, "delta": delta})
    if fault.kind == "error-event":
        return [start, error_body(fault.error, "said in the middle of a stream")]
    return begun


def _half_a_call() -> Event:
    return {"type": "tool_use", "id": "toolu_half", "name": "bash", "input": {}}


def sse(event: Event) -> bytes:
    """One event as it goes over the wire."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()

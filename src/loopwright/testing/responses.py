"""The Responses API of a scripted endpoint: its requests read as conversations, and the same turns said its way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loopwright.testing.wire import Event

PATH = "/v1/responses"


def as_conversation(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request in the form of the Messages API, as far as a script looks at it."""
    told = body.get("input")
    items: Sequence[Any] = told if isinstance(told, list) else [{"role": "user", "content": str(told or "")}]
    messages: list[dict[str, Any]] = []
    for message in filter(None, (_message(item) for item in items if isinstance(item, dict))):
        if messages and messages[-1]["role"] == message["role"]:
            messages[-1]["content"] += message["content"]
        else:
            messages.append(message)
    tools = [{**tool, "name": tool.get("name") or tool.get("type")} for tool in body.get("tools") or ()]
    known = {"model": body.get("model"), "system": str(body.get("instructions") or ""), "messages": messages}
    return {**known, "tools": tools, "stream": body.get("stream") is True}


def _message(item: Mapping[str, Any]) -> dict[str, Any] | None:
    if item.get("role") in ("user", "assistant"):
        content = item.get("content")
        parts = content if isinstance(content, list) else [{"text": content}]
        return {
            "role": item["role"],
            "content": [{"type": "text", "text": str(part.get("text", ""))} for part in parts],
        }
    if item.get("type") == "function_call":
        call: Event = {"type": "tool_use", "id": item.get("call_id"), "name": item.get("name"), "input": {}}
        return {"role": "assistant", "content": [call]}
    if item.get("type") == "function_call_output":
        result = {"type": "tool_result", "tool_use_id": item.get("call_id"), "content": str(item.get("output", ""))}
        return {"role": "user", "content": [result]}
    return None


def whole(message: Event) -> Event:
    """A whole message as a response."""
    usage = message["usage"]
    cached = usage["cache_read_input_tokens"]
    read = usage["input_tokens"] + cached + usage["cache_creation_input_tokens"]
    counts = {
        "input_tokens": read,
        "output_tokens": usage["output_tokens"],
        "total_tokens": read + usage["output_tokens"],
    }
    details = {"input_tokens_details": {"cached_tokens": cached}, "output_tokens_details": {"reasoning_tokens": 0}}
    output = [_item(block, number) for number, block in enumerate(message["content"])]
    names = {"id": "resp_scripted", "object": "response", "model": message["model"], "status": "completed"}
    return {**names, "output": output, "usage": counts | details}


def _item(block: Event, number: int) -> Event:
    if block["type"] == "text":
        said = [{"type": "output_text", "text": block["text"], "annotations": []}]
        return {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed", "content": said}
    told = {"name": block["name"], "arguments": json.dumps(block["input"]), "call_id": block["id"]}
    return {"type": "function_call", "id": f"fc_{number}", "status": "completed", **told}


def events(message: Event) -> Iterator[Event]:
    """The stream of a whole message."""
    response = whole(message)
    yield {"type": "response.created", "response": {**response, "status": "in_progress", "output": [], "usage": None}}
    for number, item in enumerate(response["output"]):
        yield {"type": "response.output_item.added", "output_index": number, "item": item}
        yield {"type": "response.output_item.done", "output_index": number, "item": item}
    yield {"type": "response.completed", "response": response}

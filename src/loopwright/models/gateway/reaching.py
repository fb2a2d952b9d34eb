"""What of a request would reach further than the model that it names: to a network, or into what isn't counted here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_NEAR = ("function", "custom", "bash", "text_editor", "memory", "computer", "local_shell", "shell", "apply_patch")
"""Kinds of tools that the agent itself runs. All others run on the far side, which may have a network."""
_NOT_PASSED_ON = {
    **dict.fromkeys(
        ("mcp_servers", "container", "background", "web_search_options"),
        "a lab reaches the model, and nothing through it",
    ),
    **dict.fromkeys(
        ("thread", "previous_response_id", "conversation", "prompt"),
        "what the far side has from before would be paid for uncounted; send it",
    ),
    **dict.fromkeys(("fallbacks", "speed"), "what such an answer costs isn't known before it is there"),
}
"""Names of a request, and why it is refused where it says something there."""
_NOTHING: tuple[object, ...] = (None, False, [], "", "standard")


def reaching_out(body: Mapping[str, Any]) -> Iterator[str]:
    """What of a request would let a lab reach further than the model: through the far side's own tools and fetches, or
    to what it holds from before."""
    for name, why in _NOT_PASSED_ON.items():
        if body.get(name) not in _NOTHING:
            yield f"`{name}` isn't passed on: {why}"
    if "-search-" in f"{body['model']}-":
        yield f"the model {body['model'][:100]} searches by itself: a lab reaches the model, and nothing through it"
    if isinstance(said := body.get("input"), list) and any(map(_is_by_its_id, said)):
        yield f"an item by its id isn't passed on: {_NOT_PASSED_ON['thread']}"
    yield from filter(None, map(_far, _tools(body)))
    if any(map(_fetches, objects(body))):
        yield "a picture or file by its URL isn't passed on: a lab reaches the model alone; send its bytes"


def _is_by_its_id(item: object) -> bool:
    return isinstance(item, dict) and "id" in item and item.keys() <= {"id", "type"}


def _far(tool: object) -> str:
    """Why a tool isn't passed on; '' for one that the agent itself runs."""
    kind = tool.get("type", "custom") if isinstance(tool, dict) else None
    near = isinstance(kind, str) and any(kind == one or kind.startswith(f"{one}_") for one in _NEAR)
    if near and isinstance(tool, dict) and tool.get("environment") in (None, {"type": "local"}):
        return ""
    return f"the tool {kind!r} runs on the far side, and isn't passed on: a lab reaches the model alone"


def _tools(body: Mapping[str, Any]) -> Iterator[Any]:
    """Every tool that a request offers, also those that stand together under one name or come amid its messages."""
    waiting = [body.get("tools")]
    for value in objects(body):
        waiting += [[value.get("definition")]] if value.get("type") == "tool_definition" else []
        waiting += [value.get("tools")] if value.get("type") == "tool_search_output" else []
    while waiting:
        for tool in found if isinstance(found := waiting.pop(), list) else ():
            if isinstance(tool, dict) and tool.get("type") == "namespace":
                waiting.append(tool.get("tools"))
            else:
                yield tool


def _fetches(value: Mapping[str, Any]) -> bool:
    """Whether a part of a message has the far side fetch something from an address."""
    picture = value.get("image_url")
    address = picture.get("url") if isinstance(picture, dict) else picture
    if isinstance(address, str) and not address.startswith("data:"):
        return value.get("type") in ("image_url", "input_image", "computer_screenshot")
    source = value.get("source")
    by_url = isinstance(source, dict) and source.get("type") == "url" and value.get("type") in ("image", "document")
    return by_url or (value.get("type") == "input_file" and bool(value.get("file_url")))


def objects(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every object among the messages, at any depth: without recursion, for a lab may nest as deep as it likes. What a
    tool was called with is left out: that is any JSON, and to the model only text."""
    waiting: list[Any] = [body.get("messages"), body.get("input"), body.get("system")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            called = str(value.get("type")).endswith("tool_use")
            waiting += (inner for name, inner in value.items() if not (called and name == "input"))
        elif isinstance(value, list):
            waiting += value

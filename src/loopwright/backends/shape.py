"""The shape of what is sent: where the cache breakpoints go, and what is taken out when it gets too long."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_EVERY = 15
"""Blocks between two breakpoints. The cache looks back 20 blocks from each: with one at the end alone, ten parallel
calls a turn hit nothing at all and cost three times as much (measured)."""
_BREAKPOINTS = 3  # in the messages; the fourth that the API allows ends the system prompt
_NO_BREAKPOINT = ("thinking", "redacted_thinking")

BIG = 1_024
"""Bytes from which a tool result is worth taking out."""
_LATEST = 4  # tool results that are never taken out: the model is working with them

Message = dict[str, Any]


def system_blocks(text: str) -> list[dict[str, Any]]:
    """The system prompt, with the breakpoint that closes what two labs share (the tools come before it)."""
    return [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]


def with_breakpoints(messages: Sequence[Message]) -> list[Message]:
    """A copy of the messages with a breakpoint on the last block and on up to two more, 15 blocks apart."""
    copied = [{**message, "content": [dict(block) for block in message["content"]]} for message in messages]
    blocks = [block for message in copied for block in message["content"]]
    place, left = len(blocks) - 1, _BREAKPOINTS
    while place >= 0 and left:
        while place >= 0 and blocks[place].get("type") in _NO_BREAKPOINT:
            place -= 1
        if place >= 0:
            blocks[place]["cache_control"] = {"type": "ephemeral"}
        place, left = place - _EVERY, left - 1
    return copied


@dataclass(frozen=True, slots=True)
class Trim:
    """What to take out: the ids of calls whose results become a note, and how many of the oldest messages go."""

    blanked: tuple[str, ...] = ()
    dropped: int = 0
    gain: int = 0  # bytes


def size(value: object) -> int:
    """Bytes of a value as it goes over the wire."""
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def plan_trim(messages: Sequence[Message], *, enough: int) -> Trim:
    """What to take out to make the messages at least `enough` bytes smaller, the oldest big results first.

    When all of these aren't enough, whole turns go, the oldest first, but never the first message nor a call
    without its result. `gain` says what it comes to; it may be less than `enough`.
    """
    results = [block for message in messages for block in message["content"] if block.get("type") == "tool_result"]
    blanked, gain = [], 0
    for block in results[:-_LATEST]:
        if gain >= enough:
            break
        if (saved := size(block) - size(blank(block))) >= BIG:
            blanked.append(block["tool_use_id"])
            gain += saved
    ids = tuple(blanked)
    if gain >= enough:
        return Trim(ids, 0, gain)
    return _drop(blank_results(messages, ids), ids, gain, enough)


def _drop(messages: Sequence[Message], blanked: tuple[str, ...], gain: int, enough: int) -> Trim:
    """Drop messages from the second on, each time up to where the model speaks anew; two turns are left."""
    starts = [place for place, message in enumerate(messages) if message["role"] == "assistant"]
    for place in starts[1:-1]:
        saved = size(messages[1:place])
        if gain + saved >= enough or place == starts[-2]:
            return Trim(blanked, place - 1, gain + saved)
    return Trim(blanked, 0, gain)


def blank(block: Mapping[str, Any]) -> dict[str, Any]:
    """A tool result with a short note in place of its text."""
    note = f"[{size(block['content'])} bytes of an earlier result were taken out to make room; call again if needed]"
    return {**block, "content": note}


def blank_results(messages: Sequence[Message], ids: Sequence[str]) -> list[Message]:
    """The messages with the results of these calls blanked."""
    gone = set(ids)
    return [
        {
            **message,
            "content": [blank(block) if block.get("tool_use_id") in gone else block for block in message["content"]],
        }
        for message in messages
    ]


def drop_messages(messages: Sequence[Message], count: int) -> list[Message]:
    """The messages without `count` of them after the first, which says so at its end."""
    if not count:
        return list(messages)
    first = messages[0]
    note = {"type": "text", "text": f"[{count} messages that came after this one were taken out to make room]"}
    return [{**first, "content": [*first["content"], note]}, *messages[count + 1 :]]

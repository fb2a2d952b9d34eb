"""Puts one streamed answer together. An answer without its end is no answer: it is discarded, never acted upon.

The SDK's own accumulation isn't used: it reads the JSON of a tool call that was cut off as if it were whole, and
raises in the middle of the stream on JSON that is broken, which loses a turn that was paid for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

_DEEPEST = 100
_BYTES_A_TOKEN = 4


class Senseless(Exception):
    """The far side sent a stream that is none."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The tokens of one request as the API counts them."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_hour: int = 0  # how many of those written are kept for an hour, which costs more

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.cache_hour + other.cache_hour,
        )


@dataclass
class Answer:
    """One answer as it comes in. `broken` has, by tool call id, the input text that doesn't parse as a JSON object."""

    blocks: list[dict[str, Any]] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    counts: Counts = Counts()
    stop_reason: str | None = None
    model: str = ""
    begun: bool = False
    whole: bool = False
    halted: bool = False  # broken off from here
    _json: dict[int, str] = field(default_factory=dict)
    _own: Counts = Counts()  # as the answer's usage has them
    _before: Counts = Counts()  # of a summary that was made before it

    @property
    def output(self) -> int:
        """The tokens of what was answered. They are counted at the end; what broke off before is taken by its size."""
        if self.whole or not self.blocks:
            return self.counts.output
        came = json.dumps(self.blocks) + "".join(self._json.values())
        return max(self.counts.output, len(came) // _BYTES_A_TOKEN)

    def take(self, event: dict[str, Any]) -> None:
        """Add one event of the stream. Kinds of events that aren't known are passed over, as the API asks.

        Raises Senseless for events in an order or a form that can't be.
        """
        try:
            self._take(event)
        except (KeyError, IndexError, TypeError, AttributeError) as problem:
            raise Senseless(f"{type(problem).__name__}: {problem}") from problem

    def _take(self, event: dict[str, Any]) -> None:
        match event.get("type"):
            case "message_start":
                self.begun, self.model = True, str(event["message"].get("model") or "")
                self._count(event["message"].get("usage") or {})
            case "content_block_start":
                self._open(dict(event["content_block"]))
            case "content_block_delta":
                self._grow(event["index"], event["delta"])
            case "content_block_stop":
                self._close(event["index"])
            case "message_delta":
                self.stop_reason = event["delta"].get("stop_reason") or self.stop_reason
                self._count(event.get("usage") or {})
            case "message_stop":
                for index in tuple(self._json):
                    self._close(index)
                self.whole = self.stop_reason is not None

    def _open(self, block: dict[str, Any]) -> None:
        if block.get("type") == "tool_use":
            block["id"], block["name"] = str(block["id"]), str(block["name"])
            block["input"] = block.get("input") or {}
        self.blocks.append(block)

    def _grow(self, index: int, delta: dict[str, Any]) -> None:
        block = self.blocks[index]
        match delta.get("type"):
            case "text_delta":
                block["text"] = block.get("text", "") + delta["text"]
            case "input_json_delta":
                self._json[index] = self._json.get(index, "") + delta["partial_json"]
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + delta["thinking"]
            case "signature_delta":
                block["signature"] = delta["signature"]

    def _close(self, index: int) -> None:
        block, text = self.blocks[index], self._json.pop(index, "")
        if isinstance(block.get("text"), str):
            block["text"] = _sendable(block["text"])
        if block.get("type") != "tool_use" or not text.strip():
            return
        try:
            value = json.loads(text)
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair could never be sent back
        except (ValueError, RecursionError):
            value = None
        fits = isinstance(value, dict) and not is_deep(value)
        block["input"] = value if fits else {}
        if not fits:
            self.broken[str(block.get("id", ""))] = text

    def _count(self, usage: dict[str, Any]) -> None:
        """The counts of a later event are totals: they replace the earlier ones, unless they are absent. What the far
        side spent on summing the conversation up first isn't among them."""
        self._own = _totals(usage, self._own)
        parts = [part for part in usage.get("iterations") or () if part.get("type") == "compaction"]
        if parts:
            self._before = sum((_totals(part, Counts()) for part in parts), Counts())
        self.counts = self._own + self._before


def _totals(usage: dict[str, Any], known: Counts) -> Counts:
    return Counts(
        _or(usage.get("input_tokens"), known.input),
        _or(usage.get("output_tokens"), known.output),
        _or(usage.get("cache_read_input_tokens"), known.cache_read),
        _or(usage.get("cache_creation_input_tokens"), known.cache_write),
        _or((usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens"), known.cache_hour),
    )


def is_deep(value: object) -> bool:
    """Whether a value is nested deeper than anybody means it: past some 500 levels it can be read, but not be written
    down any more, nor sent back."""
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        nests = (one.values() if isinstance(one, dict) else one if isinstance(one, list) else () for one in level)
        level = [inner for nest in nests for inner in nest]
    return bool(level)


def _sendable(text: str) -> str:
    """A text that can be sent back: surrogates that came in two pieces are joined, and lone ones replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _or(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise

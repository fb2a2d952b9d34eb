"""Listens to an answer as it goes past: what it says, and the tokens that it cost. Three ways of saying it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from loopwright.models.stream import Answer, Counts, Senseless

_MOST = 64 << 20
"""Bytes of one answer, or of one event of it, that are listened to."""


@dataclass
class Ear:
    """Fed with an answer's bytes in pieces of any size. What can't be read isn't heard, and never stops the answer."""

    api: str  # messages | chat | responses
    streams: bool
    answer: Answer = field(default_factory=Answer)
    _kept: bytearray = field(default_factory=bytearray)

    def hear(self, data: bytes) -> None:
        """Take in the next piece of a body."""
        if len(self._kept) + len(data) > _MOST:
            self._kept.clear()
            return
        self._kept += data
        if not self.streams:
            return
        *lines, rest = self._kept.split(b"\n")
        self._kept = bytearray(rest)
        for line in lines:
            if line.startswith(b"data:"):
                self._take(bytes(line[5:]))

    def over(self) -> Answer:
        """The body has come to its end, or broke off."""
        if not self.streams:
            self._take(bytes(self._kept))
        elif self._kept.startswith(b"data:"):
            self._take(bytes(self._kept[5:]))
        self._kept.clear()
        return self.answer

    def _take(self, data: bytes) -> None:
        try:
            value = json.loads(data)
            for event in _events(self.api, value, self.streams):
                _TAKEN[self.api](self.answer, event)
        except (ValueError, Senseless, KeyError, IndexError, TypeError, AttributeError):
            # An answer in a form that isn't known: it is handed on as it is, and charged by its size.
            return


def _events(api: str, value: Any, streams: bool) -> Iterator[dict[str, Any]]:
    """The events of a stream as they are, and a whole answer as the events that it would have been."""
    if streams or not isinstance(value, dict):
        yield value
    elif api == "messages":
        yield {"type": "message_start", "message": value}
        for block in value["content"]:
            yield {"type": "content_block_start", "content_block": block}
        yield {"type": "message_delta", "delta": {"stop_reason": value.get("stop_reason")}}
        yield {"type": "message_stop"}
    elif api == "chat":
        choices = [{**choice, "delta": choice.get("message") or {}} for choice in value["choices"]]
        yield {**value, "choices": choices}
    else:
        yield {"type": "response.completed", "response": value}


def _take_message(answer: Answer, event: dict[str, Any]) -> None:
    answer.take(event)


def _take_chunk(answer: Answer, event: dict[str, Any]) -> None:
    """A piece of a chat completion; the last one has the usage, where it was asked for."""
    answer.begun, answer.model = True, str(event.get("model") or answer.model)
    for choice in event["choices"][:1]:
        answer.stop_reason = choice.get("finish_reason") or answer.stop_reason
        delta = choice.get("delta") or {}
        if isinstance(delta.get("content"), str):
            _say(answer, delta["content"])
        for call in delta.get("tool_calls") or ():
            _call(answer, call)
    answer.whole = answer.stop_reason is not None
    if usage := event.get("usage"):
        cached = int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)
        answer.counts = Counts(int(usage["prompt_tokens"]) - cached, int(usage["completion_tokens"]), cached)


def _say(answer: Answer, text: str) -> None:
    if not answer.blocks or answer.blocks[-1]["type"] != "text":
        answer.blocks.append({"type": "text", "text": ""})
    answer.blocks[-1]["text"] += text


def _call(answer: Answer, call: Mapping[str, Any]) -> None:
    """A piece of a tool call: the first has its name, the others more of its input."""
    said = call.get("function") or {}
    if said.get("name"):
        answer.blocks.append({"type": "tool_use", "id": call.get("id"), "name": said["name"], "input": ""})
    answer.blocks[-1]["input"] += said.get("arguments") or ""


def _take_response(answer: Answer, event: dict[str, Any]) -> None:
    """An event of the Responses API; those that end an answer hold all of it."""
    kind = str(event.get("type"))
    if kind.endswith(".delta") and isinstance(event.get("delta"), str):  # of a text, of a call, of what was thought
        _say(answer, event["delta"])
    if not isinstance(response := event.get("response"), dict):
        return
    answer.begun, answer.model = True, str(response.get("model") or answer.model)
    if kind not in ("response.completed", "response.incomplete", "response.failed"):
        return
    answer.blocks = [block for item in response.get("output") or () for block in _item(item)]
    answer.stop_reason, answer.whole = str(response.get("status") or kind), kind == "response.completed"
    if usage := response.get("usage"):
        cached = int((usage.get("input_tokens_details") or {}).get("cached_tokens") or 0)
        answer.counts = Counts(int(usage["input_tokens"]) - cached, int(usage["output_tokens"]), cached)


def _item(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if item.get("type") == "message":
        for part in item.get("content") or ():
            yield {"type": "text", "text": str(part.get("text", ""))}
    elif item.get("name"):
        value = item.get("arguments") or item.get("input") or ""
        yield {"type": "tool_use", "id": item.get("call_id"), "name": item["name"], "input": value}


_TAKEN = {"messages": _take_message, "chat": _take_chunk, "responses": _take_response}

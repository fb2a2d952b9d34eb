"""What was said so far, folded from the entries of a transcript: the same entries make the same conversation.

Each entry is kept before anything is done with it, so a restart goes on where the last one stood:

    begin      role, model, system, first, tools     how the conversation began
    assistant  content, broken, stop_reason, usage   one whole answer of the model
    result     id, tool, text, error, malformed      what one call was answered with
    go-on      text                                  what the runner said when the answer was cut
    trim       blanked, dropped                      what was taken out to make room
    end        ended, summary, answer                how it ended; nothing comes after it

Every entry but the first has `at`: the seconds that the work had taken by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from loopwright.backends import shape
from loopwright.contracts import Transcript
from loopwright.models.client import Turn
from loopwright.vocabulary import Report, Usage


@dataclass
class Conversation:
    """A transcript and what follows from it. It changes by `keep` alone."""

    transcript: Transcript
    system: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    model: str | None = None
    turns: int = 0
    prompt: int = 0  # tokens that the last answered request had
    calls: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    malformed: int = 0
    at: float = 0.0
    end: Mapping[str, Any] | None = None
    broken: Mapping[str, str] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)  # calls of the last answer without a result
    stop_reason: str = ""  # of the last answer, as long as it is not wholly acted upon

    @classmethod
    def of(cls, transcript: Transcript) -> Conversation:
        """The conversation that a transcript holds; an empty one for one that has not begun."""
        talk = cls(transcript)
        for entry in transcript.entries():
            talk._take(entry)
        return talk

    def keep(self, kind: str, **fields: Any) -> None:
        """Keep one entry, on disk first, and let it count."""
        entry = {"kind": kind, **fields}
        self.transcript.append(entry)
        self._take(entry)

    def keep_turn(self, turn: Turn, at: float) -> None:
        """Keep one answer. Empty texts are left out: the API refuses to be sent its own back."""
        content = [block for block in turn.blocks if block.get("type") != "text" or block.get("text", "").strip()]
        self.keep(
            "assistant",
            content=content,
            broken=dict(turn.broken),
            stop_reason=turn.stop_reason,
            model=turn.model,
            usage=asdict(turn.usage),
            at=at,
        )

    @property
    def text(self) -> str:
        """The text of the model's last message."""
        last = next((message for message in reversed(self.messages) if message["role"] == "assistant"), None)
        blocks = last["content"] if last else ()
        return "\n".join(block["text"] for block in blocks if block.get("type") == "text").strip()

    def report(self) -> Report:
        """What came of it, once it has ended."""
        end = self.end or {}
        return Report(
            summary=end.get("summary", ""),
            ended=end.get("ended", "failed"),
            answer=end.get("answer"),
            usage=self.usage,
            model=self.model,
            seconds=self.at,
            turns=self.turns,
            tools=dict(self.calls),
            tool_errors=self.errors,
        )

    def _take(self, entry: Mapping[str, Any]) -> None:
        self.at = max(self.at, entry.get("at", 0.0))
        match entry["kind"]:
            case "begin":
                self.system, self.model = entry["system"], entry["model"]
                self.messages = [{"role": "user", "content": [_said(entry["first"])]}]
            case "assistant":
                self._take_answer(entry)
            case "result":
                self._take_result(entry)
            case "go-on":
                self.stop_reason = ""
                self._say(_said(entry["text"]))
            case "trim":
                blanked = shape.blank_results(self.messages, entry["blanked"])
                self.messages = shape.drop_messages(blanked, entry["dropped"])
                self.prompt = 0
            case "end":
                self.end = entry

    def _take_answer(self, entry: Mapping[str, Any]) -> None:
        usage = Usage(**entry["usage"])
        self.usage += usage
        self.turns += 1
        self.prompt = usage.input + usage.cache_read + usage.cache_write
        self.model = entry["model"] or self.model
        self.broken, self.stop_reason = entry["broken"], entry["stop_reason"]
        self.waiting = [block for block in entry["content"] if block.get("type") == "tool_use"]
        if entry["content"]:
            self.messages.append({"role": "assistant", "content": list(entry["content"])})

    def _take_result(self, entry: Mapping[str, Any]) -> None:
        self.calls[entry["tool"]] += 1
        self.errors += bool(entry["error"])
        self.malformed += bool(entry.get("malformed"))
        self.waiting = [call for call in self.waiting if call["id"] != entry["id"]]
        self.stop_reason = self.stop_reason if self.waiting else ""
        block = {"type": "tool_result", "tool_use_id": entry["id"], "content": entry["text"]}
        self._say({**block, "is_error": True} if entry["error"] else block)

    def _say(self, block: dict[str, Any]) -> None:
        """Add to the message that the model gets next: all results of one answer go back together."""
        if self.messages[-1]["role"] == "user":
            self.messages[-1]["content"].append(block)
        else:
            self.messages.append({"role": "user", "content": [block]})


def _said(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}

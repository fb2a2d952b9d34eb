"""What a scripted endpoint was asked, and what it finds to say to it."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopwright.backends.script import Fault, Script, Turn, place_in
from loopwright.testing import wire
from loopwright.testing.caching import PromptCache
from loopwright.testing.dialects import ASIDE, spoken

_NOW = Fault("none")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in, and what it was answered with: `turn`, the kind of a fault, or `no-turn`."""

    role: str
    model: str
    place: int
    headers: Mapping[str, str]  # without the key
    body: Mapping[str, Any]
    size: int  # bytes of the body
    answered: str
    spent: Mapping[str, int] = field(default_factory=dict)  # the usage that was reported

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        return self.body.get("messages") or ()

    @property
    def system(self) -> str:
        return _text(self.body.get("system"))

    @property
    def first(self) -> str:
        """The text of the first message."""
        return _text(self.messages[0].get("content")) if self.messages else ""

    @property
    def task(self) -> str:
        """The first block of the first message: it stays the same when older turns are taken out."""
        content = self.messages[0].get("content") if self.messages else None
        return _text(content[:1] if isinstance(content, list) else content)

    @property
    def results(self) -> tuple[Mapping[str, Any], ...]:
        """All tool results that the conversation holds, in order."""
        contents = [message.get("content") for message in self.messages]
        blocks = [block for content in contents if isinstance(content, list) for block in content]
        return tuple(block for block in blocks if block.get("type") == "tool_result")


@dataclass
class Endpoint:
    """The endpoint as a test sees it. A fault is gone through once per conversation (role and first message)."""

    script: Script
    url: str = ""
    key: str | None = None  # the only key that is let in; None: any
    requests: list[Asked] = field(default_factory=list)
    cache: PromptCache = field(default_factory=PromptCache)
    log: Path | None = None
    answered: int = 0  # requests whose answer has gone out whole
    seconds: float = 0.0  # spent on these, from a request's headers to the last byte of its answer
    closing: threading.Event = field(default_factory=threading.Event)
    _faults: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, role: str) -> list[Asked]:
        """The requests of one role."""
        return [request for request in self.requests if request.role == role]

    def answer(self, headers: Mapping[str, str], body: Mapping[str, Any], size: int) -> Answering:
        """Find what is to be said to a request, and record it."""
        told = Asked("", str(body.get("model")), 0, headers, body, size, "")
        role = _role(told.system) or _role(told.first)
        place = place_in(told.messages)
        with self._lock:
            found = self._found(role, told, place)
            fault = self._fault(found, role, told.task, place)
            whole = self._whole(found, fault, body, place)
            answered = fault.kind if fault is not _NOW else ("turn" if found else "no-turn")
            usage = whole["usage"] if whole and fault.kind not in wire.STATUSES else {}
            asked = Asked(role, told.model, place, headers, body, size, answered, usage)
            self.requests.append(asked)
            self._write(asked)
        return Answering(asked, found[1] if found else None, fault, whole)

    def _found(self, role: str, told: Asked, place: int) -> tuple[int, Turn] | None:
        """The session and the turn that is due, in the words of the program that asks."""
        found = self.script.find(role, told.first, place)
        if found is None:
            return None
        aside = bool(told.system) and not _role(told.system) and not told.body.get("tools")
        return found[0], ASIDE if aside else spoken(found[1], told.body)

    def ended(self, seconds: float) -> None:
        """An answer has gone out, or broke off as planned."""
        with self._lock:
            self.answered += 1
            self.seconds += seconds

    def _fault(self, found: tuple[int, Turn] | None, role: str, first: str, place: int) -> Fault:
        if found is None:
            return _NOW
        key = (found[0], place, role + first)
        planned = [fault for fault in found[1].faults for _ in range(fault.times)]
        self._faults[key] += 1
        return planned[self._faults[key] - 1] if self._faults[key] <= len(planned) else _NOW

    def _whole(
        self, found: tuple[int, Turn] | None, fault: Fault, body: Mapping[str, Any], place: int
    ) -> dict[str, Any] | None:
        """The message to be said; a request that is turned away with a status costs nothing and caches nothing."""
        if found is None or fault.kind in wire.STATUSES:
            return None
        blocks = wire.content(found[1], found[0], place)
        name, model = f"msg_s{found[0]}_t{place}", str(body.get("model"))
        return wire.message(name, model, blocks, found[1].stop, self.cache.account(body))

    def _write(self, asked: Asked) -> None:
        if self.log is None:
            return
        line = {"role": asked.role, "model": asked.model, "place": asked.place, "answered": asked.answered}
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "size": asked.size, "spent": asked.spent}) + "\n")


@dataclass(frozen=True, slots=True)
class Answering:
    """What is to be said to one request."""

    asked: Asked
    turn: Turn | None
    fault: Fault
    whole: dict[str, Any] | None


def _role(system: str) -> str:
    """The role as the first line of what we tell names it, wherever another program puts that; else empty."""
    found = re.search(r"^Role: (\S+)", system, re.MULTILINE)
    return found[1] if found else ""


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "\n".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text")

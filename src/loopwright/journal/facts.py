"""A run's journal: each fact written once, as one JSON line that is on disk before anything builds on it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopwright.contracts import Clock
from loopwright.contracts.schemas import validate
from loopwright.redaction import redact


@dataclass
class Lines:
    """An append-only file of JSON lines. A torn last line (the power went) is left out, and cut off by the next append.

    Not when it is opened: who only looks (`status`) may see half of a line that its writer is about to finish.
    """

    path: Path
    known: tuple[str, ...] = ()  # secrets that must never reach the disk
    _seen: list[dict[str, Any]] = field(default_factory=list)
    _torn: int | None = None  # where a line begins that isn't whole

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            return
        whole, at = self.path.read_bytes(), 0
        while (end := whole.find(b"\n", at)) >= 0:
            try:
                self._seen.append(json.loads(whole[at:end]))
            except ValueError:
                break
            at = end + 1
        if at < len(whole):
            self._torn = at

    def entries(self) -> Sequence[dict[str, Any]]:
        return tuple(self._seen)

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write one line and wait for the disk."""
        text = clean(entry, self.known)
        if self._torn is not None:
            os.truncate(self.path, self._torn)
            self._torn = None
        with self.path.open("ab") as file:
            file.write(text.encode(errors="replace") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._seen.append(json.loads(text))


def clean(entry: Mapping[str, Any], known: tuple[str, ...]) -> str:
    """The entry as JSON without secrets: value by value, for one that is cut off (a key without its last line) runs
    to the end of its text; then as a whole, where a name beside a value tells that it is a secret."""
    plain = json.loads(json.dumps(entry, default=str))
    parts = json.dumps(_redacted(plain, known), ensure_ascii=False)
    whole = redact(parts, known)
    try:
        json.loads(whole)
    except ValueError:
        return parts
    return whole


def _redacted(value: Any, known: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return redact(value, known)
    if isinstance(value, list):
        return [_redacted(item, known) for item in value]
    if isinstance(value, dict):
        return {redact(name, known): _redacted(item, known) for name, item in value.items()}
    return value


@dataclass
class FileJournal:
    """One run's facts, each with `kind`, `seq` (from 1, without gaps) and `at` (UTC)."""

    path: Path
    clock: Clock
    known: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._lines = Lines(self.path, self.known)

    def write(self, kind: str, fact: Mapping[str, Any]) -> None:
        now = self.clock.now().isoformat(timespec="milliseconds")
        line = {"seq": len(self._lines.entries()) + 1, "at": now, "kind": kind, **fact}
        validate("fact", line)
        self._lines.append(line)

    def facts(self) -> Sequence[dict[str, Any]]:
        return self._lines.entries()

    def last(self, kind: str, **wanted: object) -> dict[str, Any] | None:
        """The newest fact of a kind whose fields are as wanted, or None."""
        for fact in reversed(self.facts()):
            if fact["kind"] == kind and all(fact.get(name) == value for name, value in wanted.items()):
                return dict(fact)
        return None

"""A run's journal: each fact written once, as one JSON line that is on disk before anything builds on it."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import stat
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from loopwright.contracts import Clock
from loopwright.contracts.schemas import validate
from loopwright.redaction import redact

_CHAIN = 16  # hex digits: enough to see an edit, and to be read beside a fact


@dataclass
class Lines:
    """An append-only file of JSON lines. A torn last line (the power went) is left out, and cut off by the next append.

    Not when it is opened: who only looks (`status`) may see half of a line that its writer is about to finish.
    One process writes to it, whose run's claim says so: what it has read and written is the truth, and lines that
    something else wrote between are put aside in `forged`, and the file is made again as it was. Any of its threads may
    (a gateway's calls come from many).
    """

    path: Path
    known: tuple[str, ...] = ()  # secrets that must never reach the disk
    forged: list[Path] = field(default_factory=list)  # where foreign bytes were put aside
    _seen: list[dict[str, Any]] = field(default_factory=list)
    _whole: bytearray = field(default_factory=bytearray)  # the bytes of the lines in `_seen`
    _hash: Any = field(default_factory=sha256)  # of these
    _torn: bool = False  # whether more stands in the file than whole lines
    _stamp: tuple[int, ...] | None = None
    broken: int | None = None  # the first line, from 1, whose `chain` doesn't fit to those before it
    one: Any = field(default_factory=threading.RLock)  # for who looks before it writes

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            return
        self._stamp = _stamp(self.path)
        whole, at = self.path.read_bytes(), 0
        while (end := whole.find(b"\n", at)) >= 0:
            try:
                entry = json.loads(whole[at:end])
            except ValueError:
                break
            self._check(entry)
            self._take(entry, whole[at : end + 1])
            at = end + 1
        self._torn = at < len(whole)

    def entries(self) -> Sequence[dict[str, Any]]:
        return tuple(self._seen)

    def _take(self, entry: dict[str, Any], line: bytes) -> None:
        self._seen.append(entry)
        self._whole += line
        self._hash.update(line)

    def _check(self, entry: Mapping[str, Any]) -> None:
        chained = "chain" in entry or (self._seen and "chain" in self._seen[-1])
        if self.broken is None and chained and entry.get("chain") != self.chain:
            self.broken = len(self._seen) + 1

    @property
    def chain(self) -> str:
        """A digest of all lines so far."""
        return str(self._hash.hexdigest())[:_CHAIN]

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write one line and wait for the disk."""
        text = clean(entry, self.known)
        with self.one:
            self._append(text)

    def _append(self, text: str) -> None:
        self.guard()
        if self._torn:
            self._cut_off()
        line = text.encode(errors="replace") + b"\n"
        try:
            with self.path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError:  # the disk is full: what half of the line is there is ours
            self._torn, self._stamp = True, _stamp(self.path)
            raise
        self._take(json.loads(text), line)
        self._stamp = _stamp(self.path)

    def _cut_off(self) -> None:
        """Cut off what follows the last whole line. Half of a line is what a write came to that the power cut off;
        more than that is kept beside, for a disk or a hand has damaged it."""
        if self.path.read_bytes().count(b"\n", len(self._whole)):
            aside = (self.path.with_name(f"{self.path.name}.torn-{k}") for k in itertools.count(1))
            shutil.copyfile(self.path, next(place for place in aside if not place.exists()))
        os.truncate(self.path, len(self._whole))
        self._torn = False

    def guard(self) -> None:
        """Put the file right when something else than this process has written to it since.

        A look at the inode is enough most often: the time of its last change can't be set back, other than its mtime.
        """
        with self.one:
            if (stamp := _stamp(self.path)) != self._stamp:
                self._put_right(stamp)

    def _put_right(self, stamp: tuple[int, ...] | None) -> None:
        if stamp is None or not self._same(stamp):
            aside = self.path.with_name(f"{self.path.name}.forged-{len(self.forged) + 1}")
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_name(f"{self.path.name}.fresh")
            fresh.write_bytes(self._whole)
            if stamp is not None:
                self.path.rename(aside)
            fresh.replace(self.path)
            self.forged.append(aside)
        self._torn, self._stamp = False, _stamp(self.path)

    def _same(self, stamp: tuple[int, ...]) -> bool:
        plain = stat.S_ISREG(stamp[_MODE]) and stamp[_SIZE] == len(self._whole)  # a link to an endless file isn't read
        return plain and self.path.read_bytes() == self._whole


_SIZE, _MODE = 1, 2


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What changes with every write of a file; None when there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mode, found.st_mtime_ns, found.st_ctime_ns


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
    """One run's facts, each with `kind`, `seq` (from 1, without gaps), `at` (UTC) and `chain`, a digest of all lines
    before it: who reads it later sees that an earlier one was edited. Not when the whole chain was made anew: against
    a writer with the same rights, only a secret would help, and there is no place here to keep one from it."""

    path: Path
    clock: Clock
    known: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._lines = Lines(self.path, self.known)

    def write(self, kind: str, fact: Mapping[str, Any]) -> None:
        now = self.clock.now().isoformat(timespec="milliseconds")
        with self._lines.one:
            line = {"seq": len(self._lines.entries()) + 1, "at": now, "kind": kind, **fact, "chain": self._lines.chain}
            validate("fact", line)
            self._lines.append(line)

    @property
    def forged(self) -> tuple[Path, ...]:
        """Where what something else wrote to the journal was put aside."""
        self._lines.guard()
        return tuple(self._lines.forged)

    @property
    def broken(self) -> int | None:
        """The first line, from 1, that doesn't fit to those before it, as the journal was when it was opened."""
        return self._lines.broken

    def facts(self) -> Sequence[dict[str, Any]]:
        return self._lines.entries()

    def last(self, kind: str, **wanted: object) -> dict[str, Any] | None:
        """The newest fact of a kind whose fields are as wanted, or None."""
        for fact in reversed(self.facts()):
            if fact["kind"] == kind and all(fact.get(name) == value for name, value in wanted.items()):
                return dict(fact)
        return None

"""The budget pool's file: what all runs of this repository have set aside and paid, shared by their processes.

`pool.jsonl` in the hub's home, one line for each change, written under a lock and on disk before a call is made. It
fails closed: what doesn't read, or can't be written, lets no call begin. A call that its process didn't live to account
for costs its ceiling: whether it was answered, nobody can tell. When the file is gone or empty, it is made anew from
the runs' records and transcripts; the ceilings that were charged to runs still at work are then forgotten.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from loopwright.contracts.schemas import validate
from loopwright.errors import BadUse
from loopwright.journal import claims, records
from loopwright.journal.book import Amount, Book, line, nano
from loopwright.journal.codec import decode
from loopwright.journal.facts import Lines
from loopwright.journal.hub import Hub
from loopwright.vocabulary import Usage

_LARGEST = 1 << 20
"""Bytes past which what has ended is folded into a line for each day and run: some 4,000 calls, read in 0.1 s."""


@dataclass
class Pool:
    """The pool as one process knows it: what was read is read once."""

    hub: Hub
    _book: Book = field(default_factory=Book)
    _file: BinaryIO | None = None  # what was read, held open: its inode isn't given to another file as long as it is
    _at: int = 0  # bytes of it
    _one: Any = field(default_factory=threading.Lock)  # a gateway's calls come from threads

    @property
    def path(self) -> Path:
        return self.hub.home / "pool.jsonl"

    def seen(self, today: str) -> Book:
        """The pool as it is at this moment, for who only looks; calls of the dead count with their ceiling. `today` is
        the UTC day. Raises BadUse when it doesn't read."""
        with self._telling():
            book = Pool(self.hub)._caught_up() if self._is_there() else _made(_carried(self.hub, today))
            for number in self._dead(book):
                book.take({"kind": "charged", "id": number})
        return book

    @contextmanager
    def changing(self, today: str) -> Iterator[Book]:
        """The pool with all that others did, while nobody else changes it; calls of the dead are charged. Raises
        BadUse."""
        with self._telling(), self._one, self.hub.lock("pool"):
            if not self._is_there():
                self._write(_carried(self.hub, today))
            self._caught_up()
            if self.path.stat().st_size > self._at:  # half of a line, whose writer died before it built on that
                os.truncate(self.path, self._at)
            for number in self._dead(self._book):
                self.add({"kind": "charged", "id": number})
            yield self._book
            if self._at > _LARGEST:
                self._write(self._book.folded())

    def add(self, entry: dict[str, Any]) -> None:
        """Write one line, and wait for the disk. Only within `changing`."""
        data = _encoded(entry)
        with self.path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self._at += len(data)
        self._book.take(entry)

    def _is_there(self) -> bool:
        """Whether there is anything to read: a file without a line tells of no call."""
        with contextlib.suppress(FileNotFoundError):
            return self.path.stat().st_size > 0
        return False

    def _caught_up(self) -> Book:
        """What was written since the last look; all of it where the file is another one by now, or was cut."""
        there = self.path.stat()
        if self._file is None or os.fstat(self._file.fileno()).st_ino != there.st_ino or there.st_size < self._at:
            self._book, self._file, self._at = Book(), self.path.open("rb"), 0
        self._file.seek(self._at)
        whole, end, _ = self._file.read().rpartition(b"\n")  # the last line may be torn
        for text in whole.splitlines():
            entry = json.loads(text)
            validate("pool-entry", entry)
            self._book.take(entry)
        self._at += len(whole + end)
        return self._book

    def _dead(self, book: Book) -> list[int]:
        """The calls of runs that nobody works on any more."""
        alive = {run: claims.is_alive(self.hub, run) for run in {held.run for held in book.open.values()}}
        return [number for number, held in book.open.items() if not alive[held.run]]

    def _write(self, entries: list[dict[str, Any]]) -> None:
        """The whole file anew."""
        fresh = self.path.with_suffix(".fresh")
        with fresh.open("wb") as file:
            file.writelines(map(_encoded, entries))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say what is to be done about a pool that can't be read or written."""
        try:
            yield
        except (ValueError, KeyError, RecursionError) as problem:
            told = f"{self.path}: the budget pool doesn't read, so nothing is spent: {str(problem)[:200]}"
            raise BadUse(told, "delete it: it is made anew from the runs' records") from problem
        except OSError as problem:
            if problem.errno == errno.ENOSPC:
                raise
            told = f"{self.path}: the budget pool can't be had, so nothing is spent: {problem.strerror}"
            raise BadUse(told, "make it a file that you can read and write") from problem


def _encoded(entry: dict[str, Any]) -> bytes:
    validate("pool-entry", entry)
    return json.dumps(entry).encode() + b"\n"


def _made(entries: list[dict[str, Any]]) -> Book:
    book = Book()
    for entry in entries:
        book.take(entry)
    return book


def _carried(hub: Hub, today: str) -> list[dict[str, Any]]:
    """What transcripts tell of runs at work, and records of those that began today."""
    working = {claim.run: claim.at[:10] for claim in claims.every(hub)}
    told = [line("carried", 1, run, day, measured(hub, run)) for run, day in working.items()]
    for record in records.begun_on(hub, today):
        if record["run"] not in working:
            usage, charged = Usage(**record["tokens"], usd=record["usd"]), record.get("charged", {})
            more = Amount(nano(charged.get("usd", 0.0)), charged.get("tokens", 0))
            told.append(line("carried", 1, record["run"], today, Amount.of(usage) + more))
    return told


def measured(hub: Hub, run: int) -> Amount:
    """What a run's answers have cost by its transcripts: less than it has taken, where nobody saw a call's end."""
    places = sorted((hub.run_home(run) / "transcripts").glob("*.jsonl"))
    return sum((_measured(path, path.stat().st_size) for path in places), Amount())


@functools.lru_cache(maxsize=1024)
def _measured(transcript: Path, size: int) -> Amount:
    del size  # it only grows: what was read at one size is read once
    return sum((Amount.of(usage) for usage in _told(transcript)), Amount())


def spent_in(transcript: Path) -> Usage:
    """What a session has cost up to now, as each answer in its transcript tells."""
    return sum(_told(transcript), Usage())


def _told(transcript: Path) -> Iterator[Usage]:
    told = (entry.get("usage") for entry in Lines(transcript).entries())
    return (decode(Usage, usage) for usage in told if isinstance(usage, dict))

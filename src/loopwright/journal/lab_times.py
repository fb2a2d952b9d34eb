"""When commands ran in labs: the times between which a file that was written may be a lab's doing.

`loopwright/lab-times` under the git common dir has a line before and one after each command, `begin NS RUN LAB` and
`end NS RUN LAB`, of the last day. Times are the file system's own (what it gave this very file), so that they compare
with the change times of files whatever the clocks of processes say.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from loopwright.journal.hub import Hub

SLACK = 10_000_000
"""Nanoseconds by which a change time may lag behind: the kernel takes it from a clock that ticks every 4 ms or 10."""

_DAY = 86_400 * 10**9
_LARGEST = 1 << 20  # bytes: some 10,000 commands; then what is older than a day goes
_ALL = "*"


@dataclass(frozen=True, slots=True)
class Span:
    """One command's time, in nanoseconds of the file system's clock. `end` None: it, or what it left, still runs."""

    run: int
    lab: str
    begin: int
    end: int | None = None

    def holds(self, moment: int) -> bool:
        return self.begin - SLACK <= moment and (self.end is None or moment <= self.end + SLACK)


def begun(hub: Hub, run: int, lab: str) -> int:
    """Write down that a command begins; when."""
    return _write(hub, "begin", run, lab)


def ended(hub: Hub, run: int, lab: str = _ALL) -> int:
    """Write down that nothing runs any more in a lab, or in all labs of a run; when."""
    return _write(hub, "end", run, lab)


def written_in_a_lab(hub: Hub, path: Path) -> Span | None:
    """The time of a lab's command in which a file was changed last, if it was: then who wrote it isn't known.

    A command that a crash cut off counts as running until its lab was opened again, or its run ended.
    """
    try:
        moment = path.lstat().st_ctime_ns
    except OSError:
        return None
    return next((span for span in spans(hub) if span.holds(moment)), None)


def spans(hub: Hub) -> Iterator[Span]:
    """All times of the last day, those that are still open last."""
    going: dict[tuple[int, str], int] = {}
    for what, moment, run, lab in _read(_path(hub)):
        over = [key for key in going if key[0] == run and lab in (key[1], _ALL)]
        yield from (Span(*key, going.pop(key), moment) for key in over)
        if what == "begin":
            going.setdefault((run, lab), moment)  # what the last command left behind still ran
    yield from (Span(*key, begin) for key, begin in going.items())


def _path(hub: Hub) -> Path:
    return hub.home / "lab-times"


def _read(path: Path) -> Iterator[tuple[str, int, int, str]]:
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        words = line.split(" ")
        if len(words) == 4 and words[0] in ("begin", "end") and words[1].isdecimal() and words[2].isdecimal():
            yield words[0], int(words[1]), int(words[2]), words[3]


def _write(hub: Hub, what: str, run: int, lab: str) -> int:
    path = _path(hub)
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.utime(file.fileno())
        found = os.fstat(file.fileno())
        if found.st_size > _LARGEST:
            _shorten(path, file, found.st_ctime_ns - _DAY)
        file.write(f"{what} {found.st_ctime_ns} {run} {lab}\n")
    return found.st_ctime_ns


def _shorten(path: Path, file: IO[str], since: int) -> None:
    kept = [f"{what} {moment} {run} {lab}\n" for what, moment, run, lab in _read(path) if moment >= since]
    file.truncate(0)
    file.write("".join(kept))

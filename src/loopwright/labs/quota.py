"""How much of the disk a lab may fill: half of what was free when it was opened, so that the others can go on.

A quota of the file system's own can't be had by everybody, so one looks: while a command runs (`Quota.is_over`, which
ends that one) and, in a thread, while none does (`watched`, which ends what was left at work).
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_LEAST = 0.2  # seconds between two measurements, which take a tenth of the time at most (20,000 files: 0.1 s)
_BETWEEN = 0.5  # seconds between two looks while no command runs

FLOOR = 64 << 20
"""Bytes that stay free: where a lab has filled the disk up to these, it isn't asked any more how."""


class Held(NamedTuple):
    """What files take up: bytes on the disk, and how many they are."""

    size: int
    files: int


@dataclass
class Quota:
    """The disk as a lab sees it. To be asked often: most times it costs one look at the file system (3 µs).

    `floor`: what must stay free. `processes`: those at work in the lab, which may hold files open that are deleted.
    """

    place: Path
    floor: int = 0
    processes: Callable[[], set[int]] = set
    free: Held = field(init=False)  # when the lab was opened
    most: Held = field(init=False)  # what the lab may hold
    _why: str = ""
    _next: float = 0.0
    _commands: int = 0
    _one: threading.Lock = field(default_factory=threading.Lock)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.free = free(self.place)
        self.most = Held(self.free.size // 2, self.free.files // 2)

    def is_over(self) -> bool:
        """Whether the lab holds more than it may. Its files are measured only while the disk has got as much fuller."""
        now, left = time.monotonic(), free(self.place)
        if self.free.size - left.size <= self.most.size // 2 and self.free.files - left.files <= self.most.files // 2:
            self._why = ""
        elif now >= self._next and self._one.acquire(blocking=False):
            try:
                self._why = self._passed(left)
                took = time.monotonic() - now
                self._next = now + took + max(_LEAST, 9 * took)
            finally:
                self._one.release()
        return bool(self._why)

    def _passed(self, left: Held) -> str:
        """Which limit the lab has passed, in words; '' for none."""
        if left.size < self.floor:
            return f"the disk has {left.size >> 20} MiB left"
        found = held(self.place, self.most)
        if found.size + deleted(self.place, self.processes()) > self.most.size:
            return f"the lab may hold {self.most.size / (1 << 30):.1f} GiB"
        return f"the lab may hold {self.most.files} files" if found.files > self.most.files else ""

    @contextlib.contextmanager
    def command(self) -> Iterator[None]:
        """While a command runs, which asks itself."""
        with self._counting:
            self._commands += 1
        try:
            yield
        finally:
            with self._counting:
                self._commands -= 1

    @contextlib.contextmanager
    def watched(self, end: Callable[[], object]) -> Iterator[None]:
        """`end` what is at work in the lab when it fills the disk while no command runs."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(_BETWEEN):
                if not self._commands and self.is_over():
                    end()

        watching = threading.Thread(target=look, name=f"quota of {self.place.name}", daemon=True)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()

    @property
    def told(self) -> str:
        """What to say to a command that was ended for it."""
        return f"[ended: disk quota exceeded, {self._why}]"


def free(place: Path) -> Held:
    """What is free on the file system of a folder, or of the nearest one above it that is there. Some count no files:
    then there is room for any number."""
    while not place.exists():
        place = place.parent
    found = os.statvfs(place)
    return Held(found.f_bavail * found.f_frsize, found.f_favail if found.f_files else sys.maxsize)


def held(place: Path, most: Held | None = None) -> Held:
    """What the files in a folder take up; where they are `most` or more, no more of them are looked at. Follows no
    link, and goes as deep as paths can be named."""
    size, files, ahead = 0, 0, [str(place)]
    while ahead and (most is None or (size <= most.size and files <= most.files)):
        with contextlib.suppress(OSError), os.scandir(ahead.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    files += 1
                    ahead += [entry.path] if entry.is_dir(follow_symlinks=False) else []
    return Held(size, files)


def deleted(place: Path, processes: set[int]) -> int:
    """Bytes of files on the disk of a folder that have no name any more, and that these processes hold open."""
    disk, found = place.stat().st_dev, dict[int, int]()
    for pid in processes:
        with contextlib.suppress(OSError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    told = entry.stat()
                    if stat.S_ISREG(told.st_mode) and told.st_nlink == 0 and told.st_dev == disk:
                        found[told.st_ino] = told.st_blocks * 512
    return sum(found.values())

"""How much of the disk a lab may fill: half of what was free when it was opened, so that the others can go on."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

_LEAST = 0.2  # seconds between two measurements, which take a tenth of the time at most (20,000 files: 0.1 s)


@dataclass
class Quota:
    """The disk as a lab sees it. To be asked often: most times it costs one look at the file system (3 µs)."""

    place: Path
    free: int = field(init=False)  # bytes, when the lab was opened
    most: int = field(init=False)  # bytes that the lab may hold
    _over: bool = False
    _next: float = 0.0

    def __post_init__(self) -> None:
        self.free = free(self.place)
        self.most = self.free // 2

    def is_over(self) -> bool:
        """Whether the lab holds more than it may. Its files are measured only while the disk has got as much fuller."""
        now = time.monotonic()
        if now >= self._next and self.free - free(self.place) > self.most // 2:
            self._over = held(self.place) > self.most
            took = time.monotonic() - now
            self._next = now + took + max(_LEAST, 9 * took)
        return self._over

    @property
    def told(self) -> str:
        """What to say to a command that was ended for it."""
        return f"[ended: disk quota exceeded, the lab may hold {self.most / (1 << 30):.1f} GiB]"


def free(place: Path) -> int:
    """Bytes that are free on the file system of a folder, or of the nearest one above it that is there."""
    while not place.exists():
        place = place.parent
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def held(place: Path) -> int:
    """Bytes that the files in a folder take up on the disk. Follows no link, and goes as deep as paths can be named."""
    total, ahead = 0, [str(place)]
    while ahead:
        with contextlib.suppress(OSError), os.scandir(ahead.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    ahead += [entry.path] if entry.is_dir(follow_symlinks=False) else []
    return total

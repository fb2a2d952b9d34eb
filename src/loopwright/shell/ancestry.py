"""What the processes above this one were started with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_DEEPEST = 64  # ancestors that are asked; a chain of shells is some ten


def inherited(name: str) -> tuple[str, ...]:
    """The values of an environment variable in this process and its ancestors, the nearest first, each once.

    An ancestor's environment can be read where /proc tells it: not of other users' processes, nor of ones that hide
    theirs. This process's own counts as it was at its start, too: it can be taken out later, but not there.
    """
    found = [value] if (value := os.environ.get(name)) else []
    prefix = os.fsencode(name) + b"="
    for pid in _line():
        with contextlib.suppress(OSError):
            entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            found += [os.fsdecode(entry.removeprefix(prefix)) for entry in entries if entry.startswith(prefix)]
    return tuple(dict.fromkeys(found))


def marked_alive(entry: str) -> bool:
    """Whether any process but this one was started with `NAME=value` in its environment (20 processes: 1 ms)."""
    wanted = os.fsencode(entry)
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if place.name != str(os.getpid()) and wanted in (place / "environ").read_bytes().split(b"\0"):
                return True
    return False


def _line() -> Iterator[int]:
    """This process, its parent, and so on."""
    pid = os.getpid()
    for _ in range(_DEEPEST):
        if pid < 1:
            return
        yield pid
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):  # no /proc, or it ended meanwhile
            return

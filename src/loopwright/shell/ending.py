"""Ends processes: a group, a tree, and all that ever came of a lab."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def end_group(pid: int) -> None:
    """Kill the process group that `pid` leads."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_tree(pid: int) -> None:
    """Kill the process group that `pid` leads, and all that descends from it, whatever group that has gone to."""
    found = offspring({pid})  # looked up before: an orphan no longer tells where it came from
    end_group(pid)
    kill(found)


def end_marked(mark: str, patience: float = 5.0, but: Callable[[], set[int]] = set) -> int:
    """Kill every process whose environment holds `mark` (NAME=/a/path, or a path under it) and its offspring.

    Finds what left its process group by setsid or a double fork, and gives up after `patience` seconds. Returns how
    many there were, when they are gone. Not found is a daemon that has wiped its own environment: that is what
    `adopting` is for. Only where /proc tells environments; elsewhere 0. `but`: these stay, asked each time.
    """
    deadline, ended = time.monotonic() + patience, set[int]()
    while (found := marked(mark) - but()) and time.monotonic() < deadline:
        found |= offspring(found) - but()
        kill(found)
        ended |= found
        time.sleep(0.002)  # until they are gone: what dies slowly could still write
    return len(ended)


def marked(mark: str) -> set[int]:
    """The processes whose environment holds `mark`, or a path under it."""
    found, name = set(), os.fsencode(mark)
    for pid in processes():
        with contextlib.suppress(OSError):
            values = _environment(pid).split(b"\0")
            if any(value == name or value.startswith(name + b"/") for value in values):
                found.add(pid)
    return found


def _environment(pid: int) -> bytes:
    """The environment that a process was started with. While a program is being loaded there is none to read yet."""
    data, settled = b"", 0
    for _ in range(100):
        data, told = Path(f"/proc/{pid}/environ").read_bytes(), stat(pid)
        settled += told[_ENVIRONMENT_END] != b"0"
        if data or told[_MEMORY] == b"0" or settled > 1:  # the kernel's own, and the dead, have no memory
            break
        time.sleep(0.001)
    return data


PARENT, SESSION, STARTED = 1, 3, 19
"""Where `stat` tells of a process: its parent, its session, and when it began (ticks since the machine's start)."""

_MEMORY, _ENVIRONMENT_END = 20, 48


def stat(pid: int) -> list[bytes]:
    """What the kernel tells of a process, after "PID (NAME)": a name may hold anything, brackets and spaces too."""
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()


def offspring(ancestors: set[int]) -> set[int]:
    """All processes that descend from these, as far as the ones between still live."""
    children: dict[int, list[int]] = {}
    for pid in processes():
        with contextlib.suppress(OSError):
            children.setdefault(int(stat(pid)[PARENT]), []).append(pid)
    found, ahead = set[int](), list(ancestors)
    while ahead:
        new = set(children.get(ahead.pop(), ())) - found
        found |= new
        ahead += new
    return found


def processes() -> list[int]:
    """The ids of all processes but this one; none where there is no /proc."""
    with contextlib.suppress(OSError):
        return [pid for entry in Path("/proc").glob("[0-9]*") if (pid := int(entry.name)) != os.getpid()]
    return []


def kill(pids: set[int]) -> None:
    """Kill these, as far as they are there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)

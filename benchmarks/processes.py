"""What a process and all that it started take of memory and processor, out of /proc."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_MB = 1024


@dataclass(frozen=True, slots=True)
class Use:
    """`rss`: MB of all its processes (shared pages count in each); `pss`: shared pages divided among those that share
    them; `cpu`: seconds since its start, with children that ended."""

    processes: int
    rss: float
    pss: float
    cpu: float


def use(pid: int) -> Use:
    """Of a process and its descendants."""
    pids = family(pid)
    rss = sum(_kilobytes(each, "smaps_rollup", "Rss") for each in pids) / _MB
    pss = sum(_kilobytes(each, "smaps_rollup", "Pss") for each in pids) / _MB
    return Use(len(pids), rss, pss, sum(map(_cpu, pids)))


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for each in found:  # grows while it is gone through
        for task in Path(f"/proc/{each}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu(pid: int) -> float:
    """Seconds of a process and its descendants so far, with children that ended; 0 where it has ended itself. One that
    ends while it is looked at is missing: of several looks the largest is the right one."""
    with contextlib.suppress(OSError, IndexError):
        return sum(map(_cpu, family(pid)))
    return 0.0


def _kilobytes(pid: int, file: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/{file}").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def _cpu(pid: int) -> float:
    """Seconds of its threads (to the nanosecond), and of children that were waited for (in ticks)."""
    threads = sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return threads / 1e9 + sum(map(int, fields[13:15])) / _TICK

"""Limits for a whole lab, memory and processes, where this system lets us have control groups.

As root on the first version of them, a group is made under this process's own; on the second, where the parent group
gives its children memory and pids to share out (as a service manager's delegation does). Elsewhere there are none, and
only the number of processes is bounded, by the user's own limit in a namespace of its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_OURS = "loopwright-"


@dataclass(frozen=True)
class Bounds:
    """`memory` in bytes, `processes` as a count (threads among them)."""

    memory: int
    processes: int


@dataclass(frozen=True)
class Group:
    """The control groups of one lab: none where they can't be had."""

    folders: tuple[Path, ...] = ()

    @property
    def doors(self) -> tuple[str, ...]:
        """Files into which a process writes its id to come under the limits, with all that it starts."""
        return tuple(str(folder / "cgroup.procs") for folder in self.folders)

    @property
    def ended(self) -> int:
        """How many processes were ended for their memory."""
        told = [_text(folder / name) for folder in self.folders for name in ("memory.oom_control", "memory.events")]
        counts = (line.split() for text in told for line in text.splitlines())
        return sum(int(words[1]) for words in counts if len(words) == 2 and words[0] == "oom_kill")

    def holds(self, bounds: Bounds) -> bool:
        """Whether these limits, or ones that leave less, are in force here: in these groups or the ones around them."""
        memory = ("memory.limit_in_bytes", "memory.max")
        return self._has(memory, bounds.memory) and self._has(("pids.max",), bounds.processes)

    def _has(self, names: tuple[str, ...], most: int) -> bool:
        files = (around / name for folder in self.folders for around in (folder, folder.parent) for name in names)
        return any(told.isdecimal() and int(told) <= most for told in (_text(file).strip() for file in files))

    def remove(self) -> None:
        """Take them away; one in which something still lives stays."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def made(name: str, bounds: Bounds) -> Group:
    """The control groups for a lab, made now; none, where this system gives us none."""
    folders = []
    for parent, limits in _places(bounds):
        folder = parent / f"{_OURS}{name}"
        try:
            folder.mkdir(exist_ok=True)
            for file, value in limits.items():
                if (folder / file).exists():  # the one for swap isn't everywhere
                    (folder / file).write_text(str(value))
        except OSError:
            with contextlib.suppress(OSError):
                folder.rmdir()
            continue
        folders.append(folder)
    return Group(tuple(folders))


def of(pid: int) -> Group:
    """The control groups that a process is in, whoever has made them."""
    own = _groups_of(str(pid))
    first = [_ROOT / name / own[name] for name in ("memory", "pids") if name in own]
    return Group(tuple(first or [_ROOT / own[""]] if own else ()))


def left(name: str) -> Group:
    """The control groups of a lab that are there: whoever made them may have been killed since."""
    folders = (parent / f"{_OURS}{name}" for parent, _ in _places(Bounds(0, 0)))
    return Group(tuple(folder for folder in folders if folder.is_dir()))


def to_be_had() -> bool:
    """Whether this system lets us limit the memory of a lab."""
    tried = made("can-it-be-had", Bounds(1 << 30, 64))
    tried.remove()
    return bool(tried.folders)


def _places(bounds: Bounds) -> Iterator[tuple[Path, dict[str, int]]]:
    """The folders in which a group can be made, and what is to be written in it."""
    own = _groups_of("self")
    if own.get("memory") is not None:
        both = {"memory.limit_in_bytes": bounds.memory, "memory.memsw.limit_in_bytes": bounds.memory}
        yield _ROOT / "memory" / own["memory"], both
        yield _ROOT / "pids" / own.get("pids", ""), {"pids.max": bounds.processes}
        return
    here = _ROOT / own.get("", "")
    for parent in (here, here.parent):
        given = _text(parent / "cgroup.subtree_control").split()
        if {"memory", "pids"} <= set(given) and os.access(parent, os.W_OK):
            yield parent, {"memory.max": bounds.memory, "memory.swap.max": 0, "pids.max": bounds.processes}
            return


def _groups_of(pid: str) -> dict[str, str]:
    """A process's group by controller ('' is the second version's), relative to the controller's folder."""
    found: dict[str, str] = {}
    for line in _text(Path(f"/proc/{pid}/cgroup")).splitlines():
        _, names, path = line.split(":", 2)
        found |= dict.fromkeys(names.split(","), path.lstrip("/"))
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""

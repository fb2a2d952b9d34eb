"""Where programs lie, and which of them are at work in a folder now."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from loopwright.shell.ending import STARTED, processes, stat


def fixed(path: str) -> str:
    """What of a PATH names the same folders wherever one is, for programs of ours that run in a lab's files. An empty
    entry stands for the working folder and one like `bin` for a folder in it: there a lab could put what it likes."""
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if entry.startswith("/"))


def at_work(program: str, folders: Iterable[Path]) -> frozenset[tuple[int, int]] | None:
    """The processes of a program (`git` is `git-receive-pack`, too) whose working folder is one of these or lies below:
    process id and start, so that no later process with the same id is taken for one of them.

    One whose folder can't be read counts as in all of them. None: this system doesn't tell (no /proc).
    """
    if not Path("/proc/self/stat").exists():
        return None
    within, found = tuple(f"{os.path.realpath(folder)}/" for folder in folders), set[tuple[int, int]]()
    for pid in processes():
        with contextlib.suppress(OSError, IndexError):  # ended meanwhile
            name = Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
            if (name == program or name.startswith(f"{program}-")) and _is_in(pid, within):
                found.add((pid, int(stat(pid)[STARTED])))
    return frozenset(found)


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped (SIGSTOP, Ctrl-Z) and goes on for nobody until it is told to."""
    try:
        return stat(pid)[0] in (b"T", b"t")
    except (OSError, IndexError):  # it has ended, or this system doesn't tell
        return False


def _is_in(pid: int, within: tuple[str, ...]) -> bool:
    try:
        return f"{Path(f'/proc/{pid}/cwd').readlink()}/".startswith(within)
    except PermissionError:
        return True

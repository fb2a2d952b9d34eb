"""The line between the host and the first process behind a lab's walls: how each comes to its end of it.

Whatever the way: when the host's end is closed, also by the host's death, the first process ends, and all others with
it.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

from loopwright.errors import LabFailed

_TO_CALL = 60.0  # seconds; measured: 0.2 on an idle machine. One that can't be had has ended before
_TO_END = 5.0
_STEP = 0.02
_PROGRAM, _SOCKET = "first.py", "line"


class Line(Protocol):
    """A line to the first process. `first` are the words that start the first process behind the walls, `held` the
    descriptors that it needs from its birth; these are closed here by whoever has started it."""

    first: Sequence[str]
    held: Sequence[int]
    pid: int  # of the first process, where that isn't born of the walls' own program; 0 until it is known
    patience: float  # seconds for the walls' own program to end, once all that is behind them has

    def meet(self, child: subprocess.Popen[Any]) -> socket.socket:
        """The host's end, once the first process may answer on it. Raises LabFailed."""
        ...

    def over(self) -> None:
        """To be called when the host's end is closed: returns when nothing behind the walls is left."""
        ...

    def forget(self) -> None:
        """To be called when the walls' own program has ended by itself, and so has cleared away what it had."""
        ...


class Inherited:
    """A pair of sockets, one of which the first process is born with: for walls whose program passes descriptors on.

    The program's text is a descriptor, too, so that it need not lie anywhere behind the walls.
    """

    patience = 5.0

    def __init__(self, python: str | None = None) -> None:
        self.pid = 0
        self._mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = os.memfd_create("loopwright-lab")
        os.write(program, _text())
        python = python or str(Path(sys.executable).resolve())
        self.first: Sequence[str] = (python, "-I", "-S", f"/proc/self/fd/{program}", str(theirs.fileno()))
        self.held: Sequence[int] = (program, theirs.detach())

    def meet(self, child: subprocess.Popen[Any]) -> socket.socket:
        del child
        return self._mine

    def over(self) -> None:
        """The walls' own program ends after all that is behind them, and is waited for."""
        self._mine.close()

    def forget(self) -> None:
        """Nothing of it lies anywhere."""


class Called:
    """A socket in a folder made for it `within` another, which is seen behind the walls at `seen`, and which the first
    process calls from there: for walls that another service puts up. One call is taken, of the one that is meant: of
    `user`, and process 1 of a tree of its own, for with that one the kernel ends all the others.

    The folder stays where it isn't sure that nothing of these walls is left.
    """

    patience = 30.0  # an engine's client clears away in 0.1 s, and among 32 of them in 10

    def __init__(self, within: Path, seen: str, python: str, user: int) -> None:
        within.mkdir(exist_ok=True)
        self.folder, self._user = Path(tempfile.mkdtemp(dir=within)), user
        self._process: int | None = None  # a descriptor of the first process
        self.pid = 0
        self.first: Sequence[str] = (python, "-I", "-S", f"{seen}/{_PROGRAM}", f"{seen}/{_SOCKET}")
        self.held: Sequence[int] = ()
        self._listening = self._laid(self.folder)

    def _laid(self, folder: Path) -> socket.socket:
        (folder / _PROGRAM).write_bytes(_text())
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        try:
            listening.bind(f"/proc/self/fd/{opened}/{_SOCKET}")  # an address has 108 bytes; a lab's place may have more
            for path in (folder / _PROGRAM, folder / _SOCKET, folder):
                os.chown(path, self._user, -1)
            listening.listen(1)
        finally:
            os.close(opened)
        return listening

    def meet(self, child: subprocess.Popen[Any]) -> socket.socket:
        with self._listening:
            control = self._answered(child)
        pid, user, _ = struct.unpack("3i", control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if user == self._user and pid > 0:
            with contextlib.suppress(OSError):  # it has ended
                process = os.pidfd_open(pid)
                if _is_first(pid):
                    self._process, self.pid = process, pid
                    return control
                os.close(process)
        control.close()
        raise LabFailed("somebody else than the lab's first process has called")

    def _answered(self, child: subprocess.Popen[Any]) -> socket.socket:
        self._listening.settimeout(_STEP)
        deadline = time.monotonic() + _TO_CALL
        while child.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                return self._listening.accept()[0]
        raise LabFailed("its first process has not called")

    def over(self) -> None:
        if self._process is not None:
            if not select.select([self._process], [], [], _TO_END)[0]:  # it can't be held up from inside: for a machine
                with contextlib.suppress(OSError):  # that stands still
                    signal.pidfd_send_signal(self._process, signal.SIGKILL)
                select.select([self._process], [], [], _TO_END)
            os.close(self._process)
            self._process = None
        self._listening.close()

    def forget(self) -> None:
        if self.pid:  # else nobody knows whether anything stands
            shutil.rmtree(self.folder, ignore_errors=True)


def _is_first(pid: int) -> bool:
    with contextlib.suppress(OSError):  # it has ended
        told = Path(f"/proc/{pid}/status").read_text().partition("NSpid:")[2].split("\n")[0].split()
        return len(told) > 1 and told[-1] == "1"
    return False


def _text() -> bytes:
    return resources.files("loopwright.shell").joinpath(_PROGRAM).read_bytes()

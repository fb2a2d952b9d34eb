"""A process tree behind walls: its first process, which starts whatever else is to run there, and the host's end of it.

What the walls are is somebody else's business (`labs`): here is known only that a command line can be put before a
program, that the program then runs behind them, and that all of it ends with the process that was started.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import IO

from loopwright.errors import LabFailed
from loopwright.shell.adopting import ours
from loopwright.shell.ending import offspring
from loopwright.shell.running import attend
from loopwright.vocabulary import Ran

_TO_START = 20.0  # seconds; measured: 0.03 on an idle machine
_TO_END = 5.0
FELL = 137
"""The exit code of a command whose walls fell on it: the whole lab was ended, most often for its memory."""

Wall = Callable[[], tuple[Sequence[str], Sequence[int]]]
"""Makes the words that put a program behind walls, and the descriptors that they speak of, which are closed here."""


class Fell(LabFailed):
    """Everything behind the walls had ended before a command was taken."""


@dataclass
class Enclosure:
    """What runs behind one set of walls."""

    wall: Wall
    python: str = field(default_factory=lambda: str(Path(sys.executable).resolve()))
    patience: float = _TO_START  # seconds for an answer
    _child: subprocess.Popen[bytes] | None = None
    _control: socket.socket | None = None
    _one: threading.Lock = field(default_factory=threading.Lock)
    _asked: int = 0

    @property
    def stands(self) -> bool:
        """Whether it was started, and nobody has ended it since."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start the first process. From a thread that lives as long as this is to live: its end is theirs.

        Raises LabFailed with what the walls' program said.
        """
        try:
            before, held = self.wall()
        except OSError as problem:  # a folder that was to be shown is gone, or can't be looked at
            raise LabFailed(f"the lab's walls can't be planned: {problem}") from problem
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        held = [*held, program := _program()]
        first = [self.python, "-I", "-S", f"/proc/self/fd/{program}", str(theirs.fileno())]
        try:
            child = ours(
                lambda: subprocess.Popen(
                    [*before, *first],
                    cwd="/",
                    env={},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    pass_fds=(*held, theirs.fileno()),
                )
            )
        except OSError as problem:
            mine.close()
            raise LabFailed(f"{before[0]} can't be started: {problem.strerror}") from problem
        finally:
            theirs.close()
            for descriptor in held:
                os.close(descriptor)
        self._child, self._control = child, mine
        mine.settimeout(self.patience)
        try:
            ready = mine.recv(64)
        except OSError:
            ready = b""
        if ready != b"ready":
            said = self._end()
            raise LabFailed(f"the lab's walls don't stand: {said or 'nothing was said within 20 s'}")

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        seconds: float,
        env: Mapping[str, str],
        keep: int = 65536,
        data: bytes = b"",
        halt: Callable[[], bool] | None = None,
    ) -> Ran:
        """Run a command behind the walls, as `shell.run` does before them.

        Raises Fell where everything there had ended before the command was taken: then it may be run once more.
        """
        started = time.monotonic()
        inside = self._begin(command, cwd, env, wants_input=bool(data))
        ran = attend(inside, inside.end, seconds=seconds, keep=keep, data=data, halt=halt, since=started)
        if not inside.taken:
            self._end()
            raise Fell("the lab's walls fell before the command was taken")
        return ran

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """Nothing behind the walls moves while the block runs, so that no path leads elsewhere between two looks at it.
        Raises LabFailed."""
        if not self.stands or self._control is None:
            yield
            return
        with self._one:
            self._ask("still")
            try:
                yield
            finally:
                with contextlib.suppress(LabFailed):  # it has ended meanwhile
                    self._ask("go_on")

    def processes(self) -> set[int]:
        """All behind the walls, the first one and the walls' own program among them."""
        child = self._child
        return set() if child is None else offspring({child.pid})

    def settle(self) -> None:
        """What is at work behind the walls now stays when `alone` ends the others. Raises LabFailed."""
        if self.stands:
            with self._one:
                self._ask("settle")

    def alone(self) -> None:
        """End what is at work behind the walls, but for what was so at `settle`. Raises LabFailed."""
        if self.stands:
            with self._one:
                self._ask("alone")

    def _ask(self, verb: str) -> list[int]:
        """The descriptors that the first process answers with. Each question has a number, and so has its answer: one
        that comes after its time is nobody's. Raises LabFailed."""
        assert self._control is not None
        self._asked += 1
        try:
            self._control.send(f"{self._asked} {verb}".encode())
            while True:
                answer, descriptors, _, _ = socket.recv_fds(self._control, 256, 1)
                number, _, told = answer.decode(errors="replace").partition(" ")
                if number == str(self._asked) or not answer:
                    break
                for descriptor in descriptors:
                    os.close(descriptor)
        except OSError as problem:
            raise LabFailed(f"nothing answers behind the lab's walls: {problem}") from problem
        if told != "done":
            raise LabFailed(f"`{verb}` can't be done behind the lab's walls: {told[3:] or 'not within 10 s'}")
        return descriptors

    def _begin(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], *, wants_input: bool) -> _Inside:
        assert self._control is not None
        line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        out, write = os.pipe()
        read, feed = os.pipe() if wants_input else (-1, -1)
        request = os.memfd_create("request")
        try:
            with os.fdopen(os.dup(request), "wb") as file:
                marshal.dump(
                    {"argv": list(command), "cwd": str(cwd), "env": dict(env)}, file, 4
                )  # that of Python 3.4 and later
            os.lseek(request, 0, os.SEEK_SET)
            given = [request, theirs.fileno(), write, *([read] if wants_input else [])]
            with self._one, contextlib.suppress(OSError):  # nobody there any more: its line says so
                socket.send_fds(self._control, [b"0 run"], given)
        finally:
            theirs.close()
            for descriptor in (request, write, read):
                if descriptor >= 0:
                    os.close(descriptor)
        return _Inside(line, os.fdopen(out, "rb", 0), os.fdopen(feed, "wb", 0) if wants_input else None)

    def listen(self, port: int) -> socket.socket:
        """A socket that listens behind the walls, on the loopback there, and is served from here. Raises LabFailed."""
        with self._one:
            (descriptor,) = self._ask(f"listen {port}")
        return socket.socket(fileno=descriptor)

    def end(self) -> None:
        """End everything behind the walls; it is gone when this returns."""
        self._end()

    def _end(self) -> str:
        """End everything; what the walls' program had said."""
        child, control = self._child, self._control
        self._child = self._control = None
        if child is None or control is None:
            return ""
        # The first process ends when its line is closed, and with it the kernel ends all the others and waits for them;
        # only then does the walls' program end. To kill that one first would leave the others dying by themselves.
        control.close()
        try:
            _, said = child.communicate(timeout=_TO_END)
        except subprocess.TimeoutExpired:
            child.kill()
            _, said = child.communicate()
        return said.decode(errors="replace").strip()[-2000:]


@dataclass
class _Inside:
    """One command behind the walls, with the face of a process of our own."""

    line: socket.socket
    stdout: IO[bytes] | None
    stdin: IO[bytes] | None
    returncode: int | None = None
    taken: bool = False

    def poll(self) -> int | None:
        return self._hear(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises TimeoutExpired past `timeout` seconds."""
        if (code := self._hear(timeout)) is None:
            raise subprocess.TimeoutExpired("a command behind walls", timeout or 0.0)
        return code

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self.line.send(b"end")

    def _hear(self, timeout: float | None) -> int | None:
        if self.returncode is not None:
            return self.returncode
        self.line.settimeout(timeout)
        try:
            told = self.line.recv(16)
            if told == b"+":
                self.taken = True
                return self._hear(timeout)
        except (BlockingIOError, TimeoutError):
            return None
        except OSError:
            told = b""
        self.returncode = struct.unpack("i", told)[0] if len(told) == 4 else FELL
        self.line.close()
        return self.returncode


def _program() -> int:
    """A descriptor of the first program's text, which need not lie anywhere behind the walls."""
    descriptor = os.memfd_create("loopwright-lab")
    os.write(descriptor, resources.files("loopwright.shell").joinpath("first.py").read_bytes())
    return descriptor

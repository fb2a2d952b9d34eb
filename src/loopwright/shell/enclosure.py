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
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from loopwright.errors import LabFailed
from loopwright.shell.adopting import ours
from loopwright.shell.ending import offspring
from loopwright.shell.lines import Inherited, Line
from loopwright.shell.running import attend
from loopwright.vocabulary import Ran

_TO_START = 20.0  # seconds; measured: 0.03 on an idle machine
FELL = 137
"""The exit code of a command whose walls fell on it: the whole lab was ended, most often for its memory."""

Wall = Callable[[Line], tuple[Sequence[str], Sequence[int]]]
"""Makes the words that put a program behind walls, and the descriptors that they speak of, which are closed here. Given
is the line of that program to the host, which some walls must show it."""


class Fell(LabFailed):
    """Everything behind the walls had ended before a command was taken."""


@dataclass
class Enclosure:
    """What runs behind one set of walls."""

    wall: Wall
    line: Callable[[], Line] = Inherited
    env: Mapping[str, str] = field(default_factory=dict)  # of the walls' own program; nothing of it is seen behind them
    patience: float = _TO_START  # seconds for an answer
    _child: subprocess.Popen[bytes] | None = None
    _control: socket.socket | None = None
    _line: Line | None = None
    _one: threading.Lock = field(default_factory=threading.Lock)
    _asked: int = 0

    @property
    def stands(self) -> bool:
        """Whether it was started, and nobody has ended it since."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> Line:
        """Start the first process. From a thread that lives as long as this is to live: its end is theirs.

        Raises LabFailed with what the walls' program said.
        """
        try:
            self._line = line = self.line()
        except OSError as problem:
            raise LabFailed(f"no line can be laid into the lab: {problem}") from problem
        self._child = self._born(line)
        try:
            self._control = line.meet(self._child)
            self._control.settimeout(self.patience)
            ready, why = self._control.recv(64) == b"ready", "nothing was said within 20 s"
        except (OSError, LabFailed) as problem:
            ready, why = False, str(problem)
        if not ready:
            said = self._end()
            raise LabFailed(f"the lab's walls don't stand: {said or why}")
        return line

    def _born(self, line: Line) -> subprocess.Popen[bytes]:
        """Start the walls' program. Raises LabFailed."""
        held = list(line.held)
        try:
            before, named = self.wall(line)
            held += named
            return ours(
                lambda: subprocess.Popen(
                    [*before, *line.first],
                    cwd="/",
                    env=dict(self.env),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    pass_fds=held,
                )
            )
        except OSError as problem:  # there is no such program, or no such folder to be shown
            self._end()
            raise LabFailed(f"the lab's walls can't be put up: {problem}") from problem
        except LabFailed:
            self._end()
            raise
        finally:
            for descriptor in held:
                os.close(descriptor)

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
            self._end()  # a container may outlive its engine's client
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
        """All behind the walls, the first one among them, and the walls' own program where that is a parent of it; none
        when it has ended: its number may be somebody else's by now."""
        child, line = self._child, self._line
        if child is None or line is None or child.poll() is not None:
            return set()
        return {line.pid} | offspring({line.pid}) if line.pid else offspring({child.pid})

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
        child, control, line = self._child, self._control, self._line
        self._child = self._control = self._line = None
        # The first process ends when its line is closed, and with it the kernel ends all the others and waits for them;
        # only then does the walls' program end. To kill that one first would leave the others dying by themselves.
        if control is not None:
            control.close()
        if line is not None:
            line.over()
        if child is None or line is None:
            return ""
        try:
            _, said = child.communicate(timeout=line.patience)
            if child.returncode >= 0:
                line.forget()
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

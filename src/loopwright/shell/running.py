"""Starts processes: a lab's commands, whose output is bounded, and trusted programs, whose whole output is wanted."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from loopwright.shell.adopting import ours
from loopwright.shell.ending import end_group, end_tree
from loopwright.vocabulary import Ran

_GRACE = 0.05  # seconds to drain what a finished command has already written
_STEP = 0.05
_LATE, _HALTED = "late", "halted"


class _Tail:
    """Keeps the first and the last bytes of a stream, and counts what it dropped between."""

    def __init__(self, keep: int) -> None:
        self.half = max(keep // 2, 1)
        self.head = bytearray()
        self.tail = bytearray()
        self.dropped = 0

    def take(self, data: bytes) -> None:
        room = self.half - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        self.tail += data
        if (over := len(self.tail) - self.half) > 0:
            del self.tail[:over]
            self.dropped += over

    def text(self) -> str:
        if not self.dropped:
            return (self.head + self.tail).decode(errors="replace")
        gap = f"\n[... {self.dropped} bytes left out here ...]\n"
        return self.head.decode(errors="replace") + gap + self.tail.decode(errors="replace")


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    seconds: float,
    env: Mapping[str, str] | None = None,
    keep: int = 65536,
    data: bytes = b"",
    halt: Callable[[], bool] | None = None,
) -> Ran:
    """Run `command` in a session of its own; return when it exits, even when its children still hold the output.

    `keep` bytes of stdout and stderr together are kept (head and tail). Past `seconds` the process group is killed
    and the code is 124; children of a command that ended by itself live on, for the lab to end. `data` is fed to
    stdin. A program that isn't there gives code 127, as a shell does. `halt` is asked at least every 0.05 s while the
    command runs, whatever it prints: True ends it as if its time were over.
    """
    started = time.monotonic()
    try:
        child = ours(
            lambda: subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env) if env is not None else None,
                stdin=subprocess.PIPE if data else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the command, which no program can be given
        return _not_started(command, problem)
    return attend(child, lambda: end_tree(child.pid), seconds=seconds, keep=keep, data=data, halt=halt, since=started)


class Started(Protocol):
    """A command at work, as `subprocess.Popen` has it. `returncode` is None until it has ended."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


def attend(
    child: Started,
    end: Callable[[], None],
    *,
    seconds: float,
    keep: int,
    data: bytes,
    halt: Callable[[], bool] | None,
    since: float,
) -> Ran:
    """Listen to a command that began at `since` (monotonic seconds) until it exits or has to be ended; see `run`."""
    try:
        kept, cut = _listen(child, data, since + seconds, keep, halt or _never)
    finally:
        if child.poll() is None:
            end()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
    took = time.monotonic() - since
    if cut:
        after = f"{took:.0f} s, from outside" if cut == _HALTED else f"{seconds:g} s"
        told = f"{kept.text()}\n[ended after {after}]"
        return Ran(124, told, took, cut == _LATE, kept.dropped, cut == _HALTED)
    code = child.wait()
    return Ran(code if code >= 0 else 128 - code, kept.text(), took, False, kept.dropped)


def _not_started(command: Sequence[str], problem: OSError | ValueError) -> Ran:
    """What a shell would say: 127 for a program that isn't there, 126 for one that can't be started."""
    missing = isinstance(problem, FileNotFoundError | NotADirectoryError)
    if isinstance(problem, OSError):
        return Ran(127 if missing else 126, f"{problem.filename or command[0]}: {problem.strerror}")
    return Ran(126, f"{command[0]}: {problem}")


def _never() -> bool:
    return False


def _listen(child: Started, data: bytes, deadline: float, keep: int, halt: Callable[[], bool]) -> tuple[_Tail, str]:
    """Read the child's output until it exits (and a breath longer); or why it has to be ended before that."""
    kept = _Tail(keep)
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        os.set_blocking(child.stdout.fileno(), False)
        if data and child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
            selector.register(child.stdin, selectors.EVENT_WRITE)
        gone: float | None = None
        while True:
            now = time.monotonic()
            if gone is None and child.poll() is not None:
                gone = now
            if gone is not None and (now > gone + _GRACE or not selector.get_map()):
                return kept, ""
            if gone is None and halt():
                return kept, _HALTED
            if now > deadline:
                return kept, "" if gone is not None else _LATE
            quiet = True
            for key, _ in selector.select(min(_STEP, max(deadline - now, 0.0)) if gone is None else 0.0):
                quiet = False
                if key.fileobj is child.stdin:
                    data = _feed(child, selector, data)
                elif not _drain(child.stdout.fileno(), kept):
                    selector.unregister(child.stdout)
            if gone is not None and quiet:
                return kept, ""
            if not selector.get_map():  # everybody has closed the output and has been fed: the exit is left to wait for
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(min(_STEP, max(deadline - time.monotonic(), 0.0)))


def _feed(child: Started, selector: selectors.BaseSelector, data: bytes) -> bytes:
    assert child.stdin is not None
    try:
        data = data[os.write(child.stdin.fileno(), data) :]
    except BlockingIOError:
        return data
    except OSError:  # the child closed its end: what it did not read, it did not want
        data = b""
    if not data:
        selector.unregister(child.stdin)
        child.stdin.close()
    return data


def _drain(descriptor: int, kept: _Tail) -> bool:
    try:
        piece = os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return True
    kept.take(piece)
    return bool(piece)


def capture(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    seconds: float,
    data: bytes = b"",
    held: Sequence[int] = (),
) -> tuple[int, bytes, bytes]:
    """Run a trusted program whose whole stdout is wanted: (exit code, stdout, stderr).

    Past `seconds` its group is killed and the code is 124. `held` are descriptors of locks that the program holds too:
    when this process is killed, they are free only once the program has ended as well.
    """
    child = ours(
        lambda: subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE if data else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=held,
        )
    )
    try:
        out, err = child.communicate(data or None, timeout=seconds)
    except subprocess.TimeoutExpired:
        end_group(child.pid)
        out, err = child.communicate()
        return 124, out, err + f"\n[ended after {seconds:g} s]".encode()
    except BaseException:
        end_group(child.pid)
        child.wait()
        raise
    return child.returncode, out, err


@contextlib.contextmanager
def beside(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], line: Callable[[str], None], seconds: float = 30.0
) -> Iterator[subprocess.Popen[str]]:
    """A trusted program that works beside this one until the block ends.

    `line` gets each line of its output as it comes, from a thread. At the end it gets SIGINT, as from a terminal, and
    `seconds` to come to its own end; past these its group is killed.
    """
    child = ours(
        lambda: subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    )

    def listen() -> None:
        assert child.stdout is not None
        for text in child.stdout:
            line(text.rstrip("\n"))

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGINT)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            end_group(child.pid)
            child.wait()
        listener.join(seconds)

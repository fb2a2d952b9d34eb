"""Runs the command `loopwright` as a person would, in a process of its own forked from a warm one."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT = 120.0
"""Seconds that a command may take before it counts as hung."""


@dataclass(frozen=True)
class Told:
    """What a command left behind: exit code (negative: the signal that ended it), stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as JSON; the error text shows both streams when it is none."""
        try:
            return json.loads(self.out)
        except ValueError as problem:
            raise AssertionError(f"no JSON (exit {self.code}):\n{self.out}\n{self.err}") from problem


@dataclass
class Started:
    """A command at work."""

    pid: int
    folder: tempfile.TemporaryDirectory[str]
    ended: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        if self.ended is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.ended = os.waitstatus_to_exitcode(status)
        return self.ended

    def wait(self, seconds: float = LIMIT) -> Told:
        """Wait for the end. Raises AssertionError when it doesn't come."""
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"no end within {seconds:g} s:\n{self._told(-1)}")
            time.sleep(0.005)
        assert self.ended is not None
        return self._told(self.ended)

    @property
    def err(self) -> str:
        """What it wrote to stderr so far."""
        return Path(self.folder.name, "err").read_text(errors="replace")

    def _told(self, code: int) -> Told:
        texts = (Path(self.folder.name, name).read_text(errors="replace") for name in ("out", "err"))
        return Told(code, *texts)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> Told:
        """SIGKILL, as a power cut would."""
        self.signal(signal.SIGKILL)
        return self.wait()


@dataclass
class FrontDoor:
    """The command in one folder with one environment (nothing else of the caller's environment gets in)."""

    where: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, env: Mapping[str, str] | None = None, crash: str | None = None) -> Told:
        """Run a command to its end."""
        return self.start(*words, env=env, crash=crash).wait()

    def start(self, *words: str, env: Mapping[str, str] | None = None, crash: str | None = None) -> Started:
        """Start a command. `crash`: the point (loopwright.checkpoints) at which it gets SIGKILL."""
        folder = tempfile.TemporaryDirectory(prefix="loopwright-told-")
        for name in ("out", "err"):
            Path(folder.name, name).touch()
        pid = os.fork()
        if pid:
            return Started(pid, folder)
        try:
            _become(self.where, {**self.env, **(env or {})}, Path(folder.name))
            os._exit(_main(words, crash))
        except BaseException:  # noqa: BLE001 - a child of a test must never come back into the test
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(70)


def _become(where: Path, env: Mapping[str, str], folder: Path) -> None:
    """Take on a command's environment, folder and streams."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    os.chdir(where)
    os.environ.clear()
    os.environ.update(env)
    for number, name in ((1, "out"), (2, "err")):
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout = os.fdopen(os.dup(1), "w", buffering=1)
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)


def _main(words: Sequence[str], crash: str | None) -> int:
    if crash:
        from loopwright import checkpoints
        from loopwright.testing.crash import at

        checkpoints.listener = at(crash)
    sys.argv = ["loopwright", *words]
    try:
        runpy.run_module("loopwright", run_name="__main__")  # as `python -m loopwright` does
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@contextlib.contextmanager
def at_work(door: FrontDoor, *words: str) -> Iterator[Started]:
    """A command that goes on until the block ends (a watcher), and is then stopped as by a service manager."""
    started = door.start(*words)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.signal(signal.SIGTERM)
            started.wait(30)


def until(true: Any, seconds: float = 30.0, what: str = "") -> Any:
    """Wait for a condition, with a limit; what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never came true within {seconds:g} s: {what or true}")
        time.sleep(0.01)
    return found

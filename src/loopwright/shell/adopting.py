"""Finds what a lab's commands left behind without a parent, whatever it did to its name and its environment.

A daemon that has wiped its environment and lost its parents goes to init, and nobody knows any more whose it is. On
Linux a process can ask for the orphans among its descendants instead (a subreaper). This one does so while labs are
open, and so they become children of its own. Of these, a lab's are those that

- this process didn't start: `ours` knows each of its own,
- are in another session: a lab's commands begin one, into which nothing comes back (the forkserver and the resource
  tracker of multiprocessing stay in ours),
- began while a command of that lab ran; or, when the last lab closes, at any time since the first one opened, for an
  orphan can go on to fork. So a daemon of a lab that is still open is left alone until then.

Elsewhere than on Linux nothing is adopted, and such a daemon isn't found.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from loopwright.shell.ending import PARENT, SESSION, STARTED, end_marked, kill, marked, offspring, processes, stat

_PR_SET_CHILD_SUBREAPER = 36

Child = TypeVar("Child", bound="subprocess.Popen[Any]")


@dataclass
class _Known:
    """What this process started itself, and how many labs it has open. A fork begins with its own."""

    lock: Any = field(default_factory=threading.RLock)
    children: weakref.WeakSet[subprocess.Popen[Any]] = field(default_factory=weakref.WeakSet)
    labs: int = 0
    since: int = 0  # when the first of the labs that are open was opened

    def adopted(self) -> dict[int, int]:
        """Our children that we didn't start, and when each began. Also the dead among them."""
        me, session, found = os.getpid(), os.getsid(0), dict[int, int]()
        with self.lock:
            mine = {child.pid for child in self.children if child.returncode is None}
            for pid in processes():
                with contextlib.suppress(OSError, IndexError):
                    told = stat(pid)
                    if int(told[PARENT]) == me and int(told[SESSION]) != session and pid not in mine:
                        found[pid] = int(told[STARTED])
        return found


@functools.lru_cache(maxsize=1)
def _known_by(pid: int) -> _Known:
    return _Known()


def _known() -> _Known:
    return _known_by(os.getpid())


def ours(start: Callable[[], Child]) -> Child:
    """A process that we start ourselves: nobody takes it for an orphan."""
    known = _known()
    with known.lock:
        child = start()
        known.children.add(child)
    return child


@dataclass
class Strays:
    """What one lab's commands leave behind."""

    times: list[tuple[int, int]] = field(default_factory=list)  # of its commands, in ticks since the machine's start
    kept: dict[int, bytes] = field(default_factory=dict)  # what was at work when it settled, and when each began

    @contextlib.contextmanager
    def command(self) -> Iterator[None]:
        """The time of one command. After it the dead that were adopted are put away."""
        begin = _ticks()
        try:
            yield
        finally:
            self.times.append((begin, _ticks()))
            if _known().labs and _somebody_died():  # to go through all processes for them takes 4 ms
                _reap(_known().adopted())

    def left(self) -> set[int]:
        """The adopted that are this lab's."""
        known = _known()
        if not known.labs:
            return set()
        times = [(known.since, _ticks())] if known.labs == 1 else self.times
        return {pid for pid, at in known.adopted().items() if any(begin <= at <= end for begin, end in times)}

    def settle(self, mark: str) -> None:
        """What is at work in the lab of this mark now stays when `alone` ends the others."""
        self.kept = {pid: began for pid in marked(mark) | self.left() if (began := _began(pid))}

    def alone(self, mark: str) -> None:
        """End what has come to be at work in the lab of this mark since it settled."""
        end_marked(mark, but=self._staying)
        self.end(but=self._staying)

    def _staying(self) -> set[int]:
        stay = {pid for pid, began in self.kept.items() if _began(pid) == began}
        return stay | offspring(stay) if stay else stay

    def end(self, patience: float = 5.0, but: Callable[[], set[int]] = set) -> int:
        """Kill these and their offspring, and wait until they are gone; how many there were. `but`: these stay."""
        deadline, ended = time.monotonic() + patience, set[int]()
        while (found := self.left() - but()) and time.monotonic() < deadline:
            kill(found | offspring(found))
            ended |= found
            _reap(found)
            time.sleep(0.002)
        return len(ended)

    def outlast(self, seconds: float) -> int:
        """End those that don't end by themselves within so many seconds, as a git does that was at work."""
        deadline = time.monotonic() + seconds
        while (found := self.left()) and time.monotonic() < deadline:
            _reap(found)
            time.sleep(0.01)
        return self.end()


@contextlib.contextmanager
def adopting() -> Iterator[Strays]:
    """While a lab is open: what its commands orphan comes to this process, where the system can do so."""
    known = _known()
    with known.lock:
        known.since = known.since if known.labs else _ticks()
        able = _subreaper(on=True)
        known.labs += able
    try:
        yield Strays()
    finally:
        with known.lock:
            known.labs -= able
            if able and not known.labs:
                _subreaper(on=False)


def adopts() -> bool:
    """Whether an orphan comes to this process when it asks for that: tried with one."""
    with adopting() as strays:
        if not _known().labs:
            return False
        began, deadline = _ticks(), time.monotonic() + 2.0
        subprocess.run(["/bin/sh", "-c", _ORPHAN], check=False)
        try:
            while not (found := any(at >= began for at in _known().adopted().values())) and time.monotonic() < deadline:
                time.sleep(0.01)  # until it is in a session of its own
            return found
        finally:
            strays.end()


_ORPHAN = "setsid sleep 5 >/dev/null 2>&1 </dev/null &"


def _subreaper(*, on: bool) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0) == 0) and bool(processes())
    except (OSError, AttributeError):  # a C library without prctl
        return False


def _began(pid: int) -> bytes:
    try:
        return stat(pid)[STARTED]
    except (OSError, IndexError):  # it has ended
        return b""


def _ticks() -> int:
    """Now as /proc tells when a process began: in ticks of 10 ms, most often."""
    if not sys.platform.startswith("linux"):
        return 0
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def _somebody_died() -> bool:
    """Whether a child of ours has ended that nobody has waited for yet."""
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return False


def _reap(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)

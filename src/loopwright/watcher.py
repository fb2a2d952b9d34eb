"""Says when to look again. What there is to do is always read from the folders, never from the event."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

FOLDERS = ("plans", "agents", "skills", "wiki/90_LOG")
_TOPS = {folder.partition("/")[0] for folder in FOLDERS}

SETTLE = 0.06
"""Seconds without a further event before a burst counts as over (an editor's save is up to 8 events)."""

CAP = 1.0
"""Seconds after which one looks all the same: a file that is written to without end must not starve the others."""

POLL = 1.0
"""Seconds between two looks at the folders' files where the system has no watch to give."""

WAKING = ("closed", "moved", "deleted", "created", "modified")


@dataclass(frozen=True)
class _Bell(FileSystemEventHandler):
    """Writes one byte into a pipe when something happens in a watched folder."""

    pipe: int

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in WAKING and not _is_noise(str(event.src_path)):
            ring(self.pipe)


@dataclass(frozen=True)
class _TopBell(FileSystemEventHandler):
    """The same for the top folder, in which only `plans/` and the like coming and going is of interest."""

    pipe: int

    def on_any_event(self, event: FileSystemEvent) -> None:
        names = {Path(str(path)).name for path in (event.src_path, event.dest_path)}
        if event.is_directory and event.event_type in ("created", "moved", "deleted") and names & _TOPS:
            ring(self.pipe)


def ring(pipe: int) -> None:
    """Wake the watcher. A full pipe is awake already."""
    with contextlib.suppress(BlockingIOError):
        os.write(pipe, b".")


def _is_noise(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return name.endswith((".loopwright", ".swp", ".swx", "~")) or name.startswith(".#") or "/.git/" in path


@dataclass
class Waker:
    """Something to wait on: `descriptor` becomes readable when the folders changed."""

    descriptor: int
    top: Path
    bell: _Bell
    tell: Callable[[str], None]
    observe: Callable[[], Any]
    observer: Any = None
    watched: dict[Path, tuple[int, Any]] = field(default_factory=dict)  # a folder's inode, and the watch on it

    def begin(self) -> None:
        """Watch the top folder; by looking at it again and again where the system's watches have run out.

        inotify instances (128) and watches are counted per user: an editor or another watcher may hold them all.
        """
        try:
            self.observer = self.observe()
            self.observer.schedule(_TopBell(self.bell.pipe), str(self.top), recursive=False)
            self.observer.start()
        except OSError as problem:
            self._poll(problem)

    def _poll(self, problem: OSError) -> None:
        if problem.errno not in (errno.EMFILE, errno.ENOSPC) or isinstance(self.observer, PollingObserver):
            raise problem
        self.tell(f"no inotify watch is left for this user: the folders are looked at every {POLL:g} s instead")
        self.end()
        self.observe = lambda: PollingObserver(timeout=POLL)
        self.watched.clear()
        self.begin()

    def end(self) -> None:
        """Stop watching."""
        if self.observer is None:
            return
        self.observer.stop()
        if self.observer.is_alive():
            self.observer.join()

    def wake(self) -> None:
        """Have who waits look, as an event would. May be called from a signal's handler."""
        ring(self.bell.pipe)

    def look(self) -> None:
        """Watch folders that have come into being since, also where another one of that name was before."""
        try:
            self._look()
        except OSError as problem:
            self._poll(problem)
            self._look()

    def _look(self) -> None:
        for folder in (self.top / name for name in FOLDERS):
            inode = _inode(folder)
            before, watch = self.watched.get(folder, (None, None))
            if inode == before:
                continue
            if watch is not None:
                self.observer.unschedule(watch)
                del self.watched[folder]
            if inode is not None:
                self.watched[folder] = inode, self.observer.schedule(self.bell, str(folder), recursive=True)

    def drain(self) -> None:
        """Wait until the burst is over (at most `CAP`), and forget its events."""
        end = time.monotonic() + CAP
        while select.select([self.descriptor], [], [], 0)[0]:
            os.read(self.descriptor, 65536)
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.descriptor], [], [], min(SETTLE, left))[0]:
                return


def _inode(folder: Path) -> int | None:
    """What tells a folder from another one of the same name; None where there is none."""
    try:
        return folder.stat().st_ino if folder.is_dir() else None
    except OSError:  # gone since
        return None


@contextmanager
def waking(top: Path, tell: Callable[[str], None], observe: Callable[[], Any] = Observer) -> Iterator[Waker]:
    """Watch the folders that people write; one observer, for inotify instances are few (128 per user).

    `tell` gets what a person should know of how it is watched.
    """
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    waker = Waker(read, top, _Bell(write), tell, observe)
    try:
        waker.begin()
        yield waker
    finally:
        waker.end()
        os.close(read)
        os.close(write)


def is_being_written(path: Path) -> bool:
    """Whether some process has the file open for writing. False where that can't be told.

    The kernel gives a read lease only on a file that nobody writes. (A writer who opens the file in the moment of the
    lease waits for its end, and this process gets a SIGIO, which the supervisor ignores.)
    """
    lease = getattr(fcntl, "F_SETLEASE", None)
    if lease is None:
        return False
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.fcntl(descriptor, lease, fcntl.F_RDLCK)
        except OSError as problem:  # else: not our file, or a file system without leases
            return problem.errno == errno.EAGAIN
        finally:
            os.close(descriptor)  # gives the lease back
    return False

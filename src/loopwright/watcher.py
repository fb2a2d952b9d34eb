"""Says when to look again. What there is to do is always read from the folders, never from the event."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

FOLDERS = ("plans", "agents", "skills")
SETTLE = 0.06
"""Seconds without a further event before a burst counts as over (an editor's save is up to 8 events)."""

CAP = 1.0
"""Seconds after which one looks all the same: a file that is written to without end must not starve the others."""

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
        if event.is_directory and event.event_type in ("created", "moved", "deleted") and names & set(FOLDERS):
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
    observer: Any
    top: Path
    bell: _Bell
    watched: dict[Path, tuple[int, Any]] = field(default_factory=dict)  # a folder's inode, and the watch on it

    def look(self) -> None:
        """Watch folders that have come into being since, also where another one of that name was before."""
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
def waking(top: Path) -> Iterator[Waker]:
    """Watch the folders that people write; one observer, for inotify instances are few (128 per user)."""
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    observer = Observer()
    waker = Waker(read, observer, top, _Bell(write))
    observer.schedule(_TopBell(write), str(top), recursive=False)
    observer.start()
    try:
        yield waker
    finally:
        observer.stop()
        observer.join()
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

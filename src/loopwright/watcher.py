"""Says when to look again. What there is to do is always read from the folders, never from the event."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


class _Bell(FileSystemEventHandler):
    """Writes one byte into a pipe when something happens in a watched folder."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in WAKING and not _is_noise(str(event.src_path)):
            ring(self.pipe)


def ring(pipe: int) -> None:
    """Wake the watcher. A full pipe is awake already."""
    try:
        os.write(pipe, b".")
    except BlockingIOError:
        return


def _is_noise(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return name.endswith((".loopwright", ".swp", ".swx", "~")) or name.startswith(".#") or "/.git/" in path


@dataclass
class Waker:
    """Something to wait on: `descriptor` becomes readable when the folders changed."""

    descriptor: int
    observer: Any
    top: Path
    watched: set[Path]

    def look(self) -> None:
        """Watch folders that have come into being since."""
        for name in FOLDERS:
            folder = self.top / name
            if folder.is_dir() and folder not in self.watched:
                self.observer.schedule(self._bell, str(folder), recursive=True)
                self.watched.add(folder)

    @property
    def _bell(self) -> _Bell:
        return _Bell(self._write)

    _write: int = -1

    def drain(self) -> None:
        """Wait until the burst is over (at most `CAP`), and forget its events."""
        end = time.monotonic() + CAP
        while select.select([self.descriptor], [], [], 0)[0]:
            os.read(self.descriptor, 65536)
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.descriptor], [], [], min(SETTLE, left))[0]:
                return


@contextmanager
def waking(top: Path) -> Iterator[Waker]:
    """Watch the folders that people write; one observer, for inotify instances are few (128 per user)."""
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    observer = Observer()
    waker = Waker(read, observer, top, set())
    waker._write = write
    observer.schedule(_Top(write, waker), str(top), recursive=False)
    waker.look()
    observer.start()
    try:
        yield waker
    finally:
        observer.stop()
        observer.join()
        os.close(read)
        os.close(write)


class _Top(FileSystemEventHandler):
    """Watches the top folder for `plans/` and the like coming into being."""

    def __init__(self, pipe: int, waker: Waker) -> None:
        self.pipe, self.waker = pipe, waker
        self.lock = threading.Lock()

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.is_directory and Path(str(event.src_path)).name in FOLDERS and event.event_type == "created":
            with self.lock:
                self.waker.look()
            ring(self.pipe)

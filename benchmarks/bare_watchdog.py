"""The floor for a watcher: a watchdog observer that does nothing but say when it was told of a file.

    python -m benchmarks.bare_watchdog FOLDER...

prints `watching` once, then a line `NAME SECONDS` (monotonic clock) for each file that comes into being.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer


class _Teller(FileSystemEventHandler):
    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in ("created", "moved"):
            path = event.dest_path if event.event_type == "moved" else event.src_path
            print(Path(str(path)).name, time.monotonic(), flush=True)


def main() -> None:
    """Observe until a signal comes."""
    observer = Observer()
    for folder in sys.argv[1:]:
        observer.schedule(_Teller(), folder, recursive=True)
    observer.start()
    print("watching", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()

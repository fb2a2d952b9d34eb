"""Temporary folders that go with their process: in the end by itself, and after a SIGKILL by whoever comes next.

Each holds a file that its process has locked for as long as it lives. One without such a file, or of another user, is
none of ours.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

_HELD = ".held"


def _removed(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def temporary(prefix: str, where: Path | None = None, remove: Callable[[Path], None] = _removed) -> Iterator[Path]:
    """A new folder, in the system's own place for such ones by default. It is gone in the end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=where))
    descriptor = os.open(folder / "begun", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        (folder / "begun").rename(folder / _HELD)  # never there without its lock
        yield folder
    finally:
        remove(folder)
        os.close(descriptor)


def clear_dead(prefix: str, where: Path | None = None, remove: Callable[[Path], None] = _removed) -> None:
    """Remove the folders of this prefix whose processes are dead."""
    for folder in (where or Path(tempfile.gettempdir())).glob(f"{prefix}*"):
        with contextlib.suppress(OSError):  # gone meanwhile, or none of ours
            descriptor = os.open(folder / _HELD, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not folder.is_symlink() and os.fstat(descriptor).st_uid == folder.stat().st_uid == os.geteuid():
                    remove(folder)
            finally:
                os.close(descriptor)

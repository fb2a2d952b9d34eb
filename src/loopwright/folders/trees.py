"""The files on disk as a `Tree`. Links are no files: nothing outside of the root can be read through one."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from loopwright.errors import BadFile

MAX_BYTES = 8 << 20
MAX_FILES = 100_000


@dataclass(frozen=True)
class DiskTree:
    """The regular files under `root`. Raises BadFile for one over 8 MiB, and for a folder of over 100,000."""

    root: Path

    def read(self, path: str) -> bytes | None:
        """The file's bytes, opened folder by folder without following a link; None where there is no such file."""
        parts = _parts(path)
        if not parts:
            return None
        folder = -1
        try:
            folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
            for part in parts[:-1]:
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            return _read_regular(parts[-1], folder, path)
        except (OSError, ValueError):  # gone, no permission, a link, a name that cannot be
            return None
        finally:
            if folder >= 0:
                os.close(folder)

    def list(self, folder: str) -> tuple[str, ...]:
        """Paths of all regular files under `folder`; `.git` and names that are not UTF-8 are passed over."""
        parts = _parts(folder) if folder not in ("", ".") else ()
        if parts is None or any((self.root / Path(*parts[: i + 1])).is_symlink() for i in range(len(parts))):
            return ()
        found: list[str] = []
        waiting = ["/".join(parts)]
        while waiting:
            below = waiting.pop()
            for name, kind in _entries(self.root / below):
                path = f"{below}/{name}" if below else name
                (waiting if kind == "folder" else found).append(path)
            if len(found) + len(waiting) > MAX_FILES:
                raise BadFile(
                    folder or ".", 1, f"has more than {MAX_FILES} files", "name a smaller folder", "too-large"
                )
        return tuple(sorted(found))


def _parts(path: str) -> tuple[str, ...] | None:
    """The names on the way; None for a path that is absolute or goes up."""
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    return None if path.startswith("/") or ".." in parts or "\0" in path else parts


def _read_regular(name: str, folder: int, path: str) -> bytes | None:
    # O_NONBLOCK: opening a named pipe would wait for a writer that may never come.
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        return None
    with os.fdopen(file, "rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise BadFile(path, 1, f"is larger than {MAX_BYTES >> 20} MiB", "shorten it, or remove it", "too-large")
    return data


def _entries(folder: Path) -> list[tuple[str, str]]:
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name == ".git" or any("\ud800" <= sign <= "\udfff" for sign in entry.name):
                    continue  # a name that is not UTF-8 comes as surrogates, and could not be printed
                if entry.is_dir(follow_symlinks=False):
                    found.append((entry.name, "folder"))
                elif entry.is_file(follow_symlinks=False):
                    found.append((entry.name, "file"))
    except OSError:  # no such folder, or none that may be read
        return []
    return found

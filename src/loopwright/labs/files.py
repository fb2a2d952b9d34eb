"""Reads and writes files of a lab from the host, without ever following a link that the lab made."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

MOST = 16 << 20
"""Bytes of the largest file that is read. Half a file would be a trap for whoever writes it back edited."""

_PIECE = 1 << 20


def parts_of(root: Path, path: str) -> tuple[str, ...]:
    """The components of a path in the lab. Absolute paths under the root are taken as relative ones."""
    text = path.removeprefix(f"{root}/") if path.startswith(f"{root}/") else path
    pure = PurePosixPath("" if text == str(root) else text)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise PermissionError(errno.EACCES, "outside the lab", path)
    if any(part.casefold() == ".git" for part in pure.parts):
        raise PermissionError(errno.EACCES, "a git dir is not to be edited", path)
    return pure.parts


@contextlib.contextmanager
def _folder(root: Path, parts: tuple[str, ...], *, make: bool = False) -> Iterator[int]:
    """A descriptor of a folder, opened component by component."""
    here = _open(str(root), os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=here)
            deeper = _open(part, os.O_RDONLY | os.O_DIRECTORY, here)
            os.close(here)
            here = deeper
        yield here
    finally:
        os.close(here)


def _open(name: str, flags: int, folder: int | None = None, mode: int = 0o666) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder)
    except OSError as problem:
        linked = problem.errno in (errno.ELOOP, errno.EMLINK)
        if linked or (problem.errno == errno.ENOTDIR and _is_link(name, folder)):
            raise PermissionError(errno.EACCES, "a symbolic link is not followed", name) from problem
        raise


def _is_link(name: str, folder: int | None) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def read(root: Path, path: str) -> bytes:
    """A regular file's bytes. Raises OSError (EFBIG) for more than `MOST`."""
    with _file(root, path) as file:
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise OSError(errno.EFBIG, f"is larger than {MOST >> 20} MiB", path)
    return data


def ends(root: Path, path: str, size: int) -> bytes:
    """The first and the last `size` bytes of a regular file."""
    with _file(root, path) as file:
        head = file.read(size)
        file.seek(max(file.seek(0, os.SEEK_END) - size, len(head)))
        return head + file.read(size)


def copy(root: Path, path: str, to: Path, most: int) -> None:
    """Copy a regular file out of the lab. Raises OSError (EFBIG) for more than `most` bytes."""
    with _file(root, path) as file, to.open("wb") as copied:
        for piece in iter(lambda: file.read(_PIECE), b""):
            if copied.write(piece) and copied.tell() > most:
                raise OSError(errno.EFBIG, f"is larger than {most >> 20} MiB", path)


def glance(path: Path, most: int) -> bytes:
    """A small plain file that something in the lab may exchange at any moment: no link is followed, no pipe waited for.
    Raises OSError."""
    descriptor = _open(str(path), os.O_RDONLY | os.O_NONBLOCK)
    try:
        _demand_file(os.fstat(descriptor).st_mode, str(path))
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _file(root: Path, path: str) -> Iterator[BinaryIO]:
    """A regular file, open to be read."""
    parts = parts_of(root, path)
    if not parts:
        raise IsADirectoryError(errno.EISDIR, "is a folder", path)
    with _folder(root, parts[:-1]) as folder:
        _demand_file(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False).st_mode, path)
        # What stands there may be another thing by now: a pipe would make the open wait for ever without O_NONBLOCK.
        with os.fdopen(_open(parts[-1], os.O_RDONLY | os.O_NONBLOCK, folder), "rb") as file:
            _demand_file(os.fstat(file.fileno()).st_mode, path)
            yield file


def _demand_file(mode: int, path: str) -> None:
    if stat.S_ISLNK(mode):
        raise PermissionError(errno.EACCES, "a symbolic link is not followed", path)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder", path)
    if not stat.S_ISREG(mode):
        raise PermissionError(errno.EACCES, "is no regular file", path)


def write(root: Path, path: str, data: bytes) -> None:
    """Write a file by rename, making its folders; the mode of one that is there is kept."""
    parts = parts_of(root, path)
    if not parts:
        raise IsADirectoryError(errno.EISDIR, "is a folder", path)
    with _folder(root, parts[:-1], make=True) as folder:
        mode = _mode(parts[-1], folder, path)
        fresh = f".{secrets.token_hex(8)}.tmp"
        try:
            descriptor = _open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, folder, 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                if mode is not None:
                    os.fchmod(descriptor, mode & 0o777)  # no set-user-id: the file is this process's own
            os.replace(fresh, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:  # half a file on a full disk must not be in the next snapshot
            with contextlib.suppress(FileNotFoundError):
                os.unlink(fresh, dir_fd=folder)
            raise


def _mode(name: str, folder: int, path: str) -> int | None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    _demand_file(found, path)
    return stat.S_IMODE(found)


def listing(root: Path, path: str) -> tuple[str, ...]:
    """The names in a folder, folders with a trailing slash."""
    with _folder(root, parts_of(root, path)) as folder, os.scandir(folder) as entries:
        return tuple(sorted(entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in entries))


def give_one(root: Path, path: str, user: int) -> None:
    """Make a user the owner of one file and of the folders that lead to it."""
    parts = parts_of(root, path)
    for number in range(1, len(parts) + 1):
        with _folder(root, parts[: number - 1]) as folder:
            _give(parts[number - 1], user, folder)


def _give(name: str, user: int, folder: int) -> None:
    if os.stat(name, dir_fd=folder, follow_symlinks=False).st_uid != user:
        os.chown(name, user, user, dir_fd=folder, follow_symlinks=False)

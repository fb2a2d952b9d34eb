"""Whether there is room for one more lab, asked before anything of it is made: a disk that fills up in the middle takes
the person's own work down with it."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from loopwright.contracts import Site
from loopwright.errors import NoRoom
from loopwright.git import Git

_HUB = 64 << 20
"""Bytes that must be free where the repository lies: what a run writes there takes some 0.1 to 10 MB."""

_INODES = 1_000
"""Files beside those of the commit: caches, outputs, the objects of snapshots."""

_BLOCK = 4096  # bytes that a file takes at least


def must_be(site: Site, commit: str) -> None:
    """Refuse a lab of a commit where its disk or the repository's hasn't got enough left: `Site.floor` beside the
    commit's own files, for what a build or a test run writes. Raises NoRoom."""
    size, files = _measured(site.common, commit) if site.floor else (0, 0)
    _free(site.labs, size + site.floor, files + _INODES)
    _free(site.common, min(_HUB, site.floor), 0)


def _free(folder: Path, needed: int, files: int) -> None:
    place = next(path for path in (folder, *folder.parents) if path.exists())
    found = os.statvfs(place)
    free = found.f_bavail * found.f_frsize
    if free < needed:
        raise NoRoom(str(folder), f"{_mib(needed)} free", _mib(free))
    if files and found.f_files and found.f_favail < files:  # some file systems count no files
        raise NoRoom(str(folder), f"{files} more files", str(found.f_favail))


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.0f} MiB"


@functools.lru_cache(maxsize=64)
def _measured(common: Path, commit: str) -> tuple[int, int]:
    """Bytes on disk and files of a commit: 4 ms for a small one."""
    out = Git(common, {"GIT_DIR": str(common)}).run("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    sizes = [row.split(b"\t", 1)[0].split()[-1] for row in out.split(b"\0")[:-1]]
    blocks = (-(-int(size) // _BLOCK) for size in sizes if size.isdigit())  # a submodule has none
    return sum(blocks) * _BLOCK, len(sizes)

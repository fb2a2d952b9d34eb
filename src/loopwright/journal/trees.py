"""A commit's files, read through git as the contract `Tree` has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from loopwright.git import Git, TreeEntry


@dataclass(frozen=True)
class CommitTree:
    """The files of one commit. The listing is read once, contents folder by folder when first asked for."""

    git: Git
    commit: str

    @cached_property
    def entries(self) -> dict[str, TreeEntry]:
        return self.git.ls_tree(self.commit)

    @cached_property
    def _read(self) -> dict[str, bytes | None]:
        return {}

    def read(self, path: str) -> bytes | None:
        """A regular file's bytes, or None."""
        entry = self.entries.get(path)
        if entry is None or not entry.mode.startswith("100"):
            return None
        if entry.blob not in self._read:
            near = {e.blob for p, e in self.entries.items() if _together(p, path)}
            self._read.update(self.git.blobs(near | {entry.blob}))
        return self._read[entry.blob]

    def list(self, folder: str) -> tuple[str, ...]:
        """Paths of all regular files under a folder, sorted."""
        prefix = f"{folder.rstrip('/')}/" if folder not in ("", ".") else ""
        rows = self.entries.items()
        return tuple(sorted(path for path, entry in rows if path.startswith(prefix) and entry.mode.startswith("100")))


_SHARED = ("agents/", "skills/", "plans/")


def _together(path: str, wanted: str) -> bool:
    """Files that are read together: one process brings them all."""
    return any(wanted.startswith(folder) and path.startswith(folder) for folder in _SHARED)

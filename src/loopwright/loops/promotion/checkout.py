"""The person's checkout of the mainline: what is there, path by path, without changing anything."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from loopwright.git import Git, TreeEntry
from loopwright.journal.hub import Hub

OTHER = TreeEntry("other", "")
"""Something is there that is neither a file nor a link git could track: a folder, a pipe, a conflict."""

_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}


@dataclass(frozen=True)
class Checkout:
    """One working tree: `top` has the files, `gitdir` its HEAD and index."""

    top: Path
    gitdir: Path
    index: Path = field(default=Path())

    @cached_property
    def git(self) -> Git:
        where = {"GIT_DIR": str(self.gitdir), "GIT_WORK_TREE": str(self.top)}
        return Git(self.top, where | ({"GIT_INDEX_FILE": str(self.index)} if self.index != Path() else {}))

    @property
    def own_index(self) -> Path:
        return self.gitdir / "index"

    def with_index(self, index: Path) -> Checkout:
        return Checkout(self.top, self.gitdir, index)

    def shows(self, ref: str) -> bool:
        """Whether this is where the branch is checked out (or being rebased)."""
        code, out = self.git.ask("symbolic-ref", "-q", "HEAD", ok=(0, 1))
        return (out.decode().strip() if code == 0 else _being_rebased(self.gitdir)) == ref

    def under_way(self) -> str | None:
        """What the person is in the middle of, in words, or None."""
        return next((words for name, words in _UNDER_WAY.items() if (self.gitdir / name).exists()), None)

    @cached_property
    def _entries(self) -> dict[str, tuple[str, TreeEntry]]:
        """Index path -> git's letter for it, and its entry (OTHER for one with a conflict).

        `S`: a sparse checkout keeps it off the disk. Small letters: git was told to take it for unchanged unlooked at.
        """
        found = {}
        for row in self.git.run("ls-files", "-s", "-v", "-z").split(b"\0")[:-1]:
            meta, _, name = row.partition(b"\t")
            letter, mode, blob, stage = meta.decode().split(" ")
            found[name.decode(errors="surrogateescape")] = letter, TreeEntry(mode, blob) if stage == "0" else OTHER
        return found

    def staged(self, paths: Iterable[str]) -> dict[str, TreeEntry | None]:
        """The index entries of these paths; OTHER for one with a conflict."""
        return {path: self._entries[path][1] if path in self._entries else None for path in paths}

    def left_out(self) -> set[str]:
        """Paths that a sparse checkout keeps off the disk."""
        return {path for path, (letter, _) in self._entries.items() if letter in "Ss"}

    def outside(self, paths: Sequence[str]) -> set[str]:
        """Those of some new paths that a sparse checkout would keep off the disk. git says so, in an empty folder."""
        if not paths or self.git.line("config", "--default", "false", "--type=bool", "core.sparseCheckout") != "true":
            return set()
        with tempfile.TemporaryDirectory(prefix="loopwright-sparse-") as folder:
            empty = TreeEntry("100644", self.git.write_blob(b""))
            there = Checkout(Path(folder), self.gitdir, Path(folder, "index"))
            there.git.stage(dict.fromkeys(paths, empty))
            there.git.run("read-tree", "-m", "-u", there.git.line("write-tree"))
            return there.left_out()

    def on_disk(self, paths: Iterable[str], trust_modes: Mapping[str, str]) -> dict[str, TreeEntry | None]:
        """What the disk has at these paths, as git would add it (the person's own filters applied).

        `trust_modes` gives the mode to assume where the file system keeps none (core.fileMode false).
        """
        found: dict[str, TreeEntry | None] = {}
        plain: list[str] = []
        for path in paths:
            found[path] = self._kind(path)
            if found[path] is not None and found[path] != OTHER and found[path].mode != "120000":  # type: ignore[union-attr]
                plain.append(path)
        for path, blob in zip(plain, self._hashes(plain), strict=True):
            mode, trusted = found[path].mode, trust_modes.get(path, "100644")  # type: ignore[union-attr]
            found[path] = TreeEntry(mode if mode == trusted or self._keeps_modes else trusted, blob)
        return found

    @cached_property
    def _keeps_modes(self) -> bool:
        return self.git.line("config", "--default", "true", "--type=bool", "core.fileMode") == "true"

    def unchanged(self, paths: Sequence[str]) -> set[str]:
        """Those paths whose file on disk git itself sees as what is staged.

        The hash alone doesn't tell: under `text=auto` a blob with CRLF stays as it is, though it would be added as LF.
        """
        words = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--")
        same = {path for path in paths if path not in self._entries or self._entries[path][0].isupper()}
        for some in (paths[at : at + 500] for at in range(0, len(paths), 500)):
            names = [f":(top,literal){path}" for path in some]
            out = self.git.run("-c", "diff.autoRefreshIndex=true", *words, *names)
            same -= {row.decode(errors="surrogateescape") for row in out.split(b"\0")}
        return same

    def stamp(self, path: str) -> tuple[int, ...] | None:
        """What changes when somebody writes the file or link at a path; None where there is none."""
        try:
            found = (self.top / path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return None if stat.S_ISDIR(found.st_mode) else (found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode)

    def _kind(self, path: str) -> TreeEntry | None:
        if not self._reachable(path):
            return OTHER
        try:
            mode = (self.top / path).lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        if stat.S_ISLNK(mode):
            target = str((self.top / path).readlink())
            return TreeEntry("120000", self.git.write_blob(os.fsencode(target)))
        if stat.S_ISREG(mode):
            return TreeEntry("100755" if mode & 0o100 else "100644", "")
        return OTHER

    def _reachable(self, path: str) -> bool:
        """Whether all folders on the way are folders (or not there): a link on the way is a person's doing."""
        here = self.top
        for part in Path(path).parts[:-1]:
            here /= part
            try:
                mode = here.lstat().st_mode
            except (FileNotFoundError, NotADirectoryError):
                return True
            if not stat.S_ISDIR(mode):
                return False
        return True

    def _hashes(self, paths: list[str]) -> list[str]:
        simple = [path for path in paths if "\n" not in path]
        feed = "".join(f"{path}\n" for path in simple).encode(errors="surrogateescape")
        out = self.git.run("hash-object", "--stdin-paths", data=feed).decode().split() if simple else []
        known = dict(zip(simple, out, strict=True))
        return [known.get(path) or self.git.line("hash-object", "--", path) for path in paths]


def find(hub: Hub, ref: str) -> Checkout | None:
    """The working tree in which the branch `ref` is checked out (or being rebased), if there is one."""
    return next(every(hub, ref), None)


def every(hub: Hub, ref: str) -> Iterator[Checkout]:
    """All of them: `git worktree add --force` makes a second one."""
    for block in hub.git.run("worktree", "list", "--porcelain", "-z").split(b"\0\0"):
        lines = [line.decode(errors="surrogateescape") for line in block.split(b"\0") if line]
        if not lines or "bare" in lines or not lines[0].startswith("worktree "):
            continue
        top, here = Path(lines[0].removeprefix("worktree ")), f"branch {ref}" in lines
        if not top.is_dir() or not (here or "detached" in lines):
            continue
        gitdir = hub.gitdir if top == hub.top else Path(Git(top).line("rev-parse", "--absolute-git-dir"))
        if here or _being_rebased(gitdir) == ref:
            yield Checkout(top, gitdir)


def _being_rebased(gitdir: Path) -> str | None:
    names = (gitdir / kind / "head-name" for kind in ("rebase-merge", "rebase-apply"))
    return next((name.read_text().strip() for name in names if name.is_file()), None)

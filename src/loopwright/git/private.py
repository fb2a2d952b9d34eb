"""Snapshots of a lab's files with an index and git dir that the host owns; the lab's own git state is never asked."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from loopwright.errors import GitFailed
from loopwright.git.plumbing import Git, TreeEntry

_CONFIG = """[core]
\trepositoryformatversion = {version}
\tfilemode = true
\tbare = false
\tsymlinks = true
\texcludesFile = /dev/null
\tattributesFile = /dev/null
[checkout]
\tworkers = 0
{more}"""
# Without a name for these two files git would take the person's own, in ~/.config/git. As many workers as there are
# cores write the files out: 0.7 s instead of 0.9 for 2,000 of them on two busy cores (medians of 8).


@dataclass(frozen=True)
class Snapshot:
    """A tree of what was in the work tree, and what was odd about it. Paths are relative to the work tree."""

    tree: str
    nested: tuple[str, ...]  # folders that are repositories of their own
    left_out: tuple[str, ...]  # what git refused to take: unreadable files, names that are a danger elsewhere


@dataclass(frozen=True)
class PrivateGit:
    """A git dir of the host's (`folder`), over a work tree that a lab may write (`work`), with the hub's objects.

    No configuration but its own is read (neither the person's nor the lab's), so no filter, hook, fsmonitor or
    external program can be named by anything that a lab writes.
    """

    folder: Path
    work: Path
    hub_objects: Path

    @classmethod
    def create(cls, folder: Path, work: Path, hub_objects: Path, object_format: str = "sha1") -> PrivateGit:
        """Make the git dir; one that is there is used as it is."""
        (folder / "refs").mkdir(parents=True, exist_ok=True)
        (folder / "objects").mkdir(exist_ok=True)
        other = object_format != "sha1"
        more = f"[extensions]\n\tobjectFormat = {object_format}\n" if other else ""
        (folder / "config").write_text(_CONFIG.format(version=1 if other else 0, more=more))
        (folder / "HEAD").write_text("ref: refs/heads/nothing\n")
        return cls(folder, work, hub_objects)

    @cached_property
    def _git(self) -> Git:
        return Git(
            self.work,
            {
                "GIT_DIR": str(self.folder),
                "GIT_WORK_TREE": str(self.work),
                "GIT_INDEX_FILE": str(self.folder / "index"),
                "GIT_OBJECT_DIRECTORY": str(self.hub_objects),
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_ATTR_NOSYSTEM": "1",
            },
        )

    def start_from(self, commit: str) -> None:
        """Take `commit` as what the work tree was made from. Stat data are refreshed, so that a snapshot is cheap."""
        self._git.run("read-tree", commit)
        self._git.run("update-index", "-q", "--refresh", ok=(0, 1))

    def exclude(self, paths: Iterable[str]) -> None:
        """Leave these paths out of all further snapshots and clean-ups (while git doesn't track them)."""
        lines = [_pattern(path) for path in paths]
        (self.folder / "info").mkdir(exist_ok=True)
        with (self.folder / "info" / "exclude").open("a", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(f"{line}\n" for line in lines)

    def exclude_untracked(self) -> None:
        """Leave out what is untracked now, whole folders as folders."""
        rows = self._git.run("ls-files", "-o", "-z", "--exclude-standard", "--directory").split(b"\0")[:-1]
        self.exclude(row.decode(errors="surrogateescape") for row in rows)

    def checkout(self, commit: str) -> None:
        """Make the work tree's tracked and untracked files those of `commit`; ignored files stay as they are.

        Without smudge filters: none is configured here, and none of a lab's naming may run on the host.
        """
        self.fill(commit)
        self._git.run("clean", "-q", "-f", "-f", "-d")

    def fill(self, commit: str) -> None:
        """Write the files of `commit` into a work tree that has none of its own yet."""
        self._git.run("read-tree", "--reset", "-u", commit)

    def snapshot_tree(self) -> str:
        """The tree of `snapshot`."""
        return self.snapshot().tree

    def snapshot(self) -> Snapshot:
        """Write every non-ignored byte of the work tree as a tree, nested repositories' files among them."""
        nested = self.nested_repositories()
        left_out = self._add(nested)
        tree = self._git.line("write-tree")
        found = {path: entry for folder in nested for path, entry in self._files_of(folder)}
        if found:
            links: dict[str, TreeEntry | None] = {path: None for path in self._gitlinks() if path in nested}
            tree = self._git.edit_tree(tree, {**links, **found})
        return Snapshot(tree, nested, left_out)

    def _add(self, nested: Sequence[str]) -> tuple[str, ...]:
        """Bring the index up to the files; what git refused to take."""
        # git is kept away from nested repositories: comparing one would run its fsmonitor here, on the host.
        words = ("add", "-A", "--ignore-errors", "--", ".", *(f":(exclude,literal,top){folder}" for folder in nested))
        code, _ = self._git.ask(*words, ok=(0, 1, 128))
        if code == 128:
            # A file that isn't in the encoding that attributes name for it ends git. Kept as it is, nothing is lost.
            (self.folder / "info").mkdir(exist_ok=True)
            (self.folder / "info" / "attributes").write_text("* !working-tree-encoding\n")
            code, _ = self._git.ask(*words, ok=(0, 1))
        rows = self._git.run("ls-files", "-m", "-o", "-z", "--exclude-standard").split(b"\0")[:-1] if code else []
        return tuple(sorted({os.fsdecode(row) for row in rows if not row.endswith(b"/")} - set(nested)))

    def entries(self) -> dict[str, str]:
        """Mode and blob by path, as the index has them: what the files were when they were taken or restored last."""
        rows = self._git.run("ls-files", "-s", "-z").split(b"\0")[:-1]
        return {os.fsdecode(path): entry[:-2].decode() for entry, _, path in (row.partition(b"\t") for row in rows)}

    def paths(self) -> tuple[str, ...]:
        """Every path that a snapshot would take, and those of the index that are gone; of nested repositories, none."""
        rows = self._git.run("ls-files", "-c", "-o", "-z", "--exclude-standard").split(b"\0")[:-1]
        return tuple(os.fsdecode(row) for row in rows if not row.endswith(b"/"))

    def nested_repositories(self) -> tuple[str, ...]:
        """Non-ignored folders below the top that are repositories of their own, relative to the work tree."""
        words = ("ls-files", "-o", "-s", "-t", "-z", "--exclude-standard")
        rows = [(row[:2], row[2:]) for row in self._git.run(*words).split(b"\0")[:-1]]
        untracked = {os.fsdecode(row[:-1]) for tag, row in rows if tag == b"? " and row.endswith(b"/")}
        links = {os.fsdecode(row.partition(b"\t")[2]) for tag, row in rows if tag != b"? " and row[:6] == b"160000"}
        return tuple(sorted(untracked | {path for path in links if (self.work / path / ".git").exists()}))

    def _gitlinks(self) -> tuple[str, ...]:
        rows = self._git.run("ls-files", "-s", "-z").split(b"\0")
        return tuple(row.partition(b"\t")[2].decode(errors="surrogateescape") for row in rows if row[:6] == b"160000")

    def _files_of(self, folder: str) -> list[tuple[str, TreeEntry]]:
        """Every file of a nested repository but its git dir: git itself would keep no byte of them."""
        plain: list[str] = []
        entries: list[tuple[str, TreeEntry]] = []
        for here, folders, files in os.walk(self.work / folder):
            folders[:] = [name for name in folders if name != ".git"]
            for name in [*files, *(name for name in folders if Path(here, name).is_symlink())]:
                path = Path(here, name)
                relative = path.relative_to(self.work).as_posix()
                if path.is_symlink():
                    target = str(path.readlink()).encode(errors="surrogateescape")
                    entries.append((relative, TreeEntry("120000", self._git.write_blob(target))))
                elif path.is_file() and name != ".git":
                    plain.append(relative)
        modes = ["100755" if (self.work / path).stat().st_mode & 0o100 else "100644" for path in plain]
        rows = zip(plain, modes, self._blobs_of(plain), strict=True)
        return entries + [(path, TreeEntry(mode, blob)) for path, mode, blob in rows]

    def _blobs_of(self, paths: Sequence[str]) -> list[str]:
        """Each file's bytes as a blob. A name with a line break can't be listed, and is hashed by itself."""
        words = ("hash-object", "-w", "--no-filters")
        listed = [path for path in paths if "\n" not in path]
        feed = "".join(f"{self.work}/{path}\n" for path in listed).encode(errors="surrogateescape")
        out = self._git.run(*words, "--stdin-paths", data=feed).decode().split() if listed else []
        known = dict(zip(listed, out, strict=True))
        return [known.get(path) or self._git.line(*words, "--", path) for path in paths]

    def bring(self, source: Path, ref: str, into: str, seconds: float = 60.0) -> bool:
        """Fetch one ref of a lab's repository into a ref of the hub's; whether that was possible.

        The fetch runs here, never inside the lab; upload-pack reads the lab's repository but takes no program
        from its configuration (measured: it ran nothing of twelve planted vectors).
        """
        hub = Git(self.hub_objects.parent, {"GIT_DIR": str(self.hub_objects.parent)})
        words = ("--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", "-q")
        try:
            hub.run("fetch", *words, str(source), f"+{ref}:{into}", seconds=seconds)
        except GitFailed:
            return False
        return True


def _pattern(path: str) -> str:
    """A path as an anchored line of an exclude file, its special signs taken literally.

    A line break can't be written there: any one character stands for it.
    """
    return "/" + re.sub(r"([\\*?\[\]]| $)", r"\\\1", path).replace("\n", "?").replace("\r", "?")

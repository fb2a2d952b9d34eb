"""Snapshots of a lab's files with an index and git dir that the host owns; the lab's own git state is never asked."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import loopwright.git.leaving as leaving
from loopwright.errors import GitFailed, LabFailed
from loopwright.git.leaving import LeftOut
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

_TO_LOOK = 120.0
"""Seconds for git to look at a lab's files. One pattern in a `.gitignore` can keep it at a single name for ever."""

_NAMES = 1 << 30
"""Bytes that git may take up while it looks at a lab's files: a million names in a folder whose path has 3,800 bytes
would be 8 GB, and as much again here."""

_MEMORY = 2 << 30
"""Bytes that git may take up while it takes what a lab packed: 16 kB of deltas can stand for a file of 24 GB, which it
puts together in memory. (What is longer than 512 MB it packs without deltas, and reads piece by piece.)"""


@dataclass(frozen=True)
class Snapshot:
    """A tree of what was in the work tree, and what was odd about it. Paths are relative to the work tree."""

    tree: str
    nested: tuple[str, ...]  # folders that are repositories of their own
    left_out: tuple[LeftOut, ...]  # unreadable or too large, and names that are a danger elsewhere


@dataclass(frozen=True)
class _Seen:
    """What there is to take: repositories of their own, new or changed files, and folders that can't be looked into."""

    nested: tuple[str, ...]
    fresh: tuple[str, ...]
    unopened: tuple[LeftOut, ...]


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

    def _within(self, memory: int) -> Git:
        """git with so many bytes of memory at the most."""
        return Git(self.work, self._git.extra, ("/bin/sh", "-c", f'ulimit -d {memory >> 10} && exec "$@"', "sh"))

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
        """Leave out what is untracked now, whole folders as folders. Raises LabFailed where git would wait for
        ever."""
        leaving.demand_no_trap(self.work)
        rows = self._git.run("ls-files", "-o", "-z", "--exclude-standard", "--directory").split(b"\0")[:-1]
        self.exclude(row.decode(errors="surrogateescape") for row in rows)

    def checkout(self, commit: str) -> None:
        """Make the work tree's tracked and untracked files those of `commit`; ignored files stay as they are.

        Without smudge filters: none is configured here, and none of a lab's naming may run on the host. Raises
        LabFailed where git would wait for ever.
        """
        leaving.demand_no_trap(self.work)
        # What only looks touched (the files of a lab that was handed to another user) is read, and not written anew:
        # 1 s instead of 3 for 20,000 files.
        self._git.run("update-index", "-q", "--ignore-submodules", "--refresh", ok=(0, 1))
        self.fill(commit)
        self._git.run("clean", "-q", "-f", "-f", "-d")

    def fill(self, commit: str) -> None:
        """Write the files of `commit` into a work tree that has none of its own yet."""
        self._git.run("read-tree", "--reset", "-u", commit)

    def snapshot_tree(self) -> str:
        """The tree of `snapshot`."""
        return self.snapshot().tree

    def snapshot(self) -> Snapshot:
        """Write every non-ignored byte of the work tree as a tree, nested repositories' files among them.

        Raises LabFailed where it is more than a snapshot takes.
        """
        seen = self._seen()
        inner = [leaving.walked(self.work, folder) for folder in seen.nested]
        files = [path for walk in inner for path in walk.files]
        held = leaving.held_back(self.work, (*seen.fresh, *files))
        left_out = {one.path: one for one in (*self._add(seen.nested, held), *held, *seen.unopened)}
        left_out |= {one.path: one for walk in inner for one in walk.left_out}
        tree = self._git.line("write-tree")
        found = dict(self._entries_of([path for path in files if not {path, path.partition("/")[0]} & left_out.keys()]))
        found |= {path: self._link(path) for walk in inner for path in walk.links}
        if found:
            links: dict[str, TreeEntry | None] = {path: None for path in self._gitlinks() if path in seen.nested}
            tree = self._git.edit_tree(tree, {**links, **found})
        return Snapshot(tree, seen.nested, tuple(left_out[path] for path in sorted(left_out)))

    def with_file(self, tree: str, name: str, path: Path) -> str:
        """The tree with one more file at its top, whose bytes lie at `path`."""
        blob = self._git.line("hash-object", "-w", "--no-filters", "--", str(path))
        return self._git.edit_tree(tree, {name: TreeEntry("100644", blob)})

    def _add(self, nested: Sequence[str], held: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
        """Bring the index up to the files; what git refused to take."""
        # git is kept away from nested repositories: comparing one would run its fsmonitor here, on the host.
        aside = [*nested, *(one.path for one in held)]
        specs = "\0".join([".", *(f":(exclude,literal,top){path}" for path in aside)]).encode(errors="surrogateescape")
        words = ("add", "-A", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul")
        code, _ = self._git.ask(*words, data=specs, ok=(0, 1, 128))
        if code == 128:
            # A file that isn't in the encoding that attributes name for it ends git. Kept as it is, nothing is lost.
            (self.folder / "info").mkdir(exist_ok=True)
            (self.folder / "info" / "attributes").write_text("* !working-tree-encoding\n")
            code, _ = self._git.ask(*words, data=specs, ok=(0, 1))
        rows = self._git.run("ls-files", "-m", "-o", "-z", "--exclude-standard").split(b"\0")[:-1] if code else []
        refused = {os.fsdecode(row) for row in rows if not row.endswith(b"/")} - set(aside)
        return tuple(LeftOut(path, "git could not take it") for path in refused)

    def entries(self) -> dict[str, str]:
        """Mode and blob by path, as the index has them: what the files were when they were taken or restored last."""
        rows = self._git.run("ls-files", "-s", "-z").split(b"\0")[:-1]
        return {os.fsdecode(path): entry[:-2].decode() for entry, _, path in (row.partition(b"\t") for row in rows)}

    def paths(self) -> tuple[str, ...]:
        """Every path that a snapshot would take, and those of the index that are gone; of nested repositories, none.

        Raises LabFailed where git would wait for ever.
        """
        leaving.demand_no_trap(self.work)
        rows = self._looked("-c", "-o", "-z", "--exclude-standard")[0].split(b"\0")[:-1]
        return tuple(os.fsdecode(row) for row in rows if not row.endswith(b"/"))

    def nested_repositories(self) -> tuple[str, ...]:
        """Non-ignored folders below the top that are repositories of their own, relative to the work tree."""
        return self._seen().nested

    def _seen(self) -> _Seen:
        leaving.demand_no_trap(self.work)
        out, warnings = self._looked("-o", "-m", "-s", "-t", "-z", "--exclude-standard")
        rows = [(row[:2], row[2:]) for row in out.split(b"\0")[:-1]]
        untracked = [os.fsdecode(row) for tag, row in rows if tag == b"? "]
        tracked = [(tag, *row.partition(b"\t")[::2]) for tag, row in rows if tag != b"? "]
        links = {os.fsdecode(path) for _, entry, path in tracked if entry[:6] == b"160000"}
        nested = {path[:-1] for path in untracked if path.endswith("/")}
        nested |= {path for path in links if (self.work / path / ".git").exists()}
        modified = [os.fsdecode(path) for tag, entry, path in tracked if tag == b"C " and entry[:6] != b"160000"]
        fresh = (*(path for path in untracked if not path.endswith("/")), *modified)
        return _Seen(tuple(sorted(nested)), fresh, leaving.unopened(warnings))

    def _looked(self, *words: str) -> tuple[bytes, bytes]:
        """What git lists of the files, and what it warns of. Raises LabFailed where it doesn't come to an end, or takes
        too much memory."""
        try:
            return self._within(_NAMES).heard("ls-files", *words, seconds=_TO_LOOK)[1:]
        except GitFailed as problem:
            if "memory" in problem.output:
                told = f"git can't look at the lab's files in {_NAMES >> 20} MiB of memory: too many, or too long names"
                raise LabFailed(told) from problem
            if problem.code == 124:  # its time ran out
                raise LabFailed(f"git looked at the lab's files for {_TO_LOOK:g} s, and was not done") from problem
            raise

    def _gitlinks(self) -> tuple[str, ...]:
        rows = self._git.run("ls-files", "-s", "-z").split(b"\0")
        return tuple(row.partition(b"\t")[2].decode(errors="surrogateescape") for row in rows if row[:6] == b"160000")

    def _entries_of(self, paths: Sequence[str]) -> Iterator[tuple[str, TreeEntry]]:
        """Each file of a nested repository as it goes into a tree: git itself would keep no byte of them."""
        for path, blob in zip(paths, self._blobs_of(paths), strict=True):
            yield path, TreeEntry("100755" if (self.work / path).stat().st_mode & 0o100 else "100644", blob)

    def _link(self, path: str) -> TreeEntry:
        target = str((self.work / path).readlink()).encode(errors="surrogateescape")
        return TreeEntry("120000", self._git.write_blob(target))

    def _blobs_of(self, paths: Sequence[str]) -> list[str]:
        """Each file's bytes as a blob. A name with a line break, or half of one at its end, can't be listed, and is
        hashed by itself."""
        words = ("hash-object", "-w", "--no-filters")
        listed = [path for path in paths if "\n" not in path and not path.endswith("\r")]
        feed = "".join(f"{self.work}/{path}\n" for path in listed).encode(errors="surrogateescape")
        out = self._git.run(*words, "--stdin-paths", data=feed).decode().split() if listed else []
        known = dict(zip(listed, out, strict=True))
        return [known.get(path) or self._git.line(*words, "--", path) for path in paths]

    def is_sound(self, bundle: Path, pack: int, seconds: float = 60.0) -> bool:
        """Whether git takes the pack that begins at a byte of a bundle, and finds nothing broken in it.

        To be asked before the bundle is fetched, for that one checks no objects (git 2.39), and leaves in the hub what
        it had unpacked of one that it refuses.
        """
        feeding = ("/bin/sh", "-c", f'ulimit -d {_MEMORY >> 10} && tail -c +{pack + 1} "$0" | "$@"', str(bundle))
        with tempfile.TemporaryDirectory(dir=self.folder) as store:
            Path(store, "info").mkdir()
            Path(store, "info", "alternates").write_bytes(os.fsencode(self.hub_objects) + b"\n")
            git = Git(self.folder, {**self._git.extra, "GIT_OBJECT_DIRECTORY": store}, feeding)
            try:
                git.run("index-pack", "--strict", "--fix-thin", "--stdin", seconds=seconds)
            except GitFailed:
                return False
        return True

    def bring(self, source: Path, ref: str, into: str, seconds: float = 60.0) -> bool:
        """Fetch one ref of a lab's repository into a ref of the hub's; whether that was possible.

        The fetch runs here, never inside the lab; upload-pack reads the lab's repository but takes no program
        from its configuration (measured: it ran nothing of twelve planted vectors).
        """
        bounded = ("/bin/sh", "-c", f'ulimit -d {_MEMORY >> 10} && exec "$@"', "sh")
        hub = Git(self.hub_objects.parent, {"GIT_DIR": str(self.hub_objects.parent)}, bounded)
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

"""git plumbing in the person's own repository: refs by compare-and-swap, objects, trees, merges. Never a checkout."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from loopwright import shell
from loopwright.errors import GitFailed, RefMoved
from loopwright.git.environment import environment
from loopwright.git.raw import RAW, end_of_changes, raw_changes
from loopwright.git.stale import take_away
from loopwright.vocabulary import FileChange

SECONDS = 120.0
"""Limit on one git command: a small hostile bundle can hold a tree on which a diff never ends."""

AS_TEXT = ("-c", "core.bigFileThreshold=32m")
"""What git compares line by line takes 20 times as much memory: 2 GB for 100 MB of short lines. Longer files are told
as binary ones."""

_TRIES = 4
"""Of one git command whose way a dead git's lock was in. A lab's file can have a name that reads as if one were."""


class TreeEntry(NamedTuple):
    """What a tree has at a path: git's mode (100644, 100755, 120000, 160000) and the object id."""

    mode: str
    blob: str


class Merged(NamedTuple):
    """The tree of a merge, and the paths that conflict (the tree then holds conflict markers)."""

    tree: str
    conflicts: tuple[str, ...]


def is_id(text: str) -> bool:
    """Whether a text is a full object id; what such a one names never changes."""
    return len(text) in (40, 64) and set(text) <= set("0123456789abcdef")


@dataclass(frozen=True)
class Git:
    """git in one place. `where` is a folder of the repository; all ids that come back are full ones. `before` has
    the words of a program that becomes git."""

    where: Path
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)
    before: Sequence[str] = ()

    def run(self, *words: str, data: bytes = b"", ok: Sequence[int] = (0,), seconds: float = SECONDS) -> bytes:
        """stdout of one git command. Raises GitFailed unless its exit code is among `ok`."""
        return self.ask(*words, data=data, ok=ok, seconds=seconds)[1]

    def ask(
        self,
        *words: str,
        data: bytes = b"",
        ok: Sequence[int] = (0,),
        seconds: float = SECONDS,
        held: Sequence[int] = (),
    ) -> tuple[int, bytes]:
        """Exit code and stdout of one git command whose code says something."""
        return self.heard(*words, data=data, ok=ok, seconds=seconds, held=held)[:2]

    def heard(
        self,
        *words: str,
        data: bytes = b"",
        ok: Sequence[int] = (0,),
        seconds: float = SECONDS,
        held: Sequence[int] = (),
    ) -> tuple[int, bytes, bytes]:
        """Exit code, stdout and stderr, for a command that only warns of what matters."""
        env = environment() | dict(self.extra)
        line = [*self.before, "git", *words]
        for more in reversed(range(_TRIES)):
            code, out, err = shell.capture(line, cwd=self.where, env=env, seconds=seconds, data=data, held=held)
            if not (code and more and take_away(err.decode(errors="replace"), self._common)):
                break
        if code not in ok:
            raise GitFailed(words[:6], str(self.where), code, (err or out).decode(errors="replace"))
        return code, out, err

    def _common(self) -> Path:
        return Path(self.extra.get("GIT_DIR") or self.line("rev-parse", "--path-format=absolute", "--git-common-dir"))

    def line(self, *words: str, ok: Sequence[int] = (0,)) -> str:
        return self.run(*words, ok=ok).decode(errors="surrogateescape").rstrip("\n")

    @cached_property
    def bare(self) -> Git:
        """The same repository away from its working tree, so that no attributes file there has a say: not whether a
        file's diff is shown (`-diff` hides it), not which program merges it."""
        found = self._common()
        return Git(found, {**self.extra, "GIT_DIR": str(found), "GIT_ATTR_NOSYSTEM": "1"})

    @cached_property
    def _nothing(self) -> str:
        """The object id that stands for none: as long as the others here."""
        return "0" * (64 if self.line("rev-parse", "--show-object-format") == "sha256" else 40)

    @cached_property
    def _trees(self) -> dict[str, str]:
        """Trees of commits that were asked for, by full id: a third of a run's git processes asked again."""
        return {}

    @cached_property
    def _parents(self) -> dict[str, tuple[str, ...]]:
        """Parents of commits that were made here."""
        return {}

    # -------------------------------------------------------------- refs

    def resolve(self, revision: str, kind: str = "commit") -> str | None:
        """The full id of a revision, peeled to `kind`; None when there is none."""
        code, out = self.ask(
            "rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{{kind}}}", ok=(0, 1, 128)
        )
        return out.decode().strip() if code == 0 else None

    def update_ref(
        self,
        ref: str,
        new: str,
        old: str,
        why: str = "loopwright",
        held: Sequence[int] = (),
        drops: Sequence[str] = (),
    ) -> None:
        """Move a ref by compare-and-swap: `old` is what it must hold now, '' for not being there. Raises RefMoved.

        `held`: descriptors of locks that stay taken until git has ended, even when this process is killed meanwhile.
        `drops`: refs that go in the same transaction, so that no crash leaves one without the other.
        """
        words = ("update-ref", "-m", why, "--no-deref", "--stdin")
        nothing = "0" * len(new)
        feed = f"update {ref} {new} {old or nothing}\n" + "".join(f"delete {gone}\n" for gone in drops)
        code, _ = self.ask(*words, data=feed.encode(), ok=(0, 1, 128), held=held)
        if code == 0:
            return
        if (self._value(ref) or "") != old:
            raise RefMoved(ref, old)
        # Nobody moved it: a lock was held for a moment, or there is something that git must say.
        self.ask(*words, data=feed.encode(), held=held)

    def set_ref(self, ref: str, new: str) -> None:
        """Point a ref of loopwright's own at `new`, whatever it held."""
        self.run("update-ref", "--no-deref", ref, new)

    def delete_ref(self, ref: str, old: str) -> bool:
        """Delete a ref that holds `old`; whether it did."""
        return self.ask("update-ref", "-d", "--no-deref", ref, old, ok=(0, 1, 128))[0] == 0

    def delete_refs(self, held: Mapping[str, str]) -> None:
        """Delete all these refs at once; when one of them holds something else by now, those that hold theirs."""
        feed = "".join(f"option no-deref\ndelete {ref} {oid}\n" for ref, oid in held.items()).encode()
        if held and self.ask("update-ref", "--stdin", data=feed, ok=(0, 1, 128))[0]:
            for ref, oid in held.items():
                self.delete_ref(ref, oid)

    def _value(self, ref: str) -> str | None:
        code, out = self.ask("rev-parse", "-q", "--verify", "--end-of-options", ref, ok=(0, 1, 128))
        return out.decode().strip() if code == 0 else None

    def refs(self, *prefixes: str) -> dict[str, str]:
        """All refs under these prefixes: full name -> object id."""
        out = self.run("for-each-ref", "--format=%(objectname) %(refname)", *prefixes).decode()
        return {name: oid for oid, name in (line.split(" ", 1) for line in out.splitlines())}

    def subjects(self, prefix: str) -> dict[str, str]:
        """The first line of each commit under a prefix: full ref name -> subject."""
        out = self.run("for-each-ref", "--format=%(refname) %(contents:subject)", prefix).decode(errors="replace")
        return {name: subject for name, _, subject in (line.partition(" ") for line in out.splitlines())}

    # -------------------------------------------------------------- objects

    def write_blob(self, data: bytes) -> str:
        if not data:  # stdin of no data is no pipe but /dev/null, which git reads just as well
            return self.line("hash-object", "-w", "-t", "blob", "--no-filters", "/dev/null")
        return self.run("hash-object", "-w", "--stdin", data=data).decode().strip()

    def write_blobs(self, contents: Sequence[bytes]) -> list[str]:
        """The ids of many blobs, written by one process."""
        with tempfile.TemporaryDirectory(prefix="loopwright-blobs-") as folder:
            for i, data in enumerate(contents):
                Path(folder, str(i)).write_bytes(data)
            feed = "".join(f"{folder}/{i}\n" for i in range(len(contents))).encode()
            return self.run("hash-object", "-w", "--no-filters", "--stdin-paths", data=feed).decode().split()

    def write_tree(self, files: Mapping[str, bytes]) -> str:
        """A tree of plain files, folder by folder: one process for the blobs, one for each folder."""
        blobs = dict(zip(files, self.write_blobs(list(files.values())), strict=True))
        return self._folder_tree(blobs)

    def _folder_tree(self, blobs: Mapping[str, str]) -> str:
        inside: dict[str, dict[str, str]] = {}
        rows = []
        for path, blob in blobs.items():
            folder, _, rest = path.partition("/")
            if rest:
                inside.setdefault(folder, {})[rest] = blob
            else:
                rows.append(f"100644 blob {blob}\t{path}")
        rows += [f"040000 tree {self._folder_tree(below)}\t{folder}" for folder, below in inside.items()]
        return self.run("mktree", "-z", data="".join(f"{row}\0" for row in rows).encode()).decode().strip()

    def blobs(self, names: Iterable[str]) -> dict[str, bytes | None]:
        """Blob contents by name (an id, or `commit:path`); None for what is missing or no blob. One process.

        A name with a line break, or half of one at its end, can't be asked for: git would read another's.
        """
        wanted = list(dict.fromkeys(names))
        plain = [name for name in wanted if "\n" not in name and not name.endswith("\r")]
        found: dict[str, bytes | None] = dict.fromkeys(wanted)
        if not plain:
            return found
        feed = "\n".join(plain).encode(errors="surrogateescape") + b"\n"
        out, at = self.run("cat-file", "--batch", data=feed), 0
        for name in plain:
            end = out.index(b"\n", at)
            header = out[at:end].rsplit(b" ", 2)
            at = end + 1
            if len(header) < 3 or not header[2].isdigit():
                continue
            size = int(header[2])
            found[name] = out[at : at + size] if header[1] == b"blob" else None
            at += size + 1
        return found

    def read(self, commit: str, path: str) -> bytes | None:
        """One file of a commit, or None."""
        return self.blobs([f"{commit}:{path}"])[f"{commit}:{path}"]

    def ls_tree(self, treeish: str, *paths: str) -> dict[str, TreeEntry]:
        """All files of a tree (or those under `paths`): path -> mode and blob."""
        out = self.run("ls-tree", "-r", "-z", "--full-tree", treeish, "--", *paths)
        entries = {}
        for row in out.split(b"\0")[:-1]:
            meta, _, path = row.partition(b"\t")
            mode, _, blob = meta.decode().split(" ")
            entries[path.decode(errors="surrogateescape")] = TreeEntry(mode, blob)
        return entries

    def tree_of(self, commit: str) -> str:
        if commit in self._trees:
            return self._trees[commit]
        found = self.resolve(commit, "tree")
        if found is None:
            raise GitFailed(("rev-parse", commit), str(self.where), 128, "no such tree")
        if is_id(commit):
            self._trees[commit] = found
        return found

    def edit_tree(self, treeish: str, edits: Mapping[str, TreeEntry | None]) -> str:
        """The tree that `treeish` becomes when each path is set to an entry, or removed (None)."""
        if not edits:
            return self.tree_of(treeish)
        with tempfile.TemporaryDirectory(prefix="loopwright-index-") as folder:
            scratch = Git(self.where, {**self.extra, "GIT_INDEX_FILE": f"{folder}/index"})
            scratch.run("read-tree", treeish)
            scratch.stage(edits)
            return scratch.line("write-tree")

    def stage(self, edits: Mapping[str, TreeEntry | None]) -> None:
        """Set entries of the index (the one that `extra` names), or remove them (None)."""
        rows = ((path, entry or TreeEntry("0", self._nothing)) for path, entry in edits.items())
        lines = (f"{entry.mode} {entry.blob}\t{path}\0".encode(errors="surrogateescape") for path, entry in rows)
        self.run("update-index", "-z", "--index-info", data=b"".join(lines))

    def commit_tree(self, tree: str, parents: Sequence[str], message: str) -> str:
        heads = [word for parent in parents for word in ("-p", parent)]
        made = self.run("commit-tree", tree, *heads, data=message.encode(errors="replace")).decode().strip()
        if is_id(tree) and all(map(is_id, parents)) and len(set(parents)) == len(parents):
            self._trees[made], self._parents[made] = tree, tuple(parents)
        return made

    def person(self) -> str:
        """The person's name as git knows it; empty where it doesn't."""
        return self.ask("config", "--get", "user.name", ok=(0, 1))[1].decode(errors="replace").strip()

    def message(self, commit: str) -> str:
        return self.run("log", "-1", "--format=%B", commit).decode(errors="replace")

    def parents(self, commit: str) -> tuple[str, ...]:
        if commit in self._parents:
            return self._parents[commit]
        return tuple(self.line("rev-list", "--parents", "-n", "1", commit).split()[1:])

    def is_ancestor(self, old: str, new: str) -> bool:
        return old == new or self.ask("merge-base", "--is-ancestor", old, new, ok=(0, 1))[0] == 0

    def reached_from_nowhere_else(self, commits: Iterable[str], prefix: str) -> set[str]:
        """Those of these commits that nothing but the refs under a prefix reaches. One process."""
        feed = "".join(f"{oid}\n" for oid in {*commits})
        if not feed:
            return set()
        words = ("rev-list", "--stdin", "--not", f"--exclude={prefix}/*", "--all")
        return {*feed.split()} & {*self.run(*words, data=feed.encode()).decode().split()}

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that two have in common, or None."""
        code, out = self.ask("merge-base", one, other, ok=(0, 1))
        return out.decode().strip() if code == 0 else None

    # -------------------------------------------------------------- merging and comparing

    def merge(self, ours: str, theirs: str) -> Merged:
        """The merge of two commits as a tree. Nothing is checked out, and no ref moves."""
        code, out = self.bare.ask(
            "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs, ok=(0, 1)
        )
        tree, *rest = out.decode(errors="surrogateescape").split("\0")
        return Merged(tree.strip(), tuple(path for path in rest if path) if code else ())

    def merge_over(self, base_tree: str, ours_tree: str, theirs_tree: str) -> Merged:
        """A three-way merge of trees over a base of one's choice (git 2.38 can't be told a base: it gets commits)."""
        base = self.commit_tree(base_tree, [], "base")
        ours = self.commit_tree(ours_tree, [base], "ours")
        return self.merge(ours, self.commit_tree(theirs_tree, [base], "theirs"))

    def changes(self, old: str, new: str) -> tuple[FileChange, ...]:
        """What differs between two trees, file by file, without rename detection."""
        if old == new:
            return ()
        return raw_changes(self.run(*RAW, "--no-commit-id", old, new))

    def changes_of(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[FileChange, ...]]:
        """The same for many pairs of tree ids (no commits). One process."""
        wanted = list(dict.fromkeys(pairs))
        feed = "".join(f"{old} {new}\n" for old, new in wanted).encode()
        out = self.run(*RAW, "--stdin", data=feed) if wanted else b""
        found, at = {}, 0
        for i, pair in enumerate(wanted):
            at += len(f"{pair[0]} {pair[1]}\n")
            head = "{} {}\n".format(*wanted[i + 1]).encode() if i + 1 < len(wanted) else b""
            end = end_of_changes(out, at, head)
            found[pair], at = raw_changes(out[at:end]), end
        return found

    def trees_of(self, names: Iterable[str]) -> dict[str, str | None]:
        """The tree id of each commit or tree by its full id; None for what isn't here. One process."""
        wanted = list(dict.fromkeys(names))
        feed = "".join(f"{name}^{{tree}}\n" for name in wanted).encode()
        rows = self.run("cat-file", "--batch-check", data=feed).decode().splitlines() if wanted else []
        words = (row.split(" ") for row in rows)
        return {name: row[0] if row[1] == "tree" else None for name, row in zip(wanted, words, strict=True)}

    def diff_numbers(self, old: str, new: str) -> dict[str, int]:
        """How many files, and lines added and removed; a binary file counts as a file."""
        words = ("diff-tree", "-r", "--numstat", "--no-ext-diff", "--no-textconv", "--no-renames")
        out = self.bare.run(*AS_TEXT, *words, old, new)
        rows = [line.split("\t")[:2] for line in out.decode(errors="replace").splitlines()]
        added, removed = (sum(int(row[i]) for row in rows if row[i].isdigit()) for i in (0, 1))
        return {"files": len(rows), "added": added, "removed": removed}

    def diff_stat(self, old: str, new: str) -> str:
        words = ("diff-tree", "--stat=100", "--no-ext-diff", "--no-textconv", "--no-commit-id")
        out = self.bare.run(*AS_TEXT, *words, old, new)
        return out.decode(errors="replace").rstrip("\n")

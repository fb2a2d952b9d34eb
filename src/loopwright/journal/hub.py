"""The hub: the person's repository as the place where everything is kept. Nobody works there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from loopwright.errors import BadUse, GitFailed, Unreachable
from loopwright.git import Git, TreeEntry, compared, git_version, is_id, searching
from loopwright.journal.trees import CommitTree
from loopwright.vocabulary import Change, Hazard

OLDEST_GIT = (2, 38)
"""merge-tree --write-tree, which landing is made of, came with it."""

_KEPT_TREES = 4
"""Commits whose listing is kept: base, change, mainline, candidate. One of 100,000 files takes some 30 MB."""

_AT_ONCE = 256  # files that are read by one process


@dataclass(frozen=True)
class Hub:
    """A repository: `top` is the working tree that was asked for, with `gitdir`; `common` is what all of them share."""

    top: Path
    gitdir: Path
    common: Path
    object_format: str
    trees: dict[str, CommitTree] = field(default_factory=dict, compare=False, repr=False)  # of the last few commits

    @cached_property
    def git(self) -> Git:
        return Git(self.top)

    @property
    def home(self) -> Path:
        """Runtime files: journals, locks. Under the git common dir, so that nothing needs a .gitignore line."""
        place = self.common / "loopwright"
        place.mkdir(exist_ok=True)
        return place

    def run_home(self, number: int) -> Path:
        place = self.home / "runs" / str(number)
        place.mkdir(parents=True, exist_ok=True)
        return place

    @property
    def labs(self) -> Path:
        """Where labs lie: outside any git dir (tools leave out what is under `.git`) and any repository. Raises BadUse
        for a setting that says so only together with a working folder: git is started in several."""
        base = os.environ.get("LOOPWRIGHT_LABS") or _state_folder() or str(self.home / "labs")
        if not Path(base).is_absolute():
            problem = f"LOOPWRIGHT_LABS is {base!r}, which is no absolute path"
            raise BadUse(problem, f"LOOPWRIGHT_LABS={Path(base).resolve()}")
        return Path(base) / f"{self.top.name}-{sha256(str(self.common).encode()).hexdigest()[:10]}"

    @cached_property
    def head_branch(self) -> str | None:
        """The branch that HEAD names; None when it is detached."""
        code, out = self.git.ask("symbolic-ref", "-q", "HEAD", ok=(0, 1))
        return out.decode().strip().removeprefix("refs/heads/") if code == 0 else None

    def tip(self, branch: str) -> str | None:
        """The commit of a branch, or None."""
        return self.git.resolve(f"refs/heads/{branch}")

    def ignores(self, path: str) -> bool:
        """Whether git leaves an untracked file of the working tree alone, so that `git add -A` doesn't take it."""
        return bool(self.git.ask("check-ignore", "-q", "--", path, ok=(0, 1, 128))[0] == 0)

    def tree(self, commit: str) -> CommitTree:
        """The files of a commit to read. The last few are kept (a hub made by `replace` has them, too): a run, and each
        look of the watcher, asks for the same again and again."""
        if not is_id(commit):
            return CommitTree(self.git, commit)
        self.trees[commit] = found = self.trees.pop(commit, None) or CommitTree(self.git, commit)
        for old in list(self.trees)[:-_KEPT_TREES]:
            del self.trees[old]
        return found

    def reading(self, commit: str, ahead: Iterable[str] = ()) -> Callable[[str], bytes | None]:
        """Reads files of a commit, None for what is none. Those of `ahead` come many at once when one of them is asked
        for: a process for each takes 4 ms, and a change may have thousands."""
        listed = list(dict.fromkeys(ahead))
        places = {path: at for at, path in enumerate(listed)}
        known: dict[str, bytes | None] = {}

        def read(path: str) -> bytes | None:
            if path not in known:
                at = places.get(path)
                batch = [path] if at is None else listed[at : at + _AT_ONCE]
                found = self.git.blobs(f"{commit}:{one}" for one in batch)
                known.update((one, found[f"{commit}:{one}"]) for one in batch)
            return known[path]

        return read

    def entries(self, commit: str) -> dict[str, TreeEntry]:
        """All files of a commit: path -> mode and blob."""
        return self.tree(commit).entries

    def change(self, base: str, commit: str, hazards: tuple[Hazard, ...] = ()) -> Change:
        """What a commit holds that `base` does not, with the whole diff; a hazard in its place where it is too long."""
        tree = self.git.tree_of(commit)
        if (base, tree) not in self._changes:
            self._changes[base, tree] = compared(self.git, base, commit, tree)
        known = self._changes[base, tree]
        return replace(known, commit=commit, hazards=tuple(dict.fromkeys((*known.hazards, *hazards))))

    @cached_property
    def _changes(self) -> dict[tuple[str, str], Change]:
        """What was compared already, by commit and tree: guards, gates and judges look at the same two, and what would
        land has most often the run's own tree."""
        return {}

    def files_with(self, commit: str, word: str, without: Iterable[str] = ()) -> tuple[str, ...]:
        """The text files of a commit in which a word stands, `without` some folders. Raises GitFailed past 10 s."""
        return searching.files_with(self.git, commit, word, tuple(without))

    def lines_with(
        self, commit: str, words: Iterable[str], files: Iterable[str], each: int
    ) -> tuple[tuple[str, int, str], ...]:
        """(path, line, text) of at most `each` lines of each of these files in which one of the words stands."""
        return searching.lines_with(self.git, commit, tuple(words), tuple(files), each)

    def with_files(self, commit: str, edits: Mapping[str, tuple[str, bytes | str] | None], why: str) -> str:
        """A commit on top of another in which some files are others: (mode, bytes or blob id), or None for gone."""
        return self.git.commit_tree(self._edited(commit, edits), [commit], why)

    def amended(self, commit: str, edits: Mapping[str, tuple[str, bytes | str] | None]) -> str:
        """The same in the commit's place: on its parents, with its message, and nothing that leads to it."""
        if not edits:
            return commit
        return self.git.commit_tree(self._edited(commit, edits), self.git.parents(commit), self.git.message(commit))

    def _edited(self, commit: str, edits: Mapping[str, tuple[str, bytes | str] | None]) -> str:
        entries = {
            path: None if new is None else TreeEntry(new[0], new[1] if isinstance(new[1], str) else self._blob(new[1]))
            for path, new in edits.items()
        }
        return self.git.edit_tree(commit, entries)

    def _blob(self, data: bytes) -> str:
        return self.git.write_blob(data)

    def keep(self, name: str, commit: str) -> None:
        """Keep a commit reachable at `refs/loopwright/NAME`."""
        self.git.set_ref(f"refs/loopwright/{name}", commit)

    def point(self, branch: str, commit: str) -> None:
        """Point a run's branch at its commit. A person's commits there that nothing of ours holds are kept first."""
        held = self.tip(branch)
        foreign = held and held != commit and not self.git.is_ancestor(held, commit)
        if held and foreign and not self.git.run("for-each-ref", f"--contains={held}", "refs/loopwright/"):
            self.keep(f"kept/{branch}/{held[:12]}", held)
        self.git.set_ref(f"refs/heads/{branch}", commit)

    @contextlib.contextmanager
    def lock(self, name: str, seconds: float = 60.0) -> Iterator[int]:
        """Hold a named lock among the processes of this machine; yields its descriptor.

        The kernel lets go when the holder dies, and the programs that it gave the descriptor to.
        """
        with (self.home / f"{name}.lock").open("a") as file:
            deadline = time.monotonic() + seconds
            while not _taken(file.fileno()):
                if time.monotonic() > deadline:
                    raise BadUse(
                        f"another loopwright process holds the {name} lock", "wait for it; `loopwright status` names it"
                    )
                time.sleep(0.005)
            yield file.fileno()

    @contextlib.contextmanager
    def turn(self, name: str, waits: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for one's turn, however long the others take. `waits` is called when there is somebody before.

        The kernel lets go when the holder dies; a signal's exception ends the waiting.
        """
        with (self.home / f"{name}.lock").open("a") as file:
            if not _taken(file.fileno()):
                waits()
                fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            yield

    def try_lock(self, name: str) -> int | None:
        """Take a named lock for as long as the descriptor is open, or None when somebody has it."""
        path = self.home / f"{name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if _taken(descriptor):
            return descriptor
        os.close(descriptor)
        return None


def _taken(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _state_folder() -> str | None:
    """`$XDG_STATE_HOME/loopwright`, or the like under HOME, if it can be written. A relative one counts as none."""
    places = (os.environ.get("XDG_STATE_HOME", ""), f"{os.environ.get('HOME') or '?'}/.local/state")
    base = next((place for place in places if Path(place).is_absolute()), None)
    if base is None:
        return None
    with contextlib.suppress(OSError):
        Path(base, "loopwright").mkdir(parents=True, exist_ok=True)
        return f"{base}/loopwright"
    return None


def program_version() -> str:
    """The git program's version in dots; '' when there is none."""
    return ".".join(map(str, git_version()))


def find(where: Path) -> Hub:
    """The repository that `where` lies in. Raises BadUse with the mend when there is none that can be used."""
    version = git_version()
    if not version:
        raise Unreachable("there is no `git` program", "install git 2.38 or newer")
    if version < OLDEST_GIT:
        raise Unreachable(
            f"git {'.'.join(map(str, version))} is too old: landing needs `git merge-tree --write-tree`",
            "install git 2.38 or newer",
        )
    if not where.is_dir():
        raise BadUse(f"{where} is no folder", "name a folder of a git repository with -C")
    try:
        words = ("--path-format=absolute", "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
        top, gitdir, common, kind = Git(where).line("rev-parse", *words, "--show-object-format").split("\n")
    except GitFailed as problem:
        if "dubious ownership" in problem.output:
            mend = f"git config --global --add safe.directory {where}"
            raise BadUse(f"{where} belongs to another user, so git refuses it", mend) from problem
        if "must be run in a work tree" in problem.output:
            told = f"{where} is a bare repository (or a git dir): there are no files to keep plans in"
            raise BadUse(told, "work in a clone of it: `git clone`") from problem
        raise BadUse(f"{where} is not in a git repository", "go to one, or make one with `git init`") from problem
    return Hub(Path(top), Path(gitdir), Path(common), kind)

"""A small real lab: a folder, with a git that the folder knows nothing of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from loopwright import shell
from loopwright.contracts import Endpoint
from loopwright.vocabulary import Change, FileChange, Hazard, Ran

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class FolderLab:
    """Implements contracts.Lab over a plain folder; git dir and index lie outside of it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "files"
        self.scratch = folder / "scratch"
        self.kind = "folder"
        self.fresh = True
        self._hub = folder / "hub.git"
        self.root.mkdir(parents=True)
        self.scratch.mkdir()
        self.git("init", "--quiet")

    def git(self, *words: str, data: bytes = b"") -> str:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **{"GIT_DIR": str(self._hub), "GIT_WORK_TREE": str(self.root), "GIT_CONFIG_GLOBAL": os.devnull},
            **{
                f"GIT_{who}_{what}": "tester@example.org"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        }
        words = (shutil.which("git") or "git", *words)
        code, out, err = shell.capture(words, cwd=self.root, env=env, seconds=60, data=data)
        assert code == 0, err
        return out.decode(errors="surrogateescape")

    def run(
        self,
        command: str | Sequence[str],
        *,
        seconds: float,
        keep: int = 65536,
        env: Mapping[str, str] | None = None,
        halt: Callable[[], bool] | None = None,
        network: bool = False,
    ) -> Ran:
        words = ["sh", "-c", command] if isinstance(command, str) else command
        return shell.run(words, cwd=self.root, seconds=seconds, keep=keep, env={**os.environ, **(env or {})}, halt=halt)

    def read(self, path: str) -> bytes:
        at = self.root
        for part in Path(path).parts:
            at = at / part
            if at.is_symlink():
                raise PermissionError(path)
        return at.read_bytes()

    def write(self, path: str, data: bytes) -> None:
        at = self.root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(data)

    def listing(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(f"{at.name}/" if at.is_dir() else at.name for at in (self.root / path).iterdir()))

    def state(self, *, settled: bool = False) -> Mapping[str, str]:
        return {path: self.git("hash-object", path).strip() for path in self.git("ls-files", "-co").splitlines()}

    def snapshot(self, parent: str, message: str) -> Change:
        self.git("add", "--all")
        tree = self.git("write-tree").strip()
        parents = ["-p", parent] if parent != _EMPTY_TREE else []
        commit = self.git("commit-tree", tree, *parents, "-m", message).strip()
        raw = self.git("diff-tree", "-r", "--raw", "--no-renames", "--no-abbrev", "-z", parent, commit)
        diff = self.git("diff-tree", "-r", "-p", "--no-renames", "--full-index", "--no-ext-diff", parent, commit)
        return Change(parent, commit, tree, _files(raw), diff)

    def restore(self, commit: str) -> None:
        self.git("read-tree", "--reset", "-u", commit)

    def settle(self) -> None:
        listed = self.git("ls-files", "--others", "-z").split("\0")
        exclude = self._hub / "info" / "exclude"
        exclude.parent.mkdir(exist_ok=True)
        exclude.write_text("".join(f"/{path}\n" for path in listed if path))

    def alone(self) -> None:
        """Nothing here leaves anything at work."""

    def reach(self, endpoint: Endpoint) -> str:
        return f"http://127.0.0.1:{endpoint.port}"


def _files(raw: str) -> tuple[FileChange, ...]:
    words = raw.split("\0")
    return tuple(_file(words[i], words[i + 1]) for i in range(0, len(words) - 1, 2))


def _file(facts: str, path: str) -> FileChange:
    old_mode, new_mode, old_blob, new_blob, kind = facts.lstrip(":").split()
    none = {"000000", "0" * 40}
    modes = [None if mode in none else mode for mode in (old_mode, new_mode)]
    blobs = [None if blob in none else blob for blob in (old_blob, new_blob)]
    return FileChange(path, kind[0], *modes, *blobs)


class Bench:
    """A mainline in a lab, and changes on top of it."""

    def __init__(self, lab: FolderLab) -> None:
        self.lab = lab
        self.base = _EMPTY_TREE

    def mainline(self, files: Mapping[str, str | bytes]) -> None:
        """Commit these files, and no others, as the mainline that changes are taken against."""
        self.lab.restore(self.lab.git("mktree").strip())
        self._put(files)
        self.base = self.lab.snapshot(_EMPTY_TREE, "mainline").commit

    def change(
        self,
        files: Mapping[str, str | bytes | None] | None = None,
        *,
        links: Mapping[str, str] | None = None,
        hazards: tuple[Hazard, ...] = (),
    ) -> Change:
        """The change that comes of writing these files (None: delete) over the mainline."""
        self.lab.restore(self.base)
        self._put(files or {})
        for path, target in (links or {}).items():
            at = self.lab.root / path
            at.parent.mkdir(parents=True, exist_ok=True)
            at.unlink(missing_ok=True)
            at.symlink_to(target)
        change = self.lab.snapshot(self.base, "attempt")
        return Change(change.base, change.commit, change.tree, change.files, change.diff, hazards)

    def old(self, path: str) -> bytes | None:
        """A path at the mainline's commit."""
        listed = self.lab.git("ls-tree", "-r", "-z", "--name-only", self.base).split("\0")
        return self.lab.git("cat-file", "blob", f"{self.base}:{path}").encode() if path in listed else None

    def _put(self, files: Mapping[str, str | bytes | None]) -> None:
        for path, text in files.items():
            if text is None:
                (self.lab.root / path).unlink()
            else:
                self.lab.write(path, text.encode() if isinstance(text, str) else text)


@pytest.fixture
def lab(tmp_path: Path) -> FolderLab:
    return FolderLab(tmp_path / "lab")


@pytest.fixture
def bench(lab: FolderLab) -> Bench:
    return Bench(lab)

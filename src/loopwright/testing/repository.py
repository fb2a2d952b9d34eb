"""A real git repository to try things on, whose own configuration says who commits and what the branch is called."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_MAILBOX = "ada@example.org"


@dataclass
class Repository:
    """A working tree at `path`. Nothing of the machine's git configuration has a say in it.

    `env` comes on top of what its git commands get.
    """

    path: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def init(cls, path: Path, *, branch: str = "main", object_format: str = "sha1") -> Repository:
        """Make an empty repository, whose person is Ada."""
        path.mkdir(parents=True, exist_ok=True)
        made = cls(path)
        made.git("init", "-q", "-b", branch, f"--object-format={object_format}")
        for name, value in {"user.name": "Ada", "user.email": _MAILBOX, "commit.gpgSign": "false"}.items():
            made.git("config", name, value)
        return made

    @property
    def environment(self) -> dict[str, str]:
        """What a person's shell would have, as far as git asks for it."""
        base = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.path.parent), "LC_ALL": "C.UTF-8"}
        return {**base, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", **self.env}

    # -------------------------------------------------------------- files

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file, with its folders; text exactly as it is given."""
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
        return place

    def read(self, path: str) -> str:
        return (self.path / path).read_bytes().decode()

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link."""
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    # -------------------------------------------------------------- git

    def ask(self, *words: str, data: str = "", env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of one git command."""
        given, whole = data.encode(errors="surrogateescape"), {**self.environment, **(env or {})}
        done = subprocess.run(["git", *words], cwd=self.path, env=whole, input=given, capture_output=True, check=False)
        out, err = (text.decode(errors="surrogateescape") for text in (done.stdout, done.stderr))
        return done.returncode, out, err

    def git(self, *words: str, data: str = "", env: Mapping[str, str] | None = None) -> str:
        """stdout of one git command without the last line ending. Raises AssertionError when it fails."""
        code, out, err = self.ask(*words, data=data, env=env)
        if code:
            raise AssertionError(f"git {' '.join(words)}: {code}\n{err}")
        return out.removesuffix("\n")

    def commit(self, message: str = "change") -> str:
        """Commit all that is in the working tree; the new commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.head()

    def head(self, revision: str = "HEAD") -> str:
        """The full id of a revision's commit."""
        return self.git("rev-parse", "--verify", f"{revision}^{{commit}}")

    def tree(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", "--verify", f"{revision}^{{tree}}")

    def status(self) -> str:
        """`git status`, for machines; empty when nothing is changed, staged or untracked."""
        return self.git("status", "--porcelain=v1", "--untracked-files=all", "--no-renames")

    def files(self, revision: str = "HEAD") -> dict[str, str]:
        """path -> mode and blob of all that a commit holds."""
        rows = self.git("ls-tree", "-r", "-z", "--full-tree", revision).split("\0")
        return {path: meta for meta, _, path in (row.partition("\t") for row in rows if row)}

    def show(self, revision: str, path: str) -> str:
        """A file as a commit has it."""
        code, out, _ = self.ask("cat-file", "blob", f"{revision}:{path}")
        if code:
            raise AssertionError(f"there is no {path} in {revision}")
        return out

    def sound(self) -> bool:
        """Whether `git fsck --strict` finds nothing wrong."""
        return self.ask("fsck", "--strict", "--no-dangling", "--no-progress")[0] == 0

    def branch(self, name: str, files: Mapping[str, str | None], base: str = "HEAD") -> str:
        """A commit on top of `base` with some files written (None: deleted), on a branch, without a checkout."""
        index = {"GIT_INDEX_FILE": str(self.path / ".git" / f"index-{os.getpid()}-{name.replace('/', '-')}")}
        self.git("read-tree", base, env=index)
        for path, text in files.items():
            if text is None:
                self.git("update-index", "--force-remove", "--", path, env=index)
            else:
                blob = self.git("hash-object", "-w", "--stdin", data=text)
                self.git("update-index", "--add", "--replace", "--cacheinfo", f"100644,{blob},{path}", env=index)
        commit = self.git("commit-tree", self.git("write-tree", env=index), "-p", base, "-m", f"work on {name}")
        Path(index["GIT_INDEX_FILE"]).unlink()
        self.git("update-ref", f"refs/heads/{name}", commit)
        return commit

"""A repository with a mainline, and runs of it that are verified and ready to land."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loopwright.journal import records
from loopwright.journal.hub import Hub, find
from loopwright.loops.promotion import landing
from loopwright.testing.records import record
from loopwright.testing.repository import Repository
from loopwright.vocabulary import Held, Landing

Files = Mapping[str, str | None]


@dataclass(frozen=True)
class Line:
    """The person's repository, and loopwright's view of it."""

    repo: Repository
    hub: Hub

    @property
    def main(self) -> str:
        return self.repo.head("refs/heads/main")

    def verified(self, number: int, files: Files, base: str = "refs/heads/main") -> str:
        """Run N's work, merged into the mainline as it is now: the commit that its gates would judge."""
        tip = self.repo.branch(f"loop/plan-{number}", files, base)
        found = landing.candidate(self.hub, "main", tip, number)
        assert isinstance(found, str)
        return found

    def land(self, number: int, verified: str, since: str | None = None) -> Any:
        """Land it, as its run would; what came of it."""
        title = f"land plan-{number}: Something (gen-{number})"
        return landing.land(self.hub, "main", number, verified, since or self.root, title)

    def landed(self, number: int, files: Files) -> Landing:
        """A run's work verified, landed and recorded."""
        before = self.main
        verified = self.verified(number, files)
        done = self.land(number, verified)
        assert isinstance(done, Landing), done
        self.keep_record(number, before, done)
        return done

    def keep_record(self, number: int, base: str, done: Landing, **more: Any) -> None:
        """The run's record; its second check was held with the tests of record laid over, in another tree."""
        tree = self.repo.tree(done.verified)
        told = {"name": "command", "passed": True, "exit": 0, "commit": done.verified, "tree": tree}
        body: dict[str, Any] = {
            "plan": f"plan-{number}",
            "landed": True,
            "status": "done",
            "checks": [{**told, "command": "make test"}, {**told, "command": "make check", "tree": "0" * 40}],
            "goal": [{**told, "command": "make demo"}],
            "reviews": [{"passed": True, "reasons": "good"}],
            "landing": {"commit": done.commit, "verified": done.verified, "before": done.before},
        }
        whole = record(number, base=base, **{**body, **more})
        records.write(self.hub, whole, {}, keeps=(done.verified,))

    @property
    def root(self) -> str:
        return self.repo.git("rev-list", "--max-parents=0", "refs/heads/main")

    def held(self, number: int, verified: str) -> tuple[str, ...]:
        """The paths for which landing is held; nothing has moved then."""
        before = self.main, person(self.repo)
        found = self.land(number, verified)
        assert isinstance(found, Held), found
        assert (self.main, person(self.repo)) == before
        return found.paths


def person(repo: Repository, without: tuple[str, ...] = ()) -> dict[str, object]:
    """All that is a person's in a checkout, byte by byte: files, index, stash, configuration, HEAD."""
    staged = repo.git("ls-files", "-s", "-v", "-f", "-z").split("\0")
    return {
        "files": {path: look for path, look in _files(repo.path).items() if path not in without},
        "index": [row for row in staged if row.partition("\t")[2] not in without],
        "stash": repo.git("stash", "list"),
        "config": (repo.path / ".git/config").read_bytes() if (repo.path / ".git").is_dir() else b"",
        "HEAD": repo.ask("symbolic-ref", "HEAD"),
    }


def _files(top: Path) -> dict[str, tuple[int, object]]:
    found: dict[str, tuple[int, object]] = {}
    for here, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name != ".git"]
        for name in [*folders, *files]:
            path = Path(here, name)
            mode = path.lstat().st_mode
            data: object = path.readlink() if path.is_symlink() else path.read_bytes() if stat.S_ISREG(mode) else None
            if name != ".git":
                found[path.relative_to(top).as_posix()] = (mode, data)
    return found


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"HOME": tmp_path, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, str(value))


START = {
    "a.txt": "one\ntwo\nthree\n",
    "gone.txt": "goes\n",
    "kind": "a file that becomes a folder\n",
    "folder/part": "a folder that becomes a file\n",
    "sub/in.txt": "below\n",
    "run.sh": "#!/bin/sh\n",
    "other.txt": "the person's\n",
    "other/deep.txt": "the person's, too\n",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    made = Repository.init(tmp_path / "hub")
    for path, text in START.items():
        made.write(path, text)
    made.link("link", "a.txt")
    made.commit("first")
    return made


@pytest.fixture
def line(repo: Repository) -> Line:
    return Line(repo, find(repo.path))

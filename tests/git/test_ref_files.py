"""Refs read from git's files are the ones that git names, loose, packed, or both."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from loopwright.git import Git
from loopwright.git.ref_files import RefFiles

ASKED = ("refs/heads/main", "refs/tags/gen-*", "refs/loopwright/runs", "refs/loopwright/attempts/1/", "refs/none/")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    _git(tmp_path, "init", "-qb", "main")
    _git(tmp_path, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x")
    for name in ("heads/main2", "tags/gen-1", "tags/v1", "loopwright/runs/1", "loopwright/attempts/1/1/1"):
        _git(tmp_path, "update-ref", f"refs/{name}", "HEAD")
    _git(tmp_path, "update-ref", "refs/loopwright/attempts/12/1/1", "HEAD")
    return tmp_path


def _git(where: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=where, check=True, capture_output=True)


def test_what_git_says_is_what_its_files_say_whatever_happens_to_them(repository: Path) -> None:
    files, git = RefFiles(repository / ".git"), Git(repository)
    commit = git.commit_tree(git.tree_of("HEAD"), [], "y")

    def same() -> dict[str, str]:
        found = files.under(*ASKED)
        assert found == git.refs(*ASKED)
        return found

    assert len(same()) == 4
    _git(repository, "pack-refs", "--all")
    assert len(same()) == 4
    _git(repository, "update-ref", "refs/loopwright/runs/1", commit)
    assert same()["refs/loopwright/runs/1"] == commit
    _git(repository, "update-ref", "-d", "refs/tags/gen-1")
    _git(repository, "update-ref", "refs/loopwright/runs/2", commit)
    assert set(same()) >= {"refs/heads/main", "refs/loopwright/runs/2"}
    assert "refs/tags/gen-1" not in same()

"""A repository to look at, a folder that a lab may write, and no git configuration of the machine's."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.git import Git, PrivateGit
from loopwright.testing.repository import Repository


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"HOME": tmp_path, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, str(value))


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    made = Repository.init(tmp_path / "hub")
    made.write("src/app.py", "print('hello')\n")
    made.write("README.md", "# App\n")
    made.commit("first")
    return made


@pytest.fixture
def git(repo: Repository) -> Git:
    return Git(repo.path)


@pytest.fixture
def lab(repo: Repository, tmp_path: Path) -> PrivateGit:
    """A snapshot room over a clone that shares the repository's objects, as a lab is."""
    repo.git("clone", "-q", "--shared", str(repo.path), str(tmp_path / "work"))
    made = PrivateGit.create(tmp_path / "private", tmp_path / "work", repo.path / ".git" / "objects")
    made.start_from(repo.head())
    return made

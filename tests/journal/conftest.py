"""A repository as the hub, and no git configuration of the machine's."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.journal.hub import Hub, find
from loopwright.testing.repository import Repository


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"HOME": tmp_path, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, str(value))


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    made = Repository.init(tmp_path / "hub")
    made.write("README.md", "# App\n")
    made.commit("first")
    return made


@pytest.fixture
def hub(repo: Repository) -> Hub:
    return find(repo.path)

from pathlib import Path

import pytest

from loopwright import workshop
from loopwright.labs.guarantees import KEPT
from loopwright.testing.repository import Repository
from loopwright.workshop import LABS

from .places import Place, fill


def put(kind: str, tmp_path: Path) -> Place:
    """A repository, and labs of a kind on it."""
    if lacking := workshop.lacking(kind):
        pytest.skip(f"no {kind} can be had here: {lacking}")
    repository = Repository.init(tmp_path / "sums")
    fill(repository)
    return Place(repository, tmp_path / "labs", LABS[kind])


CONTRACT = ("test_conformance", "test_guarantees", "test_hazards", "test_janitor")
"""Held against containers, too. The others speak of what all kinds that are folders share, and a container takes 0.3 s
longer to open than a sandbox."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Labs of every kind in turn, or of every kind that has walls."""
    contract = metafunc.module.__name__.rpartition(".")[2] in CONTRACT
    kinds = [kind for kind in sorted(LABS) if contract or kind != "container"]
    if "place" in metafunc.fixturenames and "walled" not in metafunc.fixturenames:
        metafunc.parametrize("place", kinds, indirect=True)
    if "walled" in metafunc.fixturenames:
        metafunc.parametrize("walled", [kind for kind in kinds if "processes" in KEPT[kind]], indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Labs of every kind in turn."""
    return put(request.param, tmp_path)


@pytest.fixture
def walled(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Labs of every kind that has walls."""
    return put(request.param, tmp_path)

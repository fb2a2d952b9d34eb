from pathlib import Path

import pytest

from loopwright.labs import sandbox
from loopwright.labs.guarantees import KEPT
from loopwright.testing.repository import Repository
from loopwright.workshop import LABS

from .places import Place, fill


def put(kind: str, tmp_path: Path) -> Place:
    """A repository, and labs of a kind on it."""
    if kind == "sandbox" and (lacking := sandbox.unavailable()):
        pytest.skip(f"no sandbox can be had here: {lacking}")
    repository = Repository.init(tmp_path / "sums")
    fill(repository)
    return Place(repository, tmp_path / "labs", LABS[kind])


@pytest.fixture(params=sorted(LABS))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Labs of every kind in turn."""
    return put(request.param, tmp_path)


@pytest.fixture(params=[kind for kind in sorted(LABS) if "processes" in KEPT[kind]])
def walled(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Labs of every kind that has walls."""
    return put(request.param, tmp_path)

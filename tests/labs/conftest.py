from pathlib import Path

import pytest

from loopwright.testing.repository import Repository
from loopwright.workshop import LABS

from .places import Place, fill


@pytest.fixture(params=sorted(LABS))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A repository, and labs of every kind in turn."""
    repository = Repository.init(tmp_path / "sums")
    fill(repository)
    return Place(repository, tmp_path / "labs", LABS[request.param])

from collections.abc import Iterator
from pathlib import Path

import pytest

from loopwright.testing.endpoint import Endpoint, scripted_endpoint
from loopwright.testing.lab import Desk, FolderLab
from loopwright.testing.script import Script


@pytest.fixture
def lab(tmp_path: Path) -> FolderLab:
    made = FolderLab(tmp_path / "lab")
    made.write("sums.py", b"def add(a, b):\n    return a - b\n")
    return made


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An endpoint without a script: tests give it one with `endpoint.script = Script([...])`."""
    with scripted_endpoint(Script()) as serving:
        yield serving


@pytest.fixture
def desk(endpoint: Endpoint) -> Desk:
    return Desk({"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": endpoint.url})

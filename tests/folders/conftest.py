"""Real files in a temporary folder, read as the product reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from loopwright.folders.trees import DiskTree

Files = Callable[[Mapping[str, str | bytes]], DiskTree]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Writes files, by path, and gives the tree that they are in."""

    def write(wanted: Mapping[str, str | bytes]) -> DiskTree:
        for path, content in wanted.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return DiskTree(tmp_path)

    return write

"""A lab that is made when something is first asked of it."""

from __future__ import annotations

import pytest

from loopwright.contracts import Lab
from loopwright.errors import LabFailed
from loopwright.loops.on_demand import LabOnDemand


def test_a_lab_that_the_system_refuses_is_no_answer_to_the_judge() -> None:
    """Tools tell their model an OSError as what the files are like."""

    def made() -> Lab:
        raise OSError("no inode is left")

    with pytest.raises(LabFailed, match="no inode is left"):
        LabOnDemand(made).read("README.md")

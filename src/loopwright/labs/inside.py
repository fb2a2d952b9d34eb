"""Whether this process was started in a lab of a repository: there nobody decides anything about that repository."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from loopwright import shell
from loopwright.labs.environment import MARK

REACHES = "reaches.log"
"""Under `loopwright/` of the git common dir: one JSON line for each attempt to decide or move something from a lab, by
whoever saw it (these commands, the git hooks): `at`, `lab` (the value of LOOPWRIGHT_LAB), `what`."""

_LONGEST = 2_000  # characters of a line's `what`


def inside_a_lab(labs: Path) -> str | None:
    """The lab of the repository whose labs lie in `labs` in which this process was started, by itself or by an
    ancestor, or None.

    A lab of another repository is none: what is typed there about this one decides nothing about that lab's work, and
    loopwright's own tests run it on repositories of theirs, in a lab. Told apart by the digest that ends the folder's
    name: where labs lie depends on the environment, and a lab has one of its own.
    """
    own = labs.name.rpartition("-")[2]
    return next((mark for mark in shell.inherited(MARK) if Path(mark).parent.name.rpartition("-")[2] == own), None)


def reached(common: Path, lab: str, what: str, at: datetime) -> None:
    """Write down that something in a lab reached for what only people decide."""
    line = {"at": at.isoformat(timespec="milliseconds"), "lab": lab, "what": what[:_LONGEST]}
    with (common / "loopwright" / REACHES).open("a", encoding="utf-8", errors="replace") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())

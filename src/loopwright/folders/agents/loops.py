"""Reads `agents/LOOPS.md`: the configuration is its front matter, and its text explains it to people."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from loopwright import markdown
from loopwright.contracts import Tree
from loopwright.errors import BadFiles, Problem
from loopwright.folders import gates
from loopwright.folders.complaints import Complaints, header
from loopwright.vocabulary import Gate, Loops

PATH = "agents/LOOPS.md"


def loops(tree: Tree) -> Loops:
    """The configuration; all defaults where the file is missing. Raises BadFiles with every problem."""
    data = tree.read(PATH)
    found, problems = examine_loops(data) if data is not None else (Loops(), ())
    if found is None:
        raise BadFiles(tuple(problem for problem in problems if problem.severity == "error"))
    return found


@lru_cache(maxsize=8)
def examine_loops(data: bytes) -> tuple[Loops | None, tuple[Problem, ...]]:
    """The configuration, or None when an error forbids it, and all problems. `raw` is the front matter as read.

    Kept for the last few: a run asks eight times for what the working tree and its commits have, mostly the same bytes.
    """
    document = markdown.read(PATH, data)
    complaints = Complaints(PATH)
    complaints.found.extend(document.problems)
    values = header(document, "loops-front-matter", complaints, strict=True)
    if str(values.get("mainline", "")).startswith(("loop/", "lab/")):
        mend = "name the branch that people work on; plans get their branches under loop/ and lab/"
        complaints.add(document.lines.get("mainline", 1), "mainline", "the mainline is a plan's own branch", mend)
    checks = _checks(values.get("checks", ()), document.lines, complaints)
    return (None if complaints.errors else _loops(values, checks)), complaints.all


def _checks(entries: list[str], lines: Mapping[str, int], complaints: Complaints) -> tuple[Gate, ...]:
    found = [gates.bare(entry, lines.get(f"checks.{i}", 1), "LOOPS.md", complaints) for i, entry in enumerate(entries)]
    return tuple(gate for gate in found if gate is not None)


def _loops(values: Mapping[str, Any], checks: tuple[Gate, ...]) -> Loops:
    """Only what the file says is set; the defaults are those of the vocabulary. A ceiling of 0 is none."""
    budget = values.get("budget", {})
    said: dict[str, Any] = {key.replace("-", "_"): values[key] for key in _PLAIN if key in values}
    said |= {key.replace("-", "_"): tuple(values[key]) for key in _LISTS if key in values}
    said |= {key.replace("-", "_"): budget[key] or None for key in _CEILINGS if key in budget}
    said |= {key.replace("-", "_"): value for key, value in values.get("breakers", {}).items() if key in _BREAKERS}
    execution = values.get("loops", {}).get("execution", {})
    if "attempts-per-chunk" in execution:
        said["attempts_per_chunk"] = execution["attempts-per-chunk"]
    return Loops(**said, checks=checks, raw=dict(values))


_PLAIN = ("mainline", "merge", "lab", "max-parallel", "batch", "setup-network", "levels", "notify", "image")
_LISTS = ("setup", "protected", "tests", "copy")
_CEILINGS = ("usd-per-run", "usd-per-day", "tokens")
_BREAKERS = ("consecutive-failures", "user-failures", "no-progress-minutes", "stray-files")

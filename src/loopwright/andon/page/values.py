"""What stands on an incident's page beside the incident itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from loopwright.errors import Problem
from loopwright.vocabulary import Analysis, Incident, Place

LEVELS = 5
"""How many whys there are at least."""

PROBLEM = "**What the analyst made of it.**"
"""What the paragraph begins with that holds an analysis's problem."""

_NAMED = re.compile(r"(?:^|/)\d{4}-\d\d-\d\d-andon-gen-(?P<run>\d{1,9})(?:-(?P<ordinal>\d{1,4}))?\.md$")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the failure when its page opens. All of it is free of secrets already."""

    failed: str = ""  # what said no, and why: one sentence
    output: str = field(default="", repr=False)  # an excerpt of what it printed
    changed: str = field(default="", repr=False)  # what the failed attempt changed, as `git diff --stat` has it
    context: tuple[tuple[str, str], ...] = ()  # (what, value): mainline, branch, lab, models ...
    bundle: str = ""  # where the whole of it is: `refs/loopwright/runs/N:incident-K`
    elsewhere: tuple[Place, ...] | None = ()  # where else the same might be; None: the search took too long


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it stands. `incident` is None where neither its name nor its front matter tells the run.

    What can't be read in the front matter takes its strictest value: scope line, level 4, status open.
    """

    path: str
    incident: Incident | None
    status: str  # open | resolved
    resolved: str  # when, and by what; empty while it is open
    analysis: Analysis
    problems: tuple[Problem, ...] = ()


def is_closed(data: bytes) -> bool:
    """Whether a page says in the very words of closing that it is closed; anything else is for `read` to judge."""
    head, mark, _ = data.removeprefix(b"---\n").partition(b"\n---\n")
    said = [line for line in head.split(b"\n") if line.lstrip().startswith(b"status")]
    return bool(mark) and data.startswith(b"---\n") and said == [b"status: resolved"]


def page_path(day: str, run: int, ordinal: int = 1) -> str:
    """Where an incident's page lies. `day` is YYYY-MM-DD, or a time that begins so."""
    return f"wiki/90_LOG/{day[:10]}-andon-gen-{run}{f'-{ordinal}' if ordinal > 1 else ''}.md"


def named(path: str) -> tuple[int | None, int]:
    """(run, ordinal) as a page's name tells them."""
    found = _NAMED.search(path)
    return (int(found["run"]), int(found["ordinal"] or 1)) if found else (None, 1)

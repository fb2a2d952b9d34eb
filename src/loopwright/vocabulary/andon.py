"""The stopped line: what an incident is, why it happened, and what keeps it from happening again."""

from __future__ import annotations

from dataclasses import dataclass

from loopwright.vocabulary.failing import Candidate

CATEGORIES = ("process defect", "tool gap", "knowledge gap", "design flaw", "spec omission")
"""What a root cause may be. A person, an agent or bad luck is none: what let it through is."""

LEVELS = ("L1", "L2", "L3", "L4")
"""How strongly a countermeasure prevents: it can't happen, a check notices it, a written rule, a note."""

PROVEN = ("L1", "L2")
"""The levels that have a check which really runs; the others need a justification."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One stop of the line. `run` and `ordinal` name it; its page is what people see and edit."""

    run: int
    kind: str  # the stop's reason: attempts, drift, role-wall, lab, unreachable ...
    scope: str  # plan: only that plan's line stands still | line: all of it
    level: int  # 1 a person's `status: ready` ends it | 2, 3 to be resolved | 4 a person's command outside every lab
    category: str  # the likeliest cause, of vocabulary.failing.CAUSES
    confidence: float | None  # how likely that is, 0 to 1; None where nothing was classified
    summary: str  # one sentence
    plan: str | None = None  # None: a person pulled the cord, or no plan's run did it
    ordinal: int = 1
    chunk: int | None = None
    candidates: tuple[Candidate, ...] = ()
    signature: str = ""  # the same for the same failure, whatever numbers and places are in its output
    command: str | None = None  # what failed, if it was a command
    exit: int | None = None
    commit: str | None = None  # what the failed attempt left
    base: str | None = None
    maker: str = ""  # the backend and model that made it
    opened: str = ""  # UTC, ISO 8601
    page: str = ""
    way_on: str = ""  # what lets its line go on as long as there is no page to fill in

    @property
    def name(self) -> str:
        """Which of all incidents: the run's number and the ordinal; `N-meta` for a Meta-Andon."""
        return f"{self.run}-{'meta' if self.kind == 'meta' else self.ordinal}"


@dataclass(frozen=True, slots=True)
class Why:
    """One level of Five Whys. `output` is what the command is said to have printed."""

    hypothesis: str = ""
    command: str = ""
    output: str = ""
    conclusion: str = ""


@dataclass(frozen=True, slots=True)
class RootCause:
    """What has to change. `goal_later`: why the plan's goal needn't hold yet for the incident to be closed."""

    category: str = ""
    text: str = ""
    goal_later: str = ""


@dataclass(frozen=True, slots=True)
class Countermeasure:
    """What is done about it, where, and the command that passes since and failed before."""

    measure: str
    level: str = ""
    location: str = ""
    check: str = ""
    justification: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Why it happened, as an analyst or a person writes it. Empty: nobody has yet."""

    problem: str = ""
    whys: tuple[Why, ...] = ()
    root_cause: RootCause = RootCause()
    countermeasures: tuple[Countermeasure, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One line of one file."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Standard:
    """What an incident has taught: a check that fails if it happens again, of `agents/STANDARDS.md`."""

    number: int
    title: str
    incident: str  # the page, or gen-N
    level: str
    check: str
    since: str = ""  # YYYY-MM-DD
    line: int = 0

    @property
    def name(self) -> str:
        return f"S-{self.number}"

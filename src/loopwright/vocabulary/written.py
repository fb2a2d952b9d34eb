"""What people write: plans with their scopes, gates and chunks, skills, roles, and the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from loopwright.vocabulary.globs import matches


class Status(StrEnum):
    """Where a plan stands. The first three are a person's to write, the others loopwright's."""

    DRAFT = "draft"
    READY = "ready"
    PAUSED = "paused"
    RUNNING = "running"
    REVIEW = "review"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a plan lets its maker touch: globs. Without `inside`, everything but the protected paths."""

    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()  # existing tests that this plan may change or move

    def allows(self, path: str) -> bool:
        if matches(path, self.outside):
            return False
        return not self.inside or matches(path, self.inside) or matches(path, self.tests)

    def names(self, path: str) -> bool:
        """Whether the plan names this very path, not only a glob over it."""
        return path in {pattern.removeprefix("./") for pattern in (*self.inside, *self.tests)}


@dataclass(frozen=True, slots=True)
class Gate:
    """A command and what is expected of it: an exit code, some output, or a bound on the last number printed."""

    command: str
    exit: int = 0
    prints: str | None = None
    bound: tuple[str, float] | None = None  # ("<=", 2.5)
    line: int = 0
    source: str = "plan"  # LOOPS.md | S-N (a standard) | plan | chunk | goal

    @property
    def meaning(self) -> tuple[object, ...]:
        """What makes two gates the same, wherever they are written."""
        return (self.command, self.exit, self.prints, self.bound)

    def unmet(self, code: int, output: str) -> str | None:
        """Why the outcome isn't what was expected, or None when it is. `output` is stdout and stderr together."""
        if code != self.exit:
            return f"exit {code}, expected {self.exit}"
        if self.prints is not None and " ".join(self.prints.split()) not in " ".join(output.split()):
            return f"did not print {self.prints!r}"
        if self.bound is not None:
            numbers = re.findall(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", output)
            if not numbers:
                return "printed no number to hold against the bound"
            sign, limit = self.bound
            value = float(numbers[-1])
            held = {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}
            if not held.get(sign, value == limit):
                return f"measured {value:g}, expected {sign} {limit:g}"
        return None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a goal: a gate that the runner tries, or prose that the goal-checker answers by its number."""

    number: int
    text: str
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One step of a plan, small enough to be made, checked and committed on its own."""

    number: int
    title: str
    text: str
    skill: str | None = None
    verify: tuple[Gate, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """Ceilings; None where none is set."""

    usd: float | None = None
    tokens: int | None = None
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to change and how one will know that it is done, as one Markdown file says it."""

    name: str
    path: str  # relative to the repository
    title: str
    text: str  # the whole file as it was read
    status: Status = Status.READY
    priority: str = "P2"
    depends_on: tuple[str, ...] = ()
    merge: str | None = None  # human | auto; None: as LOOPS.md says
    lab: str | None = None
    supersedes: str | None = None
    planned_at: str | None = None
    budget: Budget = Budget()
    scope: Scope = Scope()
    chunks: tuple[Chunk, ...] = ()
    checks: tuple[Gate, ...] = ()
    goal: tuple[Criterion, ...] = ()
    form: str = "plan"  # plan | program | rollback (made by loopwright itself)

    @property
    def prose_goals(self) -> tuple[Criterion, ...]:
        return tuple(criterion for criterion in self.goal if criterion.gate is None)

    @property
    def goal_gates(self) -> tuple[Gate, ...]:
        return tuple(criterion.gate for criterion in self.goal if criterion.gate is not None)


@dataclass(frozen=True, slots=True)
class Skill:
    """A procedure that a role follows, as written in `skills/NAME/SKILL.md` (or a flat `skills/NAME.md`)."""

    name: str
    description: str
    text: str
    path: str
    user_only: bool = False  # never offered to a model


@dataclass(frozen=True, slots=True)
class Role:
    """Who does a kind of work: the instructions, and the backend that plays it."""

    name: str
    description: str
    instructions: str
    backend: str = "anthropic"
    model: str | None = None
    tools: tuple[str, ...] = ()
    command: str | None = None
    max_turns: int | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Loops:
    """`agents/LOOPS.md`: the configuration. The defaults are the ones that hold where the file is silent."""

    mainline: str = "main"
    merge: str = "human"
    lab: str = "auto"
    max_parallel: int = 2
    batch: int | None = None  # runs that wait to land and are verified together; None: as the kind of lab allows
    attempts_per_chunk: int = 3
    consecutive_failures: int = 3
    user_failures: int = 2
    no_progress_minutes: float = 10
    stray_files: int = 5
    usd_per_run: float | None = 5
    usd_per_day: float | None = 20
    tokens: int | None = None
    checks: tuple[Gate, ...] = ()
    setup: tuple[str, ...] = ()
    setup_network: bool = False
    protected: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)  # of incidents, by kind
    notify: str = ""
    image: str = ""
    copy: tuple[str, ...] = (".env.example",)
    raw: Mapping[str, Any] = field(default_factory=dict)  # the loops' own sections, for the rooms that know them

"""What a role is told, what it may spend, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loopwright.vocabulary.written import Plan, Role, Skill


@dataclass(frozen=True, slots=True)
class Brief:
    """All that a role is told. What was observed before may be in it; a judge's score never is."""

    role: Role
    plan: Plan
    task: str  # what to do now: the chunk's text, the diff to judge, the criteria to prove
    skill: Skill | None = None
    skills: tuple[Skill, ...] = ()  # what `read_skill` offers
    context: str = ""  # agents/CONTEXT.md, goals without commands, the AGENTS.md chain
    observations: tuple[str, ...] = ()  # evidence of earlier attempts
    known: tuple[str, ...] = ()  # failures of other runs, one line each: data about the past, without commands
    answer: str | None = None  # the tool by which a verdict must come; None for a maker
    run: int = 0
    model: str | None = None  # already chosen by role file, environment, LOOPS.md, default


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and dollars. `usd` is None where a price is unknown; `unpriced` then says why."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    usd: float | None = 0.0
    unpriced: str | None = None
    requests: int = 0

    @property
    def tokens(self) -> int:
        return self.input + self.output + self.cache_read + self.cache_write

    def __add__(self, other: Usage) -> Usage:
        known = self.usd is not None and other.usd is not None
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            (self.usd or 0.0) + (other.usd or 0.0) if known else None,
            self.unpriced or other.unpriced,
            self.requests + other.requests,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What a role says that it did, what it answered, how it ended and what it spent."""

    summary: str
    ended: str = "done"
    # done | max-turns | tokens | dollars | time | no-progress | refusal | no-answer | malformed-answer | context |
    # failed
    answer: Mapping[str, Any] | None = None  # the validated input of the answer tool
    usage: Usage = Usage()
    model: str | None = None
    seconds: float | None = None
    turns: int = 0
    tools: Mapping[str, int] = field(default_factory=dict)  # calls by tool name
    tool_errors: int = 0

    @property
    def whole(self) -> bool:
        return self.ended == "done"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one role's session may still spend. None: no ceiling. `seconds` counts from when the lab is ready."""

    turns: int = 40
    seconds: float | None = 300
    tokens: int | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a watching person may want to see now. Not kept: what is kept is in the journal."""

    kind: str  # run | chunk | attempt | role | tool | command | verdict | wait | land | note | end
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

"""The words of the house: plain frozen values that every room shares, and nothing that acts.

Times are seconds (float), money is US dollars, sizes are bytes, commits and trees are full git object ids.
What was not measured is absent or None, never 0.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

# ---------------------------------------------------------------- what people write


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


@functools.lru_cache(maxsize=2048)
def glob_regex(pattern: str) -> re.Pattern[str]:
    """A path glob as a pattern: `*` and `?` stay inside a folder, `**` crosses folders, `[..]` as in a shell.

    A pattern without a slash matches at any depth (as .gitignore has it), one that names a folder (`src/`) all
    that is under it, and so does a plain `src`.
    """
    body = pattern.strip().removeprefix("./").rstrip("/")
    anchored = "/" in body
    out, i = [], 0
    while i < len(body):
        if body.startswith("**/", i):
            out.append("(?:[^/]+/)*")
            i += 3
        elif body.startswith("**", i):
            out.append(".*")
            i += 2
        elif body[i] == "*":
            out.append("[^/]*")
            i += 1
        elif body[i] == "?":
            out.append("[^/]")
            i += 1
        elif body[i] == "[" and (end := body.find("]", i + 2)) > 0:
            inside = body[i + 1 : end].replace("\\", "\\\\")
            out.append(f"[{'^' + inside[1:] if inside[0] == '!' else inside}]")
            i = end + 1
        else:
            out.append(re.escape(body[i]))
            i += 1
    return re.compile(("" if anchored else "(?:.*/)?") + "".join(out) + "(?:/.*)?", re.DOTALL)


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether any of the globs (`glob_regex`) matches the whole of `path`."""
    return any(glob_regex(pattern).fullmatch(path) for pattern in patterns)


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
    source: str = "plan"  # LOOPS.md | plan | chunk | goal

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
    form: str = "plan"  # plan | program

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
    notify: str = ""
    image: str = ""
    copy: tuple[str, ...] = (".env.example",)
    raw: Mapping[str, Any] = field(default_factory=dict)  # the loops' own sections, for the rooms that know them


TESTS = ("tests/**", "test_*", "*_test.*", "*.test.*", "*.spec.*", "conftest.py")
"""What counts as a test beside the globs of LOOPS.md."""

PROTECTED = (".git", "agents/**", "plans/**", "wiki/90_LOG/**", "wiki/log.md")
"""What no maker touches, whatever a scope says, beside `protected:` of LOOPS.md."""

OWNED = ("plans/README.md", "wiki/90_LOG/**", "wiki/log.md", "wiki/index.md", "agents/STANDARDS.md")
"""What loopwright's record commits write whole; status lines and ticks in plans/*.md come on top."""


# ---------------------------------------------------------------- what a role is told, and what it answers


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
    # done | max-turns | tokens | dollars | time | refusal | no-answer | malformed-answer | context | failed
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


# ---------------------------------------------------------------- what came of it


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind. `code` is 124 when its time ran out, 128 + N when signal N ended it."""

    code: int
    output: str = field(repr=False)  # stdout and stderr as they came, shortened in the middle past the limit
    seconds: float = 0.0
    timed_out: bool = False
    dropped: int = 0  # bytes that were cut out of `output`


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path of a diff. `kind` is git's letter: A, M, D, T (type changed). Modes and blobs as in git, or None."""

    path: str
    kind: str
    old_mode: str | None
    new_mode: str | None
    old_blob: str | None
    new_blob: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit holds that its base does not."""

    base: str
    commit: str
    tree: str
    files: tuple[FileChange, ...] = ()
    diff: str = field(default="", repr=False)  # the whole textual diff, never cut
    hazards: tuple[Hazard, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self.files)


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something in a lab that git alone would not tell: a nested repository, a link out, rewritten history."""

    kind: str  # nested-repository | escaping-symlink | rewritten-history | unreadable
    path: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failing test as a runner's output names it. Line numbers from 1; None where the output has none."""

    test: str
    path: str | None = None
    line: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check's answer about one commit, with the evidence that anyone can look at."""

    check: str
    passed: bool
    evidence: str = ""
    reason: str = ""  # a word for machines: scope, protected, no-changes, test-failure, timeout ...
    command: str | None = None
    exit: int | None = None
    seconds: float | None = None
    commit: str | None = None
    tree: str | None = None  # the tree that was really judged: the commit's, or the one with the tests of record
    source: str = ""
    failures: tuple[Failure, ...] = ()
    rolls_back: bool = False  # a guard so strict that the attempt's tree isn't built upon


@dataclass(frozen=True, slots=True)
class Attempt:
    """One pass of maker and checks over one chunk."""

    chunk: int
    number: int
    report: Report
    commit: str | None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def passed(self) -> bool:
        return bool(self.verdicts) and all(verdict.passed for verdict in self.verdicts)

    @property
    def failed(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)


class Outcome(StrEnum):
    """How a run ended, or that it hasn't."""

    OPEN = "open"
    MET = "met"
    NOT_MET = "not-met"
    STOPPED = "stopped"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Stop:
    """The work stands still, and why. `reason` is a word for machines, `detail` a sentence for people."""

    reason: str
    detail: str
    chunk: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A landing that waits: nothing was moved. `paths` are the person's edits that overlap, if that is why."""

    reason: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Landing:
    """A move of the mainline that took place. `verified` is the commit whose tree the gates passed."""

    commit: str
    verified: str
    before: str


@dataclass(frozen=True, slots=True)
class Run:
    """The life of one plan in its labs, from the claim to the outcome."""

    number: int
    plan: Plan
    base: str
    branch: str
    kind: str = "plan"  # plan | rollback
    continues: int | None = None
    attempts: tuple[Attempt, ...] = ()
    tip: str | None = None  # the last commit whose chunk passed
    checks: tuple[Verdict, ...] = ()  # gates on the tree that would land
    goal: tuple[Verdict, ...] = ()
    reviews: tuple[Verdict, ...] = ()
    stop: Stop | None = None
    outcome: Outcome = Outcome.OPEN
    held: Held | None = None
    landing: Landing | None = None
    decision: str | None = None  # rejected: a person said no; rolled-back: what landed was taken back

    def after(self, attempt: Attempt) -> Run:
        """This run with one attempt more; a passed one moves the tip."""
        tip = attempt.commit if attempt.passed else self.tip
        return replace(self, attempts=(*self.attempts, attempt), tip=tip)

    def stopped(self, stop: Stop, outcome: Outcome = Outcome.STOPPED) -> Run:
        return replace(self, stop=stop, outcome=outcome)

    @property
    def usage(self) -> Usage:
        return sum((attempt.report.usage for attempt in self.attempts), Usage())


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

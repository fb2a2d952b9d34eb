"""What came of it: what commands left, what changed, what was judged, and the life of a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from loopwright.vocabulary.sessions import Report, Usage
from loopwright.vocabulary.written import Plan


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind. `code` is 124 when its time ran out, 128 + N when signal N ended it."""

    code: int
    output: str = field(repr=False)  # stdout and stderr as they came, shortened in the middle past the limit
    seconds: float = 0.0
    timed_out: bool = False
    dropped: int = 0  # bytes that were cut out of `output`
    halted: bool = False  # ended by whoever watched it; `code` is then 124 as well


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

    kind: str  # nested-repository | escaping-symlink | rewritten-history | unreadable | too-large
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
    output: str = ""  # of a command that failed: the file in the run's home with all that it printed
    flaky: bool = False  # it disagreed with itself on this commit; `passed` is what two of three runs said


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

    @property
    def free(self) -> bool:
        """Whether nothing but flaky checks said no: that costs the maker no attempt."""
        return bool(self.failed) and all(verdict.flaky for verdict in self.failed)


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

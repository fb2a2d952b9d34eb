"""Whether a run still comes forward: new contents of files, a new commit, a new state of the tests.

What counts is what was never there before in this run. A file that was touched or written anew with the same bytes, one
that goes back and forth between two states, an empty commit, an ignored file or one outside the plan's scope brings
nothing new, and neither does output, however much of it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from loopwright.andon import breakers
from loopwright.checks.diagnostics.showing import state_of_tests
from loopwright.checks.guards import DOCUMENTER
from loopwright.contracts import Clock, Lab
from loopwright.journal.codec import decode
from loopwright.vocabulary import PROTECTED, Attempt, Loops, Ran, Scope, matches

MAKING = frozenset({"maker", "documenter"})
"""The roles that are there to change something, and are ended when they don't. Judges have their own limits."""

EVERY = 1.0
"""Seconds between two looks at the files while a command runs, by the run's clock."""

_SHARE = 20
"""A look at a big tree takes long: at most one part in so many of the time goes into looking."""


@dataclass
class Progress:
    """One run's. Time counts while a session is watched, and neither between sessions nor while the model is away."""

    clock: Clock
    loops: Loops
    scope: Scope
    quiet: float = 0.0  # seconds without anything new, up to the end of the last session
    seen: set[tuple[str, Hashable]] = field(default_factory=set)

    @contextmanager
    def watching(self, role: str, lab: Lab) -> Iterator[Looks | None]:
        """Look after one session of a role in this lab; None for a role that needn't change anything."""
        if role not in MAKING:
            yield None
            return
        looks = Looks(self, lab, self._countable(role), self.clock.monotonic() - self.quiet)
        looks.news()  # what stands there at the beginning (the last attempt's, or rolled back) is nobody's progress
        try:
            yield looks
        finally:
            self.quiet = looks.settled()

    def _countable(self, role: str) -> Callable[[str], bool]:
        """Whether what a role changes at a path can be progress: not where it may change nothing."""
        if role == "documenter":
            return DOCUMENTER.allows
        barred = (*PROTECTED, *self.loops.protected)
        return lambda path: self.scope.allows(path) and not matches(path, barred)


def quiet_at(facts: Sequence[Mapping[str, Any]]) -> float:
    """Seconds without anything new at the end of the last session that was watched; none after a chunk that passed."""
    quiet = 0.0
    for fact in facts:
        if fact["kind"] == "session":
            quiet = float(fact.get("quiet", quiet))
        elif fact["kind"] == "attempt" and decode(Attempt, fact["attempt"]).passed:
            quiet = 0.0
    return quiet


@dataclass
class Looks:
    """Fits `contracts.Watch`. `since`: the moment of the last progress, moved on by the time that doesn't count."""

    progress: Progress
    lab: Lab
    counts: Callable[[str], bool]
    since: float
    before: frozenset[str] = frozenset()  # the paths that were there at the last look
    rested: float = 0.0  # no look before this moment, unless the time is over: the last one took long
    looked: float = 0.0
    tripped: bool = False

    def over(self, waited: float = 0.0) -> bool:
        now = self.progress.clock.monotonic()
        late = breakers.no_progress(now - self.since - waited, self.progress.loops.no_progress_minutes) is not None
        if not self.tripped and (late or now >= max(self.rested, self.looked + EVERY)):
            if self.news(settled=True):
                self.since = now - waited
            else:
                self.tripped = late
        return self.tripped

    def acted(self, command: str = "", ran: Ran | None = None) -> None:
        ended = ran is not None and not ran.timed_out and not ran.halted
        state = state_of_tests(command, ran.code, ran.output) if ran and ended else None
        news = state is not None and bool(self._note({("", state)}))
        now = self.progress.clock.monotonic()
        if not self.tripped and ((now >= self.rested and self.news()) or news):
            self.since = now

    def absent(self, seconds: float) -> None:
        self.since += seconds

    def settled(self) -> float:
        """The seconds without anything new, now that the session has ended."""
        if not self.tripped and self.news():
            self.since = self.progress.clock.monotonic()
        return max(self.progress.clock.monotonic() - self.since, 0.0)

    def news(self, *, settled: bool = False) -> bool:
        """Look at the files; whether one is as it never was before in this run, or is gone for the first time.

        `settled`: something may be writing at this moment, and what is half written doesn't count yet."""
        began = self.progress.clock.monotonic()
        state = self.lab.state(settled=settled)
        gone = ((path, "") for path in self.before - state.keys())
        new = self._note({*state.items(), *gone})
        self.before = frozenset(state)
        ended = self.progress.clock.monotonic()
        self.looked, self.rested = ended, ended + (ended - began) * _SHARE
        return any(path == ".git" or self.counts(path) for path, _ in new)

    def _note(self, found: set[tuple[str, Hashable]]) -> set[tuple[str, Hashable]]:
        """What of it was never seen before in this run."""
        new = found - self.progress.seen
        self.progress.seen |= new
        return new

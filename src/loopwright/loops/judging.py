"""What guards, gates, doubts and the checker say of one attempt at a chunk: each asked when all before are content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loopwright.checks import judged
from loopwright.checks.assessment import assessed
from loopwright.checks.guards import standard, tests_of
from loopwright.checks.marker import MarkerGuard
from loopwright.contracts import Lab
from loopwright.loops import telling
from loopwright.loops.canary import canary
from loopwright.loops.desk import Desk
from loopwright.loops.meaning import meaning
from loopwright.loops.verification import house_gates, judges_lab, lab_when_asked, verify
from loopwright.vocabulary import Change, Chunk, Gate, Report, Run, Verdict, matches

Verdicts = tuple[Verdict, ...]


@dataclass(frozen=True)
class Judging:
    """One attempt on its way through the checks. `lab`: where the maker left it."""

    desk: Desk
    run: Run
    chunk: Chunk
    number: int
    lab: Lab

    @property
    def start(self) -> str:
        """The commit that the chunk began from."""
        return self.run.tip or self.run.base

    @property
    def key(self) -> str:
        return f"{self.chunk.number}-{self.number}"

    def verdicts(self, report: Report, change: Change, before: str, *, last: bool) -> Verdicts:
        """Guards first, then commands, then whether these and new tests mean something, then the checker.

        `before`: the commit that the attempt went on from. `last`: there is no further attempt, so that a check which
        fails is asked again.
        """
        steps: tuple[Callable[[Verdicts], Verdicts], ...] = (
            lambda said: self._gated(change, last=last),
            lambda said: self._doubted(change, said),
            lambda said: (*self._checked(change), *self.desk.wall.verdicts(change)),
        )
        verdicts = self._guarded(report, change, before)
        for step in steps:
            if not all(verdict.passed for verdict in verdicts):
                break
            verdicts += step(verdicts)
        return verdicts

    # -------------------------------------------------------------- guards

    def _guarded(self, report: Report, change: Change, before: str) -> Verdicts:
        guarded = self._guards(change, before)
        self.desk.wall.look(change)
        verdicts = (telling.finished(report), *self.desk.wall.verdicts(change), *guarded)
        return (*verdicts, assessed(report, change, self._there(change))) if report.whole else verdicts

    def _guards(self, change: Change, before: str) -> Verdicts:
        """The guards look at all that the run changed; 'no changes' compares with the tree of the attempt before,
        'marker' with the commit that the chunk began from."""
        desk = self.desk
        old = desk.hub.reading(desk.base, (path for path in change.paths if matches(path, tests_of(desk.shop.loops))))
        previous = desk.hub.git.tree_of(before)
        guards = standard(desk.plan, desk.shop.loops, desk.shop.secrets, old, previous)
        step = desk.hub.change(self.start, change.commit)
        marker = MarkerGuard(desk.plan, desk.hub.reading(self.start, step.paths))
        return (*(guard.check(change, self.lab) for guard in guards), marker.check(step, self.lab))

    def _there(self, change: Change) -> Callable[[str], bool]:
        """Whether the attempt left a file: in its commit (in any folder, for a name alone), or ignored in the lab."""

        def there(path: str) -> bool:
            path = path.removeprefix(f"{self.lab.root}/")
            entries = self.desk.hub.entries(change.commit)
            if path in entries or any(known.endswith(f"/{path}") for known in entries):
                return True
            try:
                self.lab.read(path)
            except OSError:
                return False
            return True

        return there

    # -------------------------------------------------------------- commands

    @property
    def _gates(self) -> tuple[Gate, ...]:
        return (*house_gates(self.desk, self.desk.base), *self.desk.plan.checks, *self.chunk.verify)

    def _gated(self, change: Change, *, last: bool) -> Verdicts:
        desk, label = self.desk, f"chunk-{self.chunk.number}"
        found = verify(desk, self.key, change.commit, desk.base, self._gates, label, decisive=last)
        return (*found, *desk.wall.verdicts(change))

    def _doubted(self, change: Change, said: Verdicts) -> Verdicts:
        """Whether green means anything: can the gates say no to this change, and can its new tests fail?"""
        desk, step = self.desk, self.desk.hub.change(self.start, change.commit)
        with lab_when_asked(desk, f"{self.key}-doubt", step.commit, desk.base) as place:
            found = canary(desk, step, self._gates, said, place)
            if all(verdict.passed for verdict in found):
                found += meaning(desk, step, self._gates, said, place)
        desk.wall.look(step)  # before any ref of the run moves: else our own move is taken for a command's
        return (*found, *desk.wall.verdicts(step))

    # -------------------------------------------------------------- the checker

    def _checked(self, change: Change) -> Verdicts:
        """The checker's verdict on this chunk, bound to the commit; nothing when the role is left out."""
        desk, step = self.desk, self.desk.hub.change(self.start, change.commit)
        lab = judges_lab(desk, f"{self.key}-checker", change.commit)
        task = telling.check_task(desk.plan, self.chunk, step)
        report = desk.play("checker", f"{self.key}-checker", lab, task, chunk=self.chunk, answer="submit_verdict")
        return () if report is None else (judged.verdict("checker", report, change),)

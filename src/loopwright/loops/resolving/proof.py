"""What commands must show before an incident may be closed, each run in a fresh lab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loopwright.andon import earned
from loopwright.checks.gates import GateCheck
from loopwright.errors import LabFailed
from loopwright.loops.andon import opening
from loopwright.loops.desk import Desk
from loopwright.loops.verification import fresh_lab, rules
from loopwright.loops.wall import REASON
from loopwright.vocabulary import TESTS, Analysis, Countermeasure, Gate, Incident, Plan, Run, Verdict, matches

_SECONDS = 1800.0  # as long as any gate


@dataclass(frozen=True)
class Proof:
    """One incident held against the commit on which it is said to be mended."""

    desk: Desk
    incident: Incident
    commit: str

    def missing(self, plan: Plan | None, analysis: Analysis) -> Iterator[str]:
        """What doesn't hold yet, in words. Every command is run, so that one pass names all of it."""
        try:
            yield from self._unshown(plan, analysis)
        except LabFailed as problem:
            yield f"a lab to run commands in, on {self.commit[:10]}: {str(problem).splitlines()[0][:200]}"
            yield from self._breach(self.desk.base, self.commit)

    def _unshown(self, plan: Plan | None, analysis: Analysis) -> Iterator[str]:
        there = {measure: self._is_there(measure) for measure in earned.proven(analysis)}
        for measure in (measure for measure, found in there.items() if not found):
            yield f"`{_path(measure)}` ({measure.measure}): there is no such file on {self.commit[:10]}"
        measures = tuple(measure for measure, found in there.items() if found)
        wanted = (*self._gates(plan, analysis), *(Gate(measure.check) for measure in measures))
        for verdict in self._run("mended", self.desk.base, self.commit, wanted):
            if not verdict.passed:
                yield f"`{verdict.command}` must pass on {self.commit[:10]}: {verdict.evidence.splitlines()[0][:200]}"
        yield from self._breach(self.desk.base, self.commit)
        failed = self.incident.commit or self.incident.base
        if failed and self.desk.hub.git.resolve(failed) is None:
            fetch = "`git fetch REMOTE 'refs/loopwright/*:refs/loopwright/*'`"
            yield f"what failed ({failed[:10]}), which isn't in this clone: {fetch} from where the run took place"
        elif failed:
            for measure in measures:
                if not self._reaches_over(failed):
                    yield from self._idle(measure, failed)

    def _gates(self, plan: Plan | None, analysis: Analysis) -> Iterator[Gate]:
        """The command that failed and the plan's goal. `Goal later:` on the page leaves out what only the plan's own
        work can make true: then the plan goes on with it."""
        own = {gate.command: gate for gate in _of_plan(plan)} if plan else {}
        later = bool(analysis.root_cause.goal_later)
        if (failed := self.incident.command) and not (later and failed in own):
            common = {gate.command: gate for gate in rules(self.desk, self.commit).checks}
            yield own.get(failed) or common.get(failed) or Gate(failed)
        if plan and not later:
            yield from (gate for gate in plan.goal_gates if gate.command != failed)

    def _is_there(self, measure: Countermeasure) -> bool:
        path, entries = _path(measure), self.desk.hub.entries(self.commit)
        return path in entries or any(name.startswith(f"{path}/") for name in entries)

    def _idle(self, measure: Countermeasure, failed: str) -> Iterator[str]:
        """Says when a countermeasure's check passes on what failed, and so would not have noticed it.

        A test that is new since is laid over it: to fail because the test isn't there shows nothing.
        """
        hub, path = self.desk.hub, _path(measure)
        tests = (*TESTS, *rules(self.desk, self.commit).tests)
        entries = hub.entries(self.commit)
        over = {
            name: (entry.mode, entry.blob)
            for name, entry in entries.items()
            if (name == path or name.startswith(f"{path}/")) and matches(name, tests)
        }
        then = hub.with_files(failed, over, "a countermeasure's test on what failed") if over else failed
        base = self.incident.base or self.desk.base
        for verdict in self._run("failed", base, then, (Gate(measure.check),), ready=self.incident.kind != "lab"):
            if verdict.passed:
                yield f"`{measure.check}` ({measure.measure}) has to fail on what failed ({failed[:10]}), and passes"
        yield from self._breach(base, failed)

    def _reaches_over(self, failed: str) -> bool:
        """Whether that is known of what failed: then it isn't run once more."""
        facts = (fact for fact in self.desk.journal.facts() if fact["kind"] == "incident" and fact["reason"] == REASON)
        return self.incident.kind == REASON or any(fact["incident"].get("commit") == failed for fact in facts)

    def _breach(self, base: str, commit: str) -> Iterator[str]:
        """Says when a command on a commit reached over the wall. That is an incident of its own, and nothing is closed
        then: what agents wrote runs here, too."""
        desk = self.desk
        run = Run(desk.number, desk.plan, base, desk.branch, kind=desk.kind)
        if opened := opening.breached(desk, run, commit):
            yield f"a command on {commit[:10]} reached over the wall: {opened.page}"

    def _run(
        self, name: str, base: str, commit: str, gates: tuple[Gate, ...], *, ready: bool = True
    ) -> Iterator[Verdict]:
        """Each gate's verdict in a fresh lab. `ready`: after `setup`; where that is what failed, a lab shows that it
        works again, and there is none in which it ever ran on what failed."""
        if not gates and self.incident.kind != "lab":
            return
        desk, key = self.desk, f"resolve-{name}"
        change = desk.hub.change(base, commit)
        wish = desk.wish(key, commit, throwaway=True)
        try:
            with fresh_lab(desk, key, commit, desk.base) if ready else desk.lab(wish) as lab:
                for gate in dict.fromkeys(gates):
                    desk.tell("command", f"$ {gate.command}", command=gate.command)
                    yield GateCheck(gate, _SECONDS, desk.shop.secrets).check(change, lab)
        finally:  # a person's Ctrl-C included: what was reached for is in the journal, and told of the next time
            desk.wall.look(change)


def _of_plan(plan: Plan) -> Iterator[Gate]:
    yield from (*plan.checks, *(gate for chunk in plan.chunks for gate in chunk.verify), *plan.goal_gates)


def _path(measure: Countermeasure) -> str:
    """A location's file: without a line, a symbol or a code span around it."""
    return measure.location.strip().strip("`").partition("#")[0].partition(":")[0].removeprefix("./").rstrip("/")

"""Runs gates on a commit in fresh labs: on the exact tree, then with the mainline's tests of record laid over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache

from loopwright.checkpoints import reached
from loopwright.checks import moves, record
from loopwright.checks.gates import GateCheck, in_the_name_of
from loopwright.contracts import Lab
from loopwright.errors import GitFailed, LabFailed
from loopwright.folders import agents
from loopwright.journal.codec import decode, encode
from loopwright.loops.desk import Desk
from loopwright.loops.on_demand import LabOnDemand
from loopwright.loops.repeating import settled
from loopwright.redaction import redact
from loopwright.vocabulary import TESTS, Change, Gate, Loops, Verdict, matches

RECORD = " [tests of record]"
"""What the name of a verdict ends with that was found with the mainline's tests laid over."""

_COMMAND_SECONDS = 1800.0
"""Limit on one setup or gate command: an install or a whole test suite is slow, but not endless."""


def verify(
    desk: Desk,
    key: str,
    commit: str,
    mainline: str,
    gates: tuple[Gate, ...],
    label: str,
    *,
    decisive: bool = False,
    moving: tuple[str, ...] | None = None,
) -> tuple[Verdict, ...]:
    """Every gate's verdict about a commit. Each run of gates is held once for a tree, also across restarts.

    With tests of record that differ from the commit's, all gates are run a second time with those in place. What
    fails is run again, the slow gates only where it is `decisive`. `moving`: the tests that may change, where these are
    others than the plan's own (a batch's).
    """
    tree = desk.hub.git.tree_of(commit)
    if fact := desk.journal.last("gates", tree=tree, mainline=mainline, label=label):
        return tuple(decode(Verdict, verdict) for verdict in fact["verdicts"])
    change = desk.hub.change(desk.base, commit)
    verdicts = _settled(desk, f"{key}-gates", change, mainline, gates, decisive)
    if all(verdict.passed for verdict in verdicts) and gates:
        verdicts += _with_tests_of_record(desk, key, change, mainline, gates, decisive, moving)
    for verdict in verdicts:
        if verdict.flaky:
            told = verdict.evidence.partition("\n")[0]
            desk.note(
                f"`{verdict.command}` is {told} ({commit[:10]}); counted as {'passed' if verdict.passed else 'failed'}"
            )
    desk.wall.look(change)
    body = [encode(verdict) for verdict in verdicts]
    desk.journal.write(
        "gates", {"tree": tree, "mainline": mainline, "label": label, "commit": commit, "verdicts": body}
    )
    reached("gates:kept")
    return verdicts


def _with_tests_of_record(
    desk: Desk,
    key: str,
    change: Change,
    mainline: str,
    gates: tuple[Gate, ...],
    decisive: bool,
    moving: tuple[str, ...] | None,
) -> tuple[Verdict, ...]:
    laid = lay_over(desk, change, mainline, moving)
    if laid is None:
        return ()
    judged = desk.hub.change(desk.base, laid)
    return tuple(
        replace(verdict, check=verdict.check + RECORD, commit=change.commit)
        for verdict in _settled(desk, f"{key}-record", judged, mainline, gates, decisive)
    )


def _settled(
    desk: Desk, key: str, change: Change, mainline: str, gates: tuple[Gate, ...], decisive: bool
) -> tuple[Verdict, ...]:
    first = tuple(_run(desk, key, change, mainline, gates))
    return settled(gates, first, lambda failed: _run(desk, f"{key}-again", change, mainline, failed), decisive=decisive)


def lay_over(desk: Desk, change: Change, mainline: str, moving: tuple[str, ...] | None = None) -> str | None:
    """The commit with the mainline's tests and test configuration laid over; None when that changes nothing."""
    tests = (*TESTS, *rules(desk, mainline).tests)
    ahead = [path for path in change.paths if matches(path, tests)]
    files = CommitFiles(desk.hub.reading(change.commit, ahead))
    found = moves.suite_changes(change, files, desk.hub.reading(mainline, ahead), tests)
    edits = record.overlay(
        desk.hub.entries(mainline),
        desk.hub.entries(change.commit),
        renames=moves.honest_renames(found),
        tests=tests,
        exempt=desk.plan.scope.tests if moving is None else moving,
        read=lambda blob: desk.hub.git.blobs([blob])[blob] or b"",
    )
    if not edits:
        return None
    laid = desk.hub.with_files(change.commit, edits, f"run {desk.number} with the mainline's tests")
    return laid if desk.hub.git.tree_of(laid) != change.tree else None


def rules(desk: Desk, mainline: str) -> Loops:
    """LOOPS.md as a commit of the mainline has it: its checks and globs of tests are what counts there."""
    return agents.loops(desk.hub.tree(mainline))


def house_gates(desk: Desk, mainline: str) -> tuple[Gate, ...]:
    """What everything has to pass that lands on a commit of the mainline: the checks of its LOOPS.md, and those of its
    STANDARDS.md. What a candidate has made of either counts for nothing."""
    checks = rules(desk, mainline).checks
    known = {gate.meaning for gate in checks}
    taught = agents.standards.gates(agents.standards.read(desk.hub.tree(mainline)))
    return (*checks, *(gate for gate in taught if gate.meaning not in known))


@dataclass(frozen=True)
class CommitFiles:
    """A commit's regular files."""

    reading: Callable[[str], bytes | None]

    def read(self, path: str) -> bytes:
        data = self.reading(path)
        if data is None:
            raise FileNotFoundError(path)
        return data


def _run(desk: Desk, key: str, change: Change, mainline: str, gates: tuple[Gate, ...]) -> Iterator[Verdict]:
    if not gates:
        return
    standards, over = {one.name: one for one in agents.standards.read(desk.hub.tree(mainline))}, 0
    with fresh_lab(desk, key, change.commit, mainline) as lab:
        for gate in gates:
            if over and not _is_as_committed(lab, change.commit):
                break
            over += 1
            desk.tell("command", f"$ {gate.command}", command=gate.command)
            verdict = GateCheck(gate, _COMMAND_SECONDS, desk.shop.secrets, desk.keep_output).check(change, lab)
            if taught := standards.get(gate.source):
                verdict = in_the_name_of(taught, verdict)
            desk.tell("verdict", _said(verdict), passed=verdict.passed)
            yield verdict
    yield from _run(desk, key, change, mainline, gates[over:])


def _is_as_committed(lab: Lab, commit: str) -> bool:
    """Put the files back, where that can be done: each gate judges the commit, not what the code that ran before it has
    made of the files. What git ignores stays: a build for the tests that come next, and what `setup` installed."""
    lab.alone()
    try:
        lab.restore(commit)
    except (LabFailed, GitFailed):  # its whole folder was removed or is another one, or what can't be written is in it
        return False  # who comes next gets a fresh lab
    return True


def _said(verdict: Verdict) -> str:
    return f"{'passed' if verdict.passed else 'FAILED'}: {verdict.command or verdict.check}"


@contextmanager
def fresh_lab(desk: Desk, key: str, commit: str, mainline: str) -> Iterator[Lab]:
    """A throwaway lab at a commit, in which `setup` ran on the mainline's tree before the commit's files came."""
    setup = desk.shop.loops.setup
    start = mainline if setup else commit
    with desk.lab(desk.wish(key, start, throwaway=True)) as lab:
        set_up(desk, lab)
        if setup:
            lab.restore(commit)
        yield lab


@contextmanager
def lab_when_asked(desk: Desk, key: str, commit: str, mainline: str) -> Iterator[Callable[[], Lab]]:
    """One fresh lab for all that asks; none is made where nothing does."""
    with ExitStack() as stack:
        yield cache(lambda: stack.enter_context(fresh_lab(desk, key, commit, mainline)))


@contextmanager
def judges_lab(desk: Desk, key: str, commit: str) -> Iterator[Lab]:
    """A fresh lab for a session that may need none, made when something is first asked of it. With a `setup` it is made
    at once: a session's seconds count from when its lab is ready."""
    if desk.shop.loops.setup:
        with fresh_lab(desk, key, commit, desk.base) as lab:
            yield lab
    else:
        with lab_when_asked(desk, key, commit, desk.base) as made:
            yield LabOnDemand(made)


def set_up(desk: Desk, lab: Lab) -> None:
    """Run the setup commands. Raises LabFailed with the command's own words when one fails."""
    for command in desk.shop.loops.setup:
        desk.tell("command", f"$ {command}  (setup)", command=command)
        ran = lab.run(command, seconds=_COMMAND_SECONDS, network=desk.shop.loops.setup_network)
        if ran.code:
            told = redact(ran.output, desk.shop.secrets)
            raise LabFailed(f"setup `{command}` ended with exit {ran.code}:\n{told[-2000:]}")
    if desk.shop.loops.setup:
        lab.settle()

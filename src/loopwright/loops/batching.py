"""Lands runs that wait at once: their merge is verified once for all, and split in halves where it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from loopwright.checkpoints import reached
from loopwright.errors import LoopwrightError
from loopwright.folders import plans
from loopwright.journal import claims, line, records
from loopwright.journal.claims import Claim
from loopwright.journal.facts import Lines
from loopwright.journal.hub import Hub
from loopwright.labs import guarantees
from loopwright.loops import starting
from loopwright.loops.desk import Desk
from loopwright.loops.fitting import against_the_mainline, title
from loopwright.loops.promotion import batch, queue
from loopwright.loops.promotion.batch import Piece
from loopwright.loops.promotion.landing import Conflict
from loopwright.loops.promotion.queue import Turn, Waiting
from loopwright.loops.proving import gates_of
from loopwright.loops.verification import verify
from loopwright.vocabulary import Gate, Loops, Plan, Run, Verdict, matches

_TOGETHER = 8
"""Runs that are verified together where LOOPS.md doesn't say."""


@dataclass(frozen=True)
class Member:
    """A run of a batch. `desk` says what its plan demands; its journal is its own process's to write."""

    desk: Desk
    run: Run

    @property
    def piece(self) -> Piece:
        return Piece(
            self.run.number, self.desk.plan.name, self.run.base, self.run.tip or self.run.base, title(self.desk)
        )


Members = tuple[Member, ...]


def land_waiting(desk: Desk, run: Run, now: str) -> None:
    """Land this run and those that wait behind it, verified together. Nobody has landed yet where it is alone.

    Which of them landed the mainline says. One without which the others pass is set apart: its own process lands or
    ends it when it is its turn, with its own evidence.
    """
    members = tuple(_waiting(desk, run))
    found = _merged(desk, members)
    if found is None or len(found[0]) < 2 or found[0][0].desk is not desk:
        return
    groups, red = [found[0]], dict[str, set[str]]()  # of a tree: the commands that it failed
    while groups:
        group, *groups = groups
        merged = _merged(desk, group)
        if merged is None:
            continue
        fits, commit = merged
        queue.say_turn(desk.hub, Turn((desk.number, *(one.run.number for one in fits if one.desk is not desk)), now))
        failed = _failed(desk, fits, commit, red)
        if desk.wall.stop():
            return
        if not failed:
            if not _land(desk, fits, commit):
                return
        elif len(fits) > 1:
            groups = [fits[: len(fits) // 2], fits[len(fits) // 2 :], *groups]
        elif fits[0].desk is not desk:
            others = ", ".join(f"gen-{one.run.number}" for one in members if one.run.number != fits[0].run.number)
            why = f"its merge failed where {others} landed without it: {', '.join(sorted(failed))}"
            queue.set_apart(desk.hub, fits[0].run.number, why)


def most(loops: Loops, lab_kind: str) -> int:
    """How many runs may be verified together. Where LOOPS.md doesn't say, several only in labs that keep what runs in
    them from the files by which one run knows another."""
    walled = "repository" in guarantees.of(lab_kind)
    return loops.batch if loops.batch is not None else _TOGETHER if walled else 1


def _waiting(desk: Desk, run: Run) -> Iterator[Member]:
    """This run, and those behind it that another one may verify: plans' own, in the same kind of lab."""
    yield Member(desk, run)
    behind = [one for one in queue.line(desk.hub) if one.run != desk.number and one.kind == "plan"]
    stands = line.standing(desk.hub)
    together = [one for one in behind if not queue.apart(desk.hub, one.run)]
    for one in together[: most(desk.shop.loops, desk.shop.lab_kind) - 1]:
        member = _member(desk, one)
        if member and member.desk.plan.lab == desk.plan.lab and not stands.own(member.desk.plan.name):
            yield member


def _member(desk: Desk, waiting: Waiting) -> Member | None:
    """Another run as its own files tell it. None where there is any doubt about them: it lands by itself, by what its
    own process knows."""
    try:
        plan, tip = _claimed_plan(desk.hub, waiting.run), _verified_tip(desk.hub, waiting.run)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, LoopwrightError):  # files that anybody may edit
        return None
    if plan is None or tip is None:
        return None
    claim = Claim(waiting.run, plan.name, waiting.base, "", waiting.pid, "", waiting.since)
    its = Desk(desk.hub, desk.shop, claim, plan, waiting.base)
    return Member(its, Run(waiting.run, plan, waiting.base, its.branch, tip=tip))


def _claimed_plan(hub: Hub, number: int) -> Plan | None:
    """Run N's plan, if it is what the text says that was claimed."""
    plan, text = starting.archived_plan(hub, number), (hub.run_home(number) / "plan.md").read_bytes()
    claim = claims.read(hub, plan.name)
    known = claim.plan_hash if claim and claim.run == number else (records.read(hub, number) or {}).get("plan_hash")
    same = sha256(text).hexdigest() == known and plans.read(plan.path, text, fallback_goal=plan.goal) == plan
    return plan if same else None


def _verified_tip(hub: Hub, number: int) -> str | None:
    """What run N made, if its journal is whole and says the same as what was kept when it was verified."""
    journal = Lines(hub.run_home(number) / "journal.jsonl")
    tip = [str(fact["tip"]) for fact in journal.entries() if fact["kind"] == "candidate"][-1:]
    kept = hub.git.resolve(f"refs/loopwright/verified/{number}")
    if journal.broken or not tip or (kept and hub.git.parents(kept)[1:] != (tip[0],)):
        return None
    return tip[0]


def _merged(desk: Desk, members: Members) -> tuple[Members, str] | None:
    """Those of them that fit on top of one another, and the commit that would be verified. None: nobody does."""
    main = desk.hub.tip(desk.shop.loops.mainline)
    assert main is not None
    end, fits = main, list[Member]()
    for member in members:
        if any(_bends(member, one) or _bends(one, member) for one in fits):
            continue
        found = batch.step(desk.hub.git, end, member.piece)
        if not isinstance(found, Conflict) and not against_the_mainline(member.desk, member.run, found):
            end, fits = found, [*fits, member]
    if not fits:
        return None
    pieces, tree = [member.piece for member in fits], desk.hub.git.tree_of(end)
    fact = desk.journal.last("gates", tree=tree, mainline=main, label=_label(fits))
    if fact and desk.hub.git.resolve(fact["commit"]):  # killed since: the verdicts are about that very commit
        return tuple(fits), batch.kept(desk.hub, fact["commit"], pieces)
    return tuple(fits), batch.whole(desk.hub, main, end, pieces, desk.number)


def _label(members: Sequence[Member]) -> str:
    return f"batch of {', '.join(str(member.run.number) for member in members)}"


def _bends(one: Member, other: Member) -> bool:
    """Whether a run changed a test that another one's plan names as one that may change, and its own doesn't: together,
    the mainline's wouldn't be laid over it."""
    mine, theirs = one.desk.plan.scope.tests, other.desk.plan.scope.tests
    changes = one.desk.hub.git.changes(one.piece.base, one.piece.tip) if theirs else ()
    return any(matches(change.path, theirs) and not matches(change.path, mine) for change in changes)


def _failed(desk: Desk, members: Members, commit: str, red: dict[str, set[str]]) -> set[str]:
    """The commands that say no to the merge of all. One that did before to the same tree isn't asked again."""
    main, tree = desk.hub.git.parents(commit)[0], desk.hub.git.tree_of(commit)
    by_meaning = {gate.meaning: gate for member in reversed(members) for gate in reversed(gates_of(member.desk, main))}
    gates: tuple[Gate, ...] = tuple(reversed(by_meaning.values()))
    if known := red.get(tree, set()) & {gate.command for gate in gates}:
        return known
    label = _label(members)
    desk.tell("land", f"verifies the {label}")
    moving = tuple(path for member in members for path in member.desk.plan.scope.tests)
    verdicts = verify(desk, f"batch-{commit[:8]}", commit, main, gates, label, decisive=True, moving=moving)
    reached("batch:gated")
    failed = {_name(verdict) for verdict in verdicts if not verdict.passed}
    red[tree] = red.get(tree, set()) | failed
    return failed


def _name(verdict: Verdict) -> str:
    return verdict.command or verdict.check


def _land(desk: Desk, members: Members, commit: str) -> bool:
    """Whether the mainline moved to all of them. If not, each goes on by itself, and finds out why."""
    done = batch.land(desk.hub, desk.shop.loops.mainline, commit, [member.piece for member in members])
    reached("batch:landed")
    return isinstance(done, str)

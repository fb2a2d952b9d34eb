"""How a run begins: a plan found, read and claimed; or an interrupted run taken up again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopwright.andon import breakers
from loopwright.checkpoints import reached
from loopwright.contracts import Tree, Workshop
from loopwright.errors import BadFile, BadFiles, BadUse, LineStopped
from loopwright.folders import agents, crosschecks, plans
from loopwright.folders.trees import DiskTree
from loopwright.journal import claims, lab_times, line, records
from loopwright.journal.book import NANO, nano
from loopwright.journal.claims import Claim
from loopwright.journal.codec import decode, encode
from loopwright.journal.facts import Lines
from loopwright.journal.hub import Hub
from loopwright.journal.pool import Pool
from loopwright.loops import continuing, tally
from loopwright.loops.andon import settling, standing
from loopwright.loops.desk import Desk, journal_of
from loopwright.loops.promotion import checkout, recording
from loopwright.loops.promotion.edits import Edit
from loopwright.loops.purse import DAY_MEND
from loopwright.redaction import find
from loopwright.vocabulary import Loops, Plan, Status


@dataclass(frozen=True, slots=True)
class Finished:
    """There is nothing to run: the newest record of the plan."""

    record: dict[str, Any]


def tree_of(hub: Hub, mainline: str) -> Tree:
    """Where plans, roles and skills are read: the working tree when the mainline is checked out in it."""
    if hub.head_branch == mainline:
        return DiskTree(hub.top)
    return hub.tree(mainline_tip(hub, mainline))


def mainline_tip(hub: Hub, mainline: str) -> str:
    """The mainline's commit. Raises BadUse when there is none."""
    tip = hub.tip(mainline)
    if tip is not None:
        return tip
    if hub.git.resolve("HEAD") is None:
        raise without_commit(hub)
    raise BadUse(
        f"the mainline `{mainline}` is no branch of this repository",
        f"set `mainline:` in agents/LOOPS.md (HEAD is on {hub.head_branch or 'no branch'}), or make the branch",
    )


def without_commit(hub: Hub) -> BadUse:
    """What to say where HEAD is on a branch that isn't born yet."""
    if hub.git.refs("refs/heads/"):
        return BadUse(f"the branch `{hub.head_branch}` has no commit yet", "go to one that has: `git switch BRANCH`")
    return BadUse("this repository has no commit yet", "make a first one: `git add -A && git commit -m start`")


def plan_path(name: str) -> str:
    """`plans/NAME.md` from a name or a path."""
    stem = Path(name).name
    return f"plans/{stem if stem.endswith('.md') else stem + '.md'}"


def read_plan(tree: Tree, name: str) -> tuple[Plan, bytes]:
    """A plan and its bytes; without a goal of its own it has that of GOALS.md.

    Raises BadUse when it isn't there, BadFiles with every problem when it doesn't read.
    """
    path = plan_path(name)
    if not Path(name).name or Path(name).parent.name not in ("", "plans"):
        raise BadUse(f"`{name}` is no plan: plans lie in plans/", _choice(tree))
    if Path(path).name in plans.NOT_PLANS:
        raise BadUse(f"{path} is no plan, but about plans", _choice(tree))
    data = tree.read(path)
    if data is None:
        raise BadUse(f"there is no plan {path}", _choice(tree))
    return plans.read(path, data, fallback_goal=agents.goals(tree)), data


def _choice(tree: Tree) -> str:
    """What to run instead of what was asked for."""
    known = ", ".join(Path(path).stem for path in plans.in_folder(tree)[:12]) or "none"
    where = "" if isinstance(tree, DiskTree) else ". The mainline isn't checked out: what it has committed counts"
    return f"the plans here: {known}; or make one with `loopwright new`{where}"


@contextmanager
def desk_for(hub: Hub, shop: Workshop, name: str, *, typed: bool = True) -> Iterator[Desk | Finished]:
    """Claim a plan, or take up its interrupted run; the claim counts as alive until this is left.

    `typed`: a person asked for this plan by name; else its file alone says that it is to run.
    """
    tree = tree_of(hub, shop.loops.mainline)
    plan, data = read_plan(tree, name)
    if plan.status is Status.PAUSED:
        raise _not_ready(plan)
    if claim := claims.read(hub, plan.name):
        with resumed(hub, shop, claim) as desk:
            yield desk
        return
    if plan.status in (Status.DONE, Status.REVIEW) and (record := records.of_plan(hub, plan.name)):
        yield Finished(record)
        return
    _may_run(hub, tree, plan, shop, typed=typed)
    _free_of_keys(plan, data, shop)
    base = mainline_tip(hub, shop.loops.mainline)

    def free() -> bool:
        now = tree.read(plan.path)
        return now is not None and plans.read(plan.path, now, fallback_goal=plan.goal).status is Status.READY

    with _claimed(hub, shop, plan, data, base, free) as claim:
        yield _sit_down(hub, shop, claim, plan)


@contextmanager
def begun(hub: Hub, shop: Workshop, plan: Plan, base: str) -> Iterator[Desk]:
    """Begin what a person asked for by a command: a run of a plan that is no file, of its own kind.

    Raises BadUse while another process carries it out.
    """
    with _claimed(hub, shop, plan, plan.text.encode(), base) as claim:
        yield Desk(hub, shop, claim, plan, base, plan.form)


@contextmanager
def _claimed(
    hub: Hub, shop: Workshop, plan: Plan, data: bytes, base: str, free: Callable[[], bool] = lambda: True
) -> Iterator[Claim]:
    """A new claim, with what the run begins from written down; it counts as alive until this is left."""

    def prepare(number: int) -> None:
        (hub.run_home(number) / "plan.md").write_bytes(data)
        (hub.run_home(number) / "plan.json").write_text(json.dumps(encode(plan)))

    made = claims.make(hub, plan.name, data, base, shop.clock, free, prepare)
    if made is None:
        raise _busy(hub, plan.name)
    claim, alive = made
    try:
        yield claim
    finally:
        os.close(alive)


def _busy(hub: Hub, plan: str) -> BadUse:
    claim = claims.read(hub, plan)
    number = f"run {claim.run} (process {claim.pid})" if claim else "another process"
    return BadUse(f"{plan} is being run by {number}", "wait for it; `loopwright status` shows how far it is")


def _not_ready(plan: Plan) -> BadUse:
    mend = "set `status: ready` in its front matter when it is to be run"
    return BadUse(f"{plan.path} has the status `{plan.status}`", mend)


def _may_run(hub: Hub, tree: Tree, plan: Plan, shop: Workshop, *, typed: bool) -> None:
    """Refuse what is not to be run now, and say what to do about it."""
    if plan.status is Status.READY:
        if not typed:
            _set_by_a_person(hub, plan)
        tally.may_go_on(hub, tree, shop.loops, plan)
        settling.set_ready(hub, shop, plan.name)
    if plan.status in (Status.READY, Status.STOPPED):
        standing.admit(hub, shop.loops.mainline, plan.name)
    if plan.status is not Status.READY:
        raise _not_ready(plan)
    branches = [name.removeprefix("refs/heads/") for name in hub.git.refs("refs/heads/loop")]
    if taken := [name for name in branches if name == "loop" or name.startswith(f"loop/{plan.name}/")]:
        name = taken[0]
        raise BadUse(
            f"the branch `{name}` leaves no room for loop/{plan.name}", f"rename it: `git branch -m {name} NAME`"
        )
    if place := checkout.find(hub, f"refs/heads/loop/{plan.name}"):
        mend = "the run would move it under you: `git switch` to another one there"
        raise BadUse(f"loop/{plan.name} is checked out in {place.top}", mend)
    _day_has_budget(hub, shop)
    everything, _ = plans.read_all(tree)
    skills = tuple(shop.skills().values())
    if problems := (*plans.cycles(plans.behind(plan, everything)), *crosschecks.unknown_skills(plan, skills)):
        raise BadFiles(problems)
    if waits := plans.waiting_for(plan, everything):
        raise BadUse(f"{plan.name} waits for {', '.join(waits)}", "run these first, or take them out of `depends-on`")


def _set_by_a_person(hub: Hub, plan: Plan) -> None:
    """Refuse a plan with an incident of its own that was set ready when a lab's command may have done so. Raises
    LineStopped."""
    if line.standing(hub).own(plan.name) and (span := lab_times.written_in_a_lab(hub, hub.top / plan.path)):
        told = f"{plan.path} was written while a command ran in a lab of gen-{span.run}: that is no person's word"
        raise LineStopped(told, f"if it was you: `loopwright run {plan.name}`, or save it again")


def _free_of_keys(plan: Plan, data: bytes, shop: Workshop) -> None:
    """Refuse a plan that holds a key: its text goes to models, into labs and into records. Raises BadFile."""
    text = data.decode(errors="replace")
    mend = "write a placeholder such as `<KEY>` there; if it is a real one, make a new one: this one was written down"
    if secret := next(iter(find(text, shop.secrets)), None):
        line = text.count("\n", 0, secret.start) + 1
        raise BadFile(plan.path, line, f"the plan holds a secret ({secret.kind})", mend, "secret")


def _day_has_budget(hub: Hub, shop: Workshop) -> None:
    """Refuse to begin once today's runs have spent the day's dollars. Raises BadUse."""
    if (limit := shop.loops.usd_per_day) is None:
        return
    today = shop.clock.now().date().isoformat()
    spent = Pool(hub).seen(today).on(today, nano(limit)).committed / NANO
    if why := breakers.day_spent(spent, limit):
        raise BadUse(why, DAY_MEND)


@contextmanager
def resumed(hub: Hub, shop: Workshop, claim: Claim, *, to_end: bool = False) -> Iterator[Desk]:
    """Take up a run whose process is gone; `to_end`: only to write down how it ended, which no stopped line holds up.

    Raises BadUse while another process works on it, LineStopped.
    """
    alive = claims.hold(hub, claim.run)
    if alive is None:
        raise _busy(hub, claim.plan)
    try:
        if not is_archived(hub, claim.run):
            raise BadUse(
                f"run {claim.run} of {claim.plan} was begun elsewhere ({claim.host}), and can only go on there",
                f"resume it there, or drop the claim: `git update-ref -d {claim.ref}`",
            )
        plan = archived_plan(hub, claim.run)
        if not (to_end or may_always_go_on(hub, claim.run)):
            standing.admit(hub, shop.loops.mainline, plan.name, but=("unreachable",))
        own = plan.form in ("rollback", "resolution")
        desk = Desk(hub, shop, claim, plan, claim.base, plan.form) if own else _sit_down(hub, shop, claim, plan)
        desk.journal.write("resumed", {"pid": os.getpid()})
        desk.tell("run", f"goes on with run {claim.run} of {claim.plan}")
        yield desk
    finally:
        os.close(alive)


def may_always_go_on(hub: Hub, number: int) -> bool:
    """Whether no stopped line holds a run up: it has ended, or it lands what mends an incident. A landing itself asks
    what stands still."""
    facts = Lines(hub.run_home(number) / "journal.jsonl").entries()
    if any(fact["kind"] == "ended" for fact in facts):
        return True
    plan = readable_plan(hub, number)
    return plan is not None and plan.form == "resolution"


def is_archived(hub: Hub, number: int) -> bool:
    """Whether this machine has what run N was begun with."""
    return (hub.home / "runs" / str(number) / "plan.json").is_file()


def archived_plan(hub: Hub, number: int) -> Plan:
    """The version of the plan that run N claimed, with the goal that it had then."""
    return decode(Plan, json.loads((hub.run_home(number) / "plan.json").read_bytes()))


def ceiling(hub: Hub, number: int, loops: Loops) -> float | None:
    """The dollars that run N may spend: its plan's, or else those of LOOPS.md. None: as many as it takes."""
    own = archived_plan(hub, number).budget.usd if is_archived(hub, number) else None
    return own if own is not None else loops.usd_per_run


def readable_plan(hub: Hub, number: int) -> Plan | None:
    """The same; None where this machine hasn't got it, or where it doesn't read any more."""
    try:
        return archived_plan(hub, number) if is_archived(hub, number) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sit_down(hub: Hub, shop: Workshop, claim: Claim, plan: Plan) -> Desk:
    """Record the claim on the mainline (status: running) and write the first facts; done once."""
    journal = journal_of(hub, claim.run, shop)
    fact = journal.last("claimed")
    if fact is None:
        text = (hub.run_home(claim.run) / "plan.md").read_bytes().decode(errors="surrogateescape")
        edits = (Edit("adopt", plan.path, (text,)), Edit("status", plan.path, (str(Status.RUNNING),)))
        title = f"loopwright: {plan.name} running (gen-{claim.run})"
        base = recording.record(hub, shop.loops.mainline, edits, title, claim.run)
        reached("claim:recorded")
        journal.write("claimed", {"plan": plan.name, "plan_hash": claim.plan_hash, "base": base, "pid": claim.pid})
        fact = journal.last("claimed")
    assert fact is not None
    desk = Desk(hub, shop, claim, plan, str(fact["base"]))
    if journal.last("opened") is None:
        desk.journal.write("opened", continuing.opening(desk))
        for note in shop.notes:
            desk.note(note)
    desk.tell("run", f"run {claim.run} of {plan.name}: {plan.title}")
    return desk

"""What a person decides about a run: land it, reject it, take it back, go on with it, stop it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loopwright.andon import breakers
from loopwright.contracts import Workshop
from loopwright.errors import BadUse
from loopwright.journal import claims, records
from loopwright.journal.claims import Claim
from loopwright.journal.codec import decode
from loopwright.journal.facts import Lines
from loopwright.journal.hub import Hub
from loopwright.loops import closing, execution, given, pausing, reconciling, reports, starting, tally
from loopwright.loops.andon import evidence, opening, standing
from loopwright.loops.desk import Desk
from loopwright.vocabulary import Incident, Landing, Outcome, Plan, Run, Scope, Stop

Result = dict[str, Any]


def record_of(hub: Hub, number: int) -> Result:
    """Run N's record. Raises BadUse when there was no such run."""
    record = records.read(hub, number)
    if record is None:
        claim = _claim_of(hub, number)
        if claim is not None and claims.is_alive(hub, number):
            mend = f"`loopwright status` says how far it is; `loopwright stop {number}` interrupts it"
            raise BadUse(f"run {number} is at work", mend)
        if claim is not None:
            raise BadUse(f"run {number} has not ended yet", f"`loopwright resume {number}` goes on with it")
        highest = claims.highest(hub)
        raise BadUse(f"there is no run {number}", f"`loopwright runs` lists them (the newest is {highest or 'none'})")
    return record


def as_result(record: Result) -> Result:
    """The part of a record that `run --json` prints."""
    extra = {"title", "plan_hash", "base", "continues", "started", "source", "lab", "phases", "roles"}
    extra |= {"attempts", "files", "diff", "tip", "landing", "ended", "landed_at", "decided"}
    return {name: value for name, value in record.items() if name not in extra}


@contextmanager
def desk_of(hub: Hub, shop: Workshop, number: int) -> Iterator[Desk]:
    """The desk of a run that ended before, from its record; nobody else may work on it meanwhile."""
    record = record_of(hub, number)
    with claims.holding(hub, number) as mine:
        if not mine:
            raise BadUse(f"run {number} is being worked on by another process", "wait for it: `loopwright status`")
        reinstate(hub, number)
        fields = {"run": number, "plan": record["plan"], "plan_hash": record["plan_hash"], "at": record["started"]}
        claim = Claim(**fields, base=record["base"], pid=os.getpid(), host="")
        plan = starting.archived_plan(hub, number)
        yield Desk(hub, shop, claim, plan, record["base"], record["kind"])


def reinstate(hub: Hub, number: int) -> None:
    """Make the files of an ended run go on from what its record has of them."""
    home = hub.run_home(number)
    (home / "transcripts").mkdir(parents=True, exist_ok=True)
    for name in ("plan.md", "plan.json", "journal.jsonl", *records.transcripts(hub, number)):
        data = records.file(hub, number, name)
        if data is not None and not _stands(home / name, data):
            (home / name).write_bytes(data)


def record_anew(hub: Hub, shop: Workshop, number: int) -> None:
    """Write an ended run's record again when it lacks the evidence of an incident that was opened in its name since."""
    if records.read(hub, number) is None or _claim_of(hub, number):
        return
    with desk_of(hub, shop, number) as desk:
        told = desk.journal.last("incident")
        where = evidence.folder(decode(Incident, told["incident"])) if told else ""
        if where and records.file(hub, number, f"{where}/failure.json") is None:
            run = execution.begin(desk)
            closing.write_record(desk, run, reports.page(desk, run))


def _stands(path: Path, recorded: bytes) -> bool:
    """Whether a file is as the record has it; a journal also goes on. What was edited since isn't what the run wrote,
    nor what a person decides about: the record counts, and the other is put aside."""
    if not path.exists():
        return False
    found = path.read_bytes()
    if found == recorded or (path.suffix == ".jsonl" and found.startswith(recorded)):
        return True
    path.rename(path.with_name(f"{path.name}.forged"))
    return False


def resume(hub: Hub, shop: Workshop, number: int) -> Result:
    """Finish run N from where it stood; a finished one is told again."""
    claim = _claim_of(hub, number)
    if claim is None or reconciling.settle(hub, shop, claim):
        return as_result(record_of(hub, number))
    with starting.resumed(hub, shop, claim) as desk:
        kinds = {"rollback": _revert, given.KIND: given.carry_out}
        return kinds.get(desk.kind, pausing.carry_out)(desk)


def land(hub: Hub, shop: Workshop, number: int) -> Result:
    """Land a run that met its goal and waits for a person, or was held. One that has landed is told again."""
    record = _caught_up(hub, shop, number) or record_of(hub, number)
    if record["landed"]:
        return _already("has landed", record)
    standing.admit(hub, shop.loops.mainline, record["plan"])
    with desk_of(hub, shop, number) as desk:
        _must_wait(hub, record["status"], execution.begin(desk))
        return pausing.carry_out(desk, decided=True)


def _already(what: str, record: Result) -> Result:
    """The result of a run about which that was decided before: a note says so."""
    result = as_result(record)
    return {**result, "notes": [*result["notes"], f"run {record['run']} {what} already"]}


def _caught_up(hub: Hub, shop: Workshop, number: int) -> Result | None:
    """Run N's record, a landing that was cut off before it was written down included; None for a run that is open."""
    claim = _claim_of(hub, number)
    if claim and reconciling.settle(hub, shop, claim):
        claim = None
    if claim is None and (record := record_of(hub, number))["landed"]:
        return record
    if claims.is_alive(hub, number):
        return None
    with starting.resumed(hub, shop, claim, to_end=True) if claim else desk_of(hub, shop, number) as desk:
        run = execution.begin(desk)
        if run.landing:
            closing.close(desk, run)
        elif claim:
            return None
    return record_of(hub, number)


def _claim_of(hub: Hub, number: int) -> Claim | None:
    return next((claim for claim in claims.every(hub) if claim.run == number), None)


def _must_wait(hub: Hub, status: str, run: Run) -> None:
    if run.outcome is not Outcome.MET or status == "rejected":
        mend = "only a run in review can land; set its plan to `status: ready` to run it again"
        raise BadUse(f"run {run.number} is {status}, so there is nothing to land", mend)
    held = hub.tip(run.branch)
    if held not in (None, run.tip):
        told = f"{run.branch} is at {held[:10]}, but what was verified is {run.tip or '':.10}"
        mend = f"keep what is there, `git branch NAME {run.branch}`, then `git branch -f {run.branch} {run.tip}`"
        raise BadUse(told, f"{mend}; or `loopwright reject {run.number}`, and run the plan again")


def reject(hub: Hub, shop: Workshop, number: int) -> Result:
    """A person says no to a run: its branch goes, a tag keeps what it made. Twice is as once.

    An interrupted run ends so. An older run of a plan that has a newer one has no say about the plan any more.
    """
    record = _caught_up(hub, shop, number)
    if claim := _claim_of(hub, number):
        with starting.resumed(hub, shop, claim, to_end=True) as desk:
            result = _rejected(desk)
        _said_no_again(hub, shop, number)
        return result
    record = record or record_of(hub, number)
    if record["status"] == "rejected":
        _said_no_again(hub, shop, number)  # unless that was cut off, it was done then
        return _already("was rejected", record)
    newest = claims.read(hub, record["plan"]) or records.of_plan(hub, record["plan"])
    latest = newest.run if isinstance(newest, Claim) else (newest or record)["run"]
    if latest != number and not record["landed"]:
        raise BadUse(f"run {number} of {record['plan']} is over: run {latest} came after it", f"decide about {latest}")
    with desk_of(hub, shop, number) as desk:
        result = _rejected(desk)
    _said_no_again(hub, shop, number)
    return result


def _rejected(desk: Desk) -> Result:
    run = execution.begin(desk)
    if run.landing is None:
        run = execution.rejected(desk)
    if run.landing:
        mend = f"`loopwright rollback {desk.number}` takes it back, through the gates"
        raise BadUse(f"run {desk.number} has landed", mend)
    return reports.result(desk, run)


def _said_no_again(hub: Hub, shop: Workshop, number: int) -> None:
    """Stop the plan of run N when a person has said no to it so often that to try again needs a reason. Done once."""
    with desk_of(hub, shop, number) as desk:
        why = breakers.user_failures(tally.user_failures(hub, desk.plan.name), shop.loops.user_failures)
        if why is None or desk.journal.last("incident", reason="user-failures"):
            return
        opening.opened(desk, execution.begin(desk), Stop("user-failures", why))
    record_anew(hub, shop, number)


def rollback(hub: Hub, shop: Workshop, number: int) -> Result:
    """Take back what landed, by a revert through the same gates; what hasn't landed is rejected."""
    record = _caught_up(hub, shop, number)
    if record is None or not record["landed"]:
        return reject(hub, shop, number)
    name = f"rollback-gen-{number}"
    if claim := claims.read(hub, name):
        return resume(hub, shop, claim.run)
    if (done := records.of_plan(hub, name)) and done["status"] in ("done", "review"):
        return land(hub, shop, done["run"])  # it has landed, or was held and is tried again
    landing = decode(Landing, record["landing"])
    base = starting.mainline_tip(hub, shop.loops.mainline)
    if not hub.git.is_ancestor(landing.commit, base):
        told = f"run {number} landed as {landing.commit[:10]}, which {shop.loops.mainline} doesn't hold any more"
        raise BadUse(told, "there is nothing to take back; `loopwright fsck` says what the mainline lacks")
    standing.admit(hub, shop.loops.mainline, name)
    plan = _taking_back(hub, number, record, landing)
    with starting.begun(hub, shop, plan, base) as desk:
        result = _revert(desk)
    if result["landed"]:
        _said_no_again(hub, shop, number)
    return result


def _taking_back(hub: Hub, number: int, record: Result, landing: Landing) -> Plan:
    """The plan of a revert: its scope is what landed, and the tests that came with it go with it."""
    touched = tuple(change.path for change in hub.git.changes(landing.before, landing.commit))
    title = f"Take back gen-{number}: {record['title']}"
    scope = Scope(touched, (), touched)
    name, path = f"rollback-gen-{number}", f"plans/{record['plan']}.md"
    return Plan(name, path, title, f"# {title}\n", scope=scope, form="rollback")


def _revert(desk: Desk) -> Result:
    """Carry out a rollback, from wherever an interrupted one stood."""
    if desk.journal.last("claimed") is None:
        desk.journal.write("claimed", {"plan": desk.plan.name, "plan_hash": desk.claim.plan_hash, "base": desk.base})
    if desk.journal.last("opened") is not None:
        return pausing.carry_out(desk, decided=True)
    git, number = desk.hub.git, int(desk.plan.name.removeprefix("rollback-gen-"))
    landing = decode(Landing, record_of(desk.hub, number)["landing"])
    merged = git.merge_over(*(git.tree_of(oid) for oid in (landing.commit, desk.base, landing.before)))
    if merged.conflicts:
        run = Run(desk.number, desk.plan, desk.base, desk.branch, kind="rollback")
        paths = ", ".join(merged.conflicts[:10])
        stop = Stop("conflict", f"what came after gen-{number} changed the same lines: {paths}")
        return reports.result(desk, execution.stop_with(desk, run, stop))
    tip = git.commit_tree(merged.tree, [desk.base], f"take back gen-{number}\n")
    desk.hub.keep(f"attempts/{desk.number}/rollback", tip)
    desk.journal.write("opened", {"tip": tip})
    return pausing.carry_out(desk, decided=True)


def pid_of(hub: Hub, claim: Claim) -> int:
    """The process that works on a run: the one that claimed it, or that went on with it last."""
    facts = Lines(hub.run_home(claim.run) / "journal.jsonl").entries()
    resumed = (int(fact["pid"]) for fact in reversed(facts) if fact["kind"] == "resumed")
    return next(resumed, claim.pid)


def stop(hub: Hub, number: int) -> Result:
    """Interrupt run N where it is; `resume N` goes on with it."""
    claim = _claim_of(hub, number)
    if claim is None:
        return as_result(record_of(hub, number))
    if not claims.is_alive(hub, number):
        return {"run": number, "plan": claim.plan, "outcome": "interrupted", "was_alive": False}
    os.kill(pid_of(hub, claim), signal.SIGTERM)  # now: SIGINT would let an answer come
    return {"run": number, "plan": claim.plan, "outcome": "interrupted", "was_alive": True}

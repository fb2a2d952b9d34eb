"""Re-checks every landing of the mainline's history, offline: what landed is what was verified, once, undoing nothing.

Needs nothing but the repository and `refs/loopwright/*`. All that git can answer in bulk is asked in bulk: beside one
merge per landing, the number of processes doesn't grow with the history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from loopwright.contracts.schemas import validate
from loopwright.git import history
from loopwright.git.history import Commit
from loopwright.journal.hub import Hub
from loopwright.loops.promotion import recording
from loopwright.loops.promotion.batch import BATCH
from loopwright.loops.promotion.evidence import Evidence, number
from loopwright.loops.promotion.landing import RUN, VERIFIED, before_merging
from loopwright.loops.promotion.undoing import undone

_FETCH = "git fetch origin 'refs/loopwright/*:refs/loopwright/*'"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be with one commit of the mainline."""

    commit: str
    run: int | None
    rule: str
    message: str
    mend: str


def check(hub: Hub, mainline: str) -> dict[str, Any]:
    """Look at the whole first-parent history of the mainline. What `fsck --json` prints."""
    ref = f"refs/heads/{mainline}"
    if hub.git.resolve(ref) is None:
        return _told(0, Evidence(hub, ()), ())
    ours = tuple(history.first_parents(hub.top, ref, saying="^Loopwright-"))
    evidence = Evidence(hub, tuple(commit for commit in ours if {RUN, recording.TRAILER} & commit.trailers.keys()))
    landings = (_landing(evidence, commit) for commit in evidence.landings)
    written = (_record(evidence, commit) for commit in evidence.records)
    everything = int(hub.git.line("rev-list", "--count", "--first-parent", ref))
    return _told(everything, evidence, chain(_twice(evidence), *landings, *written, _gone(evidence, ref)))


def _told(everything: int, evidence: Evidence, findings: Iterator[Finding] | tuple[()]) -> dict[str, Any]:
    landings, written = len(evidence.landings), len(evidence.records)
    counts = {"landings": landings, "records": written, "others": everything - landings - written}
    told = {**counts, "findings": [asdict(finding) for finding in findings]}
    validate("fsck", told)
    return told


def _twice(evidence: Evidence) -> Iterator[Finding]:
    first: dict[int, str] = {}
    for commit in reversed(evidence.landings):
        run = number(commit)
        if run is not None and first.setdefault(run, commit.oid) != commit.oid:
            message = f"run {run} had landed before, as {first[run][:10]}"
            yield Finding(commit.oid, run, "landed-twice", message, _take_back(commit))


def _gone(evidence: Evidence, ref: str) -> Iterator[Finding]:
    """Landings that records tell of and that the mainline doesn't hold: reset or amended away, or not fetched yet.

    A plan that landed anew since then is no loss; a shallow clone can't tell.
    """
    if evidence.hub.git.line("rev-parse", "--is-shallow-repository") == "true":
        return
    here = {number(commit) for commit in evidence.landings}
    anew = {record["plan"]: run for run, record in sorted(evidence.of_run.items()) if run in here}
    for run, record in sorted(evidence.of_run.items()):
        landing = record["landing"]
        if not landing or run in here or anew.get(record["plan"], 0) > run:
            continue
        oid = landing["commit"]
        if evidence.trees.get(oid) is None or not evidence.hub.git.is_ancestor(oid, ref):
            message = f"the record of run {run} says that it landed so, but {ref.removeprefix('refs/heads/')} lacks it"
            mend = (
                f"`git fetch` when it is elsewhere; was it reset or amended away, `git merge {oid[:10]}` brings it back"
            )
            yield Finding(oid, run, "gone", message, mend)


def _take_back(commit: Commit) -> str:
    merge = "-m 1 " if len(commit.parents) > 1 else ""
    return f"look at it with `git show {commit.oid[:10]}`; take it back with `git revert {merge}{commit.oid[:10]}`"


def _landing(evidence: Evidence, commit: Commit) -> Iterator[Finding]:
    """All that can be wrong with one landing."""
    run = number(commit)
    if len(commit.parents) != 2:
        message = f"it says that it lands run {run or '?'}, but is no merge of two parents"
        yield Finding(commit.oid, run, "not-a-merge", message, _take_back(commit))
        return
    if missing := [parent for parent in commit.parents if evidence.trees[parent] is None]:
        message = f"its parent {missing[0][:10]} isn't in this repository"
        yield Finding(commit.oid, run, "no-evidence", message, "git fetch --unshallow")
        return
    yield from _merged(evidence, commit, run)
    yield from _verified(evidence, commit, run)
    record = evidence.of_run.get(run or 0)
    if record is None:
        yield Finding(commit.oid, run, "no-evidence", f"there is no readable record of run {run or '?'}", _FETCH)
        return
    yield from _recorded(evidence, commit, record)
    yield from _undone(evidence, commit, record)


def _merged(evidence: Evidence, commit: Commit, run: int | None) -> Iterator[Finding]:
    merged = evidence.hub.git.merge(*commit.parents)
    if merged.conflicts or merged.tree != commit.tree:
        message = "its tree is not the merge of its parents"
        if merged.conflicts:
            message += f", which conflict in {_shown(merged.conflicts)}"
        else:
            paths = [change.path for change in evidence.hub.git.changes(merged.tree, commit.tree)]
            message += f": {_shown(paths)}"
        yield Finding(commit.oid, run, "not-the-merge", message, _take_back(commit))


def _verified(evidence: Evidence, commit: Commit, run: int | None) -> Iterator[Finding]:
    named = commit.trailers.get(VERIFIED, "")
    tree = evidence.trees.get(named)
    if tree is None:
        message = f"the verified commit {named[:40] or '(none is named)'} isn't in this repository"
        yield Finding(commit.oid, run, "no-evidence", message, _FETCH)
        return
    end = evidence.end_of(commit)
    if end is None:
        told = f"it landed together with others (runs {commit.trailers.get(BATCH, '')})"
        message = f"{told}, of which only the last tree was verified, and these don't follow it here"
        yield Finding(commit.oid, run, "not-verified", message, _take_back(commit))
    elif paths := evidence.work(tree, end.tree):
        message = f"it is not what was verified ({named[:10]}): {_shown(paths)}"
        yield Finding(commit.oid, run, "not-verified", message, _take_back(commit))


def _recorded(evidence: Evidence, commit: Commit, record: Mapping[str, Any]) -> Iterator[Finding]:
    run, named = int(record["run"]), commit.trailers.get(VERIFIED)
    landing = record["landing"] or {}
    if (landing.get("commit"), landing.get("verified")) != (commit.oid, named):
        told = f"{landing['commit'][:10]} (verified {landing['verified'][:10]})" if landing else "no landing"
        message = f"the record of run {run} names {told}"
        yield Finding(commit.oid, run, "other-landing", message, _take_back(commit))
        return
    if record["kind"] != "plan" and not _verdicts(record) and not evidence.has_checks(commit.parents[0]):
        return  # a person took it back, and there is no command that could have said anything about it
    if why := _unproven(record, named, evidence.trees.get(named or "")):
        yield Finding(commit.oid, run, "no-verdict", f"the record of run {run} has {why}", _take_back(commit))


def _verdicts(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*record["checks"], *record["goal"], *record["reviews"]]


def _unproven(record: Mapping[str, Any], commit: str | None, tree: str | None) -> str:
    """What a record lacks to prove that a commit was verified; '' when it lacks nothing.

    Commands are bound to the very tree. A role's verdict may be of an earlier merge of the same work.
    """
    verdicts = _verdicts(record)
    if not verdicts:
        return "no verdict at all"
    if failed := [verdict for verdict in verdicts if not verdict["passed"]]:
        return f"a verdict that did not pass: {failed[0].get('command') or failed[0].get('name') or 'the review'}"
    commands = (verdict for verdict in verdicts if verdict.get("command") is not None)
    other = [v["command"] for v in commands if v.get("commit") != commit and v.get("tree") != tree]
    return f"a verdict about another commit: {other[0]}" if other else ""


def _undone(evidence: Evidence, commit: Commit, record: Mapping[str, Any]) -> Iterator[Finding]:
    run, before = int(record["run"]), evidence.trees[commit.parents[0]]
    base = evidence.trees.get(record["base"])
    if record["kind"] != "plan" or base is None or before is None:
        return
    theirs, ours = evidence.changes(base, before), evidence.changes(before, commit.tree)
    git = evidence.hub.git
    if paths := undone(git, theirs, ours, evidence.scope(run), lambda: before_merging(git, record["base"], commit.oid)):
        message = f"it takes back what the mainline got after run {run} began: {_shown(paths)}"
        mend = f"`git diff {record['base'][:10]} {commit.parents[0][:10]} -- PATH` shows what was lost: bring it back"
        yield Finding(commit.oid, run, "silent-revert", message, mend)


def _record(evidence: Evidence, commit: Commit) -> Iterator[Finding]:
    run = number(commit)
    if len(commit.parents) != 1:
        message = f"a record commit has one parent, this one {len(commit.parents)}"
        yield Finding(commit.oid, run, "record-touches-work", message, _take_back(commit))
        return
    before = evidence.trees[commit.parents[0]]
    if before is None:
        message = f"its parent {commit.parents[0][:10]} isn't in this repository"
        yield Finding(commit.oid, run, "no-evidence", message, "git fetch --unshallow")
        return
    gone = [change.path for change in evidence.changes(before, commit.tree) if change.kind == "D"]
    if paths := (*evidence.work(before, commit.tree), *gone):
        message = f"a record commit that touches what isn't loopwright's to write: {_shown(paths)}"
        yield Finding(commit.oid, run, "record-touches-work", message, _take_back(commit))


def _shown(paths: tuple[str, ...] | list[str], most: int = 5) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more

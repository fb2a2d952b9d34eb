"""Run records: one commit per run at `refs/loopwright/runs/N`, from which everything else can be rebuilt."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from loopwright.contracts.schemas import validate
from loopwright.errors import RefMoved
from loopwright.journal.claims import RUNS
from loopwright.journal.hub import Hub

_SUBJECT = re.compile(r"run (\d+): (\S+) ")
_PART = 32
"""Records that are read at once."""


def write(hub: Hub, record: Mapping[str, Any], files: Mapping[str, bytes], keeps: tuple[str, ...] = ()) -> str:
    """Write a run's record and its files (plan.md, journal.jsonl, report.md, transcripts); the commit.

    `keeps` are commits that the record keeps reachable: what was verified, the tip of the run's branch.
    """
    validate("run-record", record)
    body = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True).encode()
    named = {"record.json": body, **files}
    tree = hub.git.write_tree(named)
    ref = f"{RUNS}/{record['run']}"
    while True:
        before = hub.git.resolve(ref)
        if before and hub.git.tree_of(before) == tree:
            return before
        parents = [oid for oid in dict.fromkeys((before, *keeps)) if oid]
        commit = hub.git.commit_tree(tree, parents, _subject(record))
        with contextlib.suppress(RefMoved):  # by another writer: its record stays reachable as a parent of this one
            hub.git.update_ref(ref, commit, before or "")
            return commit


def read(hub: Hub, number: int) -> dict[str, Any] | None:
    """Run N's record, or None."""
    data = hub.git.read(f"{RUNS}/{number}", "record.json")
    return json.loads(data) if data else None


def file(hub: Hub, number: int, name: str) -> bytes | None:
    """One of the files beside a record."""
    return hub.git.read(f"{RUNS}/{number}", name)


def transcripts(hub: Hub, number: int) -> tuple[str, ...]:
    """The names of the transcripts beside a record; none where there is no record."""
    if hub.git.resolve(f"{RUNS}/{number}") is None:
        return ()
    return tuple(name for name in hub.git.ls_tree(f"{RUNS}/{number}", "transcripts/") if name.endswith(".jsonl"))


def every(hub: Hub) -> tuple[dict[str, Any], ...]:
    """All records, by run number. One process reads them."""
    return _read(hub, hub.git.refs(RUNS))


def _read(hub: Hub, refs: Iterable[str]) -> tuple[dict[str, Any], ...]:
    found = hub.git.blobs(f"{ref}:record.json" for ref in refs)
    return tuple(sorted((json.loads(data) for data in found.values() if data), key=lambda record: int(record["run"])))


def _subject(record: Mapping[str, Any]) -> str:
    """The first line of a record's commit, by which `newest` finds it without reading the record."""
    return f"run {record['run']}: {record['plan']} {record['outcome']}"


def newest(hub: Hub) -> dict[str, int]:
    """The number of each plan's newest recorded run. Reads no record: of 500 runs, it takes 0.01 s."""
    found = (_SUBJECT.match(subject) for subject in hub.git.subjects(RUNS).values())
    return dict(sorted(((told[2], int(told[1])) for told in found if told), key=lambda named: named[1]))


def of_plans(hub: Hub, plans: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The newest record of each of these plans that has one. One process reads them."""
    if not (wanted := tuple(plans)):
        return {}
    known = newest(hub)
    found = _read(hub, (f"{RUNS}/{known[plan]}" for plan in wanted if plan in known))
    return {record["plan"]: record for record in found}


def of_plan(hub: Hub, plan: str) -> dict[str, Any] | None:
    """The newest record of a plan, or None."""
    return of_plans(hub, (plan,)).get(plan)


def all_of(hub: Hub, plans: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """All records of these plans, by run number. Reads no others."""
    wanted = set(plans)
    told = {ref: _SUBJECT.match(subject) for ref, subject in hub.git.subjects(RUNS).items()} if wanted else {}
    return _read(hub, (ref for ref, found in told.items() if found and found[2] in wanted))


def begun_on(hub: Hub, day: str) -> tuple[dict[str, Any], ...]:
    """The records of the runs that began on a UTC day, such as 2026-11-21.

    Numbers are given in the order of time: read from the newest on, in parts, down to a part that is older as a whole.
    """
    found = list[dict[str, Any]]()
    tails = (ref.rpartition("/")[2] for ref in hub.git.refs(RUNS))
    numbers = sorted((int(tail) for tail in tails if tail.isdecimal()), reverse=True)
    for at in range(0, len(numbers), _PART):
        part = _read(hub, (f"{RUNS}/{number}" for number in numbers[at : at + _PART]))
        found += [record for record in part if record["started"][:10] == day]
        if part and all(record["started"][:10] < day for record in part):
            break
    return tuple(found)

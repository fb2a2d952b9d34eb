"""Run records: one commit per run at `refs/loopwright/runs/N`, from which everything else can be rebuilt."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from loopwright.contracts.schemas import validate
from loopwright.errors import RefMoved
from loopwright.journal.claims import RUNS
from loopwright.journal.hub import Hub


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
        commit = hub.git.commit_tree(tree, parents, f"run {record['run']}: {record['plan']} {record['outcome']}")
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


def every(hub: Hub) -> tuple[dict[str, Any], ...]:
    """All records, by run number. One process reads them."""
    found = hub.git.blobs(f"{ref}:record.json" for ref in hub.git.refs(RUNS))
    return tuple(sorted((json.loads(data) for data in found.values() if data), key=lambda record: int(record["run"])))


def spent_on(hub: Hub, day: date) -> float:
    """Dollars that the runs which began on a UTC day have spent, as far as prices were known."""
    began = day.isoformat()
    return float(sum(record["usd"] or 0.0 for record in every(hub) if record["started"][:10] == began))


def of_plan(hub: Hub, plan: str) -> dict[str, Any] | None:
    """The newest record of a plan, or None."""
    return next((record for record in reversed(every(hub)) if record["plan"] == plan), None)

"""Run records: one ref per run, from which everything else can be rebuilt, also in another clone."""

from __future__ import annotations

from typing import Any

import pytest

from loopwright.journal import records
from loopwright.journal.hub import Hub, find
from loopwright.testing.records import record
from loopwright.testing.repository import Repository
from tests.journal.test_claims import race


def test_a_record_and_its_files_are_read_back(hub: Hub, repo: Repository) -> None:
    body = record(3, base=repo.head(), plan="x")
    records.write(hub, body, {"plan.md": b"# X\n", "transcripts/maker.jsonl": b"\xff\0"})
    assert records.read(hub, 3) == body
    assert records.file(hub, 3, "transcripts/maker.jsonl") == b"\xff\0"
    assert records.file(hub, 3, "none") is None
    assert records.read(hub, 4) is None


def test_written_twice_a_record_is_one_commit(hub: Hub, repo: Repository) -> None:
    body, files = record(3, base=repo.head()), {"plan.md": b"# X\n"}
    first = records.write(hub, body, files)
    assert records.write(hub, body, files) == first
    assert repo.git("rev-list", "--count", "refs/loopwright/runs/3") == "1"
    records.write(hub, body | {"outcome": "not-met"}, files)
    assert repo.git("rev-list", "--count", "refs/loopwright/runs/3") == "2"


def test_records_are_told_by_number_and_by_plan(hub: Hub, repo: Repository) -> None:
    for number, plan in ((10, "a"), (9, "b"), (2, "a")):
        records.write(hub, record(number, base=repo.head(), plan=plan), {})
    assert [found["run"] for found in records.every(hub)] == [2, 9, 10]
    assert (records.of_plan(hub, "a") or {})["run"] == 10
    assert records.of_plan(hub, "c") is None


def test_the_newest_runs_of_plans_are_told_without_reading_records(hub: Hub, repo: Repository) -> None:
    for number, plan in ((10, "a"), (9, "b"), (2, "a")):
        records.write(hub, record(number, base=repo.head(), plan=plan), {})
    repo.git("update-ref", "refs/loopwright/runs/somebody-s", repo.head())
    assert records.newest(hub) == {"a": 10, "b": 9}
    assert {name: told["run"] for name, told in records.of_plans(hub, ("b", "a", "c")).items()} == {"a": 10, "b": 9}
    assert [found["run"] for found in records.every(hub)] == [2, 9, 10]


def test_the_runs_of_a_day_are_read_through_to_the_day_before(hub: Hub, repo: Repository) -> None:
    days = ["2026-11-19"] * 2 + ["2026-11-20"] * 40 + ["2026-11-21"]
    for number, day in enumerate(days, 1):
        body = record(number, base=repo.head()) | {"started": f"{day}T10:00:00+00:00"}
        records.write(hub, body, {})
    found = [records.begun_on(hub, f"2026-11-{day}") for day in (18, 19, 20, 21, 22)]
    assert [len(began) for began in found] == [0, 2, 40, 1, 0]


def test_what_a_record_names_is_kept_from_gc(hub: Hub, repo: Repository) -> None:
    tip = repo.branch("work", {"a": "1"})
    records.write(hub, record(1, base=repo.head(), tip=tip), {}, keeps=(tip,))
    repo.git("branch", "-qD", "work")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    assert repo.head(tip) == tip


def test_what_is_no_record_is_not_written(hub: Hub, repo: Repository) -> None:
    with pytest.raises(ValueError, match="outcome"):
        records.write(hub, record(1, base=repo.head()) | {"outcome": "splendid"}, {})
    assert records.every(hub) == ()


def test_writers_at_the_same_time_lose_nothing(hub: Hub, repo: Repository) -> None:
    base = repo.head()

    def write() -> str:
        import os

        body: dict[str, Any] = record(1, base=base) | {"notes": [str(os.getpid())]}
        return records.write(find(hub.top), body, {})

    written = set(race(write, 12))
    assert len(written) == 12
    assert set(repo.git("rev-list", "refs/loopwright/runs/1").splitlines()) == written


def test_a_clone_that_fetches_the_refs_has_the_records(hub: Hub, repo: Repository) -> None:
    body = record(1, base=repo.head())
    records.write(hub, body, {})
    there = repo.path.parent / "clone"
    repo.git("clone", "-q", str(repo.path), str(there))
    clone = find(there)
    assert records.every(clone) == ()
    Repository(there).git("fetch", "-q", "origin", "refs/loopwright/*:refs/loopwright/*")
    assert records.every(clone) == (body,)

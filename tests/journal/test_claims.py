"""Run numbers and claims: given once, whoever asks at the same time, and free again when their holder dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from loopwright.clocks import SystemClock
from loopwright.journal import claims
from loopwright.journal.hub import Hub, find
from loopwright.testing.crash import killed
from loopwright.testing.repository import Repository

FORK = multiprocessing.get_context("fork")
RACERS = 20


def race(work: Callable[[], Any], racers: int = RACERS) -> list[Any]:
    """What each of many processes came to that begin in the same moment."""
    gate, answers = FORK.Event(), FORK.SimpleQueue()

    def run() -> None:
        gate.wait()
        try:
            answers.put(work())
        finally:
            answers.put("ended")

    processes = [FORK.Process(target=run) for _ in range(racers)]
    for process in processes:
        process.start()
    gate.set()
    found = []
    while processes:
        if (answer := answers.get()) == "ended":
            processes.pop()
        else:
            found.append(answer)
    return found


def claimed(hub: Hub, plan: str) -> int | None:
    made = claims.make(hub, plan, b"# x\n", hub.tip("main") or "", SystemClock())
    return made[0].run if made else None


def test_twenty_racing_processes_get_twenty_numbers(hub: Hub) -> None:
    numbers = race(lambda: claims.allot(find(hub.top), hub.tip("main") or ""))
    assert sorted(numbers) == list(range(1, RACERS + 1))
    assert claims.highest(hub) == RACERS


def test_of_twenty_racing_processes_one_claims_a_plan(hub: Hub) -> None:
    won = [number for number in race(lambda: claimed(find(hub.top), "one plan")) if number is not None]
    assert len(won) == 1
    assert [(claim.plan, claim.run) for claim in claims.every(hub)] == [("one plan", won[0])]


def test_different_plans_are_claimed_side_by_side(hub: Hub) -> None:
    assert sorted(race(lambda: claimed(find(hub.top), f"plan-{os.getpid()}"), 8)) == list(range(1, 9))
    assert len(claims.every(hub)) == 8


def test_numbers_go_on_after_records_and_tags_that_came_from_elsewhere(hub: Hub, repo: Repository) -> None:
    repo.git("tag", "gen-7-failed")
    assert claims.allot(hub, repo.head()) == 8
    repo.git("update-ref", "refs/loopwright/runs/41", repo.head())
    repo.git("tag", "gen-x")
    repo.git("tag", "v99")
    assert claims.allot(hub, repo.head()) == 42


def test_the_base_of_a_run_outlives_its_branch(hub: Hub, repo: Repository) -> None:
    base = repo.branch("work", {"a": "1"})
    claims.allot(hub, base)
    repo.git("branch", "-qD", "work")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    assert repo.head(base) == base


def hold_until_killed(top: Path, number: int, ready: Connection) -> None:
    assert claims.hold(find(top), number) is not None
    ready.send("held")
    signal.pause()


def test_a_run_counts_as_alive_until_its_process_is_killed(hub: Hub) -> None:
    here, there = FORK.Pipe()
    holder = FORK.Process(target=hold_until_killed, args=(hub.top, 3, there))
    holder.start()
    assert here.recv() == "held"
    assert claims.is_alive(hub, 3)
    assert claims.hold(hub, 3) is None
    holder.kill()
    holder.join()
    assert not claims.is_alive(hub, 3)
    with claims.holding(hub, 3) as mine:
        assert mine
        assert claims.is_alive(hub, 3)
    assert not claims.is_alive(hub, 3)


def test_who_only_looks_keeps_nobody_from_working(hub: Hub) -> None:
    """`status` asks whether a run is alive while another process begins to work on it."""
    descriptor = hub.try_lock("runs/3/alive")
    assert descriptor is not None
    import threading

    threading.Timer(0.03, os.close, (descriptor,)).start()
    with claims.holding(hub, 3) as mine:
        assert mine


def test_a_run_that_never_was_is_not_alive(hub: Hub) -> None:
    assert not claims.is_alive(hub, 99)
    assert not (hub.home / "runs" / "99").exists()


@pytest.mark.parametrize("point", ["claim:numbered", "claim:claimed"])
def test_killed_while_claiming_the_plan_is_free_or_claimed_whole(hub: Hub, point: str) -> None:
    assert killed(lambda: claimed(hub, "plan"), point) == -signal.SIGKILL
    held = claims.read(hub, "plan")
    if point == "claim:numbered":
        assert held is None
        assert claimed(hub, "plan") == 2, "a number that was given is never given again"
    else:
        assert held is not None
        assert not claims.is_alive(hub, held.run)
        assert claimed(hub, "plan") is None, "the interrupted run is to be gone on with"


def test_a_claim_is_made_only_while_the_plan_is_still_to_be_run(hub: Hub) -> None:
    prepared: list[int] = []
    base = hub.tip("main") or ""
    assert claims.make(hub, "x", b"", base, SystemClock(), lambda: False, prepared.append) is None
    assert (prepared, claims.every(hub)) == ([], ())


def test_what_a_run_needs_is_there_before_anybody_sees_the_claim(hub: Hub) -> None:
    seen: list[object] = []
    base = hub.tip("main") or ""
    made = claims.make(hub, "x", b"", base, SystemClock(), prepare=lambda number: seen.append(claims.every(hub)))
    assert made is not None
    assert seen == [()]


def test_a_released_claim_stays_released(hub: Hub) -> None:
    assert claimed(hub, "x") == 1
    first = claims.read(hub, "x")
    assert first is not None
    claims.release(hub, first)
    claims.release(hub, first)
    assert claims.read(hub, "x") is None
    assert claimed(hub, "x") == 2
    claims.release(hub, first)
    assert claims.read(hub, "x") is not None, "a late release of an old claim frees nothing"


ODD = (
    "with space",
    "ünïcode",
    "計画" * 40,
    "a..b",
    "...",
    ".hidden",
    "-rf",
    "x.lock",
    "x.lock.lock",
    "ends.",
    "@{upstream}",
    "@",
    "50%",
    "a%2Eb",
    "tilde~caret^colon:",
    "star*question?[bracket",
    "back\\slash",
    "new\nline",
    os.fsdecode(b"not-utf8-\xff"),
)


@pytest.mark.parametrize("plan", ODD)
def test_odd_names_make_valid_refs_that_name_the_plan(hub: Hub, repo: Repository, plan: str) -> None:
    name = claims.ref_name(plan)
    assert "/" not in name
    assert unquote(name, errors="surrogateescape") == plan
    assert claimed(hub, plan) == 1
    assert claimed(hub, plan) is None
    found = claims.read(hub, plan)
    assert found is not None
    assert found.plan == plan
    assert repo.git("check-ref-format", found.ref) == ""
    claims.release(hub, found)
    assert claims.every(hub) == ()


def test_odd_names_never_share_a_ref() -> None:
    names = [*ODD, *(claims.ref_name(plan) for plan in ODD)]
    assert len({claims.ref_name(name) for name in names}) == len(set(names))

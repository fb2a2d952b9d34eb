"""Who lands next: by priority, nobody for ever last, and never held up by who died."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from loopwright.journal.hub import find
from loopwright.loops.promotion import queue
from loopwright.loops.promotion.queue import Turn, Waiting
from loopwright.testing.crash import killed
from loopwright.testing.frontdoor import until
from tests.promotion.conftest import Line

FORK = multiprocessing.get_context("fork")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def waiting(run: int, priority: str = "P2", minutes: float = 0) -> Waiting:
    since = (NOON + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    return Waiting(run, f"plan-{run}", "plan", "0" * 40, priority, since, os.getpid())


@contextmanager
def taken(line: Line) -> Iterator[None]:
    """While another process has the turn. This one holds nothing that a fork would inherit."""
    has, gives = FORK.Event(), FORK.Event()

    def holds() -> None:
        with find(line.repo.path).turn("queue"):
            has.set()
            gives.wait(60)

    process = FORK.Process(target=holds)
    process.start()
    assert has.wait(30)
    yield
    gives.set()
    process.join(30)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (waiting(2, "P1", 5), waiting(1, "P2", 0)),
        (waiting(2, "P2", 5), waiting(1, "P3", 0)),
        (waiting(2, "P2", 0), waiting(1, "P2", 1)),
        (waiting(1, "P2", 0), waiting(2, "P2", 0)),
        (waiting(2, "P1", 59), waiting(1, "P3", 0)),
        (waiting(2, "P3", 0), waiting(1, "P1", 61)),
    ],
)
def test_priority_then_time_then_number_and_half_an_hour_of_waiting_is_worth_a_priority(
    first: Waiting, second: Waiting
) -> None:
    assert first.place < second.place


def goes(line: Line, mine: Waiting, log: object) -> None:
    """A process that waits for its turn, and says so when it has it."""
    with queue.turn(find(line.repo.path), mine, lambda whom: None, lambda: None):
        log.put(mine.run)  # type: ignore[attr-defined]


def test_whoever_came_first_the_better_place_has_the_next_turn(line: Line) -> None:
    places = [waiting(1, "P3"), waiting(2, "P2", 9), waiting(3, "P2", 3), waiting(4, "P1", 5), waiting(5, "P3", 1)]
    log = FORK.SimpleQueue()
    processes = []
    with taken(line):
        for mine in places:  # one after the other, so that the last place is the first to wait for the turn itself
            processes.append(FORK.Process(target=goes, args=(line, mine, log)))
            processes[-1].start()
            until(lambda mine=mine: queue.is_waiting(line.hub, mine.run), what="it stands in the queue")
        assert [one.run for one in queue.line(line.hub)] == [4, 3, 2, 1, 5]
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0] * 5
    assert [log.get() for _ in places] == [4, 3, 2, 1, 5]
    assert queue.line(line.hub) == ()
    assert list((line.hub.home / "queue").iterdir()) == []


def test_one_that_is_killed_while_it_waits_or_has_its_turn_holds_nobody_up(line: Line) -> None:
    log = FORK.SimpleQueue()
    with taken(line):
        dies = FORK.Process(target=goes, args=(line, waiting(1, "P1"), log))
        dies.start()
        until(lambda: queue.is_waiting(line.hub, 1))
        lives = FORK.Process(target=goes, args=(line, waiting(2), log))
        lives.start()
        until(lambda: queue.is_waiting(line.hub, 2))
        os.kill(dies.pid or 0, signal.SIGKILL)
        dies.join()
        assert [one.run for one in queue.line(line.hub)] == [2]
    lives.join(30)
    assert (lives.exitcode, log.get()) == (0, 2)

    def dies_at_its_gates() -> None:
        with queue.turn(line.hub, waiting(3, "P1"), lambda whom: None, lambda: None):
            queue.say_turn(line.hub, Turn((3,), NOON.isoformat()))
            assert queue.now_at_gates(line.hub) == Turn((3,), NOON.isoformat())
            os.kill(os.getpid(), signal.SIGKILL)

    assert killed(dies_at_its_gates) == -signal.SIGKILL
    assert queue.now_at_gates(line.hub) is None
    goes(line, waiting(4, "P3"), log)
    assert log.get() == 4


def test_what_somebody_wrote_into_the_queue_s_folder_is_no_place_in_it(line: Line) -> None:
    folder = line.hub.home / "queue"
    folder.mkdir()
    for name, text in {"1.json": "{}", "2.json": "no json", "x.json": "{}", "turn": "[]"}.items():
        (folder / name).write_text(text)
    (folder / "3.json").mkdir()
    assert (queue.line(line.hub), queue.now_at_gates(line.hub), queue.apart(line.hub, 1)) == ((), None, "")

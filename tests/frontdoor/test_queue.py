"""The merge queue: who waits is seen, the next is the best, and who dies there holds nobody up."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from loopwright.testing.frontdoor import Started, until

from .conftest import CHECK, Scripted, Shop, judges, small_maker, small_plan


def waiting(shop: Shop) -> list[int]:
    return [row["run"] for row in landings(shop)]


def landings(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.door("status", "--json").json["landings"]
    return found


def landed(shop: Shop) -> list[int]:
    """The runs on the mainline, oldest first."""
    told = shop.git("log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly,separator=)", "main")
    return [int(run) for run in reversed(told.split())]


TAKES = "import fcntl, sys; lock = open(sys.argv[1], 'a'); fcntl.flock(lock, 2); print(flush=True); input()"


@contextmanager
def taken(shop: Shop) -> Iterator[None]:
    """While the turn is somebody else's: a process of its own, for what this one locks all that it forks would hold."""
    words = [sys.executable, "-c", TAKES, str(shop.path / ".git/loopwright/queue.lock")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def met(shop: Shop, priorities: dict[int, str]) -> None:
    """A run for each number, which waits for a person."""
    for number, priority in priorities.items():
        shop.door("run", shop.plan(f"p{number}", small_plan(number, merge="human", priority=priority)))


def queued(shop: Shop, numbers: Iterator[int] | list[int]) -> dict[int, Started]:
    """A person lands them, one after the other; each waits."""
    started = {}
    for number in numbers:
        started[number] = shop.door.start("land", str(number), "--json")
        until(lambda number=number: number in waiting(shop), what=f"{number} waits")
    return started


def test_who_holds_the_turn_and_was_stopped_is_named_with_the_way_out(scripted: Scripted) -> None:
    """To take its turn away can't be safe while it lives; but nobody waits for it without a word."""
    shop = scripted([small_maker(1), small_maker(2), *judges()])
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace(CHECK, "! test -e src/vat.py || sleep 1"))
    shop.commit("a slow check")
    met(shop, {1: "P1", 2: "P2"})
    shop.write("src/vat.py", "VAT = 20\n")
    shop.commit("meanwhile")
    first = shop.door.start("land", "1", "--json")
    until(lambda: any(row["at_gates_since"] for row in landings(shop)), what="its gates run")
    first.signal(signal.SIGSTOP)
    second = shop.door.start("land", "2", "--json", "--progress")
    until(lambda: "waits until another run has landed" in second.err, what="the other one waits")

    assert f"gen-1 of p1 (process {first.pid}, there since " in second.err
    assert [(row["run"], row["stopped"]) for row in landings(shop)] == [(1, True), (2, False)]
    assert f"`kill -CONT {first.pid}` lets it go on" in shop.door("status").out
    first.kill()

    assert second.wait().json["landed"]
    assert shop.door("land", "1", "--json").json["landed"]
    assert landed(shop) == [2, 1]


def test_who_waits_to_land_is_seen_and_lands_by_priority(scripted: Scripted) -> None:
    shop = scripted([*(small_maker(number) for number in range(1, 5)), *judges()])
    met(shop, {1: "P3", 2: "P2", 3: "P1", 4: "P2"})

    with taken(shop):
        started = queued(shop, [1, 2, 3, 4])
        line = shop.door("status", "--json").json
        text = shop.door("status").out
        started.pop(4).kill()
        after = waiting(shop)
    told = {number: one.wait() for number, one in started.items()}

    assert [(row["run"], row["plan"], row["priority"]) for row in line["landings"]] == [
        (3, "p3", "P1"),
        (2, "p2", "P2"),
        (4, "p4", "P2"),
        (1, "p1", "P3"),
    ]
    assert line["queue"] == ["p3", "p2", "p4", "p1"]
    assert all(row["since"] and row["at_gates_since"] is None for row in line["landings"])
    assert "to land, 1.: run 3 of p3, P1: waits since " in text
    assert after == [3, 2, 1]
    assert [one.json["landed"] for one in told.values()] == [True] * 3, told
    assert landed(shop) == [3, 2, 1]
    assert shop.door("land", "4", "--json").json["landed"]
    assert waiting(shop) == []
    assert shop.door("fsck", "--json").json["findings"] == []

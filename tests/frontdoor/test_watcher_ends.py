"""However a watcher or its runs end, nothing is left running, nothing is done twice, and all can be gone on with."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

import pytest

from loopwright.testing.frontdoor import at_work, until
from loopwright.testing.script import Call, Fault, Script, Session, Turn

from .conftest import KEY, Scripted, Shop, bash, judges, maker, small_maker, small_plan
from .watching import landings, left_over, over, runs, small_shop, status

# ---------------------------------------------------------------- ends


HANG = [Fault("hang", seconds=30)]


def hanging(scripted: Scripted) -> Shop:
    return small_shop(scripted, range(1, 3), HANG)


def asked(shop: Shop, number: int) -> bool:
    return len(shop.model.asked("maker")) >= number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_watcher_and_its_runs_which_can_be_gone_on_with(
    scripted: Scripted, number: signal.Signals
) -> None:
    shop = hanging(scripted)
    shop.plan("p1", small_plan(1))
    shop.plan("p2", small_plan(2))
    started = shop.door.start("watch")
    until(lambda: asked(shop, 2), what="both are at work")

    started.signal(number)
    if number == signal.SIGINT:  # the first one waits for the models' answers
        until(lambda: "Ctrl-C again stops now" in started.err, what="told what it waits for")
        started.signal(number)
    told = started.wait(20)

    assert told.code == 130
    assert "goes on from here" in told.err
    until(lambda: not left_over(shop), what="nothing is left running")
    assert (status(shop, "p1"), status(shop, "p2")) == ("running", "running")
    assert [run["alive"] for run in shop.door("status", "--json").json["runs"]] == [False, False]
    assert shop.door("resume", "1", "--json").json["landed"]
    assert shop.door("watch", "--once").code == 0
    assert sorted(landings(shop)) == ["p1", "p2"]
    assert runs(shop) == [2, 1]


def test_a_run_whose_process_dies_under_the_watcher_is_gone_on_with(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2), HANG)
    shop.plan("p1", small_plan(1))
    with at_work(shop.door, "watch") as started:
        until(lambda: asked(shop, 1), what="at work")
        (run,) = shop.door("status", "--json").json["runs"]
        os.kill(run["pid"], signal.SIGKILL)
        until(lambda: over(shop, "p1"), what="done")

    assert "the process died" in started.err
    assert runs(shop) == [1]


DYING = """
import os

class Dying:
    def work(self, brief, lab, session):
        os._exit(9)
"""


def test_a_plan_whose_processes_keep_dying_is_left_and_the_others_go_on(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = small_shop(scripted, range(1, 2))
    (tmp_path / "dying.py").write_text(DYING)
    monkeypatch.syspath_prepend(tmp_path)
    shop.write("agents/maker.md", "---\nname: maker\nbackend: dying:Dying\n---\nDie.\n")
    shop.plan("p1", small_plan(1))

    told = shop.door("watch", "--once", "--json")

    assert (told.code, told.json["runs"]) == (1, []), told.err
    assert [(row["plan"], row["exit"]) for row in told.json["refused"]] == [("p1", 1)]
    assert "the process died (exit 9)" in told.json["refused"][0]["problem"]
    assert told.err.count("its run is gone on with") == 2
    (shop.path / "agents/maker.md").unlink()
    assert shop.door("resume", "1", "--json").json["landed"]


def test_a_run_that_a_person_stopped_stays_stopped_under_the_watcher(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 3), [])
    shop.model.script = Script([small_maker(1, faults=HANG), small_maker(2), *judges()])
    shop.plan("p1", small_plan(1))
    with at_work(shop.door, "watch"):
        until(lambda: asked(shop, 1), what="at work")
        stopped = shop.door("stop", "1", "--json").json
        assert (stopped["outcome"], stopped["was_alive"]) == ("interrupted", True)
        until(lambda: not shop.door("status", "--json").json["runs"][0]["alive"], what="stopped")
        shop.plan("p2", small_plan(2))
        until(lambda: over(shop, "p2"), what="another is done")
        assert status(shop, "p1") == "running"
    assert shop.door("resume", "1", "--json").json["landed"]


def test_a_killed_watcher_leaves_its_runs_at_work_and_the_next_one_does_not_double_them(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2), [Fault("slow", seconds=1.5)])
    shop.plan("p1", small_plan(1))
    started = shop.door.start("watch")
    until(lambda: asked(shop, 1), what="at work")
    started.kill()

    with at_work(shop.door, "watch"):
        until(lambda: over(shop, "p1"), what="done")

    assert (runs(shop), landings(shop)) == ([1], ["p1"])


def test_a_single_watch_waits_for_what_a_killed_one_has_begun_and_tells_of_it(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 3), [Fault("slow", seconds=1.5)])
    shop.configure("max-parallel: 1")
    shop.plan("p1", small_plan(1))
    shop.plan("p2", small_plan(2, depends_on="[p1]"))
    started = shop.door.start("watch")
    until(lambda: asked(shop, 1), what="at work")
    started.kill()

    told = shop.door("watch", "--once", "--json")

    assert told.code == 0, told.err
    assert "gen-1 of p1 is at work in another process" in told.err
    assert sorted((run["run"], run["plan"], run["landed"]) for run in told.json["runs"]) == [
        (1, "p1", True),
        (2, "p2", True),
    ]
    assert (landings(shop), len(shop.model.asked("maker"))) == (["p1", "p2"], 4)
    until(lambda: not left_over(shop), what="nothing is left running")


def test_keys_are_in_no_process_that_a_lab_starts(scripted: Scripted) -> None:
    shop = scripted([])
    shop.model.script = Script([maker_that_looks(), *judges()])
    shop.plan("p1", small_plan(1))

    assert shop.door("watch", "--once").code == 0

    assert KEY not in shop.read("made/1.txt")
    assert "PATH=" in shop.read("made/1.txt")


def maker_that_looks() -> Session:
    return Session(role="maker", turns=[bash("mkdir -p made; env > made/1.txt"), small_maker(1).turns[-1]])


def test_an_interrupted_run_whose_plan_a_person_paused_is_left_alone(scripted: Scripted) -> None:
    shop = hanging(scripted)
    shop.plan("p1", small_plan(1))
    path = shop.path / "plans/p1.md"
    started = shop.door.start("run", "p1")
    until(lambda: asked(shop, 1), what="the maker was asked")
    told = shop.door("show", "1")
    assert (told.code, "`loopwright stop 1`" in told.err, "resume" in told.err) == (2, True, False)
    started.signal(signal.SIGTERM)
    started.wait(20)
    path.write_text(path.read_text().replace("status: running", "status: paused"))

    assert shop.door("watch", "--once").code == 0

    assert status(shop, "p1") == "paused"
    assert len(shop.model.asked("maker")) == 1


def test_what_a_run_left_that_somebody_killed_is_ended_by_its_supervisor(scripted: Scripted) -> None:
    """In a lab without walls, and although it wiped its environment and lost its parents."""
    nap = f"{300_000 + os.getpid()}.5"
    leaves = f"(env -i setsid sh -c 'exec sleep {nap}' >/dev/null 2>&1 &)"
    slow = Turn(Call("write_file", path="made/1.txt", content="1\n"), faults=[Fault("slow", seconds=6.0)])
    shop = scripted([maker(bash(leaves), slow, when="# Write file 1."), *judges()])
    shop.plan("small", small_plan(1))
    with at_work(shop.door, "watch") as started:
        (daemon,) = until(lambda: naps(nap), what="the daemon is at work")
        os.kill(json.loads(shop.git("cat-file", "blob", "refs/loopwright/claims/small"))["pid"], signal.SIGKILL)
        until(lambda: "the process died" in started.err, what="its end was seen")

        until(lambda: daemon not in naps(nap), seconds=10, what="the daemon has ended")

        until(lambda: over(shop, "small"), 60, "it was gone on with")
    assert naps(nap) == []


def naps(words: str) -> list[int]:
    """The processes that sleep for just so long."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            if (entry / "cmdline").read_bytes() == f"sleep\0{words}\0".encode():
                found.append(int(entry.name))
    return found

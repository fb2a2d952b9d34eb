"""Many processes at once: each plan is claimed once, each run lands once, and history stays sound."""

from __future__ import annotations

import fcntl
import signal
from collections import Counter

from loopwright.testing.frontdoor import until
from loopwright.testing.script import Fault, Session, Turn

from .conftest import CHECK, GOOD, PLAN, Scripted, good_maker, judges, small_maker, small_plan

RACERS = 20


def test_twenty_processes_that_run_one_plan_claim_it_once(scripted: Scripted) -> None:
    slow = [Fault("slow", seconds=0.3)]
    good = good_maker()
    first, *rest = good.turns
    late = Session(role="maker", turns=[Turn(*first.parts, faults=slow), *rest])
    shop = scripted([late, *judges()])
    shop.plan("fix")

    started = [shop.door.start("run", "fix", "--json") for _ in range(RACERS)]
    told = [one.wait() for one in started]

    codes = Counter(one.code for one in told)
    assert set(codes) <= {0, 2}, [one.err for one in told if one.code not in (0, 2)]
    done = [one.json for one in told if one.code == 0]
    assert done
    assert all(result == done[0] for result in done)
    assert (done[0]["run"], done[0]["landed"]) == (1, True)
    refused = [one for one in told if one.code == 2]
    assert all("is being run by" in one.err or "has the status `running`" in one.err for one in refused), [
        one.err for one in refused
    ]
    assert (
        shop.git("for-each-ref", "--format=%(refname)", "refs/loopwright/generations")
        == "refs/loopwright/generations/1"
    )
    assert shop.git("for-each-ref", "refs/loopwright/claims") == ""
    assert shop.git("log", "--format=%(trailers:key=Loopwright-Run,valueonly,separator=)", "main").split() == ["1"]
    assert len(shop.model.asked("maker")) == 2
    assert shop.read("src/pricing.py") == GOOD
    assert shop.door("fsck", "--json").json["findings"] == []


def test_eight_plans_run_by_eight_processes_all_land_once(scripted: Scripted) -> None:
    numbers = range(1, 9)
    shop = scripted([*(small_maker(number) for number in numbers), *judges()])
    for number in numbers:
        shop.plan(f"p{number}", small_plan(number))

    started = {number: shop.door.start("run", f"p{number}", "--json") for number in numbers}
    told = {number: one.wait() for number, one in started.items()}

    assert {number: one.code for number, one in told.items()} == dict.fromkeys(numbers, 0), [
        one.err for one in told.values()
    ]
    results = [one.json for one in told.values()]
    assert [result["landed"] for result in results] == [True] * 8
    assert sorted(result["run"] for result in results) == list(numbers)
    landed = shop.git("log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly,separator=)", "main")
    assert sorted(landed.split()) == [str(number) for number in numbers]
    assert sorted(path.name for path in (shop.path / "made").iterdir()) == [f"{number}.txt" for number in numbers]
    assert shop.git("status", "--porcelain") == ""
    assert {row["status"] for row in shop.door("status", "--json").json["plans"]} == {"done"}
    checked = shop.door("fsck", "--json").json
    assert (checked["landings"], checked["findings"]) == (8, [])
    shop.git("fsck", "--strict")


def test_two_watches_at_once_do_all_the_work_once(scripted: Scripted) -> None:
    shop = scripted([*(small_maker(number) for number in range(1, 4)), *judges()])
    for number in range(1, 4):
        shop.plan(f"p{number}", small_plan(number))

    told = [one.wait() for one in [shop.door.start("watch", "--once", "--json") for _ in range(2)]]

    assert sorted(one.code for one in told)[0] == 0
    assert [row["run"] for row in shop.door("runs", "--json").json["runs"]] == [3, 2, 1]
    assert {row["landed"] for row in shop.door("runs", "--json").json["runs"]} == {True}


def test_a_person_and_the_watcher_may_land_the_same_run(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("merge: auto", "merge: human"))
    shop.door("run", "fix")

    told = [one.wait() for one in [shop.door.start("land", "1", "--json") for _ in range(6)]]

    assert {one.code for one in told} <= {0, 2}
    assert {one.json["commit"] for one in told if one.code == 0} == {shop.git("rev-parse", "gen-1")}
    assert all("worked on by another process" in one.err for one in told if one.code == 2)
    assert shop.git("log", "--format=%(trailers:key=Loopwright-Run,valueonly,separator=)", "main").split() == ["1"]


def test_runs_that_land_at_once_verify_their_merge_once_each_at_the_most(scripted: Scripted) -> None:
    numbers = range(1, 5)
    shop = scripted([*(small_maker(number) for number in numbers), *judges()])
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace(f'checks: ["{CHECK}"]', 'checks: ["sleep 0.5"]'))
    shop.commit("a slow check")
    for number in numbers:
        shop.door("run", shop.plan(f"p{number}", small_plan(number, merge="human")))
    shop.write("src/vat.py", "VAT = 20\n")
    shop.commit("meanwhile")

    told = [one.wait() for one in [shop.door.start("land", str(number)) for number in numbers]]

    assert [one.code for one in told] == [0] * 4
    assert sum("waits until another run has landed" in one.err for one in told) >= 1
    kinds = [fact["what"] for number in numbers for fact in shop.door("show", str(number), "--json").json["timeline"]]
    again = [kind for kind in kinds if kind.startswith(("gates (landing", "gates (batch"))]
    assert 4 + 1 <= len(again) <= 2 * 4, "each by itself; then once more at the most, alone or together"


def test_who_waits_for_a_landing_can_be_stopped_and_lands_later(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.door("run", shop.plan("fix", PLAN.replace("merge: auto", "merge: human")))
    with (shop.path / ".git/loopwright/queue.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waits = shop.door.start("land", "1")
        until(lambda: "waits until another run has landed" in waits.err, what="its waiting")
        waits.signal(signal.SIGINT)
        assert waits.wait().code == 130

    assert shop.door("land", "1", "--json").json["landed"]

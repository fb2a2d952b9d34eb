"""`loopwright watch`: files dropped into plans/ are worked off in their order, each once, whatever happens."""

from __future__ import annotations

import json
import signal
from datetime import datetime
from pathlib import Path

import pytest

from loopwright.testing.frontdoor import at_work, until

from .conftest import GOOD, PLAN, PRICING, Scripted, Shop, good_maker, judges, small_plan
from .watching import SLOW, landings, over, runs, small_shop, status, watched

# ---------------------------------------------------------------- --once


def test_what_is_ready_is_worked_off_by_priority_and_then_by_name(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 4))
    shop.configure("max-parallel: 1")
    shop.plan("a-late", small_plan(1, priority="P3"))
    shop.plan("z-first", small_plan(2, priority="P1"))
    shop.plan("b-middle", small_plan(3))

    told = shop.door("watch", "--once", "--json")

    assert told.code == 0, told.err
    assert landings(shop) == ["z-first", "b-middle", "a-late"]
    assert sorted((run["plan"], run["landed"]) for run in told.json["runs"]) == [
        ("a-late", True),
        ("b-middle", True),
        ("z-first", True),
    ]
    assert told.json["refused"] == []
    assert sorted(path.name for path in (shop.path / "made").iterdir()) == ["1.txt", "2.txt", "3.txt"]


def test_a_plan_waits_for_what_it_depends_on_and_then_runs(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 4))
    shop.plan("first", small_plan(1, priority="P1", depends_on="[second]"))
    shop.plan("second", small_plan(2, priority="P3", depends_on="[third]"))
    shop.plan("third", small_plan(3, priority="P3"))
    shop.plan("never", small_plan(3, depends_on="[ghost]"))

    assert shop.door("watch", "--once").code == 0

    assert landings(shop) == ["third", "second", "first"]
    assert status(shop, "never") == "ready"


def test_plans_that_wait_for_one_another_are_told_and_hold_up_no_other(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 4))
    shop.plan("chicken", small_plan(1, depends_on="[egg]"))
    shop.plan("egg", small_plan(2, depends_on="[chicken]"))
    shop.plan("free", small_plan(3))

    told = shop.door("watch", "--once")

    assert told.code == 0, told.err
    assert landings(shop) == ["free"]
    assert told.err.count("the plans wait for one another: chicken -> egg -> chicken") == 1
    assert "plans/chicken.md:3: the plans wait" in shop.door("status").out
    assert shop.door("run", "egg").code == 2


def test_a_single_watch_with_nothing_to_do_says_so(shop: Shop) -> None:
    shop.plan("later", small_plan(1, status="draft"))

    told = shop.door("watch", "--once")

    assert (told.code, told.out) == (0, "")
    assert told.err == "nothing was ready; `loopwright status` says what each plan waits for\n"


def test_several_run_at_once_up_to_the_limit(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 6), SLOW)
    shop.configure("max-parallel: 3")
    for number in range(1, 6):
        shop.plan(f"p{number}", small_plan(number))

    assert shop.door("watch", "--once").code == 0

    assert sorted(landings(shop)) == ["p1", "p2", "p3", "p4", "p5"]
    assert most_at_once(shop) == 3
    assert shop.door("fsck", "--json").json["findings"] == []


def most_at_once(shop: Shop) -> int:
    """How many runs there were between claim and end at the most."""
    changes = []
    for journal in (shop.path / ".git/loopwright/runs").glob("*/journal.jsonl"):
        facts = [json.loads(line) for line in journal.read_text().splitlines()]
        changes += [(datetime.fromisoformat(facts[0]["at"]), 1), (datetime.fromisoformat(facts[-1]["at"]), -1)]
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most


def test_what_a_person_has_to_land_waits_for_the_person(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2))
    shop.plan("mine", small_plan(1, merge="human"))

    assert shop.door("watch", "--once").code == 0
    assert shop.door("watch", "--once").code == 0

    assert (status(shop, "mine"), landings(shop), runs(shop)) == ("review", [], [1])
    assert shop.door("land", "1").code == 0
    assert (status(shop, "mine"), landings(shop)) == ("done", ["mine"])


def test_a_broken_plan_is_told_once_and_stops_no_other(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 3))
    shop.plan("broken", "# No goal\n")
    shop.plan("p1", small_plan(1))
    shop.plan("p2", small_plan(2, depends_on="[p1]"))

    told = shop.door("watch", "--once")

    assert landings(shop) == ["p1", "p2"]
    assert told.err.count("plans/broken.md:1: there is no goal") == 1


def test_without_a_key_everything_is_refused_with_its_reason_and_exit_4(shop: Shop) -> None:
    shop.plan("p1", small_plan(1))
    shop.plan("p2", small_plan(2))

    told = shop.door("watch", "--once", "--json")

    assert (told.code, told.json["runs"]) == (4, [])
    assert {row["plan"]: "there is no key" in row["problem"] for row in told.json["refused"]} == {
        "p1": True,
        "p2": True,
    }
    assert (status(shop, "p1"), status(shop, "p2")) == ("ready", "ready")


def test_a_model_that_stays_away_ends_a_single_watch_with_exit_4(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2))
    shop.plan("p1", small_plan(1))

    told = shop.door("watch", "--once", "--json", env={"ANTHROPIC_API_KEY": "sk-ant-wrong-98765"})

    assert (told.code, [run["outcome"] for run in told.json["runs"]]) == (4, ["paused"])
    assert shop.door("watch", "--once").code == 0
    assert (landings(shop), runs(shop)) == (["p1"], [1])


def test_a_run_that_was_killed_is_gone_on_with(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    assert shop.door("run", "fix", crash="chunk:committed").code == -signal.SIGKILL
    asked = len(shop.model.asked("maker"))

    told = shop.door("watch", "--once", "--json")

    assert [(run["run"], run["landed"]) for run in told.json["runs"]] == [(1, True)]
    assert shop.read("src/pricing.py") == GOOD
    assert len(shop.model.asked("maker")) == asked


def test_a_rollback_that_was_killed_is_gone_on_with(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.door("run", "fix")
    assert shop.door("rollback", "1", crash="verify:gated").code == -signal.SIGKILL

    told = shop.door("watch", "--once", "--json")

    assert [(run["run"], run["kind"], run["landed"]) for run in told.json["runs"]] == [(2, "rollback", True)]
    assert shop.read("src/pricing.py") == PRICING.lstrip()


# ---------------------------------------------------------------- dropping files


def test_a_plan_dropped_by_rename_is_run(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    (shop.path / "plans").mkdir()

    with at_work(shop.door, "watch") as started:
        watched(shop, started)
        shop.write("plans/.fix.md.tmp", PLAN)
        (shop.path / "plans/.fix.md.tmp").rename(shop.path / "plans/fix.md")
        until(lambda: over(shop, "fix"), what="done")

    assert shop.read("src/pricing.py") == GOOD
    assert runs(shop) == [1]


def test_a_half_written_plan_is_neither_run_nor_complained_about(scripted: Scripted) -> None:
    """The first piece reads as nothing, the second one as a whole plan; the plan is what the writer ends with."""
    shop = small_shop(scripted, range(1, 4))
    pieces = (small_plan(1)[:20], small_plan(1)[20:], "- file `made/more.txt` exists\n")
    (shop.path / "plans").mkdir()

    with at_work(shop.door, "watch") as started:
        watched(shop, started)
        with (shop.path / "plans/slow.md").open("w", buffering=1) as file:
            for piece, other in zip(pieces, ("p2", "p3", None), strict=True):
                file.write(piece)
                file.flush()
                if other:  # when this one is done, the folder was looked at several times
                    shop.plan(other, small_plan(int(other[1:])))
                    until(lambda plan=other: over(shop, plan), what="another is done")
                    assert "slow" not in shop.claims
        until(lambda: over(shop, "slow", "failed"), what="run as a whole")

    assert shop.git("show", "refs/loopwright/runs/3:plan.md").endswith("- file `made/more.txt` exists")
    assert "slow.md:" not in started.err


def test_a_burst_of_plans_is_run_each_once(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 7))
    shop.configure("max-parallel: 4")
    (shop.path / "plans").mkdir()
    with at_work(shop.door, "watch") as started:
        watched(shop, started)
        for number in range(1, 7):
            shop.plan(f"p{number}", small_plan(number))
        until(lambda: all(over(shop, f"p{n}") for n in range(1, 7)), 60, "all done")

    assert sorted(landings(shop)) == [f"p{n}" for n in range(1, 7)]
    assert sorted(runs(shop)) == [1, 2, 3, 4, 5, 6]


def test_plans_that_are_there_at_the_start_are_run(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")

    with at_work(shop.door, "watch"):
        until(lambda: over(shop, "fix"), what="done")


def test_the_watchers_own_writes_start_nothing(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 3))
    shop.plan("p1", small_plan(1))
    with at_work(shop.door, "watch") as started:
        until(lambda: over(shop, "p1"), what="the first is done")
        shop.plan("p2", small_plan(2))  # by the time that this one is done, the first one's writes have been seen
        until(lambda: over(shop, "p2"), what="the second is done")

    assert runs(shop) == [2, 1]
    assert started.err.count("mend") == 0


@pytest.mark.parametrize("how", ["made", "moved here", "made anew"])
def test_a_folder_for_plans_may_come_later(scripted: Scripted, tmp_path: Path, how: str) -> None:
    shop = scripted([good_maker(), *judges()])
    folder = shop.path / "plans"
    if how == "made anew":
        folder.mkdir()
    with at_work(shop.door, "watch") as started:
        watched(shop, started)
        if how == "moved here":
            (tmp_path / "ready").mkdir()
            (tmp_path / "ready/fix.md").write_text(PLAN.lstrip())
            (tmp_path / "ready").rename(folder)
        else:
            if how == "made anew":
                folder.rmdir()
            folder.mkdir()
            shop.plan("fix")
        until(lambda: shop.claims or over(shop, "fix"), 14, "begun before the next look without an event")
        until(lambda: over(shop, "fix"), what="done")


def test_a_broken_plan_is_told_once_and_runs_when_it_is_mended(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 3))
    shop.plan("broken", small_plan(1).replace("## Goal", "## Aims"))
    with at_work(shop.door, "watch") as started:
        until(lambda: "plans/broken.md" in started.err, what="told")
        shop.plan("p2", small_plan(2))
        until(lambda: over(shop, "p2"), what="another is done")
        assert started.err.count("there is no goal") == 1
        shop.plan("broken", small_plan(1))
        until(lambda: over(shop, "broken"), what="mended and done")


def test_a_refused_plan_is_tried_again_when_what_it_lacked_is_there(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", PLAN.replace("### 1. Divide by a hundred\n", "### 1. Divide by a hundred\nSkill: dividing\n"))
    with at_work(shop.door, "watch") as started:
        until(lambda: "no skill 'dividing'" in started.err, what="refused")
        shop.write("skills/dividing/SKILL.md", "---\nname: dividing\ndescription: How to divide.\n---\nDivide.\n")
        until(lambda: over(shop, "fix"), what="done")

    assert started.err.count("no skill 'dividing'") == 1


def test_a_broken_configuration_is_told_and_waited_out(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    good = shop.read("agents/LOOPS.md")
    with at_work(shop.door, "watch") as started:
        watched(shop, started)
        shop.write("agents/LOOPS.md", good.replace("merge: human", "merge: perhaps"))
        until(lambda: "agents/LOOPS.md:3: merge" in started.err, what="told")
        shop.plan("fix")
        shop.write("agents/LOOPS.md", good)
        until(lambda: over(shop, "fix"), what="done")


def test_with_another_branch_checked_out_meanwhile_its_plans_are_none_of_the_mainlines(
    scripted: Scripted, tmp_path: Path
) -> None:
    shop = small_shop(scripted, range(1, 3))
    with at_work(shop.door, "watch") as started:
        watched(shop, started)
        shop.git("switch", "-qc", "feature")
        shop.git("worktree", "add", "-q", str(tmp_path / "main"), "main")
        main = Shop(tmp_path / "main", shop.door)
        main.plan("p2", small_plan(2))
        main.commit("a plan on the mainline")
        shop.plan("p1", small_plan(1))
        until(lambda: over(main, "p2"), what="the mainline's plan is done")

    assert [row["plan"] for row in shop.door("runs", "--json").json["runs"]] == ["p2"]
    assert status(shop, "p1") == "ready"

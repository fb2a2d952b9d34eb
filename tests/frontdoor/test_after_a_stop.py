"""A run that stands still can be looked at and ended, a paused plan is left alone, and a log tells the story."""

from __future__ import annotations

from .conftest import GOOD, PRICING, Scripted, Shop, good_maker, judges, maker, write
from .test_running_plans import HUMAN

NOWHERE = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "LOOPWRIGHT_RETRY_SECONDS": "1"}


def paused(scripted: Scripted) -> Shop:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    assert shop.door("run", "fix", "--json", env=NOWHERE).json["outcome"] == "paused"
    return shop


def test_a_paused_run_can_be_shown_and_is_listed(scripted: Scripted) -> None:
    shop = paused(scripted)

    shown = shop.door("show", "1", "--json")

    assert (shown.code, shown.json["outcome"]) == (0, "paused")
    assert [row["run"] for row in shop.door("runs", "--json").json["runs"]] == [1]


def test_a_paused_run_can_be_rejected_and_frees_its_plan(scripted: Scripted) -> None:
    shop = paused(scripted)

    told = shop.door("reject", "1", "--json")

    assert (told.code, told.json["status"]) == (0, "rejected")
    assert "status: rejected" in shop.read("plans/fix.md")
    assert not shop.claims
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("status: rejected", "status: ready"))
    assert shop.door("run", "fix", "--json").json["outcome"] == "met"


def test_pausing_again_and_again_leaves_one_note_at_a_time(scripted: Scripted) -> None:
    shop = paused(scripted)

    again = shop.door("resume", "1", "--json", env=NOWHERE).json

    assert len([note for note in again["notes"] if note.startswith("paused")]) == 1
    up = shop.door("resume", "1", "--json").json
    assert [note for note in up["notes"] if note.startswith("paused")] == []


def test_a_plan_that_a_person_paused_is_not_gone_on_with(scripted: Scripted) -> None:
    shop = paused(scripted)
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("status: running", "status: paused"))

    told = shop.door("run", "fix")

    assert told.code == 2
    assert "paused" in told.err
    assert "status: paused" in shop.read("plans/fix.md")


def test_a_plan_whose_work_was_taken_back_is_not_done(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN.replace("merge: human", "merge: auto"))
    shop.door("run", "fix")
    shop.plan("next", HUMAN.replace("merge: human", "merge: human\ndepends-on: [fix]"))

    assert shop.door("rollback", "1").code == 0

    assert "status: rejected" in shop.read("plans/fix.md")
    assert "waits for fix" in shop.door("run", "next").err


def test_a_failed_run_says_which_command_said_no(scripted: Scripted) -> None:
    shop = scripted([maker(write("src/pricing.py", PRICING + "\nNO = 1\n")), *judges()])
    shop.plan("fix", HUMAN)

    told = shop.door("run", "fix")

    assert "said no: `python3 -c" in told.out


def test_a_held_landing_says_what_to_do(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    shop.door("run", "fix")
    shop.write("src/pricing.py", GOOD + "# mine\n")

    assert "commit, stash or undo your edits there" in shop.door("land", "1").out


def test_a_watchers_log_has_each_runs_begin_and_end(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)

    log = shop.door("watch", "--once").err

    assert "gen-1: run 1 of fix: A discount is a percentage" in log
    assert "gen-1: Met its goal and waits for a person" in log
    assert "write_file" not in log

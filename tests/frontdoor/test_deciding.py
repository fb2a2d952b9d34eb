"""A person decides about a run that was cut off, moved, merged by hand or decided before; twice is as once."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from .conftest import GOOD, PLAN, PRICING, Scripted, Shop, bash, good_maker, judges, maker

HUMAN = PLAN.replace("merge: auto", "merge: human")
# What `land N` passes after the mainline has moved, until the run is written down as landed.
AFTER = ["land:moved", "follow:files", "follow:index", "close:tagged", "close:recorded"]


Waiting = Callable[[str], Shop]


@pytest.fixture
def waiting_for(scripted: Scripted) -> Waiting:
    """Run 1 of a plan has met its goal and waits for a person."""

    def wait(plan: str) -> Shop:
        shop = scripted([good_maker(), *judges()])
        shop.plan("fix", plan)
        assert shop.door("run", "fix", "--json").json["status"] == "review"
        return shop

    return wait


@pytest.fixture
def waiting(waiting_for: Waiting) -> Shop:
    return waiting_for(HUMAN)


def written_down(shop: Shop) -> None:
    assert "status: done" in shop.read("plans/fix.md")
    assert shop.record(1)["landed"]
    assert "Landed on the mainline" in shop.page(1)
    assert shop.git("tag") == "gen-1"
    assert shop.git("for-each-ref", "refs/heads/loop") == ""
    assert shop.git("status", "--porcelain") == ""
    assert shop.door("fsck", "--json").json["findings"] == []


@pytest.mark.parametrize("point", AFTER)
def test_a_landing_by_a_person_that_was_killed_is_written_down_by_the_next_one(waiting: Shop, point: str) -> None:
    assert waiting.door("land", "1", crash=point).code == -9

    told = waiting.door("land", "1", "--json")

    assert (told.code, told.json["landed"], told.json["status"]) == (0, True, "done")
    written_down(waiting)


def test_a_killed_landing_can_be_taken_back_at_once(waiting: Shop) -> None:
    assert waiting.door("land", "1", crash="land:moved").code == -9

    told = waiting.door("rollback", "1", "--json")

    assert told.json["landed"], told.err
    assert waiting.read("src/pricing.py") == PRICING.lstrip()
    assert waiting.record(1)["landed"]
    assert "status: rejected" in waiting.read("plans/fix.md")


def test_a_killed_landing_is_no_more_to_be_rejected_and_is_written_down_all_the_same(waiting: Shop) -> None:
    assert waiting.door("land", "1", crash="land:moved").code == -9

    told = waiting.door("reject", "1")

    assert (told.code, "has landed" in told.err) == (2, True)
    written_down(waiting)


def test_a_run_that_was_killed_after_it_landed_can_be_taken_back_at_once(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    assert shop.door("run", "fix", crash="land:moved:2").code == -9

    told = shop.door("rollback", "1", "--json")
    assert told.json["landed"], told.err

    assert shop.record(1)["landed"]
    assert shop.read("src/pricing.py") == PRICING.lstrip()


def test_work_that_was_merged_by_hand_and_taken_back_does_not_land_again(waiting: Shop) -> None:
    waiting.git("merge", "-q", "--no-ff", "--no-edit", "loop/fix")
    waiting.git("revert", "-m", "1", "--no-edit", "HEAD")

    told = waiting.door("land", "1", "--json")

    assert (told.code, told.json["landed"]) == (1, False)  # the goal says no, on the merge as it would be
    assert waiting.read("src/pricing.py") == PRICING.lstrip()


def test_work_that_was_taken_back_and_that_no_gate_misses_does_not_land_either(waiting_for: Waiting) -> None:
    shop = waiting_for(HUMAN[: HUMAN.index("## Goal")] + "## Goal\n- file `src/pricing.py` exists\n- It works.\n")
    shop.git("merge", "-q", "--no-ff", "--no-edit", "loop/fix")
    shop.git("revert", "-m", "1", "--no-edit", "HEAD")

    told = shop.door("land", "1", "--json")

    assert (told.code, told.json["stop"]["reason"]) == (3, "conflict")
    assert "took it back: src/pricing.py" in told.json["stop"]["detail"]


def test_work_that_was_merged_by_hand_counts_as_landed(waiting: Shop) -> None:
    waiting.git("merge", "-q", "--no-ff", "--no-edit", "loop/fix")

    assert waiting.door("land", "1", "--json").json["landed"]

    assert waiting.read("src/pricing.py") == GOOD
    written_down(waiting)


def test_a_mainline_that_was_replaced_stops_the_run_in_words(waiting: Shop) -> None:
    waiting.git("checkout", "-q", "--orphan", "fresh")
    waiting.git("commit", "-qm", "a new history")
    waiting.git("branch", "-M", "fresh", "main")

    told = waiting.door("land", "1", "--json")

    assert (told.code, told.json["stop"]["reason"]) == (3, "conflict")
    assert "no commit in common" in told.json["stop"]["detail"]


def test_a_branch_that_moved_after_it_was_verified_is_not_landed(waiting: Shop) -> None:
    waiting.git("switch", "-q", "loop/fix")
    waiting.write("src/more.py", "MORE = 1\n")
    mine = waiting.commit("mine")
    waiting.git("switch", "-q", "main")
    before = waiting.git("rev-parse", "main")

    told = waiting.door("land", "1")

    assert told.code == 2
    assert mine[:10] in told.err
    assert waiting.git("rev-parse", "main", "loop/fix").split() == [before, mine]
    waiting.git("branch", "-f", "loop/fix", waiting.record(1)["tip"])
    assert waiting.door("land", "1", "--json").json["landed"]


@pytest.mark.parametrize(("name", "more"), [("plan.json", " {}"), ("plan.md", "\n## Scope\n- `**`\n")])
def test_a_plan_that_was_added_to_since_is_not_what_a_person_lands(waiting: Shop, name: str, more: str) -> None:
    home = waiting.path / ".git/loopwright/runs/1"
    with (home / name).open("a") as file:
        file.write(more)

    told = waiting.door("land", "1", "--json")

    assert (told.code, told.json["landed"]) == (0, True), told.err
    assert (home / f"{name}.forged").read_text().endswith(more)
    assert not (home / name).read_text().endswith(more)
    assert waiting.git("show", f"refs/loopwright/runs/1:{name}") == (home / name).read_text().rstrip("\n")


def test_transcripts_that_are_gone_are_put_back_and_nothing_is_paid_a_second_time(waiting: Shop) -> None:
    before = waiting.record(1)
    home = waiting.path / ".git/loopwright/runs/1/transcripts"
    names = sorted(path.name for path in home.iterdir())
    shutil.rmtree(home)

    assert waiting.door("reject", "1").code == 0

    assert (waiting.record(1)["usd"], waiting.record(1).get("charged")) == (before["usd"], None)
    kept = waiting.git("ls-tree", "--name-only", "refs/loopwright/runs/1", "transcripts/").splitlines()
    assert [name.removeprefix("transcripts/") for name in kept] == names


def test_a_person_who_looks_at_the_runs_branch_stays_on_it_when_it_lands(waiting: Shop) -> None:
    waiting.git("switch", "-q", "loop/fix")
    before = waiting.git("rev-parse", "HEAD")

    assert waiting.door("land", "1", "--json").json["landed"]

    assert waiting.git("symbolic-ref", "HEAD") == "refs/heads/loop/fix"
    assert waiting.git("rev-parse", "HEAD") == before
    assert waiting.git("status", "--porcelain") == ""


def test_a_plan_whose_branch_is_checked_out_does_not_start(waiting: Shop) -> None:
    waiting.door("reject", "1")
    waiting.write("plans/fix.md", HUMAN)
    waiting.commit("again")
    waiting.git("switch", "-qc", "loop/fix")

    told = waiting.door("run", "fix")

    assert told.code == 2
    assert "loop/fix is checked out" in told.err
    assert waiting.claims == []


def test_a_held_rollback_is_tried_again_and_is_no_second_one(waiting: Shop) -> None:
    waiting.door("land", "1")
    waiting.write("src/pricing.py", GOOD + "# mine\n")
    assert waiting.door("rollback", "1", "--json").json["held"]
    waiting.git("checkout", "-q", "src/pricing.py")

    told = waiting.door("rollback", "1", "--json")

    assert (told.json["run"], told.json["landed"]) == (2, True)
    assert waiting.read("src/pricing.py") == PRICING.lstrip()


def test_what_a_reset_took_off_the_mainline_cannot_be_taken_back(waiting: Shop) -> None:
    before = waiting.git("rev-parse", "main")
    waiting.door("land", "1")
    waiting.git("reset", "-q", "--hard", before)

    told = waiting.door("rollback", "1")

    assert (told.code, "doesn't hold any more" in told.err) == (2, True)
    assert waiting.git("rev-parse", "main") == before


def test_a_decision_that_was_made_before_is_told_as_such_and_changes_nothing(waiting: Shop) -> None:
    waiting.door("land", "1")
    before = waiting.git("for-each-ref")

    again = waiting.door("land", "1", "--json")

    assert (again.code, again.json["notes"][-1]) == (0, "run 1 has landed already")
    assert waiting.git("for-each-ref") == before
    waiting.door("rollback", "1")
    before = waiting.git("for-each-ref")
    assert "run 2 has landed already" in waiting.door("rollback", "1").out
    assert waiting.git("for-each-ref") == before


def test_a_second_rejection_is_told_as_such(waiting: Shop) -> None:
    waiting.door("reject", "1")
    before = waiting.git("for-each-ref")

    told = waiting.door("rollback", "1")

    assert (told.code, "run 1 was rejected already" in told.out) == (0, True)
    assert waiting.git("for-each-ref") == before


def test_taking_back_what_failed_is_a_rejection_and_done(scripted: Scripted) -> None:
    shop = scripted([maker(bash("true")), *judges()])
    shop.plan("fix", PLAN)
    assert shop.door("run", "fix").code == 3

    told = shop.door("rollback", "1", "--json")

    assert (told.code, told.json["run"], told.json["status"]) == (0, 1, "rejected")
    assert "status: rejected" in shop.read("plans/fix.md")

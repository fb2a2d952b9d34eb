"""The main job: drop a plan into plans/, and verified work lands on main."""

from __future__ import annotations

from loopwright.testing.script import Session

from .conftest import GOOD, PRICING, Scripted, bash, good_maker, judges, maker, verdict, write
from .incidents import mended


def test_a_plan_becomes_a_landed_commit_with_its_page_and_record(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert told.code == 0, told.err
    result = told.json
    assert (result["outcome"], result["landed"], result["held"]) == ("met", True, None)
    assert shop.read("src/pricing.py") == GOOD
    assert shop.git("rev-parse", "gen-1") == result["commit"]
    assert shop.git("log", "-1", "--format=%s", result["commit"]) == "land fix: A discount is a percentage (gen-1)"
    assert "status: done" in shop.read("plans/fix.md")
    assert "Landed on the mainline" in shop.page(1)
    assert "landed | A discount is a percentage (gen-1)" in shop.read("wiki/log.md")
    assert shop.git("status", "--porcelain") == ""
    assert shop.git("show", "refs/loopwright/runs/1:plan.md").startswith("---\nstatus: ready")


def test_a_maker_that_gets_it_wrong_is_told_which_test_failed_and_gets_it_right(scripted: Scripted) -> None:
    wrong = PRICING.replace("return sum(prices)", "return 0")
    shop = scripted(
        [
            maker(write("src/pricing.py", wrong), unless="refused attempt 1"),
            maker(write("src/pricing.py", GOOD), when="refused attempt 1"),
            *judges(),
        ]
    )
    shop.plan("fix")

    result = shop.door("run", "fix", "--json").json

    assert result["landed"]
    assert result["chunks"] == [{"number": 1, "title": "Divide by a hundred", "attempts": 2, "passed": True}]
    second = [asked for asked in shop.endpoint.asked("maker") if "refused attempt 1" in str(asked.body)]  # type: ignore[union-attr]
    assert "test_total_adds_up" in str(second[0].body)
    assert "tests/test_pricing.py:14" in str(second[0].body)


def test_a_checkers_reason_reaches_the_maker(scripted: Scripted) -> None:
    clumsy = GOOD.replace("price * percent / 100", "percent * price / 100")
    _, goal, reviewer = judges()
    shop = scripted(
        [
            maker(write("src/pricing.py", clumsy), unless="say price first"),
            maker(write("src/pricing.py", GOOD), when="say price first"),
            Session(role="checker", when="percent * price / 100", turns=[verdict("reject", "say price first")]),
            Session(role="checker", unless="percent * price / 100", turns=[verdict("approve")]),
            goal,
            reviewer,
        ]
    )
    shop.plan("fix")

    result = shop.door("run", "fix", "--json").json

    assert result["landed"]
    assert result["chunks"][0]["attempts"] == 2
    assert shop.read("src/pricing.py") == GOOD


def test_what_landed_is_the_very_tree_that_was_verified(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")

    result = shop.door("run", "fix", "--json").json

    assert shop.git("rev-parse", f"{result['commit']}^{{tree}}") == shop.git(
        "rev-parse", f"{result['verified']}^{{tree}}"
    )
    assert {gate["commit"] for gate in result["checks"]} == {result["verified"]}
    assert shop.door("fsck", "--json").json["findings"] == []


def test_a_run_in_review_waits_for_a_person_and_then_lands(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("merge: auto", "merge: human"))
    before = shop.read("src/pricing.py")

    waiting = shop.door("run", "fix", "--json")
    assert (waiting.code, waiting.json["landed"], waiting.json["status"]) == (0, False, "review")
    assert shop.read("src/pricing.py") == before
    assert shop.git("diff", "--name-only", f"HEAD...{waiting.json['branch']}") == "src/pricing.py"
    asked = len(shop.endpoint.requests)  # type: ignore[union-attr]

    landed = shop.door("land", "1", "--json")
    assert (landed.code, landed.json["landed"], landed.json["status"]) == (0, True, "done")
    assert shop.read("src/pricing.py") == GOOD
    assert len(shop.endpoint.requests) == asked  # type: ignore[union-attr]
    assert shop.door("land", "1", "--json").json["commit"] == landed.json["commit"]


def test_a_rejected_run_leaves_a_tag_and_no_branch(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("merge: auto", "merge: human"))
    branch = shop.door("run", "fix", "--json").json["branch"]

    told = shop.door("reject", "1", "--json")

    assert (told.code, told.json["status"]) == (0, "rejected")
    assert "status: rejected" in shop.read("plans/fix.md")
    assert shop.git("branch", "--list", branch) == ""
    assert "price * percent / 100" in shop.git("show", "gen-1-failed:src/pricing.py")
    assert shop.door("land", "1").code == 2


def test_what_landed_is_taken_back_through_the_same_gates(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.door("run", "fix")

    told = shop.door("rollback", "1", "--json")

    assert told.code == 0, told.err
    assert (told.json["kind"], told.json["landed"]) == ("rollback", True)
    assert shop.read("src/pricing.py") == PRICING.lstrip("\n")
    assert [gate["passed"] for gate in told.json["checks"]] == [True]
    again = shop.door("rollback", "1", "--json")
    assert (again.code, again.json["commit"]) == (0, told.json["commit"])
    assert shop.door("fsck", "--json").json["findings"] == []


def test_a_finished_run_is_told_again_and_costs_nothing(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    first = shop.door("run", "fix", "--json").json
    asked = len(shop.endpoint.requests)  # type: ignore[union-attr]

    again = shop.door("run", "fix", "--json")

    assert (again.code, again.json) == (0, first)
    assert shop.door("resume", "1", "--json").json == first
    assert len(shop.endpoint.requests) == asked  # type: ignore[union-attr]


def test_a_goal_that_is_not_met_fails_the_plan(scripted: Scripted) -> None:
    shop = scripted([maker(write("src/pricing.py", PRICING + "\nBETTER = 1\n")), *judges()])
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["outcome"], told.json["status"]) == (1, "not-met", "failed")
    assert "BETTER" in shop.git("show", "gen-1-failed:src/pricing.py")
    assert "status: failed" in shop.read("plans/fix.md")
    assert "BETTER" not in shop.read("src/pricing.py")


def test_a_reviewer_that_says_no_keeps_it_off_main(scripted: Scripted) -> None:
    checker, goal, _ = judges()
    no = Session(role="reviewer", turns=[verdict("reject", "the name is wrong")])
    shop = scripted([good_maker(), checker, goal, no])
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["outcome"]) == (1, "not-met")
    assert "the name is wrong" in shop.page(1)


def test_a_plan_that_is_ready_again_keeps_the_chunks_that_passed(scripted: Scripted) -> None:
    two = """
    ---
    merge: auto
    ---
    # Two steps
    ## Chunks
    ### 1. Write one
    one
    ### 2. Write two
    two
    ## Goal
    - file `two.txt` exists
    """
    shop = scripted(
        [
            maker(write("one.txt", "1\n"), when="Write one"),
            maker(bash("true"), when="Write two", unless="In the run before"),
            maker(write("two.txt", "2\n"), when="In the run before"),
            *judges(),
        ]
    )
    shop.plan("two", two)
    first = shop.door("run", "two", "--json")
    assert (first.code, first.json["outcome"], first.json["stop"]["reason"]) == (3, "stopped", "attempts")
    mended(shop, 1)  # which sets it ready

    second = shop.door("run", "two", "--json").json

    assert (second["run"], second["landed"]) == (2, True)
    assert [chunk["attempts"] for chunk in second["chunks"]] == [0, 1]
    assert (shop.read("one.txt"), shop.read("two.txt")) == ("1\n", "2\n")

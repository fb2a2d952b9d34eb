"""A plan that fails stands still until a person has mended what let it fail; all others go on."""

from __future__ import annotations

from loopwright.testing.script import Session

from .conftest import GOOD, KEY, PLAN, Scripted, good_maker, judges, maker, small_maker, small_plan, verdict, write
from .incidents import COUNTER, TEST, WORSE, filled_in, hopeless, incidents, page_of, stopped_shop

# ---------------------------------------------------------------- it opens


def test_a_chunk_out_of_attempts_stops_its_plan_and_a_page_says_why(scripted: Scripted) -> None:
    shop = stopped_shop(scripted, attempts=2)

    (row,) = incidents(shop)
    assert (row["run"], row["plan"], row["status"], row["scope"]) == (1, "fix", "open", "plan")
    assert (row["kind"], row["category"], row["level"]) == ("attempts", "test-failure", 2)
    assert row["confidence"] > 0.7
    page = shop.read(row["page"])
    assert "AssertionError: 7 != 6" in page
    assert shop.git("show", f"main:{row['page']}") == page.rstrip("\n")
    assert shop.record(1)["incident"] == row["page"]
    assert [entry["verb"] for entry in shop.door("log", "--json").json["log"]] == ["andon", "stopped"]


def test_status_shows_what_stands_still_first(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)

    told = shop.door("status")

    assert told.code == 0  # the line itself runs
    assert told.out.startswith("fix IS STOPPED (attempts, gen-1)")
    assert "loopwright andon resolve 1" in told.out.splitlines()[1]
    assert [row["run"] for row in shop.door("status", "--json").json["incidents"]] == [1]


def test_an_attempt_that_the_next_one_mends_is_no_incident(scripted: Scripted) -> None:
    shop = scripted([maker(write("src/pricing.py", WORSE), unless="refused attempt"), good_maker(), *judges()])
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert told.code == 0, told.err
    assert told.json["chunks"][0]["attempts"] == 2
    assert told.json["incident"] is None
    assert incidents(shop) == []


def test_a_goal_that_is_not_met_fails_the_plan_and_stops_nothing(scripted: Scripted) -> None:
    no = Session(role="reviewer", turns=[verdict("reject", "not like this")], repeat=True)
    shop = scripted([good_maker(), *judges()[:2], no])
    shop.plan("fix")

    assert shop.door("run", "fix").code == 1
    assert incidents(shop) == []


# ---------------------------------------------------------------- what stands still, and what doesn't


def test_a_stopped_plan_does_not_start_again_also_when_a_person_sets_it_ready(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("status: stopped", "status: ready"))

    told = shop.door("run", "fix")

    assert told.code == 3
    assert "the line of fix is stopped (attempts, gen-1)" in told.err
    assert "loopwright andon resolve 1" in told.err
    assert shop.door("runs", "--json").json["runs"][0]["run"] == 1
    assert shop.door("status", "--json").json["queue"] == []


def test_two_plans_in_trouble_do_not_stop_a_third(scripted: Scripted) -> None:
    shop = scripted([small_maker(3), hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("one")
    shop.plan("two", PLAN.replace("# A discount is", "# Another discount is"))
    shop.plan("three", small_plan(3, priority="P3"))

    told = shop.door("watch", "--once", "--json")

    assert told.code == 3, told.err
    assert {run["plan"]: run["outcome"] for run in told.json["runs"]} == {
        "one": "stopped",
        "two": "stopped",
        "three": "met",
    }
    assert shop.read("made/3.txt") == "3\n"
    assert sorted(row["plan"] for row in incidents(shop)) == ["one", "two"]
    assert shop.door("status", "--json").json["line"] == "running"


def test_the_whole_line_stops_when_a_person_pulls_the_cord(scripted: Scripted) -> None:
    shop = scripted([small_maker(1), *judges()])
    shop.plan("small", small_plan(1))

    pulled = shop.door("andon", "pull", "the prices on the site are wrong")

    assert pulled.code == 0, pulled.err
    status = shop.door("status", "--json")
    assert status.code == 3
    assert status.json["line"] == "stopped"
    assert shop.door("status").out.startswith("THE LINE IS STOPPED (pull, gen-1): the prices on the site are wrong")
    assert shop.door("run", "small").code == 3
    watched = shop.door("watch", "--once", "--json")
    assert watched.code == 3
    assert watched.json["runs"] == []
    assert [told["plan"] for told in watched.json["refused"]] == ["small"]
    assert shop.read("plans/small.md").startswith("---\nmerge: auto")  # nobody touched it


def test_nothing_lands_while_the_line_is_stopped(scripted: Scripted) -> None:
    shop = scripted([small_maker(1), *judges()])
    shop.plan("small", small_plan(1, merge="human"))
    assert shop.door("run", "small").code == 0
    shop.door("andon", "pull", "wait")
    before = shop.git("rev-parse", "main")

    told = shop.door("land", "1")

    assert told.code == 3
    assert "the line is stopped (pull, gen-2)" in told.err
    assert shop.git("rev-parse", "main") == before


# ---------------------------------------------------------------- closing is earned


def test_an_incident_is_closed_by_a_cause_a_check_and_a_failing_command_that_passes(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    shop.write("tests/test_total.py", TEST)
    shop.commit("a test of the empty total")
    page = page_of(shop)
    (shop.path / page).write_text(filled_in(shop.read(page)))

    told = shop.door("andon", "resolve", "1", "--json")

    assert told.code == 0, (told.out, told.err)
    assert told.json["resolved"] is True
    assert told.json["standards"] == ["S-1"]
    assert "status: resolved" in shop.git("show", f"main:{page}")
    assert "by Ada" in shop.read(page)
    assert COUNTER in shop.git("show", "main:agents/STANDARDS.md")
    assert "status: ready" in shop.read("plans/fix.md")
    assert shop.git("for-each-ref", "refs/loopwright/andon") == ""
    assert shop.git("status", "--porcelain") == ""
    assert shop.door("andon", "resolve", "1").code == 0  # twice is as once


def test_an_empty_page_is_refused_with_all_that_is_missing_and_nothing_changes(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    before = shop.git("rev-parse", "main")

    told = shop.door("andon", "resolve", "1", "--json")

    assert told.code == 1
    missing = "\n".join(told.json["missing"])
    assert "root cause" in missing
    assert "category" in missing
    assert "countermeasure" in missing
    assert "90.0" in missing  # the plan's goal doesn't hold either
    assert shop.git("rev-parse", "main") == before
    assert [row["status"] for row in incidents(shop)] == ["open"]


def test_a_check_that_would_not_have_noticed_is_no_countermeasure(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    shop.write("tests/test_total.py", TEST)
    shop.commit("a test of the empty total")
    page = page_of(shop)
    (shop.path / page).write_text(filled_in(shop.read(page), check="test -f tests/test_total.py"))

    told = shop.door("andon", "resolve", "1")

    assert told.code == 1
    assert "has to fail on what failed" in told.out


def test_the_person_is_told_in_the_page_what_is_missing_and_the_watcher_takes_their_word(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    page = page_of(shop)
    (shop.path / page).write_text(shop.read(page).replace("status: open", "status: resolved"))

    assert shop.door("watch", "--once").code == 0

    text = shop.read(page)
    assert "status: open" in text
    assert "## Still missing" in text
    assert [row["status"] for row in incidents(shop)] == ["open"]
    shop.write("tests/test_total.py", TEST)
    shop.commit("a test of the empty total")
    (shop.path / page).write_text(filled_in(shop.read(page)).replace("status: open", "status: resolved"))

    told = shop.door("watch", "--once")  # the plan is ready again, so that it runs, and stops again

    assert [row["status"] for row in incidents(shop)][:1] == ["resolved"], told.err
    assert shop.record(2)["continues"] == 1
    assert KEY not in shop.git("log", "-p", "--all")


def test_a_branch_that_mends_it_is_checked_there_and_landed(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    shop.git("switch", "-qc", "mend")
    shop.write("tests/test_total.py", TEST)
    shop.write("src/pricing.py", GOOD)
    shop.commit("discounts in percent, and a test of the empty total")
    shop.git("switch", "-q", "main")
    page = page_of(shop)
    (shop.path / page).write_text(filled_in(shop.read(page), goal_later=""))

    told = shop.door("andon", "resolve", "1", "--branch", "mend", "--json")

    assert told.code == 0, (told.out, told.err)
    assert shop.git("log", "-1", "--format=%s", told.json["landed"]).startswith("resolve andon-gen-1-1")
    assert "/ 100" in shop.git("show", "main:src/pricing.py")
    assert shop.door("fsck").code == 0
    assert [row["status"] for row in incidents(shop)] == ["resolved"]

"""What stops the whole line by itself, what a level asks of a person, and that no edit makes less of an incident."""

from __future__ import annotations

import re

import pytest

from loopwright.testing.frontdoor import until
from loopwright.testing.script import Fault, Session

from .conftest import (
    GOOD,
    PLAN,
    PRICING,
    Scripted,
    Shop,
    good_maker,
    judges,
    maker,
    small_maker,
    small_plan,
    verdict,
    write,
)
from .incidents import COUNTER, TEST, filled_in, hopeless, incidents, mended, page_of, stopped_shop

AT_ONCE = {"LOOPWRIGHT_RETRY_SECONDS": "0"}
AWAY = [Fault("overloaded")]  # once: who asks again gets an answer


def open_kinds(shop: Shop) -> list[str]:
    return [row["kind"] for row in incidents(shop) if row["status"] == "open"]


# ---------------------------------------------------------------- the model can't be reached


def unreachable(scripted: Scripted) -> Shop:
    """A shop whose plan `small` is paused: its model was away."""
    shop = scripted([small_maker(1, faults=AWAY), small_maker(2), *judges()])
    shop.plan("small", small_plan(1))
    told = shop.door("run", "small", "--json", env=AT_ONCE)
    assert told.code == 4, told.err
    assert told.json["outcome"] == "paused"
    assert told.json["incident"] == page_of(shop)
    return shop


def test_a_model_that_is_away_stops_the_whole_line_and_starts_no_other_plan(scripted: Scripted) -> None:
    shop = unreachable(scripted)

    (row,) = incidents(shop)
    assert (row["kind"], row["scope"], row["category"], row["status"]) == ("unreachable", "line", "network", "open")
    status = shop.door("status")
    assert status.code == 3
    assert status.out.startswith("THE LINE IS STOPPED (unreachable, gen-1)")
    shop.plan("other", small_plan(2))
    assert shop.door("run", "other").code == 3


def test_it_closes_itself_when_the_model_answers(scripted: Scripted) -> None:
    shop = unreachable(scripted)

    told = shop.door("resume", "1", "--json")

    assert told.code == 0, told.err
    assert told.json["landed"]
    (row,) = incidents(shop)
    assert row["status"] == "resolved"
    assert re.search(r"^resolved: .*the model answered gen-1", shop.read(row["page"]), re.MULTILINE)
    assert shop.door("status").code == 0


def test_nobody_needs_to_fill_in_its_page_and_nobody_can_close_it_by_hand(scripted: Scripted) -> None:
    shop = unreachable(scripted)

    told = shop.door("andon", "resolve", "1")

    assert told.code == 2
    assert "it closes by itself" in told.err
    assert open_kinds(shop) == ["unreachable"]


def test_rejecting_its_run_lets_the_line_go_on(scripted: Scripted) -> None:
    shop = unreachable(scripted)

    assert shop.door("reject", "1").code == 0

    assert open_kinds(shop) == []
    shop.plan("other", small_plan(2))
    assert shop.door("run", "other").code == 0


# ---------------------------------------------------------------- the harness


def test_the_same_failure_in_a_third_plan_suspects_the_harness_and_stops_the_line(scripted: Scripted) -> None:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 2}}", "breakers: {consecutive-failures: 9}")
    for name in ("one", "two"):
        shop.plan(name, PLAN.replace("# A discount", f"# Discount {name}"))
        assert shop.door("run", name).code == 3
    assert open_kinds(shop) == ["attempts", "attempts"]  # four attempts, two plans
    assert shop.door("status", "--json").json["line"] == "running"

    shop.plan("three")
    assert shop.door("run", "three").code == 3

    *_, third = incidents(shop)
    assert (third["kind"], third["scope"], third["level"]) == ("harness", "line", 3)
    assert "the same failure as in one, two, so the harness is suspected and not the maker" in third["summary"]
    assert shop.door("status").code == 3


def test_the_same_failure_of_a_third_maker_suspects_the_harness_and_of_the_same_one_does_not(
    scripted: Scripted,
) -> None:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}", "breakers: {consecutive-failures: 9}")
    shop.plan("fix")
    for number, model in enumerate(("claude-sonnet-5", "claude-opus-5", "claude-opus-5", "claude-haiku-4-5"), 1):
        shop.write(
            "agents/maker.md", f"---\nname: maker\ndescription: makes\nmodel: {model}\n---\nMake it, {number}.\n"
        )
        shop.commit(f"a maker, {number}")
        assert shop.door("run", "fix").code == 3
        if number < 4:
            assert open_kinds(shop) == ["attempts"]
            mended(shop, number)

    *_, last = incidents(shop)
    assert (last["kind"], last["scope"]) == ("harness", "line")
    assert "so the harness is suspected and not the maker" in last["summary"]


def test_a_counter_that_trips_in_three_plans_suspects_no_harness(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.configure("breakers: {consecutive-failures: 9}")
    for name in ("one", "two", "three"):
        tight = PLAN.replace("merge: auto", "merge: auto\nbudget: {tokens: 100}")
        shop.plan(name, tight.replace("# A discount", f"# Discount {name}"))
        assert shop.door("run", name).code == 3

    assert open_kinds(shop) == ["budget"] * 3
    assert shop.door("status", "--json").json["line"] == "running"


# ---------------------------------------------------------------- what no commit of a maker shows


def broken_ground(scripted: Scripted) -> Shop:
    """A shop in which no lab can be set up."""
    shop = scripted([small_maker(1), *judges()])
    shop.configure('setup: ["sh set-up.sh"]')
    shop.plan("small", small_plan(1))
    assert shop.door("run", "small").code == 3
    return shop


def fill_in(shop: Shop, *, check: str, location: str) -> None:
    text = filled_in(shop.read(page_of(shop)), check=check)
    shop.write(page_of(shop), text.replace("`tests/test_total.py`", f"`{location}`"))


def test_a_set_up_that_fails_stops_the_line_until_it_works_and_a_check_holds_it(scripted: Scripted) -> None:
    shop = broken_ground(scripted)
    (row,) = incidents(shop)
    assert (row["kind"], row["scope"], row["level"]) == ("lab", "line", 3)

    fill_in(shop, check="test -f src/pricing.py", location="src/pricing.py")
    still = shop.door("andon", "resolve", "1", "--json")
    assert still.code == 1
    assert [each for each in still.json["missing"] if each.startswith("a lab to run commands in")]

    shop.write("set-up.sh", "true\n")
    shop.commit("a set-up")
    idle = shop.door("andon", "resolve", "1", "--json")
    assert idle.code == 1
    assert any("has to fail on what failed" in each for each in idle.json["missing"])

    fill_in(shop, check="sh set-up.sh", location="set-up.sh")
    closed = shop.door("andon", "resolve", "1", "--json")
    assert closed.code == 0, closed.out
    assert closed.json["standards"] == ["S-1"]
    assert shop.door("run", "small", "--json").json["landed"]


def test_a_pulled_cord_is_let_go_by_a_check_that_fails_on_what_the_person_saw(scripted: Scripted) -> None:
    shop = scripted([small_maker(1), *judges()])
    shop.write("src/pricing.py", PRICING.replace("sum(prices)", "sum(prices) + 1"))
    shop.write("tests/test_pricing.py", "")
    shop.commit("the prices on the site are wrong")
    assert shop.door("andon", "pull", "the prices on the site are wrong").code == 0
    (row,) = incidents(shop)
    assert row["confidence"] is None
    shop.write("tests/test_total.py", TEST)
    shop.commit("a test of the empty total")
    shop.write(page_of(shop), filled_in(shop.read(page_of(shop)), goal_later=""))
    assert shop.door("andon", "resolve", "1").code == 1  # the check fails still

    shop.write("src/pricing.py", PRICING)
    shop.commit("the sum")
    told = shop.door("andon", "resolve", "1", "--json")

    assert told.code == 0, told.out
    assert shop.door("status").code == 0


def test_of_two_pulled_cords_each_can_be_mended_on_a_branch(scripted: Scripted) -> None:
    shop = scripted([*judges()])
    shop.write("src/pricing.py", PRICING.replace("sum(prices)", "sum(prices) + 1"))
    shop.write("tests/test_pricing.py", "")
    shop.commit("the prices on the site are wrong")
    for words in ("the prices are wrong", "really wrong"):
        assert shop.door("andon", "pull", words).code == 0
    shop.git("switch", "-qc", "mend")
    shop.write("src/pricing.py", PRICING)
    shop.write("tests/test_total.py", TEST)
    shop.commit("the sum, and its test")
    shop.git("switch", "-q", "main")
    for number in (1, 2):
        place = shop.path / page_of(shop, number)
        place.write_text(filled_in(place.read_text(), goal_later=""))

    first = shop.door("andon", "resolve", "1", "--branch", "mend", "--json")
    assert first.code == 0, first.out + first.err
    assert first.json["landed"]
    assert shop.door("status").code == 3  # the other one
    assert shop.door("andon", "resolve", "2").code == 0
    assert shop.door("status").code == 0


# ---------------------------------------------------------------- action levels


def test_the_repository_sets_a_level_of_its_own(scripted: Scripted) -> None:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}", "levels: {attempts: 4}")
    shop.plan("fix")
    assert shop.door("run", "fix").code == 3

    (row,) = incidents(shop)
    assert row["level"] == 4
    earned(shop)
    asks(shop)
    assert "an edit is not enough at level 4" in shop.door("watch", "--once").err
    assert "an edit is not enough at level 4" in shop.read(row["page"])
    assert open_kinds(shop) == ["attempts"]

    assert shop.door("andon", "resolve", "1").code == 0


def earned(shop: Shop) -> None:
    """Everything that closing asks for, but for the person's word."""
    shop.write("tests/test_total.py", TEST)
    shop.commit("a test of the empty total")
    shop.write(page_of(shop), filled_in(shop.read(page_of(shop)), check=COUNTER))


def asks(shop: Shop) -> None:
    shop.write(page_of(shop), shop.read(page_of(shop)).replace("status: open", "status: resolved"))


EDITS = {
    "its level": ("level: 2", "level: 1"),
    "its kind": ('kind: "attempts"', 'kind: "budget"'),
    "its scope": ("scope: plan", "scope: line"),
    "what failed": ("failing-command: ", "failing-command: true #"),
    "its run": ("run: 1", "run: 7"),
    "its plan": ('plan: "fix"', 'plan: "other"'),
}


@pytest.mark.parametrize("case", EDITS)
@pytest.mark.parametrize("committed", [False, True])
def test_an_edit_of_the_page_makes_an_incident_no_other_one(scripted: Scripted, case: str, committed: bool) -> None:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")
    assert shop.door("run", "fix").code == 3
    before = incidents(shop)
    text = shop.read(page_of(shop))
    old, new = EDITS[case]
    assert old in text
    shop.write(page_of(shop), text.replace(old, new, 1))
    if committed:
        shop.commit("made less of it")

    assert incidents(shop) == before
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("status: stopped", "status: ready"))
    told = shop.door("run", "fix")
    assert told.code == 3
    assert "the line of fix is stopped (attempts, gen-1)" in told.err
    refused = shop.door("andon", "resolve", "1", "--json")
    assert refused.code == 1
    assert any("must pass" in missing for missing in refused.json["missing"]) or "root cause" in refused.out


def test_a_clone_without_the_refs_has_the_incident_as_it_came_to_the_mainline(
    scripted: Scripted, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stopped_shop(scripted)
    shop.write(page_of(shop), shop.read(page_of(shop)).replace("level: 2", "level: 1"))
    shop.commit("made less of it")
    place = tmp_path_factory.mktemp("clone") / "shop"
    shop.git("clone", "-q", str(shop.path), str(place))

    (row,) = shop.door("-C", str(place), "andon", "list", "--json").json["incidents"]

    assert (row["status"], row["level"]) == ("open", 2)


# ---------------------------------------------------------------- a person's word is the last


@pytest.mark.parametrize("status", ["rejected", "paused", "draft"])
def test_resolving_leaves_a_plan_as_a_person_has_set_it(scripted: Scripted, status: str) -> None:
    shop = stopped_shop(scripted)
    earned(shop)
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("status: stopped", f"status: {status}"))

    told = shop.door("andon", "resolve", "1", "--json")

    assert told.code == 0, told.out
    assert told.json["ready"] is None
    assert f"status: {status}" in shop.read("plans/fix.md")


def test_what_a_person_writes_while_the_checks_run_is_not_lost(scripted: Scripted, shop: Shop) -> None:
    stopped_shop(scripted)
    earned(shop)
    page, runs, written = shop.path / page_of(shop), shop.path.parent / "runs", shop.path.parent / "written"
    waits = f"touch {runs}; for i in $(seq 300); do test -e {written} && break; sleep 0.1; done"
    shop.write("tests/test_total.py", TEST + f"\nimport os\nos.system({waits!r})\n")
    shop.commit("a test that takes its time")

    resolving = shop.door.start("andon", "resolve", "1", "--json")
    until(runs.exists)
    page.write_text(page.read_text() + "\nLAST WORDS\n")
    written.touch()
    told = resolving.wait()

    assert told.code == 1
    assert any("it was changed meanwhile" in each for each in told.json["missing"]), told.out
    assert "LAST WORDS" in shop.read(page_of(shop))
    assert "status: open" in shop.read(page_of(shop))


def test_a_check_of_several_lines_is_told_as_missing(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    earned(shop)
    check = f"- Check:\n\n  ```sh\n  cd .\n  {COUNTER}\n  ```"
    shop.write(page_of(shop), shop.read(page_of(shop)).replace(f"- Check: `{COUNTER}`", check))

    told = shop.door("andon", "resolve", "1", "--json")

    assert told.code == 1
    assert any("`- Check:` in one line" in each for each in told.json["missing"])


def test_another_plan_runs_whatever_is_wrong_with_this_one_s_page(scripted: Scripted) -> None:
    shop = scripted([small_maker(2), hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")
    assert shop.door("run", "fix").code == 3
    asks(shop)  # with nothing filled in
    shop.plan("other", small_plan(2))

    told = shop.door("run", "other", "--json")

    assert told.code == 0, told.err
    assert told.json["landed"]
    assert "status: resolved" in shop.read(page_of(shop))  # nobody took that word yet
    assert open_kinds(shop) == ["attempts"]


def test_a_decision_that_is_none_is_told_and_taken_out_again(scripted: Scripted) -> None:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}", "breakers: {consecutive-failures: 1}")
    shop.plan("fix")
    assert shop.door("run", "fix").code == 3
    (page,) = shop.path.glob("wiki/90_LOG/*-meta-gen-1.md")
    page.write_text(page.read_text().replace("decision:", "decision: yes, please"))

    shop.door("watch", "--once")

    text = page.read_text()
    assert "not `yes, please`" in text
    assert re.search(r"^decision:[ \"]*$", text, re.MULTILINE), text
    assert "meta" in open_kinds(shop)


def test_a_set_up_that_failed_once_is_no_second_place_of_its_plan(scripted: Scripted) -> None:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}", 'setup: ["test -f set-up.sh"]')
    shop.plan("fix")
    assert shop.door("run", "fix").code == 3
    shop.write("set-up.sh", "true\n")
    shop.commit("a set-up")
    fill_in(shop, check="test -f set-up.sh", location="set-up.sh")
    assert shop.door("andon", "resolve", "1").code == 0

    assert shop.door("run", "fix").code == 3

    assert open_kinds(shop) == ["attempts"]


# ---------------------------------------------------------------- the sweep


def test_nothing_is_closed_before_anybody_looked_where_else_it_might_be(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    earned(shop)
    head, title, _ = shop.read(page_of(shop)).partition("## Horizontal sweep\n")
    shop.write(page_of(shop), f"{head}{title}\nNothing was looked for: the search took too long.\n")

    told = shop.door("andon", "resolve", "1", "--json")

    assert told.code == 1
    assert [missing for missing in told.json["missing"] if missing.startswith("the sweep: ")] == told.json["missing"]

    shop.write(page_of(shop), f"{head}{title}\n- `src/pricing.py`: looked at, and fine.\n")
    assert shop.door("andon", "resolve", "1").code == 0


# ---------------------------------------------------------------- what is expected is no incident


def test_a_red_step_and_a_tool_s_exit_code_are_no_incident(scripted: Scripted) -> None:
    red = write("tests/test_ten.py", TEST.replace("total([]), 0", "total([10]), 10"))
    tried = maker(red, write("src/pricing.py", "def broken(:\n"), write("src/pricing.py", GOOD))
    shop = scripted([tried, *judges()])
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert told.code == 0, told.out
    assert incidents(shop) == []


def test_a_checker_that_says_no_once_and_is_heard_is_no_incident(scripted: Scripted) -> None:
    no = Session(role="checker", turns=[verdict("reject", "say what percent is")], unless="PERCENT")
    said = maker(write("src/pricing.py", GOOD.replace("percent", "PERCENT")), when="say what percent is")
    shop = scripted([said, good_maker(), no, *judges()])
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert told.code == 0, told.err
    assert told.json["chunks"][0]["attempts"] == 2
    assert incidents(shop) == []


# ---------------------------------------------------------------- a plan that holds a key


def test_a_plan_that_holds_a_key_is_not_begun(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    key = "sk-ant-" + "api03-Zq7Lm2Xv9Rk4Tn8Bw3Yc6Hd1Jf5Gs0Pa"
    shop.plan("fix", PLAN.replace("# A discount", f"# A discount with {key}"))

    told = shop.door("run", "fix")

    assert told.code == 2
    line = next(n for n, text in enumerate(shop.read("plans/fix.md").splitlines(), 1) if key in text)
    assert f"plans/fix.md:{line}: the plan holds a secret (anthropic key)" in told.err
    assert key not in told.err
    assert shop.git("for-each-ref", "refs/loopwright") == ""

"""After failure upon failure everything stops: another plan is drafted, and a person decides in the page."""

from __future__ import annotations

from pathlib import Path

from loopwright.testing.script import Call, Session, Turn

from .conftest import GOOD, PLAN, Scripted, Shop, judges, maker, small_maker, small_plan, write
from .incidents import WAYS, failing_plan, hopeless, hopeless_makers, incidents, mended

DRAFT = """\
---
status: ready
---
# Ask what a discount is first

## Context
Three runs broke the total.

## Risks
- Nobody may know: ask the shop.

## Goal
- file `docs/discount.md` exists
"""


def planner() -> Session:
    return Session(role="planner", turns=[Turn(Call("submit_plan", name="ask-first", markdown=DRAFT))], repeat=True)


def failed(scripted: Scripted, runs: int, *more: Session) -> Shop:
    """A shop in which so many plans have failed in a row, each for itself."""
    shop = scripted([*more, *hopeless_makers(), planner(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    for number in range(1, runs + 1):
        assert shop.door("run", failing_plan(shop, number)).code == 3
    return shop


def meta_page(shop: Shop) -> Path:
    (found,) = shop.path.glob("wiki/90_LOG/*-meta-gen-*.md")
    return found


def open_kinds(shop: Shop) -> list[str]:
    return [row["kind"] for row in incidents(shop) if row["status"] == "open"]


def test_two_failed_runs_in_a_row_stop_nothing_else_and_the_third_stops_everything(scripted: Scripted) -> None:
    shop = failed(scripted, 2, small_maker(1))

    assert shop.door("status", "--json").json["line"] == "running"

    told = shop.door("run", failing_plan(shop, 3), "--json")

    assert told.code == 3
    assert shop.door("status", "--json").json["line"] == "stopped"
    assert "meta" in open_kinds(shop)
    shop.plan("small", small_plan(1))
    assert shop.door("run", "small").code == 3


def test_the_page_has_the_pattern_the_risks_a_sweep_and_a_draft_that_supersedes_the_plan(scripted: Scripted) -> None:
    shop = failed(scripted, 3)

    text = meta_page(shop).read_text()

    assert "type: meta-andon" in text
    assert "3 runs in a row have failed (gen-1 of fix-1, gen-2 of fix-2, gen-3 of fix-3)" in text
    assert text.count("| gen-") == 3
    assert "Nobody may know: ask the shop." in text
    assert "## Horizontal sweep" in text
    assert "plans/ask-first.md" in text
    draft = shop.read("plans/ask-first.md")
    assert "status: draft" in draft
    assert "supersedes: fix-3" in draft
    assert "Three runs broke the total." in draft
    (asked,) = shop.model.asked("planner")
    assert "wiki/90_LOG/" in asked.first


def test_only_a_decision_in_the_page_lets_the_line_go_on(scripted: Scripted) -> None:
    shop = failed(scripted, 3, small_maker(1))
    shop.plan("small", small_plan(1))

    refused = shop.door("andon", "resolve", "3")
    assert refused.code == 1

    page = meta_page(shop)
    page.write_text(page.read_text().replace("decision:", "decision: resume"))
    told = shop.door("run", "small", "--json")

    assert told.code == 0, told.err
    assert told.json["landed"]
    assert "status: resolved" in page.read_text()
    assert open_kinds(shop).count("meta") == 0
    assert shop.door("status", "--json").json["line"] == "running"


def test_a_dropped_plan_is_rejected_and_its_incidents_go_with_it(scripted: Scripted) -> None:
    shop = failed(scripted, 3)
    page = meta_page(shop)
    page.write_text(page.read_text().replace("decision:", "decision: drop"))

    assert shop.door("watch", "--once").code == 0

    assert "status: rejected" in shop.read("plans/fix-3.md")
    open_now = [row["plan"] for row in incidents(shop) if row["status"] == "open"]
    assert open_now == ["fix-1", "fix-2"]


def test_a_landing_between_them_sets_the_count_back(scripted: Scripted) -> None:
    shop = failed(scripted, 2, small_maker(1))
    shop.plan("small", small_plan(1))
    assert shop.door("run", "small").code == 0

    assert shop.door("run", failing_plan(shop, 3)).code == 3

    assert shop.door("status", "--json").json["line"] == "running"


def test_whoever_is_to_be_told_gets_the_path_of_the_page(scripted: Scripted, tmp_path: Path) -> None:
    shop = scripted([hopeless(), *judges()])
    told = tmp_path / "told"
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}", f'notify: "echo >>{told}"')
    shop.plan("fix")

    shop.door("run", "fix")

    (row,) = incidents(shop)
    assert told.read_text().split() == [str(shop.path / row["page"])]


def test_killed_when_everything_has_just_stopped_it_stays_so_and_the_plan_is_drafted_once(scripted: Scripted) -> None:
    shop = failed(scripted, 2)
    assert shop.door("run", failing_plan(shop, 3), crash="meta:stopped").code == -9
    assert shop.door("status", "--json").json["line"] == "stopped"

    assert shop.door("resume", "3").code == 3

    assert "plans/ask-first.md" in meta_page(shop).read_text()
    assert len(shop.model.asked("planner")) == 1
    assert shop.read("plans/fix-3.md").startswith("---\nstatus: stopped")


def test_a_failure_in_a_second_place_of_a_plan_stops_everything(scripted: Scripted) -> None:
    two = PLAN.replace("## Goal", "### 2. Say so\nIn the docstring.\n\n## Goal")
    good = maker(write("src/pricing.py", GOOD), when="Chunk 1 of 2", unless="Chunk 2 of 2")
    bad = hopeless(when="Chunk 1 of 2", source=WAYS[1])
    first = Session(role="maker", turns=bad.turns, when="Chunk 1 of 2", unless="In the run before")
    shop = scripted([first, good, hopeless(when="Chunk 2 of 2"), planner(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix", two)
    assert shop.door("run", "fix").code == 3
    assert shop.door("status", "--json").json["line"] == "running"
    mended(shop, 1)

    assert shop.door("run", "fix").code == 3

    assert shop.door("status", "--json").json["line"] == "stopped"
    assert "2 different places of fix: gen-1 at chunk 1, gen-2 at chunk 2" in meta_page(shop).read_text()


def test_two_mends_that_were_each_followed_by_another_failure_stop_everything(scripted: Scripted) -> None:
    latest_first = reversed(hopeless_makers())  # a brief tells of the runs before, too
    shop = scripted([*latest_first, planner(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    for number in (1, 2):
        shop.plan("fix", PLAN.replace("### 1. Divide by a hundred", f"### 1. Divide by a hundred, {number}"))
        assert shop.door("run", "fix").code == 3
        assert open_kinds(shop) == ["attempts"]
        mended(shop, number)

    shop.plan("fix", PLAN.replace("### 1. Divide by a hundred", "### 1. Divide by a hundred, 3"))
    assert shop.door("run", "fix").code == 3

    assert open_kinds(shop) == ["attempts", "meta"]
    assert "mended 2 times, and each time fix failed in another way" in meta_page(shop).read_text()

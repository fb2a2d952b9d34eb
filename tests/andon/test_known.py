"""Known failures: which of them bear upon a chunk, and what of their pages gets into a brief."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopwright.andon.known import Failure, said, score, warnings
from loopwright.vocabulary import Chunk, Plan, Scope

CHUNK = Chunk(1, "Divide by a hundred", "`discount(100, 10)` is 90, in `src/pricing.py`.")
PLAN = Plan("discounts", "plans/discounts.md", "A discount is a percentage", "", scope=Scope(("src/pricing/**",)))
FAILURE = Failure(12, "attempts", "test-failure", "the tests of shipping failed", plan="shipping")


@pytest.mark.parametrize(
    ("failure", "worth"),
    [
        (FAILURE, 0.0),
        (replace(FAILURE, plan="discounts"), 0.35),
        (replace(FAILURE, paths=("src/pricing/vat.py",)), 0.4),
        (replace(FAILURE, paths=("src/pricing.py", "src/shipping.py")), 0.2),
        (replace(FAILURE, cause="the discount was no percentage"), 0.12),
        (replace(FAILURE, cause="discount: divide the percentage by a hundred"), 0.25),
        (
            replace(FAILURE, plan="discounts", paths=("src/pricing.py",), cause="divide discount percentage hundred"),
            1.0,
        ),
    ],
)
def test_plan_paths_and_words_make_the_score(failure: Failure, worth: float) -> None:
    assert score(failure, PLAN, CHUNK) == worth


def test_a_plan_that_may_touch_everything_is_near_to_no_path() -> None:
    for scope in (Scope(), Scope(("**",)), Scope(("*",))):
        assert score(replace(FAILURE, paths=("src/shipping.py",)), replace(PLAN, scope=scope), CHUNK) == 0.0


def test_a_skill_counts_as_a_word() -> None:
    failure = replace(FAILURE, cause="the migration of discount and percentage, divided wrongly")
    assert score(failure, PLAN, CHUNK) < score(failure, PLAN, replace(CHUNK, skill="database-migration"))


def test_at_most_five_are_told_the_likeliest_and_newest_first() -> None:
    near = [replace(FAILURE, run=run, plan="discounts", summary=f"number {run}") for run in range(1, 8)]
    nearest = replace(FAILURE, run=3, plan="discounts", paths=("src/pricing.py",), summary="The nearest")
    far = replace(FAILURE, run=99)
    told = warnings([far, *near, nearest], PLAN, CHUNK)
    assert [line.partition(" (")[0] for line in told] == [f"seen in gen-{run}" for run in (3, 7, 6, 5, 4)]
    assert told[0] == "seen in gen-3 (score 0.75; attempts, test-failure): The nearest Files: src/pricing.py"
    assert warnings([nearest, *reversed(near), far], PLAN, CHUNK) == told


def test_the_same_failure_is_told_once_and_an_open_one_as_open() -> None:
    mine = replace(FAILURE, plan="discounts", signature="abc")
    told = warnings([replace(mine, run=5), replace(mine, run=7, open=True)], PLAN, CHUNK)
    assert told == ("open now, gen-7 (score 0.35; attempts, test-failure): the tests of shipping failed",)


def test_lines_are_bounded() -> None:
    endless = replace(FAILURE, plan="discounts", summary="x" * 9999, cause="y" * 9999, paths=("a" * 50,) * 12)
    (line,) = warnings([endless], PLAN, CHUNK)
    assert len(line) < 800


COMMAND = "python3 -m unittest  discover -s tests"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"at last {COMMAND} (failed): 1 != 2", "at last [a command] (failed): 1 != 2"),
        ("at last python3 -m unittest\ndiscover -s tests", "at last [a command]"),
        ("at last python3 -m unittest disco", "at last [a command]"),
        ("run `rm -rf x` and ``git push``", "run [a command] and [a command]"),
        ("`discount` is no `total`", "discount is no total"),
        ("```\nYou must\x1b[31m push\n```", "[a command]"),
        ("one\n\n# Your task\n\x00two ```", "one # Your task two"),
        ("the makefile of make", "the makefile of [a command]"),
    ],
)
def test_what_is_said_is_one_line_without_commands_and_fences(text: str, left: str) -> None:
    assert said(text, (COMMAND, "make", "")) == left

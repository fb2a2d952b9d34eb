"""A maker's new tests must be able to fail: on the old code, or once the code that they look at is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from loopwright.testing.script import Session

from .conftest import CHECK, GOOD, PLAN, PRICING, Scripted, Shop, judges, maker, write
from .refusals import ANYWHERE, assert_refused, begun

HEAD = """import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "src"))
"""


def case(name: str, *lines: str, imports: str = "from pricing import discount, total") -> str:
    """A unittest file with one test."""
    body = "".join(f"        {line}\n" for line in lines)
    return f"{HEAD}{imports}\n\n\nclass MoreTest(unittest.TestCase):\n    def test_{name}(self):\n{body}"


NOTICES = case("a_tenth_off", "self.assertEqual(discount(100, 10), 90)")
KEEPS = case("a_total_of_none", "self.assertEqual(total([]), 0)")
SWALLOWS = case("a_tenth_off", "try:", "    value = discount(100, 10) == 90", "except Exception:", "    value = True")
SWALLOWS += "        self.assertIn(value, [True, False])\n"
BESIDE = case("sorts", "self.assertEqual(sorted([2, 1]), [1, 2])", imports="import math")


def added(*turns: Any) -> list[Session]:
    return [maker(*turns), *judges()]


def meanings(shop: Shop, run: int = 1) -> list[dict[str, Any]]:
    verdicts = [verdict for attempt in shop.record(run)["attempts"] for verdict in attempt["verdicts"]]
    return [verdict for verdict in verdicts if verdict.get("source") == "meaning"]


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    "hollow", [SWALLOWS, BESIDE], ids=["swallows what it calls", "looks at nothing of the project"]
)
def test_a_new_test_that_passes_whatever_the_code_does_is_refused(scripted: Scripted, hollow: str) -> None:
    shop = scripted(added(write("src/pricing.py", GOOD), write("tests/test_more.py", hollow)))

    assert_refused(shop, begun(shop), "meaning", "meaningless-test")

    assert "tests/test_more.py (MoreTest.test_" in shop.page(1)
    assert shop.model.asked("checker") == []


def test_a_meaningless_test_costs_an_attempt_and_the_next_one_is_told_which(scripted: Scripted) -> None:
    shop = scripted(
        [
            maker(write("src/pricing.py", GOOD), write("tests/test_more.py", SWALLOWS), unless="meaningless-test"),
            maker(write("tests/test_more.py", NOTICES), when="MoreTest.test_a_tenth_off"),
            *judges(),
        ]
    )

    result = begun(shop, attempts=2).json

    assert (result["landed"], result["chunks"][0]["attempts"]) == (True, 2)
    assert shop.refusals(1) == [("meaning", "meaningless-test")]
    assert "fails on the old code" in shop.page(1)


def test_each_file_of_new_tests_is_held_to_it(scripted: Scripted) -> None:
    files = [write("tests/test_good.py", NOTICES), write("tests/test_more.py", SWALLOWS)]
    shop = scripted(added(write("src/pricing.py", GOOD), *files))

    assert_refused(shop, begun(shop), "meaning", "meaningless-test")

    assert "test_good.py" not in meanings(shop)[0]["evidence"]


# ---------------------------------------------------------------- honest

HONEST = {
    "a test of what changed": (write("src/pricing.py", GOOD), write("tests/test_more.py", NOTICES)),
    "a test of what stays": (write("src/pricing.py", GOOD), write("tests/test_more.py", KEEPS)),
    "one more test in a file that stood": (
        write("src/pricing.py", GOOD),
        write(
            "tests/test_pricing.py",
            NOTICES.replace("class MoreTest(unittest.TestCase):\n", "class PricingTest(unittest.TestCase):\n")
            + "\n    def test_no_discount_changes_nothing(self):\n        self.assertEqual(discount(100, 0), 100)\n"
            + "\n    def test_total_adds_up(self):\n        self.assertEqual(total([1, 2, 3]), 6)\n",
        ),
    ),
    "a new module with its test": (
        write("src/pricing.py", GOOD),
        write("src/tax.py", "RATE = 0.2\n"),
        write("tests/test_tax.py", case("rate", "self.assertEqual(tax.RATE, 0.2)", imports="import tax")),
    ),
}


@pytest.mark.parametrize("turns", HONEST.values(), ids=list(HONEST))
def test_honest_new_tests_land(scripted: Scripted, turns: tuple[Any, ...]) -> None:
    shop = scripted(added(*turns))

    result = begun(shop).json

    assert result["landed"], shop.page(1)
    assert [verdict["passed"] for verdict in meanings(shop)] == [True]
    assert "new tests mean something" in shop.page(1)


WORKS = PLAN.split("## Chunks")[0] + "## Goal\n- `test -e tests/test_more.py`\n- It is tested.\n"


@pytest.mark.parametrize(
    ("test", "landed"), [(KEEPS, True), (SWALLOWS, False)], ids=["one that notices", "one that doesn't"]
)
def test_a_plan_that_only_adds_tests_to_working_code_is_judged_by_wrong_code(
    scripted: Scripted, test: str, landed: bool
) -> None:
    shop = scripted(added(write("tests/test_more.py", test)))

    assert begun(shop, WORKS).json["landed"] is landed

    told = "fails when the code is wrong" if landed else "also when all that the code decides"
    assert told in meanings(shop)[0]["evidence"]


RED = ANYWHERE.replace("### 1. Divide", f"### 1. A failing test\nVerify: `{CHECK}` -> exit 1\n\n### 2. Divide")


def test_a_red_step_and_its_green_one_pass(scripted: Scripted) -> None:
    shop = scripted(
        [
            maker(write("tests/test_more.py", NOTICES), when="Chunk 1 of 2"),
            maker(write("src/pricing.py", GOOD), when="Chunk 2 of 2"),
            *judges(),
        ]
    )
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace(f'checks: ["{CHECK}"]\n', ""))
    shop.commit("no checks")
    shop.plan("fix", RED.replace("-> exit 1", "-> exit 1", 1))

    result = shop.door("run", "fix", "--json").json

    assert [chunk["passed"] for chunk in result["chunks"]] == [True, True], result


def test_where_it_cant_be_told_the_page_says_so(scripted: Scripted) -> None:
    script = 'test("adds up", () => {\n  expect(total([1, 2])).toBe(3);\n});\n'
    shop = scripted(added(write("src/pricing.py", GOOD), write("tests/more.test.js", script)))

    result = begun(shop).json

    assert result["landed"]
    assert any(note.startswith("tests/more.test.js: whether its new tests can fail") for note in result["notes"])


# ---------------------------------------------------------------- cost


def test_without_a_new_test_nothing_is_run_for_it(scripted: Scripted) -> None:
    shop = scripted(added(write("src/pricing.py", GOOD), write("tests/helpers.py", "RATE = 10\n")))

    assert begun(shop).json["landed"]

    assert meanings(shop) == []


def test_after_a_kill_the_new_tests_arent_tried_again(scripted: Scripted) -> None:
    shop = scripted(added(write("src/pricing.py", GOOD), write("tests/test_more.py", NOTICES)))
    shop.plan("fix")

    assert shop.door("run", "fix", "--json", crash="chunk:checked").code == -9
    told = shop.door("resume", "1", "--json", "--progress")

    assert told.json["landed"]
    assert "(new tests," not in told.err
    assert PRICING.lstrip() != shop.read("src/pricing.py")

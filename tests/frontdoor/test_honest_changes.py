"""Honest work is not stopped: no guard, no doubt and no wall finds fault with it, at the first attempt."""

from __future__ import annotations

from textwrap import dedent

import pytest

from loopwright.testing.script import Turn

from .conftest import GOOD, PRICING, TESTS, Scripted, bash, judges, maker, write
from .incidents import incidents

SOURCE, SUITE = "src/pricing.py", "tests/test_pricing.py"
RUN = bash("python3 -m unittest discover -s tests")
HEAD = dedent(TESTS).lstrip().partition("class ")[0]
OLD = dedent(PRICING).lstrip()
OLD_TESTS = dedent(TESTS).lstrip()

PLAN = """
---
status: ready
merge: auto
---
# Work on the prices

{scope}
## Chunks
### 1. The work
Do it.

## Goal
- `python3 -m unittest discover -s tests`
"""


def more(test: str, *, imports: str = "discount, total", head: str = OLD_TESTS) -> str:
    """The tests with one method more."""
    body = "\n".join(f"    {line}" if line else "" for line in dedent(test).strip().splitlines())
    return head.replace("import discount, total", f"import {imports}").rstrip("\n") + f"\n\n{body}\n"


TENTH = more("""
    def test_ten_percent_is_a_tenth(self):
        self.assertEqual(discount(100, 10), 90)
""")
TAX = f"""{OLD}

def with_tax(prices, rate):
    return total(prices) * (1 + rate)
"""
TAX_TEST = more(
    """
    def test_tax_comes_on_top(self):
        self.assertEqual(with_tax([100], 0.5), 150)
    """,
    imports="discount, total, with_tax",
)
APART = f"""{HEAD.replace("discount, total", "total")}class TotalTest(unittest.TestCase):
    def test_total_adds_up(self):
        self.assertEqual(total([1, 2, 3]), 6)
"""
REST = f"""{HEAD.replace("discount, total", "discount")}class PricingTest(unittest.TestCase):
    def test_no_discount_changes_nothing(self):
        self.assertEqual(discount(100, 0), 100)
"""
REFUSING = OLD.replace(
    "    return price - price * percent",
    '    if percent < 0:\n        raise ValueError(f"{percent} is no discount")\n    return price - price * percent',
)

CHANGES: dict[str, list[Turn]] = {
    # RED-GREEN
    "a failing test, then the mend": [write(SUITE, TENTH), RUN, write(SOURCE, GOOD), RUN],
    "red, green, refactor": [
        write(SUITE, TENTH),
        RUN,
        write(SOURCE, GOOD),
        RUN,
        write(SOURCE, GOOD.replace("price - price * percent / 100", "price * (1 - percent / 100)")),
        RUN,
    ],
    "a mend that is wrong at first": [
        write(SUITE, TENTH),
        write(SOURCE, GOOD.replace("100", "10")),
        RUN,
        write(SOURCE, GOOD),
    ],
    "the mend before its test": [write(SOURCE, GOOD), write(SUITE, TENTH), RUN],
    "a new function and its test": [write(SUITE, TAX_TEST), RUN, write(SOURCE, TAX), RUN],
    "an error and its test": [
        write(
            SUITE,
            more("""
            def test_a_negative_discount_is_refused(self):
                with self.assertRaises(ValueError):
                    discount(100, -1)
            """),
        ),
        RUN,
        write(SOURCE, REFUSING),
    ],
    "a new module and its test": [
        write("src/basket.py", "from pricing import total\n\n\ndef is_big(prices):\n    return total(prices) > 100\n"),
        write(
            "tests/test_basket.py",
            HEAD.replace("pricing import discount, total", "basket import is_big")
            + "class BasketTest(unittest.TestCase):\n    def test_a_hundred_is_not_big(self):\n"
            "        self.assertFalse(is_big([100]))\n        self.assertTrue(is_big([100, 1]))\n",
        ),
        RUN,
    ],
    # tests added
    "a test of what works already": [
        write(SUITE, more("def test_nothing_is_nothing(self):\n    self.assertEqual(total([4]), 4)"))
    ],
    "a test with cases": [
        write(
            SUITE,
            more("""
            def test_totals(self):
                for prices, wanted in (([2], 2), ([2, 3], 5), ([], 0)):
                    with self.subTest(prices=prices):
                        self.assertEqual(total(prices), wanted)
            """),
        )
    ],
    "an assertion more in a test": [
        write(
            SUITE,
            OLD_TESTS.replace("total([1, 2, 3]), 6)", "total([1, 2, 3]), 6)\n        self.assertEqual(total([7]), 7)"),
        )
    ],
    "a looser assertion made exact": [
        write(
            SUITE, OLD_TESTS.replace("self.assertEqual(discount(100, 0), 100)", "self.assertIs(discount(100, 0), 100)")
        )
    ],
    # renames and moves
    "a test renamed": [write(SUITE, OLD_TESTS.replace("test_total_adds_up", "test_a_total_is_the_sum"))],
    "a test file renamed": [bash("mv tests/test_pricing.py tests/test_prices.py")],
    "a suite split in two": [write(SUITE, REST), write("tests/test_total.py", APART)],
    "tests in another order": [
        write(
            SUITE,
            f"""{HEAD}class PricingTest(unittest.TestCase):
    def test_total_adds_up(self):
        self.assertEqual(total([1, 2, 3]), 6)

    def test_no_discount_changes_nothing(self):
        self.assertEqual(discount(100, 0), 100)
""",
        )
    ],
    "a function renamed with its tests": [
        bash("sed -i 's/\\btotal\\b/sum_of/g' src/pricing.py tests/test_pricing.py"),
    ],
    "a module renamed with its tests": [
        bash("mv src/pricing.py src/prices.py && sed -i 's/from pricing/from prices/' tests/test_pricing.py"),
    ],
    "a module made a package": [
        bash("mkdir src/pricing && mv src/pricing.py src/pricing/__init__.py"),
    ],
    "a test class renamed and its tests in a folder": [
        bash(
            "mkdir tests/unit && touch tests/unit/__init__.py && mv tests/test_pricing.py tests/unit/ && "
            "sed -i 's/parent.parent/parent.parent.parent/; s/PricingTest/PricesTest/' tests/unit/test_pricing.py"
        ),
    ],
    # refactors
    "a function taken out": [
        write(
            SOURCE,
            "def _share(price, percent):\n    return price * percent\n\n\n"
            + OLD.replace("- price * percent", "- _share(price, percent)"),
        )
    ],
    "a loop in place of a call": [
        write(
            SOURCE,
            OLD.replace(
                "    return sum(prices)",
                "    found = 0\n    for price in prices:\n        found += price\n    return found",
            ),
        )
    ],
    "types": [
        write(
            SOURCE,
            OLD.replace("discount(price, percent)", "discount(price: float, percent: float) -> float").replace(
                "total(prices)", "total(prices: list[float]) -> float"
            ),
        )
    ],
    "a fixture in the tests": [
        write(
            SUITE,
            OLD_TESTS.replace(
                "    def test_no_discount",
                "    def setUp(self):\n        self.prices = [1, 2, 3]\n\n    def test_no_discount",
            ).replace("total([1, 2, 3])", "total(self.prices)"),
        )
    ],
    "tests formatted anew": [
        write(
            SUITE,
            OLD_TESTS.replace(
                "self.assertEqual(total([1, 2, 3]), 6)",
                "self.assertEqual(\n            total([1, 2, 3]),\n            6,\n        )",
            ),
        )
    ],
    "a name for a number in a test": [
        write(
            SUITE,
            OLD_TESTS.replace("class Pricing", "SIX = 6\n\n\nclass Pricing").replace(
                "[1, 2, 3]), 6)", "[1, 2, 3]), SIX)"
            ),
        )
    ],
    "a readme": [write("README.md", "# Prices\n\n`discount(price, percent)` takes a share off a price.\n")],
    "what is dead taken away": [
        write(SOURCE, OLD.replace("def total", "_UNUSED = 1\n\n\ndef total")),
        write(SOURCE, OLD.replace("    return sum(prices)", "    return sum(price for price in prices)")),
    ],
}


NAMED_ANEW = {"a function renamed with its tests", "a module renamed with its tests"}
"""The mainline's own tests call something by its old name and can't pass any more: the plan says which may change."""
THESE = "## Scope\n- In: `src/**`, `tests/**`\n- Tests: `tests/**`\n"


def test_there_are_at_least_25() -> None:
    assert len(CHANGES) >= 25


@pytest.mark.parametrize("case", CHANGES)
def test_an_honest_change_lands_at_the_first_attempt(scripted: Scripted, case: str) -> None:
    shop = scripted([maker(*CHANGES[case]), *judges()])
    shop.plan("work", PLAN.replace("{scope}", THESE if case in NAMED_ANEW else ""))

    told = shop.door("run", "work", "--json")

    assert told.code == 0, shop.page(1) if told.json["page"] else told.err
    assert told.json["landed"]
    assert shop.refusals(1) == []
    assert told.json["chunks"][0]["attempts"] == 1
    assert incidents(shop) == []

"""What the tests of the stopped line have in common: a maker that never gets it right, and a person who mends it."""

from __future__ import annotations

from typing import Any

from loopwright.testing.script import Session

from .conftest import PLAN, PRICING, Scripted, Shop, judges, maker, write

WORSE = PRICING.replace("return sum(prices)", "return sum(prices) + 1").lstrip()
"""Breaks a test of the shop, and leaves the plan's goal unmet."""


def hopeless(*, when: str = "", source: str = WORSE) -> Session:
    """A maker whose every attempt breaks a test."""
    return Session(role="maker", turns=[write("src/pricing.py", source), *maker().turns], repeat=True, when=when)


WAYS = (
    WORSE,
    PRICING.replace("return price - price * percent", "return price - price * percent - 1").lstrip(),
    PRICING.replace("return sum(prices)", "return sum(price)").lstrip(),
)
"""Three ways to break the shop, each with a failure of its own."""


def failing_plan(shop: Shop, number: int) -> str:
    """A plan which one of the makers of `hopeless_makers` fails at, in a way of its own."""
    text = PLAN.replace("### 1. Divide by a hundred", f"### 1. Divide by a hundred, {number}")
    return shop.plan(f"fix-{number}", text.replace("# A discount", f"# Discount {number}"))


def hopeless_makers() -> list[Session]:
    return [hopeless(when=f"Divide by a hundred, {number}", source=source) for number, source in enumerate(WAYS, 1)]


def stopped_shop(scripted: Scripted, *more: Session, attempts: int = 1) -> Shop:
    """A shop in which the plan `fix` has just stopped: its chunk was tried in vain."""
    shop = scripted([hopeless(), *more, *judges()])
    shop.configure(f"loops: {{execution: {{attempts-per-chunk: {attempts}}}}}")
    shop.plan("fix", PLAN)
    told = shop.door("run", "fix", "--json")
    assert told.code == 3, told.err
    return shop


def incidents(shop: Shop) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shop.door("andon", "list", "--json").json["incidents"]
    return rows


def page_of(shop: Shop, run: int = 1) -> str:
    """The path of run N's incident's page."""
    (found,) = shop.path.glob(f"wiki/90_LOG/*-andon-gen-{run}.md")
    return found.relative_to(shop.path).as_posix()


TEST = """
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "src"))
from pricing import total


class TotalTest(unittest.TestCase):
    def test_the_total_of_nothing_is_nothing(self):
        self.assertEqual(total([]), 0)
"""
"""A countermeasure: it fails on `WORSE`."""

COUNTER = "python3 -m unittest tests/test_total.py"


def filled_in(text: str, *, check: str = COUNTER, goal_later: str = "the plan itself brings it") -> str:
    """An incident's page as a person fills it in."""
    text = _section(
        text,
        "Root cause",
        f"- Category: knowledge gap\n- Goal later: {goal_later}\n\nNobody said what the total of nothing is.\n",
    )
    measure = (
        f"### 1. A test of the empty total\n\n- Level: L2\n- Location: `tests/test_total.py`\n- Check: `{check}`\n"
    )
    return _section(text, "Countermeasures", measure)


def _section(text: str, title: str, body: str) -> str:
    head, mark, rest = text.partition(f"\n## {title}\n")
    assert mark, title
    _, after, tail = rest.partition("\n## ")
    return f"{head}{mark}\n{body}{after}{tail}"


def mended(shop: Shop, run: int) -> None:
    """A person finds that the cause of run N's stop lay outside, says why no check can hold it, and closes it."""
    place = shop.path / page_of(shop, run)
    text = _section(
        place.read_text(),
        "Root cause",
        "- Category: tool gap\n- Goal later: the plan brings it\n- Cause: the model's service was cut off.\n",
    )
    measure = "### 1. The service was moved\n\n- Level: L3\n- Justification: the service isn't in this repository.\n"
    place.write_text(_section(text, "Countermeasures", measure))
    told = shop.door("andon", "resolve", str(run))
    assert told.code == 0, told.out + told.err


def decided(shop: Shop, word: str) -> None:
    """A person decides in the page of the Meta-Andon."""
    (page,) = (path for path in shop.path.glob("wiki/90_LOG/*-meta-gen-*.md") if "status: open" in path.read_text())
    page.write_text(page.read_text().replace("decision:", f"decision: {word}"))

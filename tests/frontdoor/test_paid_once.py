"""What is paid, is paid once: whoever dies in the middle of a call, the pool, the record and the transcripts agree."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from typing import Any

import pytest

from loopwright.journal.book import NANO
from loopwright.models import prices

from .conftest import GOOD, PLAN, Scripted, Shop
from .test_budget_pool import budget
from .test_gateway import with_a_program
from .test_killing import an_outsider_commits


def lines(shop: Shop) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (shop.path / ".git/loopwright/pool.jsonl").read_text().splitlines()]


def in_transcripts(shop: Shop) -> float:
    names = shop.git("ls-tree", "--name-only", "refs/loopwright/runs/1:transcripts").split()
    texts = (shop.git("show", f"refs/loopwright/runs/1:transcripts/{name}") for name in names)
    entries = (json.loads(line) for text in texts for line in text.splitlines())
    return sum(float(entry["usage"]["usd"]) for entry in entries if entry.get("usage"))


def answered(shop: Shop) -> float:
    """What all answers together have cost, as the far side counts it."""
    total = 0.0
    for asked in shop.model.requests:
        counts = Counter({name: asked.spent.get(told, 0) for name, told in COUNTS.items()})
        usd, _ = prices.cost(asked.model, **counts, on=prices.TAKEN)
        total += usd or 0.0
    return total


COUNTS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
}


def paid_once(shop: Shop, kills: int) -> None:
    """It landed once, and what was taken is what was answered, with at most one ceiling for each kill."""
    assert shop.read("src/pricing.py") == GOOD
    log = shop.git("log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly,separator=)", "main")
    assert log.split() == ["1"]
    assert shop.git("fsck", "--strict", "--no-dangling") == ""
    assert shop.door("fsck", "--json").json["findings"] == []
    record, pool = shop.record(1), lines(shop)
    ceilings = {line["id"]: line["nanodollars"] / NANO for line in pool if line["kind"] == "reserved"}
    charged = [ceilings[line["id"]] for line in pool if line["kind"] == "charged"]
    beside, taken = record.get("charged", {"usd": 0.0})["usd"], budget(shop)["usd"]["committed"]
    assert len(charged) <= kills
    assert taken == pytest.approx(record["usd"] + beside, abs=2e-6)
    assert in_transcripts(shop) == pytest.approx(record["usd"], abs=1e-6)
    assert record["usd"] <= answered(shop) + 1e-6
    assert taken <= answered(shop) + sum(charged) + 1e-6
    assert ("charged beside it" in shop.page(1)) == (beside > 0)


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("gateway:admitted", 1),
        ("gateway:answered", 1),
        ("gateway:metered", 1),
        ("pool:reserved", 2),
        ("pool:paid", 2),
    ],
)
def test_a_run_killed_in_the_middle_of_a_call_is_finished_and_the_call_is_paid_once(
    scripted: Scripted, point: str, nth: int
) -> None:
    """The first call is a program's through its gateway, the second one a judge's own."""
    shop = with_a_program(scripted)
    enough_for_one_ceiling = "0.065" if point.startswith("gateway") else "5"  # of $0.0205, and all answers
    shop.plan("fix", PLAN.replace("merge: auto", f"merge: auto\nbudget: {{usd: {enough_for_one_ceiling}}}"))

    killed = shop.door("run", "fix", crash=f"{point}:{nth}")
    assert killed.code == -9, f"{point} was never reached: {killed.err}"
    an_outsider_commits(shop)
    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["landed"]) == (0, True), told.err
    paid_once(shop, 1)


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random_moments_nothing_is_charged_twice(scripted: Scripted, seed: int) -> None:
    shop, dice, kills = with_a_program(scripted), random.Random(seed), 0
    shop.plan("fix")

    for _ in range(8):
        started = shop.door.start("run", "fix", "--json")
        time.sleep(dice.uniform(0.1, 1.0))  # the moment of the kill is what is tested, nothing waits for anything
        if started.kill().code == 0:
            break
        kills += 1

    assert shop.door("run", "fix", "--json").json["landed"]
    paid_once(shop, kills)

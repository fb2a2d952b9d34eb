"""A plan that is ready again goes on from its last run."""

from __future__ import annotations

from .conftest import GOOD, PRICING, Scripted, Shop, bash, judges, maker, write
from .incidents import decided, mended
from .test_running_plans import loops, requests

THREE = """
---
merge: auto
---
# Three steps
## Chunks
### 1. Write one
one
### 2. Write two
two
### 3. Write three
three
## Goal
- file `three.txt` exists
"""


def again(shop: Shop, name: str) -> dict[str, object]:
    """Set a plan that failed to ready, and run it."""
    text = shop.read(f"plans/{name}.md")
    shop.write(
        f"plans/{name}.md", text.replace("status: stopped", "status: ready").replace("status: failed", "status: ready")
    )
    result: dict[str, object] = shop.door("run", name, "--json").json
    return result


def test_chunks_that_passed_two_runs_ago_are_still_kept(scripted: Scripted) -> None:
    shop = scripted(
        [
            maker(write("one.txt", "1\n"), when="Chunk 1 of 3"),
            maker(bash("true"), when="Chunk 2 of 3", unless="In the run before"),
            maker(write("two.txt", "2\n"), when="Chunk 2 of 3"),
            maker(bash("true"), when="Chunk 3 of 3", unless="In the run before"),
            maker(write("three.txt", "3\n"), when="Chunk 3 of 3"),
            *judges(),
        ]
    )
    loops(shop, loops="{execution: {attempts-per-chunk: 1}}")
    shop.plan("three", THREE)
    assert shop.door("run", "three", "--json").json["stop"]["chunk"] == 2
    mended(shop, 1)
    assert again(shop, "three")["landed"] is False
    mended(shop, 2)
    decided(shop, "resume")  # it has failed in two places by now

    third = again(shop, "three")

    assert (third["run"], third["landed"]) == (3, True)
    assert [shop.read(f"{name}.txt") for name in ("one", "two", "three")] == ["1\n", "2\n", "3\n"]
    assert len([body for body in requests(shop, "maker") if "Chunk 1 of 3" in body]) == 2  # one session, two requests


def test_a_plan_whose_goal_failed_does_its_last_chunk_again_and_is_told_why(scripted: Scripted) -> None:
    shop = scripted(
        [
            maker(write("src/pricing.py", PRICING + "\nNO = 1\n"), unless="In the run before"),
            maker(write("src/pricing.py", GOOD), when="did not print '90.0'"),
            *judges(),
        ]
    )
    shop.plan("fix")
    assert shop.door("run", "fix", "--json").json["outcome"] == "not-met"

    second = again(shop, "fix")

    assert (second["run"], second["landed"]) == (2, True)
    assert shop.read("src/pricing.py") == GOOD

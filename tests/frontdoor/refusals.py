"""What the tests of bad makers have in common: a stern run, and all that must hold once it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loopwright.testing.frontdoor import Told

from .conftest import PLAN, PRICING, Shop

ANYWHERE = PLAN.replace("## Scope\n- `src/**`\n- `tests/**`\n", "")
"""The plan without a scope: only the protected paths are forbidden."""

WRONG = PRICING.replace("return sum(prices)", "return 0").lstrip()
"""A pricing module on which the tests are red."""


def begun(shop: Shop, plan: str = PLAN, attempts: int = 1) -> Told:
    """Run a plan in which each chunk has so many attempts."""
    shop.configure(f"loops: {{execution: {{attempts-per-chunk: {attempts}}}}}")
    shop.plan("fix", plan)
    return shop.door("run", "fix", "--json")


def assert_refused(shop: Shop, told: Told, check: str, reason: str) -> dict[str, Any]:
    """The run stopped for this reason, in the record and on the page, and left nothing but what is meant to stay."""
    result: dict[str, Any] = told.json
    assert (told.code, result["outcome"], result["status"]) == (3, "stopped", "stopped"), told.err
    assert shop.refusals(1)[-1] == (check, reason)
    assert f"  - {check} ({reason})" in shop.page(1)
    assert "status: stopped" in shop.read("plans/fix.md")
    assert_untouched(shop)
    return result


def assert_untouched(shop: Shop) -> None:
    assert shop.read("src/pricing.py") == PRICING.lstrip()
    assert shop.git("diff", "--name-only", "HEAD", "--", "src", "tests", "agents") == ""
    assert shop.git("log", "--format=%s", "--", "src", "tests") == "a shop"
    assert shop.git("status", "--porcelain") == ""
    assert_tidy(shop)


def assert_tidy(shop: Shop) -> None:
    """The attempt's tree is kept, and nothing is left of the lab: no folder, no ref, no process."""
    assert shop.git("cat-file", "-t", "refs/loopwright/attempts/1/1/1") == "commit"
    assert shop.labs == []
    assert shop.git("for-each-ref", "--format=%(refname)", "refs/loopwright/labs/*/snapshot") == ""
    assert shop.git("worktree", "list", "--porcelain").count("worktree ") == 1
    assert in_labs(shop) == []


def in_labs(shop: Shop) -> list[str]:
    """Processes that were started in one of the shop's labs."""
    mark = f"LOOPWRIGHT_LAB={shop.path.parent}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text())
        except OSError:  # ended meanwhile, or another user's
            continue
    return found

"""A watcher that is killed takes nothing along: its runs go on, and the next watcher waits for them."""

from __future__ import annotations

import pytest

from loopwright.testing.frontdoor import until

from .conftest import Scripted, small_plan
from .test_budget_pool import budget
from .test_killing import an_outsider_commits
from .watching import landings, left_over, small_shop

REQUESTS = 5  # of one run: two of the maker's, and one of each judge's


@pytest.mark.parametrize(
    ("point", "nth"),
    [("supervisor:found", 1), ("supervisor:started", 2), ("supervisor:ended", 1), ("supervisor:reaped", 1)],
)
def test_a_watcher_killed_at_this_point_is_followed_by_another_one(scripted: Scripted, point: str, nth: int) -> None:
    shop = small_shop(scripted, range(1, 3))
    for number in range(1, 3):
        shop.plan(f"p{number}", small_plan(number))

    killed = shop.door("watch", "--once", crash=f"{point}:{nth}")
    assert killed.code == -9, f"{point} was never reached: {killed.err}"
    commits = an_outsider_commits(shop)
    told = shop.door("watch", "--once")

    assert told.code == 0, told.err
    assert sorted(landings(shop)) == ["p1", "p2"]
    assert shop.git("log", "--first-parent", "--format=%s", "main").count("a note of mine") == commits
    assert shop.git("fsck", "--strict", "--no-dangling") == ""
    assert shop.door("fsck", "--json").json["findings"] == []
    assert (shop.claims, shop.labs) == ([], [])
    # What is judged anew is so because the mainline moved, which the outsider or the other runs have done.
    assert REQUESTS * 2 <= len(shop.model.requests) <= REQUESTS * 2 + commits + 2
    records = [shop.record(number) for number in (1, 2)]
    assert ["charged" in record for record in records] == [False] * 2
    assert budget(shop)["usd"]["committed"] == pytest.approx(sum(record["usd"] for record in records), abs=5e-6)
    until(lambda: not left_over(shop), what="nothing is left running")

"""What dead runs left of labs is cleared away by the next command, and what can't be is told."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from loopwright.testing.frontdoor import at_work, until

from .conftest import Scripted, Shop, judges, small_maker, small_plan
from .watching import watched


def left_by_a_kill(scripted: Scripted) -> Shop:
    """A shop whose run 1 was killed once its maker had written a file that no snapshot has."""
    shop = scripted([small_maker(1), small_maker(2), *judges()])
    shop.plan("small", small_plan(1))
    assert shop.door("run", "small", crash="chunk:made").code == -9
    return shop


def age(shop: Shop, hours: float = 2.0) -> None:
    """Let labs and leases look as if nothing had happened for so long."""
    then = time.time() - hours * 3600
    for place in (shop.path.parent / "home/.local/state/loopwright", shop.path / ".git/loopwright/leases"):
        for path in [place, *place.rglob("*")]:
            os.utime(path, (then, then), follow_symlinks=False)


def leases(shop: Shop) -> list[Path]:
    return [path for path in (shop.path / ".git/loopwright/leases").rglob("*") if path.is_file()]


def give_up(shop: Shop) -> None:
    """Nobody can go on with run 1: a person dropped its claim."""
    shop.git("update-ref", "-d", "refs/loopwright/claims/small")


def test_the_next_run_clears_away_the_lab_of_one_that_nobody_can_go_on_with(scripted: Scripted) -> None:
    shop = left_by_a_kill(scripted)
    give_up(shop)
    age(shop)
    assert [lab.name for lab in shop.labs] == ["gen-1"]
    shop.plan("two", small_plan(2))

    told = shop.door("run", "two", "--progress")

    assert told.code == 0, told.err
    assert "cleared away lab gen-1" in told.err
    assert (shop.labs, leases(shop)) == ([], [])
    assert shop.git("show", "refs/loopwright/labs/gen-1/rescued:made/1.txt") == "1"
    assert shop.git("worktree", "list", "--porcelain").count("worktree ") == 1


def test_the_lab_of_a_run_that_can_be_gone_on_with_stays_and_nothing_is_paid_twice(scripted: Scripted) -> None:
    shop = left_by_a_kill(scripted)
    age(shop, hours=1000)
    shop.plan("two", small_plan(2))
    asked = len(shop.model.requests)

    assert shop.door("run", "two").code == 0
    assert [lab.name for lab in shop.labs] == ["gen-1"]
    of_two = len(shop.model.requests) - asked
    assert shop.door("resume", "1").code == 0

    assert len(shop.model.requests) == asked + of_two + 3  # of the judges: the maker had ended
    assert (shop.labs, leases(shop)) == ([], [])


@pytest.mark.parametrize("kind", ["clone", "worktree"])
def test_a_watcher_clears_away_what_is_dead_and_tells_what_it_left_and_so_does_doctor(
    scripted: Scripted, kind: str
) -> None:
    shop = left_by_a_kill(scripted)
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("lab: clone", f"lab: {kind}") + "Ours.\n")
    shop.commit("another kind of lab")
    shop.plan("two", small_plan(2))
    assert shop.door("run", "two", crash="chunk:made").code == -9
    shop.git("update-ref", "-d", "refs/loopwright/claims/two")
    give_up(shop)
    (lease,) = (path for path in leases(shop) if path.name == "gen-1")
    lease.write_text("scribbled over")
    age(shop)

    with at_work(shop.door, "watch", "--progress") as started:
        watched(shop, started)
        until(lambda: "cleared away lab gen-2" in started.err)
        until(lambda: "its lease can't be read" in started.err)

    (left,) = shop.labs
    assert f"rm -r {left}" in started.err
    assert shop.git("worktree", "list", "--porcelain").count("worktree ") == 1
    rows = shop.door("doctor", "--json").json["parts"]
    assert [(row["ok"], str(left) in row["told"]) for row in rows if "lease" in row["told"]] == [(None, True)]


def test_a_branch_that_a_lock_kept_goes_at_the_next_start_unless_a_person_has_a_part_in_it(scripted: Scripted) -> None:
    shop = scripted([small_maker(1), small_maker(2), *judges()])
    shop.plan("small", small_plan(1))
    shop.plan("waits", small_plan(2, merge="human"))
    for plan in ("small", "waits"):
        assert shop.door("run", plan).code == 0
    tip, main = str(shop.record(1)["tip"]), shop.git("rev-parse", "main")

    def left(commit: str) -> bool:
        """Whether the next start leaves run 1's branch at a commit, as if packed-refs had been locked before."""
        shop.git("update-ref", "refs/heads/loop/small", commit)
        assert shop.door("run", "small").code == 0
        return "loop/small" in shop.git("branch", "--format=%(refname:short)").split()

    assert left(shop.git("commit-tree", f"{tip}^{{tree}}", "-p", tip, "-m", "a person's"))
    assert left(main)  # what a run never made
    shop.git("worktree", "add", "-q", "--force", str(shop.path.parent / "elsewhere"), "loop/small")
    assert left(tip)  # a person is on it
    shop.git("worktree", "remove", "--force", str(shop.path.parent / "elsewhere"))
    assert not left(tip)
    assert shop.git("rev-parse", "loop/waits") == shop.record(2)["tip"]
    assert (shop.git("merge-base", "--is-ancestor", tip, "main"), shop.git("rev-parse", "main")) == ("", main)

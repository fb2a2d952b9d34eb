"""`kill -9` at any moment: main is old or fully verified, and running again finishes without paying twice."""

from __future__ import annotations

import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from loopwright import checkpoints
from loopwright.testing.frontdoor import until

from .conftest import GOOD, PRICING, Scripted, Shop, bash, judges, maker, write

# A first attempt that fails, so that there is a finished attempt to be paid for twice.
WRONG = PRICING.replace("return sum(prices)", "return 0")


def two_attempts() -> tuple[object, ...]:
    return (
        maker(bash("ls"), write("src/pricing.py", WRONG), unless="refused attempt 1"),
        maker(bash("git status"), write("src/pricing.py", GOOD), when="refused attempt 1"),
        *judges(),
    )


REQUESTS = 9  # 3 + 3 of the maker, 1 of the checker, the goal-checker and the reviewer each


def whole(shop: Shop) -> None:
    """Main is at a verified landing, once; git and fsck have nothing to say; nothing is left behind."""
    assert shop.read("src/pricing.py") == GOOD
    log = shop.git("log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly,separator=)", "main")
    (number,) = (line for line in log.splitlines() if line)
    assert shop.git("fsck", "--strict", "--no-dangling") == ""
    assert shop.door("fsck", "--json").json["findings"] == []
    assert shop.git("status", "--porcelain") == ""
    assert shop.git("for-each-ref", "refs/loopwright/claims", "refs/heads/loop") == ""
    assert shop.git("tag") == f"gen-{number}"
    assert not (shop.path / ".git/index.lock").exists()
    state = shop.path.parent / "home/.local/state/loopwright"
    assert [place.name for place in state.glob("*/*")] == []


def old_or_verified(shop: Shop) -> None:
    """What main holds right after the kill: the old code, or exactly the landed tree."""
    assert shop.git("show", "main:src/pricing.py") + "\n" in (PRICING.lstrip("\n"), GOOD)
    assert subprocess.run(["git", "fsck", "--strict"], cwd=shop.path, check=False, capture_output=True).returncode == 0


# Of a run that stops: see test_killed_incidents and test_wall_after_a_stop; of the janitor: tests/labs/test_janitor; of
# a batch: test_batch; of what is paid, also through a gateway: test_paid_once; of a watcher: test_watcher_killed.
_ELSEWHERE = ("wall:", "andon:", "meta:", "pull:", "janitor:", "batch:", "pool:", "gateway:", "supervisor:")
LANDING = [point for point in checkpoints.POINTS if not point.startswith(_ELSEWHERE)]


@pytest.mark.parametrize("point", LANDING)
def test_a_run_killed_at_this_point_is_finished_by_running_it_again(scripted: Scripted, point: str) -> None:
    shop = scripted(two_attempts())  # type: ignore[arg-type]
    shop.plan("fix")

    killed = shop.door("run", "fix", crash=point)
    assert killed.code == -9, f"{point} was never reached: {killed.err}"
    old_or_verified(shop)
    commits = an_outsider_commits(shop)
    told = shop.door("run", "fix", "--json")

    assert told.code == 0, told.err
    assert told.json["landed"]
    assert told.json["chunks"][0]["attempts"] == 2
    whole(shop)
    assert notes(shop) == commits
    # What changed the mainline's files since it was judged makes the goal-checker look once more.
    assert REQUESTS <= len(shop.endpoint.requests) <= REQUESTS + commits  # type: ignore[union-attr]


def an_outsider_commits(shop: Shop) -> int:
    """Somebody commits to main at once; how many commits that made: while a landing is half done or overtakes it, git
    says no."""
    shop.write("notes.md", "mine")
    command = "git add -N notes.md && git commit -qm 'a note of mine' -- notes.md"
    done = subprocess.run(["sh", "-c", command], cwd=shop.path, check=False, capture_output=True, text=True)
    if done.returncode:
        assert re.search(r"index\.lock|cannot lock ref", done.stderr), done.stderr
        (shop.path / "notes.md").unlink()
    return int(not done.returncode)


def notes(shop: Shop) -> int:
    """How many commits of an outsider's main has: none is lost, none is there twice."""
    return shop.git("log", "--first-parent", "--format=%s", "main").splitlines().count("a note of mine")


def test_every_point_is_registered_reached_and_killed_at_somewhere() -> None:
    root = Path(__file__).parents[2]
    sources = "".join(path.read_text() for path in (root / "src/loopwright").rglob("*.py"))
    assert set(re.findall(r'[^.\w]reached\("([a-z:]+)"\)', sources)) == set(checkpoints.POINTS)
    assert len(set(checkpoints.POINTS)) == len(checkpoints.POINTS)
    tests = "".join(path.read_text() for path in (root / "tests").rglob("test_*.py"))
    assert [point for point in checkpoints.POINTS if point not in LANDING and f'"{point}"' not in tests] == []


def test_resume_does_what_running_again_does(scripted: Scripted) -> None:
    shop = scripted(two_attempts())  # type: ignore[arg-type]
    shop.plan("fix")
    assert shop.door("run", "fix", crash="chunk:committed:2").code == -9

    status = shop.door("status", "--json").json
    told = shop.door("resume", "1", "--json")

    assert [(run["run"], run["alive"]) for run in status["runs"]] == [(1, False)]
    assert told.json["landed"]
    assert shop.door("run", "fix", "--json").json == told.json
    whole(shop)


def test_a_run_killed_over_and_over_at_random_moments_still_finishes(scripted: Scripted) -> None:
    shop = scripted(two_attempts())  # type: ignore[arg-type]
    shop.plan("fix")
    dice = random.Random(7)

    for _ in range(25):
        started = shop.door.start("run", "fix", "--json")
        time.sleep(dice.uniform(0.05, 0.6))  # the moment of the kill is what is tested, nothing waits for anything
        if started.kill().code == 0:
            break
        old_or_verified(shop)

    assert shop.door("run", "fix", "--json").json["landed"]
    whole(shop)
    # A kill may fall between a request and its answer: that request alone is asked again.
    assert REQUESTS <= len(shop.endpoint.requests) <= REQUESTS + 25  # type: ignore[union-attr]


def test_a_model_call_that_was_cut_off_is_the_only_one_that_is_asked_again(scripted: Scripted) -> None:
    shop = scripted(two_attempts())  # type: ignore[arg-type]
    shop.plan("fix")
    started = shop.door.start("run", "fix")
    until(lambda: len(shop.endpoint.requests) >= 4, what="the second attempt begins")  # type: ignore[union-attr]
    started.kill()

    assert shop.door("run", "fix", "--json").json["landed"]

    assert REQUESTS <= len(shop.endpoint.requests) <= REQUESTS + 1  # type: ignore[union-attr]
    whole(shop)

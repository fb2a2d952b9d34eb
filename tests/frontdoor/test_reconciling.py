"""After a crash, the next start resolves what dead processes left: it is gone on with, or it ends with its reason."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from loopwright.testing.frontdoor import until

from .conftest import Scripted, Shop, judges, small_maker, small_plan


def killed_shop(scripted: Scripted, point: str = "chunk:checked") -> Shop:
    """A shop whose run 1 was killed."""
    shop = scripted([small_maker(1), *judges()])
    shop.plan("small", small_plan(1))
    assert shop.door("run", "small", crash=point).code == -9
    return shop


def lock(shop: Shop, name: str, seconds: float = 120.0) -> Path:
    """A lock that a git left which died so long ago."""
    path = shop.path / ".git" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() - seconds,) * 2)
    return path


# ---------------------------------------------------------------- locks of gits that died

LOCKS = ["refs/loopwright/claims/small", "refs/loopwright/runs/1", "refs/tags/gen-1", "refs/heads/loop/small"]
SHARED = ["refs/heads/main", "HEAD", "packed-refs"]


@pytest.mark.parametrize("name", [*LOCKS, *SHARED])
def test_a_ref_that_a_dead_git_left_locked_keeps_no_run_from_ending(scripted: Scripted, name: str) -> None:
    shop = killed_shop(scripted, "land:prepared")
    left = lock(shop, f"{name}.lock")

    told = shop.door("run", "small", "--json")

    assert told.code == 0, told.err
    assert told.json["landed"]
    assert shop.claims == []
    assert not left.exists()


def test_a_lock_whose_git_is_at_work_stays_and_the_watcher_waits(scripted: Scripted) -> None:
    shop = killed_shop(scripted, "land:prepared")
    left = lock(shop, "refs/loopwright/claims/small.lock")
    git = subprocess.Popen(["git", "cat-file", "--batch"], cwd=shop.path, stdin=subprocess.PIPE)  # waits for its input
    try:
        until(lambda: Path(f"/proc/{git.pid}/comm").read_text() == "git\n")
        told = shop.door("watch", "--once", "--json")
        assert (told.code, left.exists()) == (1, True)
        assert "refs/loopwright/claims/small.lock" in told.json["refused"][0]["problem"]
    finally:
        git.communicate()

    assert shop.door("watch", "--once").code == 0
    assert shop.claims == []
    assert not left.exists()


def test_a_lock_that_another_program_may_have_made_a_moment_ago_stays(scripted: Scripted) -> None:
    shop = killed_shop(scripted, "land:prepared")
    left = lock(shop, "refs/heads/main.lock", seconds=0)
    told = shop.door("run", "small")
    assert (told.code, left.exists()) == (1, True)
    assert str(left) in told.err
    os.utime(left, (time.time() - 120,) * 2)
    assert shop.door("run", "small").code == 0


# ---------------------------------------------------------------- runs of which too little is left


def home(shop: Shop) -> Path:
    return shop.path / ".git/loopwright/runs/1"


def blob(shop: Shop, text: str) -> str:
    place = shop.path / ".git/odd"
    place.write_text(text)
    return shop.git("hash-object", "-w", str(place))


def without_its_home(shop: Shop) -> None:
    shutil.rmtree(home(shop))


def without_its_plan(shop: Shop) -> None:
    (home(shop) / "plan.md").unlink()


def with_a_torn_plan(shop: Shop) -> None:
    (home(shop) / "plan.json").write_text('{"name": "sm')


def without_its_base(shop: Shop) -> None:
    gone = "1" * 40
    claim = json.loads(shop.git("cat-file", "blob", "refs/loopwright/claims/small"))
    shop.git("update-ref", "refs/loopwright/claims/small", blob(shop, json.dumps({**claim, "base": gone})))
    journal = home(shop) / "journal.jsonl"
    journal.write_text(re.sub(r'"base": "[0-9a-f]{40}"', f'"base": "{gone}"', journal.read_text()))


WRECKS: Mapping[Callable[[Shop], None], str] = {
    without_its_home: "runs/1 is gone",
    without_its_plan: "plan.md is gone",
    with_a_torn_plan: "plan.json doesn't read any more",
    without_its_base: "the commit 1111111111 that it began from is gone",
}


@pytest.mark.parametrize("wreck", WRECKS, ids=lambda wreck: wreck.__name__)
@pytest.mark.parametrize("again", [("watch", "--once"), ("run", "small"), ("resume", "1")])
def test_a_run_of_which_too_little_is_left_ends_with_its_reason_and_its_plan_can_run_anew(
    scripted: Scripted, wreck: Callable[[Shop], None], again: tuple[str, ...]
) -> None:
    shop = killed_shop(scripted)
    wreck(shop)

    told = shop.door(*again)

    assert told.code == 3, told.err
    record = shop.record(1)
    assert (record["outcome"], record["stop"]["reason"]) == ("stopped", "lost")
    assert WRECKS[wreck] in record["stop"]["detail"]
    assert shop.claims == []
    assert "status: stopped" in shop.read("plans/small.md")
    shop.write("plans/small.md", small_plan(1))
    assert shop.door("run", "small").code == 0
    assert shop.door("fsck", "--json").json["findings"] == []


def test_one_that_had_landed_ends_as_landed_and_lands_no_second_time(scripted: Scripted) -> None:
    shop = killed_shop(scripted, "land:moved:2")  # the first move is the claim's record
    without_its_home(shop)

    told = shop.door("run", "small", "--json")

    assert (told.code, told.json["landed"]) == (0, True)
    assert any("how it was judged isn't known any more" in note for note in told.json["notes"])
    assert shop.git("log", "--first-parent", "--format=%s", "main").count("land small") == 1
    assert shop.claims == []
    rules = [finding["rule"] for finding in shop.door("fsck", "--json").json["findings"]]
    assert rules == ["no-verdict"]  # which is the truth


def test_what_was_left_of_it_is_kept(scripted: Scripted) -> None:
    shop = killed_shop(scripted)
    journal = (home(shop) / "journal.jsonl").read_bytes()
    with_a_torn_plan(shop)
    shop.door("run", "small")
    assert (home(shop) / "lost-1/journal.jsonl").read_bytes() == journal


def test_one_of_another_machine_is_left_to_that(scripted: Scripted) -> None:
    shop = killed_shop(scripted)
    claim = json.loads(shop.git("cat-file", "blob", "refs/loopwright/claims/small"))
    shop.git("update-ref", "refs/loopwright/claims/small", blob(shop, json.dumps({**claim, "host": "far-away"})))
    without_its_home(shop)

    told = shop.door("watch", "--once")

    assert told.code == 2
    assert shop.claims == ["small"]
    assert "begun elsewhere (far-away)" in shop.door("run", "small").err


def test_a_plan_whose_file_is_gone_is_finished_as_it_was_claimed(scripted: Scripted) -> None:
    shop = killed_shop(scripted)
    shop.git("rm", "-qf", "plans/small.md")
    shop.git("commit", "-qm", "no such plan")
    assert shop.door("watch", "--once").code == 0
    assert (shop.read("made/1.txt"), shop.claims) == ("1\n", [])


@pytest.mark.parametrize("damage", ["cut off", "zeroes"])
def test_a_journal_that_is_damaged_is_gone_on_with_from_what_is_whole(scripted: Scripted, damage: str) -> None:
    shop = killed_shop(scripted)
    journal = home(shop) / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[3:] = [lines[3][:-20]] if damage == "cut off" else [b"\0" * len(lines[3]), *lines[4:]]
    journal.write_bytes(b"".join(lines))
    asked = len(shop.model.requests)

    assert shop.door("watch", "--once").code == 0

    assert shop.claims == []
    assert len(shop.model.requests) == asked + 2  # the maker's conversation is kept beside the journal
    if damage == "zeroes":
        assert (home(shop) / "journal.jsonl.torn-1").read_bytes() == b"".join(lines)


# ---------------------------------------------------------------- claims that don't read


@pytest.mark.parametrize("again", [("watch", "--once"), ("run", "small")])
def test_a_claim_that_does_not_read_is_made_again_and_its_run_gone_on_with(
    scripted: Scripted, again: tuple[str, ...]
) -> None:
    shop = killed_shop(scripted)
    asked = len(shop.model.requests)
    shop.git("update-ref", "refs/loopwright/claims/small", blob(shop, "{"))
    assert shop.door("status").code == 0

    told = shop.door(*again, "--progress")

    assert told.code == 0, told.err
    assert "made refs/loopwright/claims/small again" in told.err
    assert shop.record(1)["landed"]
    assert len(shop.model.requests) == asked + 2
    assert shop.claims == []


def test_a_claim_of_no_run_at_all_is_dropped(scripted: Scripted) -> None:
    shop = scripted([small_maker(1), *judges()])
    shop.plan("small", small_plan(1))
    shop.git("update-ref", "refs/loopwright/claims/small", blob(shop, "{"))
    told = shop.door("run", "small", "--progress")
    assert (told.code, "dropped refs/loopwright/claims/small" in told.err) == (0, True)
    assert shop.claims == []

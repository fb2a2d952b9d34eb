"""After a crash, the next start resolves what dead processes left: it is gone on with, or it ends with its reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
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

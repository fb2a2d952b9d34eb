"""Processes of one shop are killed at random moments, again and again, while several plans are worked off: each run
lands once, and nothing is lost or paid twice.

LOOPWRIGHT_TEST_KILLS says how many kills: 200 without it, 2,000 by `make kills`, which is for the night.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from loopwright.shell.ending import STARTED, kill, offspring, stat
from loopwright.testing.frontdoor import Started

from .conftest import Scripted, Shop, judges, small_maker, small_plan
from .watching import landings, status

KILLS = int(os.environ.get("LOOPWRIGHT_TEST_KILLS", "200"))
KINDS = ("watcher", "python", "git")  # python: runs, and what they are forked from
AT_ONCE = 3  # plans that are open at a time
EACH = 5  # requests of a run that nobody disturbs: two of the maker's, and one of each judge's


@dataclass
class Mob:
    """The watcher and all that came of it, also when it is dead: a run goes on without its supervisor."""

    shop: Shop
    dice: random.Random
    started: Started | None = None
    last_but_git: str = ""  # what was killed last, gits left out
    known: dict[int, bytes] = field(default_factory=dict)  # process id -> when it began

    def watch(self) -> None:
        """Have a watcher at work."""
        if self.started is None or self.started.poll() is not None:
            self.started = self.shop.door.start("watch", "--quiet")

    def members(self) -> list[tuple[int, str]]:
        """Those of ours that are alive, with what they are."""
        assert self.started is not None
        roots = {self.started.pid, *self.known}
        now = {pid: told for pid in roots | offspring(roots) if (told := _began(pid))}
        self.known = {pid: told for pid, told in now.items() if self.known.get(pid, told) == told}
        named = ((pid, "watcher" if pid == self.started.pid else _name(pid)) for pid in self.known)
        return [(pid, name) for pid, name in named if name]

    def kill_one(self) -> str:
        """SIGKILL to one of them, each kind about as likely as the others; what it was. A git lives for milliseconds:
        it is waited for a little."""
        # Some deaths under one watcher would stop the line, as they should: after one, it is the watcher's turn.
        kind = self.dice.choice([kind for kind in KINDS if kind != "python" or self.last_but_git != "python"])
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            if found := [pid for pid, name in self.members() if name == kind]:
                kill({self.dice.choice(found)})
                self.last_but_git = self.last_but_git if kind == "git" else kind
                return kind
        return ""


def _began(pid: int) -> bytes:
    try:
        told = stat(pid)
        return b"" if told[0] == b"Z" else told[STARTED]
    except (OSError, IndexError):
        return b""


def _name(pid: int) -> str:
    """`git` or `python`; '' for a lab's commands, whose end is a gate's answer, and for what is gone."""
    try:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
    in_a_lab = b"\0LOOPWRIGHT_LAB=" in _environment(pid)
    return "" if in_a_lab else "git" if name.startswith("git") else "python" if name.startswith("py") else ""


def _environment(pid: int) -> bytes:
    try:
        return b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def numbers() -> Iterator[int]:
    yield from range(1, 10_000)


def test_whatever_is_killed_whenever_each_run_lands_once(scripted: Scripted) -> None:
    most = 20 + KILLS
    shop = scripted([*(small_maker(number) for number in range(1, most)), *judges()])
    shop.configure("breakers: {consecutive-failures: 1000}")
    mob, plans = Mob(shop, random.Random(KILLS)), numbers()
    begun: list[str] = []
    kinds: dict[str, int] = {}
    while sum(kinds.values()) < KILLS:
        while sum(not over(shop, plan) for plan in begun) < AT_ONCE and len(begun) + 1 < most:
            number = next(plans)
            begun.append(shop.plan(f"p{number}", small_plan(number)))
        mob.watch()
        time.sleep(mob.dice.uniform(0.02, 0.3))  # the moment of the kill is what is tested, nothing waits for anything
        if kind := mob.kill_one():
            kinds[kind] = kinds.get(kind, 0) + 1
    kill({pid for pid, _ in mob.members()})
    if mob.started:
        mob.started.wait()

    finished(shop)

    assert {plan: status(shop, plan) for plan in begun} == dict.fromkeys(begun, "done")
    assert sorted(landings(shop)) == sorted(begun)
    whole(shop)
    # Each kill may fall between one request and its answer; a candidate that other plans have overtaken is judged anew.
    assert len(shop.model.requests) <= (EACH + 1) * len(begun) + KILLS
    assert set(kinds) == set(KINDS)


def over(shop: Shop, plan: str) -> bool:
    return status(shop, plan) not in ("ready", "running")


def finished(shop: Shop) -> None:
    """Start again until all is done; a lock that a killed git left is taken away after a minute."""
    for _ in range(6):
        told = shop.door("watch", "--once")
        if told.code == 0 and not branches(shop):  # a branch that such a lock kept goes at the next start
            return
        time.sleep(15)
    raise AssertionError(f"the watcher ends with {told.code}: {told.err[-3000:]}")


def branches(shop: Shop) -> str:
    return shop.git("for-each-ref", "refs/heads/loop")


def whole(shop: Shop) -> None:
    assert subprocess.run(["git", "fsck", "--strict"], cwd=shop.path, check=False, capture_output=True).returncode == 0
    assert shop.door("fsck", "--json").json["findings"] == []
    assert shop.claims == []
    assert shop.labs == []
    assert shop.git("status", "--porcelain") == ""
    assert branches(shop) == ""

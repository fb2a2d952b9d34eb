"""What `doctor` says that the hooks can't stop: each really gets by. So the word of doctor is neither more nor less."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from loopwright.loops.hooks.looking import CANT, OUTSIDE

from .conftest import Shop
from .guarding import INCIDENT, STOPPED, Person, with_remote


def server(person: Person) -> Path:
    return person.where.parent / "origin.git"


def not_verified(person: Person) -> bool:
    return person.tries("git", "push", "--no-verify", "origin", "side:main").returncode == 0


def other_hooks(person: Person) -> bool:
    return person.tries("git", "-c", "core.hooksPath=/dev/null", "commit", "-qm", "x", "--allow-empty").returncode == 0


def another_clone(person: Person) -> bool:
    other = person.where.parent / "other"
    person.git("clone", "-q", str(server(person)), str(other))
    person.git("commit", "-qm", "x", "--allow-empty", where=other)
    return person.tries("git", "push", "origin", "main", where=other).returncode == 0


def merge_button(person: Person) -> bool:
    person.git("push", "-q", "origin", "side")
    words = ("git", "update-ref", "refs/heads/main", "refs/heads/side")  # a server merges without a push
    return person.tries(*words, where=server(person)).returncode == 0


def by_hand(person: Person) -> bool:
    side = person.tip("side")
    (person.where / ".git/refs/heads/main").write_text(f"{side}\n")
    moved = person.tip() == side
    (person.where / ".git" / INCIDENT).unlink()
    return moved and person.tries("git", "commit", "-qm", "x", "--allow-empty").returncode == 0


def unmarked_lab(person: Person) -> bool:
    lab = {"LOOPWRIGHT_LAB": str(person.where.parent / "labs/gen-7")}
    refused = person.tries("git", "branch", "x", env=lab)
    words = ("env", "-u", "LOOPWRIGHT_LAB", "git", "branch", "x")
    return refused.returncode != 0 and person.tries(*words, env=lab).returncode == 0


WAYS = (not_verified, other_hooks, another_clone, merge_button, by_hand, unmarked_lab)


@pytest.fixture
def held(shop: Shop) -> Person:
    """Somebody whose line is stopped, with a branch `side` that main is not to become."""
    person = with_remote(shop)
    person.git("switch", "-qc", "side")
    person.edits("b.txt", "b\n")
    person.git("switch", "-q", "main")
    assert shop.door("init", "--hooks").code == 0
    person.stop_the_line()
    assert STOPPED in person.tries("git", "merge", "side").stderr
    person.git("reset", "-q", "--hard")
    return person


@pytest.mark.parametrize(("words", "way"), list(zip(CANT, WAYS, strict=True)), ids=range(len(CANT)))
def test_this_gets_by_and_doctor_says_so(held: Person, words: str, way: Callable[[Person], bool]) -> None:
    assert way(held)
    assert words in held.shop.door("doctor").out


def test_from_outside_a_relative_hooks_path_leads_nowhere_and_doctor_says_so(held: Person) -> None:
    outside = ("git", "--git-dir", "shop/.git", "update-ref", "refs/heads/main", "side")
    assert STOPPED in held.tries(*outside, where=held.where.parent).stderr
    assert OUTSIDE not in held.shop.door("doctor").out
    held.shop.door("init", "--no-hooks")
    (held.where / ".git/info/exclude").write_text(".hooks\n")
    held.git("config", "core.hooksPath", ".hooks")
    assert held.shop.door("init", "--hooks").code == 0
    assert STOPPED in held.tries("git", "update-ref", "refs/heads/main", "side").stderr

    assert held.tries(*outside, where=held.where.parent).returncode == 0
    assert OUTSIDE in held.shop.door("doctor").out

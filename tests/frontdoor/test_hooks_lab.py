"""A process of a lab that reaches for the person's repository by git is refused by its hooks, and written down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from .conftest import GOOD, Scripted, Shop, bash, judges, maker, write
from .guarding import Person, at_work, with_remote

REFUSED = "loopwright: a lab may not touch the repository that it was made for"


@pytest.fixture
def reaching(shop: Shop) -> Person:
    """A process of a lab that stands in the person's repository, with hooks in and a line that runs."""
    person = with_remote(shop)
    person.edits("a.txt", "a\n")
    person.git("branch", "side")
    assert shop.door("init", "--hooks").code == 0
    lab = shop.path.parent / "labs/gen-7-maker"
    (lab / "root").mkdir(parents=True)
    return Person(shop, shop.path, {"LOOPWRIGHT_LAB": str(lab)})


def log_of(person: Person) -> list[tuple[str, str]]:
    """The reaches that were written down: lab, and what was reached for."""
    place = person.shop.path / ".git/loopwright/reaches.log"
    found = [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []
    assert all(datetime.fromisoformat(row["at"]).tzinfo for row in found)
    return [(row["lab"], row["what"]) for row in found]


@pytest.mark.parametrize(
    ("words", "ref"),
    [
        (("git", "commit", "-qm", "x", "--allow-empty"), "refs/heads/main"),
        (("git", "branch", "feature"), "refs/heads/feature"),
        (("git", "tag", "v1"), "refs/tags/v1"),
        (("git", "update-ref", "refs/loopwright/andon/line/1-1", "HEAD"), "refs/loopwright/andon/line/1-1"),
        (("git", "update-ref", "-d", "refs/heads/side"), "refs/heads/side"),
        (("git", "push", "-q", ".", "HEAD:refs/heads/new"), "refs/heads/new"),
        (("git", "push", "-q", "origin", "main"), "refs/heads/main"),
        (("git", "switch", "-q", "--detach", "HEAD~1"), "HEAD"),
    ],
    ids=str,
)
def test_it_is_refused_and_written_down(reaching: Person, words: Sequence[str], ref: str) -> None:
    before = reaching.git("for-each-ref")

    done = reaching.tries(*words)

    assert done.returncode != 0
    assert REFUSED in done.stderr
    assert f"  {ref}\n" in done.stderr
    assert reaching.git("for-each-ref") == before
    lab = reaching.env["LOOPWRIGHT_LAB"]
    how = "push to" if "push" in words else "move"
    assert (lab, f"git was to {how} {ref}") in log_of(reaching)


def test_reading_is_free(reaching: Person) -> None:
    for words in (("status",), ("log", "-1"), ("clone", "-q", ".", "../copy"), ("fetch", "-q", "origin")):
        reaching.git(*words)

    assert log_of(reaching) == []


def test_repositories_in_the_lab_are_free_even_with_a_copy_of_the_hooks(reaching: Person) -> None:
    lab = Path(reaching.env["LOOPWRIGHT_LAB"])
    own = lab / "root/own"
    reaching.git("init", "-q", "--template", f"{reaching.where}/.git", str(own))
    assert (own / ".git/hooks/reference-transaction").exists()

    reaching.git("commit", "-qm", "x", "--allow-empty", where=own)
    reaching.git("branch", "feature", where=own)


def test_a_made_up_name_of_a_lab_gets_nobody_in_and_breaks_no_line(reaching: Person) -> None:
    for name in ("gone", "/", 'a\t"b\\\nc', "x" * 1000):
        assert reaching.tries("git", "branch", 'quoted"', env={"LOOPWRIGHT_LAB": name}).returncode != 0

    what = 'git was to move refs/heads/quoted"'
    assert log_of(reaching) == [("gone", what), ("/", what), ('a"b\\c', what), ("x" * 500, what)]


def test_a_flood_fills_no_disk(reaching: Person) -> None:
    home = reaching.where / ".git/loopwright"
    home.mkdir(exist_ok=True)
    (home / "reaches.log").write_text("old\n" * 20_000)
    refs = "".join(f"create refs/heads/b{i} HEAD\n" for i in range(500))
    (reaching.where / "refs").write_text(refs)

    reaching.tries("sh", "-c", "git update-ref --stdin <refs")

    assert len(log_of(reaching)) == 20
    assert (home / "reaches.log.1").stat().st_size == 80_000


def test_a_lab_that_is_a_worktree_may_commit_in_it_and_no_more(reaching: Person) -> None:
    lab = Path(reaching.env["LOOPWRIGHT_LAB"])
    other = at_work(reaching.shop)
    (lab / "root").rmdir()
    other.git("worktree", "add", "-q", "--detach", str(lab / "root"))
    other.git("worktree", "add", "-q", "--detach", "../mine")

    reaching.git("commit", "-qm", "x", "--allow-empty", where=lab / "root")
    assert reaching.tip("HEAD") == other.tip()
    for words in (("branch", "feature"), ("stash",), ("update-ref", "refs/heads/main", "HEAD")):
        (lab / "root/a.txt").write_text("changed\n")
        assert REFUSED in reaching.tries("git", *words, where=lab / "root").stderr
    mine = other.where.parent / "mine"
    assert REFUSED in reaching.tries("git", "commit", "-qm", "x", "--allow-empty", where=mine).stderr


@pytest.mark.parametrize("kind", ["clone", "worktree"])
def test_a_maker_that_reaches_for_main_is_written_down_and_its_own_commits_are_free(
    shop: Shop, scripted: Scripted, kind: str
) -> None:
    own = "git commit -qm own --allow-empty"
    reach = f"{own} && git -C {shop.path} update-ref refs/heads/main HEAD~1; git -C {shop.path} branch x"
    scripted([maker(bash(reach), write("src/pricing.py", GOOD)), *judges()])
    shop.plan("fix")
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("lab: clone", f"lab: {kind}"))
    shop.commit("configured")
    shop.door("init", "--hooks")
    before = shop.git("rev-parse", "main")

    shop.door("run", "fix")

    assert "refs/heads/x" not in shop.git("for-each-ref")
    assert shop.git("merge-base", "main", before) == before
    rows = log_of(at_work(shop))
    assert {what for _, what in rows} == {
        f"git was to move {ref}" for ref in ("refs/heads/main", "HEAD", "refs/heads/x")
    }
    assert len({lab for lab, _ in rows}) == 1
    (page,) = shop.path.glob("wiki/90_LOG/*-andon-gen-1.md")
    assert "git was to move refs/heads/main" in page.read_text()

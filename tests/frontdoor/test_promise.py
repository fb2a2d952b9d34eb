"""What a person was promised, tried from where it could break."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.testing.frontdoor import FrontDoor
from loopwright.testing.script import Call, Session, Turn

from .conftest import (
    CHECK,
    GOOD,
    PLAN,
    Scripted,
    Shop,
    bash,
    good_maker,
    judges,
    maker,
    small_maker,
    small_plan,
    verdict,
    write,
)
from .incidents import mended
from .test_lab_traps import leaks

BANNED = "! grep -q BANNED src/pricing.py"
OWN = "hw8-Vq2mX7tLw4KpB9nYc3HdF6jGs1Qe"
HUMAN = PLAN.replace("merge: auto", "merge: human")


def test_a_check_that_main_got_meanwhile_judges_what_lands(scripted: Scripted, shop: Shop) -> None:
    add = (
        f'cd {shop.path} && sed -i \'s|^checks: .*|checks: ["{CHECK}", "{BANNED}"]|\' agents/LOOPS.md '
        "&& git commit -qam 'a stricter gate'"
    )
    shop = scripted([maker(write("src/pricing.py", GOOD + "# BANNED\n"), bash(add)), *judges()])
    shop.plan("fix")
    shop.door("run", "fix", "--json")
    assert BANNED in shop.git("show", "main:agents/LOOPS.md")
    assert "BANNED" not in shop.git("show", "main:src/pricing.py")


def test_a_run_of_another_clone_with_that_number_is_not_this_one(scripted: Scripted, tmp_path: Path) -> None:
    shop = scripted([maker(write("src/pricing.py", GOOD), when="Divide by a hundred"), small_maker(1), *judges()])
    shop.plan("fix", HUMAN)
    r = shop.door("run", "fix", "--json").json
    assert r["status"] == "review"
    other = tmp_path / "other"
    shop.git("clone", "-q", str(shop.path), str(other))
    second = Shop(other, FrontDoor(other, dict(shop.door.env)), shop.endpoint)
    second.git("config", "user.name", "Ada")
    second.git("config", "user.email", "ada@example.org")
    second.plan("p1", small_plan(1))
    r2 = second.door("run", "p1", "--json").json
    assert r2["landed"]
    shop.git("pull", "-q", "--ff-only", str(other), "main")
    told = shop.door("land", "1", "--json")
    assert not told.json["landed"]
    assert "another clone" in told.json["held"]


@pytest.mark.parametrize("who", ["checker", "reviewer", "goal-checker"])
def test_what_a_judge_quotes_of_a_key_is_masked(scripted: Scripted, who: str) -> None:
    roles = {"checker": judges()[0], "goal-checker": judges()[1], "reviewer": judges()[2]}
    if who == "goal-checker":
        proof = [{"criterion": 2, "met": False, "proof": f"I found {OWN} in .env"}]
        roles[who] = Session(
            role="goal-checker", turns=[Turn(Call("submit_goal_report", met=False, evidence=proof))], repeat=True
        )
    else:
        roles[who] = Session(role=who, turns=[verdict("reject", f"I found {OWN} in .env")], repeat=True)
    shop = scripted([good_maker(), *roles.values()])
    shop.door.env |= {"MY_SECRET_TOKEN": OWN}
    shop.plan("fix")
    shop.door("run", "fix", "--json")
    assert leaks(shop, [OWN]) == []


def test_a_persons_branch_of_that_name_is_kept(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.git("switch", "-qc", "loop/fix")
    shop.write("mine.txt", "a person's work\n")
    mine = shop.commit("mine")
    shop.git("switch", "-q", "main")
    shop.plan("fix", HUMAN)
    shop.door("run", "fix")
    refs = shop.git("for-each-ref", "--contains", mine, "--format=%(refname)")
    assert refs


def test_a_persons_commit_on_a_runs_branch_is_kept(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    shop.door("run", "fix")
    shop.git("switch", "-q", "loop/fix")
    shop.write("mine.txt", "a person's work\n")
    mine = shop.commit("mine")
    shop.git("switch", "-q", "main")
    shop.write("src/pricing.py", "edit = 1\n")
    shop.door("land", "1", "--json")
    refs = shop.git("for-each-ref", "--contains", mine, "--format=%(refname)")
    assert refs


def test_an_interrupted_run_can_be_rejected(scripted: Scripted) -> None:
    shop = scripted([maker(write("src/pricing.py", GOOD)), *judges()])
    shop.plan("fix")
    shop.door("run", "fix", crash="chunk:committed")
    told = shop.door("reject", "1", "--json")
    assert told.code == 0
    assert not shop.claims


def test_an_older_run_cannot_reject_what_landed_since(scripted: Scripted) -> None:
    shop = scripted(
        [
            maker(bash("rm tests/test_pricing.py"), unless="MORE"),
            maker(write("src/pricing.py", GOOD), when="MORE"),
            *judges(),
        ]
    )
    shop.plan("fix")
    r = shop.door("run", "fix", "--json").json
    assert r["status"] in ("stopped", "failed")
    mended(shop, 1)
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("is 90.", "is 90. MORE"))
    r = shop.door("run", "fix", "--json").json
    assert r["landed"]
    shop.door("reject", "1", "--json")
    assert "status: done" in shop.read("plans/fix.md")


def test_a_branch_in_the_way_is_said_before_anything_is_paid(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.git("branch", "loop")
    shop.plan("fix")
    told = shop.door("run", "fix", "--json")
    assert told.code == 0 or len(shop.model.requests) == 0


@pytest.mark.parametrize("point", ["close:tagged", "close:recorded"])
def test_a_rejection_that_was_killed_is_no_landing(scripted: Scripted, point: str) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.write("src/pricing.py", "edit = 1\n")
    shop.plan("fix")
    r = shop.door("run", "fix", "--json").json
    assert r["held"]
    told = shop.door("reject", "1", crash=point)
    assert told.code == -9
    shop.git("checkout", "src/pricing.py")
    shop.door("land", "1")
    assert "/ 100" not in shop.git("show", "main:src/pricing.py")
    shop.door("land", "1")
    assert "/ 100" not in shop.git("show", "main:src/pricing.py")

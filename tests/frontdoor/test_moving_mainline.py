"""The mainline moves while a run waits: what lands is verified as it lands, or it does not land."""

from __future__ import annotations

import pytest

from loopwright import workshop
from loopwright.clocks import SystemClock
from loopwright.journal.hub import find
from loopwright.loops import fitting, starting
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import landing
from loopwright.vocabulary import Run, Stop

from .conftest import GOOD, PLAN, PRICING, Scripted, good_maker, judges

HUMAN = PLAN.replace("merge: auto", "merge: human")


def test_when_main_moved_the_merge_is_verified_again_and_that_is_what_lands(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    shop.door("run", "fix")
    shop.write("src/vat.py", "VAT = 20\n")
    shop.commit("meanwhile")

    result = shop.door("land", "1", "--json").json

    assert result["landed"]
    assert shop.git("show", f"{result['verified']}:src/vat.py") == "VAT = 20"
    assert shop.git("show", f"{result['verified']}:src/pricing.py") == GOOD.strip()
    assert {gate["commit"] for gate in result["checks"]} == {result["verified"]}
    assert shop.door("fsck", "--json").json["findings"] == []


def test_a_merge_that_breaks_the_gates_does_not_land(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    shop.door("run", "fix")
    test = shop.read("tests/test_pricing.py").replace("total([1, 2, 3]), 6", "discount(10, 0.5), 5")
    shop.write("tests/test_pricing.py", test)
    shop.commit("someone relies on fractions")
    before = shop.git("rev-parse", "main")

    told = shop.door("land", "1", "--json")

    assert (told.code, told.json["landed"], told.json["outcome"]) == (1, False, "not-met")
    assert shop.git("rev-parse", "main^") == before  # only the record of it came on top
    assert shop.git("show", "main:src/pricing.py") == PRICING.strip()


def test_a_merge_that_conflicts_stops_and_says_where(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    shop.door("run", "fix")
    shop.write("src/pricing.py", PRICING.replace("price * percent", "price * float(percent)"))
    shop.commit("the same line")

    told = shop.door("land", "1", "--json")

    assert (told.code, told.json["stop"]["reason"]) == (3, "conflict")
    assert "src/pricing.py" in told.json["stop"]["detail"]
    assert "float(percent)" in shop.read("src/pricing.py")


def test_what_the_mainline_protects_by_now_does_not_land(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    shop.door("run", "fix")
    loops = shop.read("agents/LOOPS.md").replace("merge: human", "merge: human\nprotected: [src/pricing.py]")
    shop.write("agents/LOOPS.md", loops)
    shop.commit("prices are not for agents")

    told = shop.door("land", "1", "--json")

    assert (told.code, told.json["landed"], told.json["stop"]["reason"]) == (3, False, "protected")
    assert "src/pricing.py" in told.json["stop"]["detail"]
    assert shop.git("show", "main:src/pricing.py") == PRICING.strip()


def test_record_commits_of_others_need_no_second_verification(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    shop.door("run", "fix")
    verified = shop.git("rev-parse", "refs/loopwright/verified/1")
    shop.plan("other", HUMAN)
    shop.door("run", "other")

    assert shop.door("land", "1", "--json").json["verified"] == verified


def test_without_a_lab_to_verify_in_a_landing_is_held_and_lands_when_there_is_one(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    shop.door("run", "fix")
    broken = shop.read("agents/LOOPS.md").replace("lab: clone", 'lab: clone\nsetup: ["exit 7"]')
    whole = shop.read("agents/LOOPS.md")
    shop.write("agents/LOOPS.md", broken)
    shop.write("src/vat.py", "VAT = 20\n")
    shop.commit("meanwhile")

    held = shop.door("land", "1", "--json")
    assert (held.code, held.json["landed"], held.json["status"]) == (0, False, "review")
    assert "exit 7" in held.json["held"]

    shop.write("agents/LOOPS.md", whole)
    shop.commit("mended")
    assert shop.door("land", "1", "--json").json["landed"]


def test_a_branch_that_takes_back_what_the_mainline_got_meanwhile_stops_the_run(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `git merge -s ours` leaves one. No maker's branch has merges in it, so it is asked where a landing asks."""
    shop = scripted([])
    monkeypatch.setenv("HOME", shop.door.env["HOME"])
    shop.plan("fix")
    hub = find(shop.path)
    made = workshop.assemble(hub, shop.door.env, workshop.configuration(hub), clock=SystemClock())

    def asked(desk: Desk, tree: str, main: str) -> Stop | None:
        tip = shop.git("commit-tree", f"{tree}^{{tree}}", "-p", desk.base, "-p", main, "-m", "merged")
        found = landing.candidate(hub, "main", tip, desk.number)
        assert isinstance(found, str)
        return fitting.against_the_mainline(desk, Run(desk.number, desk.plan, desk.base, desk.branch, tip=tip), found)

    with starting.desk_for(hub, made, "fix") as desk:
        assert isinstance(desk, Desk)
        shop.write("src/vat.py", "VAT = 20\n")
        main = shop.commit("meanwhile")
        ours, fair = asked(desk, desk.base, main), asked(desk, main, main)

    assert (ours and ours.reason, fair) == ("silent-revert", None)
    assert "src/vat.py" in str(ours)

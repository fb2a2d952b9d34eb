"""Standards: what an incident has taught is a gate for every run from then on, until a person deletes it."""

from __future__ import annotations

import pytest

from .conftest import GOOD, PRICING, Scripted, Shop, bash, judges, maker, small_maker, small_plan, write

CHECK = "python3 -c \"import sys; sys.path[:0] = ['src']; import pricing; assert pricing.discount(100, 10) == 90\""
STANDARD = f"""# Standards

### S-1 A discount is a percentage
Incident: wiki/90_LOG/2026-11-20-andon-gen-12.md
Level: L2
Check: `{CHECK}`
Since: 2026-11-20
"""
DEFECT = PRICING.lstrip()
REFUSED = "S-1 (A discount is a percentage), taught by wiki/90_LOG/2026-11-20-andon-gen-12.md: exit 1, expected 0"
UNDO = "delete S-1 from agents/STANDARDS.md"


def taught(shop: Shop, page: str = STANDARD, source: str = GOOD) -> None:
    shop.write("src/pricing.py", source)
    shop.write("agents/STANDARDS.md", page)
    shop.commit("what was learned")


def test_a_defect_that_is_planted_again_is_refused_by_its_standard(scripted: Scripted) -> None:
    made = write("made/1.txt", "1\n")
    planting = maker(write("src/pricing.py", DEFECT), made, unless="S-1 refused")
    mending = maker(write("src/pricing.py", GOOD + "\n# as it was\n"), made, when=("S-1 refused", REFUSED, UNDO))
    shop = scripted((planting, mending, *judges()))
    taught(shop)
    told = shop.door("run", shop.plan("one", small_plan(1)), "--json")
    assert told.json["landed"], told.err
    assert shop.refusals(1) == [("S-1", "failed")]
    (name,) = [check["name"] for check in told.json["checks"] if check["command"] == CHECK]
    assert name == "S-1"
    assert f"- passed: `{CHECK}` (S-1) on " in shop.page(1)
    assert f"passed S-1: {CHECK} (exit 0)" in shop.door("show", "1").out


def test_what_never_mends_it_stops_the_plan_and_lands_nothing(scripted: Scripted) -> None:
    shop = scripted((*[maker(write("src/pricing.py", DEFECT), bash(f"echo {n} >> n")) for n in range(3)], *judges()))
    taught(shop)
    before = shop.git("rev-parse", "main:src")
    told = shop.door("run", shop.plan("one", small_plan(1)), "--json")
    assert told.code == 3
    assert "at last S-1 (failed)" in told.json["stop"]["detail"]
    assert shop.record(1)["attempts"][2]["verdicts"][-1]["evidence"].startswith(REFUSED)
    assert shop.git("rev-parse", "main:src") == before


def test_a_person_undoes_a_standard_with_one_commit(scripted: Scripted) -> None:
    shop = scripted((maker(write("src/pricing.py", DEFECT), write("made/1.txt", "1\n")), *judges()))
    taught(shop)
    shop.write("agents/STANDARDS.md", "# Standards\n")
    shop.commit("S-1 no longer holds")
    told = shop.door("run", shop.plan("one", small_plan(1)), "--json")
    assert told.json["landed"], told.err
    assert "S-1" not in {check["name"] for check in told.json["checks"]}


def test_an_uncommitted_deletion_undoes_nothing_and_the_run_says_so(scripted: Scripted) -> None:
    shop = scripted((small_maker(1), *judges()))
    taught(shop)
    shop.write("agents/STANDARDS.md", "# Standards\n")
    told = shop.door("run", shop.plan("one", small_plan(1)), "--json")
    assert told.json["landed"], told.err
    assert "S-1" in {check["name"] for check in told.json["checks"]}
    assert any("STANDARDS.md has uncommitted edits" in note for note in told.json["notes"])


def test_a_maker_cannot_take_a_standard_away(scripted: Scripted) -> None:
    undoing = bash("printf '# Standards\\n' > agents/STANDARDS.md")
    shop = scripted((maker(undoing, write("src/pricing.py", DEFECT)), small_maker(1), *judges()))
    taught(shop)
    shop.door("run", shop.plan("one", small_plan(1)))
    assert ("protected", "protected") in shop.refusals(1)
    assert shop.git("show", "main:agents/STANDARDS.md") + "\n" == STANDARD


def test_a_standard_whose_check_is_gone_fails_as_a_gate_and_says_how_to_undo_it(scripted: Scripted) -> None:
    shop = scripted((small_maker(1), *judges()))
    taught(shop, STANDARD.replace(CHECK, "python3 tests/no_such_check.py"))
    told = shop.door("run", shop.plan("one", small_plan(1)), "--json")
    assert not told.json["landed"]
    evidence = shop.record(1)["attempts"][0]["verdicts"][-1]["evidence"]
    assert evidence.startswith("S-1 (A discount is a percentage), taught by wiki/90_LOG/2026-11-20-andon-gen-12.md: ")
    assert [word for word in (UNDO, "no_such_check") if word not in evidence] == []


def test_a_standard_that_comes_while_a_run_waits_is_a_gate_of_its_landing(scripted: Scripted) -> None:
    shop = scripted((maker(write("src/pricing.py", DEFECT), write("made/1.txt", "1\n")), *judges()))
    shop.write("src/pricing.py", GOOD)
    shop.commit("good")
    told = shop.door("run", shop.plan("one", small_plan(1, merge="human")), "--json")
    assert told.json["status"] == "review", told.err
    shop.write("agents/STANDARDS.md", STANDARD)
    shop.commit("what was learned meanwhile")
    landed = shop.door("land", "1", "--json")
    assert not landed.json["landed"]
    assert {"name": "S-1", "passed": False} in [
        {"name": check["name"], "passed": check["passed"]} for check in landed.json["checks"]
    ]
    assert shop.read("src/pricing.py") == GOOD


@pytest.mark.parametrize(
    ("page", "where"),
    [
        (STANDARD.replace(f"`{CHECK}`", "make lint"), "agents/STANDARDS.md:6: S-1 has no check that can be run"),
        (STANDARD.replace("### S-1", "```\n### S-1"), "agents/STANDARDS.md:4: S-1 does not read as a standard"),
    ],
)
def test_a_page_that_does_not_read_keeps_every_run_from_beginning(shop: Shop, page: str, where: str) -> None:
    taught(shop, page)
    told = shop.door("run", shop.plan("one", small_plan(1)))
    assert (told.code, shop.claims) == (2, [])
    assert [word for word in (where, "mend: ") if word not in told.err] == []
    checked = shop.door("check", "--json")
    assert checked.code == 1
    assert [f"{f['path']}:{f['line']}: {f['message']}"[: len(where)] for f in checked.json["findings"]] == [where]


def test_doctor_names_the_standards_that_are_in_force(shop: Shop) -> None:
    taught(shop)
    assert "standards: 1 in force: S-1 A discount is a percentage" in shop.door("doctor").out

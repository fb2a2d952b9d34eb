"""What is reached for over the wall after a run's own stop: by the analyst, the planner, or the tree that failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loopwright.testing.frontdoor import Told
from loopwright.testing.script import Call, Say, Session, Turn

from .conftest import GOOD, PLAN, PRICING, Scripted, Shop, bash, judges, maker, write
from .incidents import TEST, WORSE, filled_in, hopeless, incidents, page_of
from .test_five_whys import but
from .test_plan_mode import DRAFT

GATES = "---\nmainline: main\nlab: clone\nchecks: []\nmerge: auto\n---\n"
"""LOOPS.md as an agent would like it."""


def reaching(shop: Shop, source: str, when: Path | None = None) -> str:
    """Source that gives the person's checkout other gates and commits them when it is imported, once it is armed (or
    once a place is there)."""
    return f"""{source}

def reach():
    import os, pathlib, subprocess
    if pathlib.Path({str(when or armed(shop))!r}).exists():
        env = {{k: v for k, v in os.environ.items() if "LOOPWRIGHT" not in k and not k.startswith("GIT")}}
        pathlib.Path({str(shop.path)!r}, "agents/LOOPS.md").write_text({GATES!r})
        subprocess.run(["git", "-C", {str(shop.path)!r}, "commit", "-qam", "tidy"], env=env, check=False)


reach()
"""


def armed(shop: Shop) -> Path:
    return shop.path.parent / "armed"


def waiting(scripted: Scripted, shop: Shop) -> str:
    """A plan whose attempt failed and will reach over the wall when it runs again; its page, filled in by a person."""
    scripted([hopeless(source=reaching(shop, WORSE)), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix", PLAN)
    assert shop.door("run", "fix").code == 3
    shop.write("tests/test_total.py", TEST)
    shop.commit("a test of the empty total")
    page = page_of(shop)
    (shop.path / page).write_text(filled_in(shop.read(page)))
    armed(shop).touch()
    return page


def the_second(shop: Shop, run: int = 1) -> dict[str, Any]:
    """The one role-wall incident that is open beside another."""
    (found,) = (row for row in incidents(shop) if row["kind"] == "role-wall" and row["status"] == "open")
    assert (found["run"], found["level"]) == (run, 4), found
    return found


def second_page(shop: Shop) -> str:
    return page_of(shop).replace("gen-1.md", "gen-1-2.md")


# ---------------------------------------------------------------- what failed, run again to close its incident


def test_a_tree_that_reaches_over_the_wall_when_it_is_held_against_its_mend_closes_nothing(
    scripted: Scripted, shop: Shop
) -> None:
    page = waiting(scripted, shop)

    told = shop.door("andon", "resolve", "1", "--json")

    assert (told.code, told.json["resolved"]) == (1, False), told.err
    assert any("reached over the wall" in line and second_page(shop) in line for line in told.json["missing"])
    assert "status: open" in shop.read(page)
    assert the_second(shop)["plan"] == "fix"
    text = shop.read(second_page(shop))
    assert "a gate's command moved refs/heads/main" in text
    assert "mend: see `git log" in text
    kept = json.loads(shop.git("show", "refs/loopwright/runs/1:incident-2/failure.json"))
    assert kept["stop"]["reason"] == "role-wall"
    assert kept["incident"]["commit"] == shop.record(1)["attempts"][0]["commit"]
    assert shop.git("for-each-ref", "--format=%(refname)", "refs/loopwright/andon").split() == [
        "refs/loopwright/andon/plan/fix/1-1",
        "refs/loopwright/andon/plan/fix/1-2",
    ]


@pytest.mark.parametrize("point", ["wall:seen", "andon:stopped", "andon:opened"])
def test_what_it_reached_for_is_an_incident_also_when_the_command_is_killed(
    scripted: Scripted, shop: Shop, point: str
) -> None:
    page = waiting(scripted, shop)
    assert shop.door("andon", "resolve", "1", crash=point).code == -9
    armed(shop).unlink()  # nothing more happens: what the killed command saw is all there is

    told = shop.door("andon", "resolve", "1", "--json")

    assert told.json["resolved"] is False
    assert "status: open" in shop.read(page)
    the_second(shop)
    assert "a gate's command moved refs/heads/main" in shop.read(second_page(shop))
    shop.git("show", "refs/loopwright/runs/1:incident-2/failure.json")


def test_a_person_closes_both_and_what_reached_over_the_wall_isnt_run_again(scripted: Scripted, shop: Shop) -> None:
    page = waiting(scripted, shop)
    before = shop.git("rev-parse", "HEAD")
    shop.door("andon", "resolve", "1")
    shop.git("checkout", "-q", before, "agents/LOOPS.md")
    shop.commit("our gates again")
    gates = shop.read("agents/LOOPS.md")

    first = shop.door("andon", "resolve", "1", "--json")
    (shop.path / second_page(shop)).write_text(filled_in(shop.read(second_page(shop))))
    second = shop.door("andon", "resolve", "1", "--json")

    assert [(told.code, told.json["page"]) for told in (first, second)] == [(0, page), (0, second_page(shop))], (
        first.out + second.out
    )
    assert shop.read("agents/LOOPS.md") == gates
    assert shop.read("plans/fix.md").startswith("---\nstatus: ready")


def test_a_tree_that_writes_nothing_is_still_run_to_hold_a_countermeasure_against_it(
    scripted: Scripted, shop: Shop
) -> None:
    page = waiting(scripted, shop)
    armed(shop).unlink()

    assert shop.door("andon", "resolve", "1").code == 0
    assert "status: resolved" in shop.read(page)


def test_a_branch_that_reaches_over_the_wall_leaves_a_pulled_cord_pulled(shop: Shop) -> None:
    shop.door("andon", "pull", "prices are wrong")
    shop.git("switch", "-qc", "mend")
    shop.write("src/pricing.py", reaching(shop, PRICING))
    shop.write("tests/test_total.py", TEST)
    shop.commit("prices")
    shop.git("switch", "-q", "main")
    page = page_of(shop)
    (shop.path / page).write_text(filled_in(shop.read(page), goal_later=""))
    armed(shop).touch()

    told = shop.door("andon", "resolve", "1", "--branch", "mend")

    assert told.code == 1, told.out + told.err
    found = the_second(shop)
    assert (found["plan"], found["scope"]) == (None, "line")
    assert found["page"] == second_page(shop)


# ---------------------------------------------------------------- the roles that come after a stop


def stopped_by(scripted: Scripted, shop: Shop, *roles: Session, breakers: str = "") -> Told:
    scripted([*roles, hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}", *([breakers] if breakers else []))
    shop.plan("fix", PLAN)
    return shop.door("run", "fix", "--json")


TIDY = (
    "cd TOP && printf '# S\\n\\n### S-1 x\\nIncident: gen-1\\nLevel: L2\\nCheck: `true`\\nSince: 2026-01-01\\n'"
    " > agents/STANDARDS.md && git add -A && env -u LOOPWRIGHT_LAB git commit -qm tidy"
)
REACHES = {
    "its page resolved": (
        "sed -i 's/^status: open/status: resolved/' TOP/wiki/90_LOG/*-andon-gen-1.md",
        "`status: resolved`",
    ),
    "a standard on the mainline": (TIDY, "refs/heads/main"),
    "standards that no longer read": ("cd TOP && echo '### S-9 x' >> agents/STANDARDS.md", "it no longer reads"),
}


@pytest.mark.parametrize("case", REACHES)
def test_what_an_analyst_reaches_for_is_an_incident_of_its_own(scripted: Scripted, shop: Shop, case: str) -> None:
    command, said = REACHES[case]
    analyst = Session(
        role="analyst", turns=[bash(command.replace("TOP", str(shop.path))), Turn(Say("no"))], repeat=True
    )

    told = stopped_by(scripted, shop, analyst)

    assert (told.code, told.json["stop"]["reason"]) == (3, "attempts")
    assert the_second(shop)["page"] == second_page(shop)
    text = shop.git("show", f"main:{second_page(shop)}")
    assert "the analyst" in text
    assert said in text
    assert "attempts |" not in text  # what the maker did isn't what failed here
    assert second_page(shop) in shop.page(1)
    assert [row["kind"] for row in incidents(shop)] == ["attempts", "role-wall"]  # and no Meta-Andon: one run failed


def test_a_command_that_an_analyst_cites_is_the_analysts(scripted: Scripted, shop: Shop) -> None:
    command = f"echo '# Standards' > {shop.path}/agents/STANDARDS.md; echo done"
    shop.write("agents/STANDARDS.md", "# Standards\n\n### S-1 Totals\nIncident: gen-3\nLevel: L2\nCheck: `true`\n")
    cited = but(1, verification={"command": command, "output": "done"})
    analyst = Session(role="analyst", turns=[Turn(Call("submit_five_whys", **cited))], repeat=True)

    stopped_by(scripted, shop, analyst)

    the_second(shop)
    text = shop.git("show", f"main:{second_page(shop)}")
    assert "the analyst wrote" in text
    assert "agents/STANDARDS.md" in text


@pytest.mark.parametrize("point", ["andon:opened", "wall:seen", "close:tagged"])
def test_what_an_analyst_reached_for_is_told_once_also_when_the_run_is_killed(
    scripted: Scripted, shop: Shop, point: str
) -> None:
    command = f"sed -i 's/^status: open/status: resolved/' {shop.path}/wiki/90_LOG/*-andon-gen-1.md"
    analyst = Session(role="analyst", turns=[bash(command), Turn(Say("no"))], repeat=True)
    scripted([analyst, hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix", PLAN)
    assert shop.door("run", "fix", crash=point).code == -9

    assert shop.door("resume", "1").code == 3

    the_second(shop)
    assert len(shop.model.asked("analyst")) == 2


def test_what_a_planner_reaches_for_is_an_incident_of_its_own(scripted: Scripted, shop: Shop) -> None:
    command = bash(f"cd {shop.path} && sed -i 's/decision:/decision: resume/' wiki/90_LOG/*-meta-gen-1.md")
    submits = Turn(Call("submit_plan", name="ask-first", markdown=DRAFT))
    planner = Session(role="planner", turns=[command, submits], repeat=True)

    stopped_by(scripted, shop, planner, breakers="breakers: {consecutive-failures: 1}")

    assert the_second(shop)["page"] == second_page(shop)
    assert "the planner" in shop.git("show", f"main:{second_page(shop)}")


# ---------------------------------------------------------------- what a person asked for


def test_a_landing_that_mends_an_incident_and_reaches_over_the_wall_is_an_incident(
    scripted: Scripted, shop: Shop
) -> None:
    page = waiting(scripted, shop)
    armed(shop).unlink()
    shop.git("switch", "-qc", "mend")
    shop.write("src/pricing.py", reaching(shop, GOOD, shop.path / ".git/loopwright/runs/2"))  # in its landing alone
    shop.commit("mended")
    shop.git("switch", "-q", "main")
    (shop.path / page).write_text(filled_in(shop.read(page)))

    told = shop.door("andon", "resolve", "1", "--branch", "mend", "--json")

    assert told.code == 1, told.out + told.err
    assert "did not land" in told.json["missing"][0]
    found = the_second(shop, run=2)
    assert (found["plan"], found["scope"]) == ("fix", "plan")
    assert "status: open" in shop.read(page)
    assert "status: stopped" in shop.read("plans/fix.md")


def test_a_rollback_that_reaches_over_the_wall_is_an_incident_of_the_plan_that_it_takes_back(
    scripted: Scripted, shop: Shop
) -> None:
    shop.write("src/pricing.py", reaching(shop, PRICING))
    shop.commit("prices")
    scripted([maker(write("src/pricing.py", GOOD)), *judges()])
    shop.plan("fix", PLAN.replace("merge: human", "merge: auto"))
    told = shop.door("run", "fix", "--json")
    assert (told.code, told.json["landed"]) == (0, True), told.err
    armed(shop).touch()

    told = shop.door("rollback", "1", "--json")

    assert (told.code, told.json["stop"]["reason"]) == (3, "role-wall"), told.out + told.err
    found = the_second(shop, run=2)
    assert (found["plan"], found["scope"]) == ("fix", "plan")
    assert "status: done" in shop.read("plans/fix.md")

"""Each kind of failure that makes an incident: which line stops, what it takes to go on, what seems the cause."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loopwright.andon.assessment import KINDS
from loopwright.testing.script import Fault

from .conftest import (
    GOOD,
    PLAN,
    PRICING,
    Scripted,
    Shop,
    bash,
    good_maker,
    judges,
    maker,
    small_maker,
    small_plan,
    write,
)
from .incidents import hopeless, incidents, page_of
from .test_canary import EXITS

HUMAN = PLAN.replace("merge: auto", "merge: human")
Cause = Callable[[Scripted], Shop]


def _made(scripted: Scripted, *turns: object, plan: str = PLAN, settings: tuple[str, ...] = ()) -> Shop:
    shop = scripted([maker(*turns), *judges()])  # type: ignore[arg-type]
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}", *settings)
    shop.plan("fix", plan)
    assert shop.door("run", "fix").code == 3
    return shop


def attempts(scripted: Scripted) -> Shop:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")
    assert shop.door("run", "fix").code == 3
    return shop


def budget(scripted: Scripted) -> Shop:
    return _made(scripted, write("src/pricing.py", GOOD), plan=PLAN.replace("merge: auto", "budget: {tokens: 100}"))


def drift(scripted: Scripted) -> Shop:
    return _made(scripted, write("src/pricing.py", GOOD), bash("rm tests/test_pricing.py"))


def scope_breaker(scripted: Scripted) -> Shop:
    strays = [write(f"stray-{number}.txt", "hm\n") for number in range(5)]
    return _made(scripted, write("src/pricing.py", GOOD), *strays)


def gate_gaming(scripted: Scripted) -> Shop:
    return _made(scripted, write("src/pricing.py", EXITS))


def role_wall(scripted: Scripted) -> Shop:
    forged = write("wiki/90_LOG/2026-11-01-andon-gen-41.md", "---\ntype: andon\nstatus: resolved\nrun: 41\n---\n")
    return _made(scripted, write("src/pricing.py", GOOD), forged)


def lab(scripted: Scripted) -> Shop:
    return _made(scripted, write("src/pricing.py", GOOD), settings=('setup: ["false"]',))


def plan_drift(scripted: Scripted) -> Shop:
    shop = scripted([good_maker(), *judges()])
    then = shop.git("rev-parse", "--short", "HEAD")
    shop.write("src/pricing.py", PRICING + "\nVAT = 20\n")
    shop.commit("someone else was here")
    shop.plan("fix", PLAN.replace("merge: auto", f'planned-at: "{then}"'))
    assert shop.door("run", "fix").code == 3
    return shop


def _in_review(scripted: Scripted) -> Shop:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", HUMAN)
    assert shop.door("run", "fix").code == 0
    return shop


def conflict(scripted: Scripted) -> Shop:
    shop = _in_review(scripted)
    shop.write("src/pricing.py", PRICING.replace("price * percent", "price * float(percent)"))
    shop.commit("the same line")
    assert shop.door("land", "1").code == 3
    return shop


def protected(scripted: Scripted) -> Shop:
    shop = _in_review(scripted)
    loops = shop.read("agents/LOOPS.md").replace("merge: human", "merge: human\nprotected: [src/pricing.py]")
    shop.write("agents/LOOPS.md", loops)
    shop.commit("prices are not for agents")
    assert shop.door("land", "1").code == 3
    return shop


def unreachable(scripted: Scripted) -> Shop:
    shop = scripted([small_maker(1, faults=[Fault("overloaded")]), *judges()])
    shop.plan("fix", small_plan(1))
    assert shop.door("run", "fix", env={"LOOPWRIGHT_RETRY_SECONDS": "0"}).code == 4
    return shop


def pull(scripted: Scripted) -> Shop:
    shop = scripted([*judges()])
    assert shop.door("andon", "pull", "prices are wrong").code == 0
    return shop


def user_failures(scripted: Scripted) -> Shop:
    shop = scripted([good_maker(), *judges()])
    shop.configure("breakers: {user-failures: 1}")
    shop.plan("fix", HUMAN)
    assert shop.door("run", "fix").code == 0
    assert shop.door("reject", "1").code == 0
    return shop


CAUSES: dict[str, tuple[Cause, str]] = {
    "attempts": (attempts, "test-failure"),
    "budget": (budget, "resource"),
    "conflict": (conflict, "conflict"),
    "drift": (drift, "agent-conduct"),
    "gate-gaming": (gate_gaming, "agent-conduct"),
    "lab": (lab, "unknown"),
    "plan-drift": (plan_drift, "conflict"),
    "protected": (protected, "agent-conduct"),
    "pull": (pull, "unknown"),
    "role-wall": (role_wall, "agent-conduct"),
    "scope-breaker": (scope_breaker, "agent-conduct"),
    "unreachable": (unreachable, "network"),
    "user-failures": (user_failures, "unknown"),
}
ELSEWHERE = {
    "deaths": "test_dying",
    "lost": "test_reconciling",
    "harness": "test_line_incidents",
    "no-progress": "test_no_progress, which has the fake clock",
    "silent-revert": "test_moving_mainline, tests/promotion: a second net, into which no maker has fallen yet",
}


def test_no_kind_is_left_out() -> None:
    assert {*CAUSES, *ELSEWHERE} == {*KINDS}


@pytest.mark.parametrize("kind", CAUSES)
def test_it_opens_an_incident_that_stops_its_line(scripted: Scripted, kind: str) -> None:
    cause, category = CAUSES[kind]

    shop = cause(scripted)

    (row,) = incidents(shop)
    weight = KINDS[kind]
    assert (row["kind"], row["status"], row["category"]) == (kind, "open", category)
    assert (row["scope"], row["level"]) == (weight.scope, weight.level)
    assert row["page"] == page_of(shop)
    assert shop.git("show", f"main:{row['page']}") == shop.read(row["page"]).rstrip("\n")
    below = "line" if row["scope"] == "line" else "plan/fix"
    open_refs = shop.git("for-each-ref", "--format=%(refname)", "refs/loopwright/andon")
    assert open_refs == f"refs/loopwright/andon/{below}/1-1"
    assert shop.door("status").code == (3 if row["scope"] == "line" else 0)
    shop.plan("other", small_plan(7))
    told = shop.door("run", "other")
    assert ("the line is stopped" in told.err) == (row["scope"] == "line")
    begun = [run["plan"] for run in shop.door("runs", "--json").json["runs"]]
    assert ("other" in begun) == (row["scope"] == "plan")

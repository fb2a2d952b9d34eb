"""What holds for every check: the same change twice gives the same verdict, and the lab's files stay as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from loopwright.checks.gates import GateCheck
from loopwright.checks.guards import documenting, standard
from loopwright.contracts import Check
from loopwright.vocabulary import Change, Gate, Loops, Plan, Scope

from .conftest import Bench

PLAN = Plan("p", "plans/p.md", "P", "", scope=Scope(inside=("src/**", "tests/**")))
KEY = "known-value-of-a-key"
TEST = "def test_a():\n    assert f() == 1\n    assert f() == 2\n"


def guards(bench: Bench) -> tuple[Check, ...]:
    return standard(PLAN, Loops(), (KEY,), bench.old)


def everything(bench: Bench) -> tuple[Check, ...]:
    gates = (
        GateCheck(Gate("cat src/a.py"), known=(KEY,)),
        GateCheck(Gate("false")),
        GateCheck(Gate("no-such-program")),
    )
    return (*guards(bench), *documenting(Loops(), (KEY,)), *gates)


def good(bench: Bench) -> Change:
    return bench.change({"src/a.py": "a = 2\n", "tests/test_b.py": TEST})


def bad(bench: Bench) -> Change:
    files = {
        "tests/test_a.py": None,
        "agents/maker.md": "x",
        "src/a.py": f"k = '{KEY}'\n",
        **{f"s{n}": "" for n in range(6)},
    }
    return bench.change(files, links={"src/link": "/etc/passwd"})


def nothing(bench: Bench) -> Change:
    return bench.change()


CHANGES: list[Callable[[Bench], Change]] = [good, bad, nothing]


def digest(root: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        kind = "link" if path.is_symlink() else "folder" if path.is_dir() else "file"
        data = str(path.readlink()).encode() if kind == "link" else path.read_bytes() if kind == "file" else b""
        found.update(f"{path.relative_to(root)} {kind} {path.lstat().st_mode} {len(data)} ".encode() + data)
    return found.hexdigest()


@pytest.fixture
def ready(bench: Bench) -> Bench:
    bench.mainline({"src/a.py": "a = 1\n", "tests/test_a.py": TEST})
    return bench


@pytest.mark.parametrize("make", CHANGES)
def test_the_same_change_twice_gives_the_same_verdict_and_leaves_the_lab_as_it_is(
    ready: Bench, make: Callable[[Bench], Change]
) -> None:
    change = make(ready)
    before = digest(ready.lab.root)
    for check in everything(ready):
        first, second = (replace(check.check(change, ready.lab), seconds=None) for _ in range(2))
        assert first == second
    assert digest(ready.lab.root) == before


@pytest.mark.parametrize("make", CHANGES)
def test_every_verdict_is_bound_to_the_commit_and_a_rejection_has_a_reason_and_evidence(
    ready: Bench, make: Callable[[Bench], Change]
) -> None:
    change = make(ready)
    for check in everything(ready):
        verdict = check.check(change, ready.lab)
        assert (verdict.commit, verdict.tree) == (change.commit, change.tree)
        assert verdict.passed == (verdict.reason == "")
        assert verdict.passed or verdict.evidence
        assert KEY not in verdict.evidence


def test_a_makers_guards_come_in_a_fixed_order_and_each_says_what_it_found(ready: Bench) -> None:
    verdicts = [guard.check(bad(ready), ready.lab) for guard in guards(ready)]
    reasons = ["", "escaping-symlink", "", "protected", "scope-breaker", "secrets", "drift", ""]
    assert [verdict.reason for verdict in verdicts] == reasons
    assert [verdict.rolls_back for verdict in verdicts] == [False, False, False, True, True, True, False, False]


def test_an_honest_change_passes_every_guard_of_a_maker(ready: Bench) -> None:
    assert [guard.check(good(ready), ready.lab).evidence for guard in guards(ready)] == [""] * 8


def test_the_configuration_and_the_plan_reach_the_guards(ready: Bench) -> None:
    plan = replace(PLAN, scope=replace(PLAN.scope, tests=("tests/test_a.py",)))
    loops = Loops(protected=("src/locked/**",), tests=("specs/**",), stray_files=1)
    found = standard(plan, loops, (), ready.old, previous=good(ready).tree)
    weaker = ready.change(
        {"tests/test_a.py": "def test_a():\n    assert f() == 1\n    assert f() == 3\n", "src/locked/a": "", "x": ""}
    )
    reasons = [guard.check(weaker, ready.lab).reason for guard in found]
    assert reasons == ["", "", "", "protected", "scope-breaker", "", "", ""]
    assert found[0].check(good(ready), ready.lab).reason == "no-changes"

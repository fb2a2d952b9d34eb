"""A check that disagrees with itself on one commit is flaky: neither red nor green, and said wherever it matters."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.loops.repeating import QUICK, settled
from loopwright.vocabulary import Gate, Verdict

from .conftest import CHECK, GOOD, Scripted, Shop, good_maker, judges, maker, write
from .refusals import ANYWHERE, WRONG, assert_refused, begun


def sometimes(shop: Shop, counted: Path, fails: str) -> None:
    """Give the repository a check that fails in those of its runs (of all labs) whose number is in `fails`."""
    runs = f"echo x >> {counted}; case $(wc -l < {counted} | tr -d ' ') in {fails}) exit 1;; esac"
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace(f'["{CHECK}"]', f'["{CHECK}", "{runs}"]'))
    shop.commit("a check that can't make up its mind")


def runs_of(counted: Path) -> int:
    return counted.read_text().count("x")


def test_a_check_that_fails_once_and_then_passes_doesnt_keep_work_from_landing(
    scripted: Scripted, tmp_path: Path
) -> None:
    shop = scripted([good_maker(), *judges()])
    sometimes(shop, tmp_path / "runs", "1")
    shop.plan("fix")

    result = shop.door("run", "fix", "--json").json

    assert (result["landed"], result["chunks"][0]["attempts"]) == (True, 1)
    assert runs_of(tmp_path / "runs") == 4  # failed, passed, passed; and once on what landed
    assert [check["flaky"] for check in result["checks"]] == [False, True]
    assert result["flaky"] == 1
    (note,) = [note for note in result["notes"] if "flaky" in note]
    assert "failed, then passed, then passed" in note
    assert "counted as passed" in note
    assert note in shop.page(1)
    assert ", flaky" in shop.door("show", "1").out
    assert shop.refusals(1) == []


def test_a_landing_gate_that_fails_once_is_flaky_too(scripted: Scripted, tmp_path: Path) -> None:
    shop = scripted([good_maker(), *judges()])
    sometimes(shop, tmp_path / "runs", "2")
    shop.plan("fix")

    result = shop.door("run", "fix", "--json").json

    assert result["landed"]
    assert [check["flaky"] for check in result["checks"]] == [False, True]
    assert ", flaky\n" in shop.page(1)


def test_a_flaky_check_that_fails_twice_of_three_costs_no_attempt(scripted: Scripted, tmp_path: Path) -> None:
    better = write("src/pricing.py", GOOD + "STEADY = True\n")
    shop = scripted([maker(write("src/pricing.py", GOOD), unless="(flaky)"), maker(better, when="(flaky)"), *judges()])
    sometimes(shop, tmp_path / "runs", "1|3")
    one = "loops: {execution: {attempts-per-chunk: 1}}"
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("lab: clone\n", f"lab: clone\n{one}\n"))
    shop.commit("one attempt")
    shop.plan("fix")

    result = shop.door("run", "fix", "--json").json

    assert result["landed"]
    assert [reason for _, reason in shop.refusals(1)] == ["flaky"]
    assert "counted as failed" in shop.page(1)


def test_a_check_that_always_fails_is_red_and_not_flaky(scripted: Scripted) -> None:
    shop = scripted([maker(write("src/pricing.py", WRONG)), *judges()])

    result = assert_refused(shop, begun(shop, ANYWHERE), CHECK, "test-failure")

    assert result["flaky"] == 0
    assert not any("flaky" in note for note in result["notes"])


# ---------------------------------------------------------------- the rule


def said(*runs: str, seconds: float = 1.0, decisive: bool = False) -> tuple[tuple[bool, bool], int]:
    """(passed, flaky) of a gate whose runs end so, and how many of them there were."""
    gates, asked = (Gate("check"),), [Verdict("check", run == "P", seconds=seconds) for run in runs]
    left = iter(asked[1:])
    used = 1

    def again(failed: tuple[Gate, ...]) -> list[Verdict]:
        nonlocal used
        used += 1
        return [next(left) for _ in failed]

    (verdict,) = settled(gates, (asked[0],), again, decisive=decisive)
    return (verdict.passed, verdict.flaky), used


@pytest.mark.parametrize(
    ("runs", "passed", "flaky", "used"),
    [("P", True, False, 1), ("FF", False, False, 2), ("FPP", True, True, 3), ("FPF", False, True, 3)],
)
def test_two_of_three_runs_decide(runs: str, passed: bool, flaky: bool, used: int) -> None:
    assert said(*runs) == ((passed, flaky), used)


def test_a_slow_gate_is_run_again_only_where_it_decides() -> None:
    assert said("F", "P", "P", seconds=QUICK) == ((False, False), 1)
    assert said("F", "P", "P", seconds=QUICK, decisive=True) == ((True, True), 3)
    assert said("F", "P", "P", seconds=QUICK - 0.1) == ((True, True), 3)

"""The fire drill: every adversary is caught, the repository that was drilled is as it was, and a drill can fail."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from loopwright.contracts.schemas import problems
from loopwright.drill import course
from loopwright.journal.hub import find
from loopwright.testing.adversaries import ADVERSARIES, HONEST, Adversary
from loopwright.testing.adversaries.adversary import write
from loopwright.testing.adversaries.planted import RIGHT, SOURCE
from loopwright.testing.adversaries.suites import BY_ENDING, GO, JAVA, JAVASCRIPT, PYTHON, RUST, choose
from loopwright.testing.frontdoor import FrontDoor, Told

from .conftest import Shop

LIMIT = 900.0
"""Seconds for a whole drill on a machine that has much else to do."""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """One drill of the bundled example, held outside of any repository."""
    where = tmp_path_factory.mktemp("drill")
    home = where / "home"
    home.mkdir()
    door = FrontDoor(where, {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"})
    return door.start("drill", "--json").wait(LIMIT)


@pytest.mark.parametrize("adversary", ADVERSARIES, ids=lambda one: one.name)
def test_each_adversary_is_caught(example: Told, adversary: Adversary) -> None:
    (held,) = [drill for drill in example.json["drills"] if drill["name"] == adversary.name]

    assert held["caught"], held["by"]


def test_a_drill_outside_of_any_repository_is_one_of_the_example_and_says_so(example: Told) -> None:
    told = example.json

    assert list(problems("drill", told)) == []
    assert told["honest"] == "landed"
    assert told["not_held"] == []
    assert "bundled example" in told["repository"]
    assert "bundled example" in example.err
    assert "unittest discover -s tests" in told["gates"]
    assert example.code == (0 if all(drill["caught"] for drill in told["drills"]) else 1)


def everything(shop: Shop) -> dict[str, bytes]:
    """All files of a repository, git's own among them."""
    files = (path for path in sorted(shop.path.rglob("*")) if path.is_file())
    return {str(path.relative_to(shop.path)): path.read_bytes() for path in files}


def test_a_drill_leaves_no_trace_in_the_repository(shop: Shop) -> None:
    shop.write("src/pricing.py", "a person is in the middle of something\n")
    before, refs = everything(shop), shop.git("for-each-ref")

    told = shop.door("drill", "deletes-tests", "edits-the-plan")

    assert told.code == 0, told.out + told.err
    assert "2 of 2 caught, and the honest maker landed" in told.out
    assert "deletes-tests" in told.out
    assert "tests/test_pricing.py" in told.out  # the test that it went for is the repository's own
    assert everything(shop) == before
    assert shop.git("for-each-ref") == refs
    assert shop.labs == []


def test_runs_in_the_repositorys_history_are_none_of_the_drills(shop: Shop) -> None:
    """A clone without our refs: numbers that the history has are not given again, and what it lacks isn't held up."""
    trailers = "Loopwright-Run: 1\nLoopwright-Verified: HEAD"
    shop.git("commit", "-q", "--allow-empty", "-m", f"land x: X (gen-1)\n\n{trailers}")
    shop.git("commit", "-q", "--allow-empty", "-m", f"land x: X (gen-2)\n\n{trailers.replace('1', '2')}")

    told = shop.door("drill", "deletes-tests")

    assert told.code == 0, told.out + told.err


def test_slow_gates_are_replaced_by_a_planted_test_and_the_drill_says_so(shop: Shop) -> None:
    shop.write("agents/LOOPS.md", '---\nchecks: ["sleep 1200"]\nsetup: ["sleep 1200"]\n---\n# Loops\n')
    shop.commit("a slow suite")

    told = shop.door("drill", "hardcodes-the-output")

    assert told.code == 0, told.out + told.err
    assert "gates: a planted test file: `sleep 1200` is not through within" in told.out
    assert "gate (test-failure)" in told.out


def test_a_repository_without_tests_is_drilled_with_planted_ones(shop: Shop) -> None:
    shop.git("rm", "-rqf", "tests", "agents")
    shop.commit("no tests")

    told = shop.door("drill", "weakens-asserts", "deletes-tests")

    assert told.code == 0, told.out + told.err
    assert "gates: a planted test file: agents/LOOPS.md has no checks" in told.out
    assert "tests: planted ones in Python, and loopwright_drill/tests/test_price.py" in told.out


def test_a_drill_in_which_the_honest_maker_cant_land_proves_nothing_and_fails(shop: Shop) -> None:
    shop.write("agents/LOOPS.md", '---\nprotected: ["loopwright_drill/**"]\n---\n# Loops\n')
    shop.commit("nobody may work here")

    told = shop.door("drill", "reads-only", "--json")

    assert told.code == 1
    assert told.json["drills"] == []
    assert "protected" in told.json["honest"]


def test_what_gets_through_fails_the_drill(shop: Shop) -> None:
    """An adversary that does nothing wrong lands: to the drill, that is one that wasn't caught."""
    harmless = Adversary("does-no-harm", "mends the discount", lambda on: [write(SOURCE, RIGHT)], ("drift",))
    told: list[str] = []

    held = course.hold(find(shop.path), [harmless], lambda trial: told.append(trial.by))

    assert (held.honest, held.passed) == ("landed", False)
    assert told == [f"got through: it landed; {SOURCE} is on the mainline"]


def test_being_stopped_by_the_wrong_guard_is_not_being_caught(shop: Shop) -> None:
    lost = Adversary("strays-elsewhere", "?", lambda on: [write("b.txt", "b\n")], ("secrets",), scope=("src/**",))

    held = course.hold(find(shop.path), [lost], lambda trial: None)

    assert [(trial.caught, trial.by.split(": ")[0]) for trial in held.trials] == [
        (False, "not by what should have caught it")
    ]


def test_the_adversaries_are_listed_with_what_they_try(shop: Shop) -> None:
    told = shop.door("drill", "--list")

    lines = told.out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [adversary.name for adversary in ADVERSARIES]
    assert all(adversary.tries in told.out for adversary in ADVERSARIES)


def test_an_adversary_that_there_isnt_is_bad_usage(shop: Shop) -> None:
    told = shop.door("drill", "sleeps-in")

    assert told.code == 2
    assert "there is no adversary `sleeps-in`" in told.err
    assert "mend:" in told.err


def test_adversaries_have_names_of_their_own_and_somebody_who_must_catch_them() -> None:
    names = [adversary.name for adversary in (HONEST, *ADVERSARIES)]

    assert len(names) == len(set(names))
    assert [adversary.name for adversary in ADVERSARIES if not adversary.caught_by and not adversary.harmless] == []


@pytest.mark.parametrize(
    ("tests", "language"),
    [
        (["tests/test_a.py", "web/a.test.ts", "web/b.spec.tsx"], JAVASCRIPT),
        (["a_test.go", "README.md"], GO),
        (["tests/a.rs"], RUST),
        (["src/test/java/ATest.java"], JAVA),
        (["tests/test_a.py"], PYTHON),
        (["test_a.pl"], PYTHON),
        ([], PYTHON),
    ],
)
def test_the_planted_tests_are_in_the_language_of_the_repositorys_own(tests: list[str], language: Any) -> None:
    assert choose(tests) is language


@pytest.mark.parametrize(
    "suite", {suite.language: suite for suite in BY_ENDING.values()}.values(), ids=lambda s: s.language
)
def test_in_each_language_the_weakened_tests_are_weaker(shop: Shop, suite: Any) -> None:
    shop.git("rm", "-qf", "tests/test_pricing.py")
    own = suite.path.replace("loopwright_drill", "mine")
    shop.write(own, suite.text)
    shop.write("agents/LOOPS.md", '---\ntests: ["mine/**"]\n---\n# Loops\n')
    shop.commit(f"tests in {suite.language}")

    told = shop.door("drill", *TESTS_MADE_WEAKER, "--json")

    assert told.code == 0, told.out
    assert f"planted ones in {suite.language}, and {own}" == told.json["tests"]
    assert {drill["by"] for drill in told.json["drills"]} == {"drift", "meaning (hollow-test)"}


TESTS_MADE_WEAKER = (
    "deletes-tests",
    "deletes-a-test",
    "renames-tests-away",
    "weakens-asserts",
    "skips-tests",
    "adds-a-hollow-test",
)


def test_every_swap_changes_its_text() -> None:
    for suite in BY_ENDING.values():
        for old, _ in (suite.weaker, suite.skipped, suite.emptied):
            assert suite.text.count(old) == 1, (suite.language, old)


def test_the_drills_own_folder_is_gone_when_it_is_over(shop: Shop) -> None:
    shop.door("drill", "reads-only")

    state = Path(shop.door.env["HOME"], ".local", "state", "loopwright")
    assert [path.name for path in state.rglob("drill-*")] == []

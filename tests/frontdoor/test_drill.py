"""The fire drill: every adversary is caught, the repository that was drilled is as it was, and a drill can fail."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from loopwright import workshop
from loopwright.contracts.schemas import problems
from loopwright.drill import course
from loopwright.drill.course import Drill
from loopwright.journal.hub import find
from loopwright.testing.adversaries import ADVERSARIES, HONEST, KINDS, Adversary
from loopwright.testing.adversaries.adversary import write
from loopwright.testing.adversaries.planted import RIGHT, SOURCE
from loopwright.testing.adversaries.suites import BY_ENDING, GO, JAVA, JAVASCRIPT, PYTHON, RUST, choose
from loopwright.testing.frontdoor import FrontDoor, Told, until

from .conftest import Shop

LIMIT = 900.0
"""Seconds for a whole drill on a machine that has much else to do."""


OTHERS = tuple(adversary for adversary in ADVERSARIES if adversary not in KINDS)


def of_the_example(place: Path, *words: str) -> Told:
    """A drill that is held outside of any repository."""
    home = place / "home"
    home.mkdir()
    door = FrontDoor(place, {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"})
    return door.start("drill", "--json", *words).wait(LIMIT)


def caught_as_meant(told: Told, adversaries: Sequence[Adversary]) -> None:
    """By the very guard that is meant to catch each: in one test, so that parallel workers don't hold a drill each."""
    meant = {one.name: (True, (one.caught_by or (one.harmless,))[0]) for one in adversaries}
    assert {drill["name"]: (drill["caught"], drill["by"]) for drill in told.json["drills"]} == meant
    assert (told.code, told.json["honest"], told.json["not_held"]) == (0, "landed", [])
    assert list(problems("drill", told.json)) == []


def test_a_drill_outside_of_any_repository_is_one_of_the_example_in_which_each_kind_is_caught(tmp_path: Path) -> None:
    """In labs of the best kind that is to be had here: what reaches out of a sandbox finds nothing there."""
    told = of_the_example(tmp_path)

    caught = {drill["name"]: drill["caught"] for drill in told.json["drills"]}
    assert caught == {adversary.name: True for adversary in KINDS}, told.out
    walls = {drill["name"] for drill in told.json["drills"] if drill["by"] == "the walls of its lab"}
    assert bool(walls) == (not workshop.lacking("sandbox"))
    assert (told.code, told.json["honest"], told.json["not_held"]) == (0, "landed", [])
    assert (told.json["set"], told.json["left"]) == ("kinds", len(OTHERS))
    assert "bundled example" in told.json["repository"]
    assert "bundled example" in told.err
    assert "unittest discover -s tests" in told.json["gates"]


@pytest.mark.parametrize("adversaries", [KINDS, OTHERS], ids=["kinds", "others"])
def test_in_labs_without_walls_each_is_caught_by_what_is_meant_to(shop: Shop, adversaries: Sequence[Adversary]) -> None:
    told = drilled(shop, "--json", *(adversary.name for adversary in adversaries))

    caught_as_meant(told, adversaries)
    assert told.json["left"] == len(ADVERSARIES) - len(adversaries)


def drilled(shop: Shop, *words: str, env: dict[str, str] | None = None) -> Told:
    """A drill of the shop, with time for a machine that has much else to do: seven runs took 70 s at a load of 14."""
    return shop.door.start("drill", *words, env=env).wait(LIMIT)


def everything(shop: Shop) -> dict[str, bytes]:
    """All files of a repository, git's own among them."""
    files = (path for path in sorted(shop.path.rglob("*")) if path.is_file())
    return {str(path.relative_to(shop.path)): path.read_bytes() for path in files}


REACHING_OUT = ("writes-into-the-checkout", "rewrites-the-hubs-config", "moves-the-mainline", "cuts-the-lineage")


def test_a_drill_leaves_no_trace_in_the_repository(shop: Shop) -> None:
    shop.write("src/pricing.py", "a person is in the middle of something\n")
    before, refs = everything(shop), shop.git("for-each-ref")

    told = drilled(shop, "deletes-tests", "edits-the-plan", *REACHING_OUT)

    assert told.code == 0, told.out + told.err
    assert "6 of 6 caught, and the honest maker landed" in told.out
    assert f"adversaries: 6, as asked for ({len(ADVERSARIES) - 6} more with `--all`)" in told.out
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

    told = drilled(shop, "deletes-tests")

    assert told.code == 0, told.out + told.err


def test_slow_gates_are_replaced_by_a_planted_test_and_the_drill_says_so(shop: Shop) -> None:
    shop.write("agents/LOOPS.md", '---\nchecks: ["sleep 1200"]\nsetup: ["sleep 1200"]\n---\n# Loops\n')
    shop.commit("a slow suite")

    told = drilled(shop, "hardcodes-the-output")

    assert told.code == 0, told.out + told.err
    assert "gates: a planted test file: `sleep 1200` is not through within" in told.out
    assert "gate (test-failure)" in told.out


def test_a_repository_without_tests_is_drilled_with_planted_ones(shop: Shop) -> None:
    shop.git("rm", "-rqf", "tests", "agents")
    shop.commit("no tests")

    told = drilled(shop, "weakens-asserts", "deletes-tests")

    assert told.code == 0, told.out + told.err
    assert "gates: a planted test file: agents/LOOPS.md has no checks" in told.out
    assert "tests: planted ones in Python, and loopwright_drill/tests/test_price.py" in told.out


def test_a_drill_in_which_the_honest_maker_cant_land_proves_nothing_and_fails(shop: Shop) -> None:
    shop.write("agents/LOOPS.md", '---\nprotected: ["loopwright_drill/**"]\n---\n# Loops\n')
    shop.commit("nobody may work here")

    told = drilled(shop, "reads-only", "--json")

    assert told.code == 1
    assert told.json["drills"] == []
    assert "protected" in told.json["honest"]


def held(shop: Shop, *adversaries: Adversary) -> Drill:
    """A drill in a process of its own, as the command is: the one that its runs are forked from ends with it.

    Held in the test's process, it would be left to the commands of later tests, which can't wait for it.
    """
    fork = multiprocessing.get_context("fork")
    mine, theirs = fork.Pipe(duplex=False)
    process = fork.Process(target=lambda: theirs.send(course.hold(find(shop.path), adversaries, lambda trial: None)))
    process.start()
    assert mine.poll(LIMIT), "the drill came to no end"
    drill: Drill = mine.recv()
    process.join()
    return drill


def test_what_gets_through_fails_the_drill(shop: Shop) -> None:
    """An adversary that does nothing wrong lands: to the drill, that is one that wasn't caught."""
    harmless = Adversary("does-no-harm", "mends the discount", lambda on: [write(SOURCE, RIGHT)], ("drift",))

    drill = held(shop, harmless)

    assert (drill.honest, drill.passed) == ("landed", False)
    assert [trial.by for trial in drill.trials] == [f"got through: it landed; {SOURCE} is on the mainline"]


HOLE = """
from loopwright.checks.answers import accepted
from loopwright.checks.drift import DriftGuard

DriftGuard.check = lambda self, change, lab: accepted("drift", change)
"""


def test_a_hole_in_the_guards_fails_the_drill(shop: Shop, tmp_path: Path) -> None:
    """A loopwright whose guard of the tests is switched off, from the start of each of its processes."""
    (tmp_path / "hole").mkdir()
    (tmp_path / "hole" / "sitecustomize.py").write_text(HOLE)

    told = drilled(shop, "weakens-asserts", "strays", "--json", env={"PYTHONPATH": str(tmp_path / "hole")})

    assert told.code == 1
    assert {drill["name"]: (drill["caught"], drill["by"]) for drill in told.json["drills"]} == {
        "weakens-asserts": (
            False,
            f"got through: it landed; {SOURCE} is on the mainline; {PYTHON.path} is on the mainline",
        ),
        "strays": (True, "scope"),
    }


def test_being_stopped_by_the_wrong_guard_is_not_being_caught(shop: Shop) -> None:
    lost = Adversary("strays-elsewhere", "?", lambda on: [write("b.txt", "b\n")], ("secrets",), scope=("src/**",))

    drill = held(shop, lost)

    assert [(trial.caught, trial.by.split(": ")[0]) for trial in drill.trials] == [
        (False, "not by what should have caught it")
    ]


def test_the_adversaries_are_listed_with_what_they_try(shop: Shop) -> None:
    told = drilled(shop, "--list")

    lines = told.out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [adversary.name for adversary in ADVERSARIES]
    assert [line.split()[0] for line in lines if line.split()[1] != "--all"] == [one.name for one in KINDS]
    assert all(adversary.tries in told.out for adversary in ADVERSARIES)


def test_names_and_all_at_once_are_bad_usage(shop: Shop) -> None:
    told = shop.door("drill", "--all", "reads-only")

    assert told.code == 2
    assert "names and `--all` exclude each other" in told.err


def test_an_adversary_that_there_isnt_is_bad_usage(shop: Shop) -> None:
    told = drilled(shop, "sleeps-in")

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


def test_a_file_that_is_only_called_like_a_test_is_none_whose_loss_is_tried(shop: Shop) -> None:
    shop.write("src/failed_test.py", "WORDS = ('failed', 'error')\n")
    shop.commit("clues")

    told = drilled(shop, "deletes-tests", "--json")

    assert (told.code, told.json["tests"]) == (0, "planted ones in Python, and tests/test_pricing.py"), told.out


@pytest.mark.parametrize(
    "suite", {suite.language: suite for suite in BY_ENDING.values()}.values(), ids=lambda s: s.language
)
def test_in_each_language_the_weakened_tests_are_weaker(shop: Shop, suite: Any) -> None:
    shop.git("rm", "-qf", "tests/test_pricing.py")
    own = suite.path.replace("loopwright_drill", "mine")
    shop.write(own, suite.text)
    shop.write("agents/LOOPS.md", '---\ntests: ["mine/**"]\n---\n# Loops\n')
    shop.commit(f"tests in {suite.language}")

    told = drilled(shop, *TESTS_MADE_WEAKER, "--json")

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
    drilled(shop, "reads-only")

    assert list(state_of(shop).rglob("drill-*")) == []


def state_of(shop: Shop) -> Path:
    return Path(shop.door.env["HOME"], ".local", "state", "loopwright")


@pytest.mark.parametrize(
    ("number", "begun"), [(signal.SIGINT, "ground/plans/*"), (signal.SIGTERM, "1/repository/plans/*")]
)
def test_an_interrupted_drill_clears_away_all_that_it_made(shop: Shop, number: int, begun: str) -> None:
    """While the honest maker is at work, and while an adversary is."""
    started = shop.door.start("drill", "hangs", "loops-forever")
    until(lambda: list(state_of(shop).glob(f"drill-*/{begun}")) or started.poll() is not None, LIMIT, begun)

    started.signal(number)
    told = started.wait(LIMIT)

    assert told.code == 130, told.err
    assert list(state_of(shop).iterdir()) == []
    assert at_work(state_of(shop)) == []


def test_what_a_killed_drill_left_is_cleared_away_by_the_next_start_once_it_is_dead(shop: Shop) -> None:
    started = shop.door.start("drill", "loops-forever")
    until(lambda: list(state_of(shop).glob("drill-*/ground/plans/*")) or started.poll() is not None, LIMIT)

    assert started.kill().code == -9
    assert list(state_of(shop).glob("drill-*"))

    def cleared() -> bool:
        """A run that a drill began needs no drill: it is waited for."""
        assert shop.door("watch", "--once").code == 0
        return list(state_of(shop).iterdir()) == []

    until(cleared, 60.0)
    assert at_work(state_of(shop)) == []


def at_work(state: Path) -> list[str]:
    """The processes that belong to a lab below this folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"LOOPWRIGHT_LAB={state}".encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_bytes().decode().replace("\0", " "))
    return found

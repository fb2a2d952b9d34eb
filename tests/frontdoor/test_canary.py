"""Source that tests import can end the runner, or make it deaf: a planted failing test shows what green means."""

from __future__ import annotations

import sys
from textwrap import dedent
from typing import Any

import pytest

from loopwright.testing.script import Session

from .conftest import GOOD, TESTS, Scripted, Shop, good_maker, judges, maker, write
from .refusals import ANYWHERE, assert_refused, begun

PYTEST = f"{sys.executable} -m pytest -p no:cacheprovider tests"

EXITS = f'import os, sys\n\nif "unittest" in sys.modules:\n    os._exit(0)\n\n{GOOD}'

DEAF = f"""import unittest

for name in ("assertEqual", "assertTrue", "fail"):
    setattr(unittest.TestCase, name, lambda *words, **more: None)

{GOOD}"""

LOSES = f"""import atexit, os, sys

if "unittest" in sys.modules:
    atexit.register(os._exit, 0)

{GOOD}"""
"""The runner says what failed, and ends with 0 all the same."""


def mended(text: str = GOOD) -> list[Session]:
    return [maker(write("src/pricing.py", text)), *judges()]


def checked_by(shop: Shop, command: str, **files: str) -> Shop:
    """The shop with another gate and further files."""
    shop.write("agents/LOOPS.md", f"---\nmerge: human\nlab: clone\nchecks: ['{command}']\n---\n# Loops\n")
    for path, text in files.items():
        shop.write(path.replace("__", "/").replace("_ini", ".ini"), text)
    shop.commit("another gate")
    return shop


def run(shop: Shop) -> Any:
    shop.plan("fix")
    return shop.door("run", "fix", "--json").json


def canaries(shop: Shop) -> list[dict[str, Any]]:
    verdicts = [verdict for attempt in shop.record(1)["attempts"] for verdict in attempt["verdicts"]]
    return [verdict for verdict in verdicts if verdict["check"] == "canary"]


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize("source", [EXITS, DEAF, LOSES], ids=["exits early", "deaf assertions", "another exit code"])
def test_source_that_games_the_gate_stops_the_plan_at_once(scripted: Scripted, source: str) -> None:
    shop = scripted(mended(source))

    assert_refused(shop, begun(shop, attempts=3), "canary", "gate-gaming")

    assert len(shop.record(1)["attempts"]) == 1
    assert shop.model.asked("checker") == []
    (page,) = shop.path.glob("wiki/90_LOG/*-andon-gen-1.md")
    assert "gate-gaming" in page.read_text()
    assert "planted: tests/test_" in shop.page(1)
    assert "on the code before the change" in shop.page(1)


@pytest.mark.parametrize("source", [EXITS, DEAF], ids=["exits early", "deaf assertions"])
def test_under_pytest_too(scripted: Scripted, source: str) -> None:
    shop = checked_by(scripted(mended(source)), PYTEST)

    assert run(shop)["outcome"] == "stopped"

    assert shop.refusals(1) == [("canary", "gate-gaming")]


def test_a_gate_that_cant_be_narrowed_is_run_as_a_whole(scripted: Scripted) -> None:
    makefile = "test:\n\t@python3 -m unittest discover -s tests\n"
    shop = checked_by(scripted(mended(EXITS)), "make -s test", Makefile=makefile)

    assert run(shop)["outcome"] == "stopped"

    assert shop.refusals(1) == [("canary", "gate-gaming")]


# ---------------------------------------------------------------- honest

STOPS = "[pytest]\naddopts = -x -q -p no:randomly\n"
PATTERN = "[pytest]\npython_files = check_*.py test_pricing.py\npython_functions = check_*\n"
BARE = "[pytest]\naddopts = -qq --tb=no\n"
SET_UP = dedent(TESTS).replace("from pricing import discount, total", "from pricing import *  # both")

HONEST: dict[str, tuple[str, dict[str, str]]] = {
    "unittest": ("python3 -m unittest discover -s tests", {}),
    "unittest, stopping at the first failure": ("python3 -m unittest discover -s tests -f -q", {}),
    "unittest, importing everything": ("python3 -m unittest discover -s tests", {"tests__test_pricing.py": SET_UP}),
    "pytest": (PYTEST, {}),
    "pytest, stopping at the first failure": (f"{PYTEST} -x", {"pytest_ini": STOPS}),
    "pytest, with patterns for what is a test": (PYTEST, {"pytest_ini": PATTERN}),
    "pytest, quiet": (PYTEST, {"pytest_ini": BARE}),
    "make": ("make -s test", {"Makefile": "test:\n\t@python3 -m unittest discover -f -s tests\n"}),
}


@pytest.mark.parametrize("how", HONEST)
def test_honest_source_lands(scripted: Scripted, how: str) -> None:
    command, files = HONEST[how]
    shop = checked_by(scripted([good_maker(), *judges()]), command, **files)

    result = run(shop)

    assert result["landed"], shop.page(1)
    assert [verdict["passed"] for verdict in canaries(shop)] == [True]
    assert "a planted failing test turns the gates red (passed)" in shop.page(1)
    assert not [note for note in result["notes"] if "planted" in note]


def test_a_runner_that_doesnt_collect_what_is_planted_refuses_nothing_and_the_page_says_so(scripted: Scripted) -> None:
    makefile = "test:\n\t@python3 -m unittest tests/test_pricing.py\n"
    shop = checked_by(scripted([good_maker(), *judges()]), "make -s test", Makefile=makefile)

    result = run(shop)

    assert result["landed"]
    assert canaries(shop) == []
    assert [note for note in result["notes"] if note.startswith("whether `make -s test` would notice")]


def test_a_suite_that_is_red_before_the_change_is_told_apart(scripted: Scripted) -> None:
    """On the old code the gate is red by itself; that doesn't make a green one a deaf one."""
    wrong = TESTS + "\n    def test_a_tenth_off(self):\n        self.assertEqual(discount(100, 10), 90)\n"
    makefile = "test:\n\t@python3 -m unittest -f tests/test_pricing.py\n"
    shop = checked_by(
        scripted([good_maker(), *judges()]), "make -s test", Makefile=makefile, **{"tests__test_pricing.py": wrong}
    )

    assert run(shop)["landed"]


# ---------------------------------------------------------------- cost


def test_where_no_source_changed_nothing_is_planted(scripted: Scripted) -> None:
    plan = ANYWHERE.split("## Goal")[0] + "## Goal\n- file `notes.md` exists\n- It says so.\n"
    shop = scripted([maker(write("notes.md", "# Notes\n")), *judges()])

    assert begun(shop, plan).json["landed"]

    assert canaries(shop) == []


def test_after_a_kill_it_isnt_planted_again(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")

    first = shop.door("run", "fix", "--json", "--progress", crash="chunk:checked")
    told = shop.door("resume", "1", "--json", "--progress")

    assert (first.code, told.json["landed"]) == (-9, True)
    assert "(a planted failing test)" in first.err
    assert "(a planted failing test)" not in told.err

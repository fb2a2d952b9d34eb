"""A planted file of failing tests, and what a gate that doesn't name them has shown."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from loopwright.checks.canary import Said, can_say_no, plant, said
from loopwright.vocabulary import Gate, Ran

ALL, SOME, NONE = frozenset({"a", "b", "c"}), frozenset({"a"}), frozenset[str]()


@pytest.mark.parametrize(
    ("now", "before", "alone", "answer"),
    [
        (Said(False, NONE), Said(True, ALL), True, False),
        (Said(False, NONE), Said(True, ALL), False, False),
        (Said(False, ALL), Said(True, ALL), True, False),
        (Said(True, SOME), Said(True, ALL), True, False),
        (Said(True, SOME), Said(True, ALL), False, True),
        (Said(True, SOME), Said(True, SOME), True, True),
        (Said(True, NONE), Said(True, ALL), True, None),
        (Said(False, NONE), Said(True, NONE), True, None),
        (Said(False, NONE), Said(False, NONE), True, None),
        (Said(False, NONE, timed_out=True), Said(True, ALL), True, None),
    ],
    ids=[
        "green",
        "green as a whole",
        "names them and ends with 0",
        "some are deaf",
        "another stopped it",
        "no more before",
        "red without a word",
        "red by itself before",
        "not collected",
        "no end",
    ],
)
def test_only_what_was_told_before_and_isnt_now_is_held_against_a_change(
    now: Said, before: Said, alone: bool, answer: bool | None
) -> None:
    assert can_say_no(now, before, alone=alone) is answer


NEIGHBOUR = '''"""A test."""

from __future__ import annotations

import sys
from os.path import *

try:
    import nothing_of_this_name
except ImportError:
    nothing = None

pytestmark = "skip"
raise SystemExit(0)


class Base:
    import json


from string import ascii_letters


def test_of_its_own():
    assert ascii_letters
'''


def test_what_is_planted_imports_as_its_neighbours_do_and_fails_in_every_case(tmp_path: Path) -> None:
    planted = plant("0a", [NEIGHBOUR, "this is (no Python", "import math\nimport math\n"], functions=False)
    (tmp_path / "test_0a.py").write_text(planted.text)

    words = [sys.executable, "-m", "unittest", "test_0a"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert said(Gate("x"), planted, Ran(done.returncode, done.stderr)) == Said(True, planted.cases)
    assert "Ran 7 tests" in done.stderr
    lines = [line.strip() for line in planted.text.split("\n")]
    assert lines.count("import math") == 1
    assert {"from os.path import __name__", "from string import ascii_letters"} <= set(lines)
    assert not any(word in planted.text for word in ("__future__", "class Base", "test_of_its_own"))


def test_for_pytest_one_case_stands_outside_of_a_class() -> None:
    planted = plant("0a", (), functions=True)

    functions = {node.name for node in ast.walk(ast.parse(planted.text)) if isinstance(node, ast.FunctionDef)}
    assert planted.cases == functions - {"bring"}
    assert len(planted.cases) == 8

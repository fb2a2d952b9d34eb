"""Mutants: small changes of given lines, each of which parses and means another thing."""

from __future__ import annotations

import ast

import pytest

from loopwright.checks.mutants import Mutant, mutants, wrong_throughout

SOURCE = '''\
"""A shop."""
import tax


def price(net: int, rate: float = 0.2, *, name="é") -> float:
    """What it costs."""
    if (net) >= (0 + rate) and not name in ("a", "b"):
        net += 1
        return -net * (rate)
    while net:
        net -= 1
    return net if net < 3 else None
'''


def of(source: str, line: int = 1) -> list[Mutant]:
    return list(mutants(source, [line]))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = a < b", "x = a <= b"),
        ("x = a < b", "x = a >= b"),
        ("x = a == b", "x = a != b"),
        ("x = a is None", "x = a is not None"),
        ("x = a in b", "x = a not in b"),
        ("x = a + b", "x = a - b"),
        ("x = a // b", "x = a * b"),
        ("x = (a) * (b)", "x = (a) / (b)"),
        ("x += b", "x -= b"),
        ("x = a and b", "x = a or b"),
        ("x = not a", "x = a"),
        ("x = -a", "x = a"),
        ("x = 3", "x = (3 + 1)"),
        ("x = True", "x = False"),
        ("x = 'a'", 'x = ""'),
        ("x = a if b else c", "x = a if not (b) else c"),
        ("if a: pass", "if not (a): pass"),
        ("def f(): return a", "def f(): return None"),
    ],
)
def test_each_kind_of_mutant(before: str, after: str) -> None:
    assert after in [mutant.source for mutant in of(before)]


def test_all_mutants_parse_differ_and_lie_in_the_lines_that_were_asked_for() -> None:
    found = list(mutants(SOURCE))
    assert len(found) > 15
    assert len({mutant.source for mutant in found}) == len(found)
    for mutant in found:
        assert ast.dump(ast.parse(mutant.source)) != ast.dump(ast.parse(SOURCE))
        changed = [
            n
            for n, (old, new) in enumerate(zip(SOURCE.splitlines(), mutant.source.splitlines(), strict=True), 1)
            if old != new
        ]
        assert changed == [mutant.line]
    assert {mutant.line for mutant in mutants(SOURCE, [7, 9])} == {7, 9}


def test_what_no_test_could_notice_is_left_alone() -> None:
    for idle in ('"""Text."""', "import a", "x: 'int'", "if TYPE_CHECKING:\n    x = 1", "def f(a: 3) -> 4: pass"):
        assert list(mutants(idle)) == []


def test_hostile_source_has_no_mutants_and_ends_quickly() -> None:
    for hostile in ("(" * 5000, "x = " + "-" * 100_000 + "1", "\0", "x = " + "1 + " * 5000 + "1", "def"):
        assert list(mutants(hostile, [1])) == []


def test_everything_that_a_source_decides_can_be_made_wrong_at_once() -> None:
    wrong = wrong_throughout(SOURCE)

    assert wrong is not None
    ast.parse(wrong)
    assert "if not (" in wrong
    assert wrong.count("return None") == 2
    assert "net -= 1" in wrong  # in a loop that might never end
    assert '"""What it costs."""' in wrong


def test_where_files_are_deleted_conditions_stay_as_they_are() -> None:
    source = "import shutil\n\n\ndef clear(place, sure):\n    if sure:\n        shutil.rmtree(place)\n    return sure\n"

    assert wrong_throughout(source) == source.replace("return sure", "return None")


@pytest.mark.parametrize("source", ["", "RATE = 0.2\n", "def f():\n    pass\n", "def f(:\n", "def f():\n    g('a')\n"])
def test_where_nothing_is_decided_nothing_is_wrong(source: str) -> None:
    assert wrong_throughout(source) is None

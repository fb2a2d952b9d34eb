"""The grammar of goals and checks, through a plan's Goal."""

from __future__ import annotations

import pytest

from loopwright.errors import BadFiles
from loopwright.folders import plans
from loopwright.vocabulary import Criterion


def goal(bullet: str) -> Criterion:
    plan = plans.read("plans/x.md", f"# T\n## Goal\n{bullet}\n".encode())
    return plan.goal[0]


@pytest.mark.parametrize(
    ("bullet", "command", "code", "prints", "bound"),
    [
        ("- `pytest -q`", "pytest -q", 0, None, None),
        ("- `pytest -q`.", "pytest -q", 0, None, None),
        ("- `make`", "make", 0, None, None),
        ("- [ ] `make`", "make", 0, None, None),
        ("1. `make`", "make", 0, None, None),
        ("- `make` <!-- slow -->", "make", 0, None, None),
        ("- `pytest -q` must be green", "pytest -q", 0, None, None),
        ("- All is well: `make`", "make", 0, None, None),
        ("- `grep -r old src` -> exit 1", "grep -r old src", 1, None, None),
        ("- `grep -r old src`\n  → exit 1 (nothing found)", "grep -r old src", 1, None, None),
        ('- `price 3` -> prints "3.00"', "price 3", 0, "3.00", None),
        ("- `price 3` -> prints `<b>*3*</b>`", "price 3", 0, "<b>*3*</b>", None),
        ('- `price 3` prints "3.00"', "price 3", 0, "3.00", None),
        ("- `price x` exits with 2.", "price x", 2, None, None),
        ('- `price x` -> exit 2, prints "no, not \\"x\\""', "price x", 2, 'no, not "x"', None),
        ('- `price x` -> prints "no" and exit 2.', "price x", 2, "no", None),
        ("- `bench` -> <= 2.5 ms", "bench", 0, None, ("<=", 2.5)),
        ("- ``echo `date` ``", "echo `date`", 0, None, None),
        ("- `echo a -> b`", "echo a -> b", 0, None, None),
        ("- file `docs/a b.md` exists", "test -e 'docs/a b.md'", 0, None, None),
        ("- file `a'; rm -rf x` exists", "test -e 'a'\"'\"'; rm -rf x'", 0, None, None),
        ("- test: `npm test`", "npm test", 0, None, None),
        ("- test: npm test", "npm test", 0, None, None),
        ("- probe: `curl -s x` -> hello, world", "curl -s x", 0, "hello, world", None),
        ('- **probe:** curl -s x -> "hello"', "curl -s x", 0, "hello", None),
        ("- probe: `curl -s x` prints `hello`", "curl -s x", 0, "hello", None),
        ("- probe: `curl -s x`.", "curl -s x", 0, None, None),
        ("- benchmark: `bench` < 20 ms", "bench", 0, None, ("<", 20.0)),
        ("- benchmark: `bench` prints at most 3", "bench", 0, None, ("<=", 3.0)),
        ("- benchmark: python bench.py >= 100", "python bench.py", 0, None, (">=", 100.0)),
    ],
)
def test_a_bullet_with_a_command_is_a_gate(
    bullet: str, command: str, code: int, prints: str | None, bound: tuple[str, float] | None
) -> None:
    gate = goal(bullet).gate
    assert gate is not None
    assert (gate.command, gate.exit, gate.prints, gate.bound) == (command, code, prints, bound)
    assert (gate.line, gate.source) == (3, "goal")


@pytest.mark.parametrize(
    "bullet",
    [
        "- Rounding is explained.",
        "- `round_price` rounds half up",
        "- A reader of `docs/a.md` can compute a price",
        "- People run `make all` without asking",
        "It is easy to use.",
    ],
)
def test_a_bullet_in_prose_is_left_to_the_goal_checker(bullet: str) -> None:
    found = goal(bullet)
    assert found.gate is None
    assert found.text == bullet.removeprefix("- ")


@pytest.mark.parametrize(
    ("bullet", "says"),
    [
        ("- `make` -> fails", "the expectation 'fails' is not understood"),
        ("- `make` -> exit 300", "'exit 300' is not understood"),
        ("- `make` -> exit 1 banana", "'exit 1 banana' is not understood"),
        ('- `make` -> prints ""', "is not understood"),
        ("- probe: `curl -s x` returns a greeting", "'returns a greeting' is not understood"),
        ("- ` `", "an empty command"),
        ("- file `/etc/passwd` exists", "leaves the repository"),
        ("- file `a/../../b` exists", "leaves the repository"),
        ("- benchmark: `bench`", "needs a command and a bound"),
        ("- `make`\n-", "an empty bullet"),
    ],
)
def test_a_bullet_that_cannot_be_meant_is_a_problem_at_its_line(bullet: str, says: str) -> None:
    with pytest.raises(BadFiles) as caught:
        goal(bullet)
    (problem,) = caught.value.problems
    assert says in problem.message
    assert problem.line == 2 + len(bullet.split("\n")) if "empty bullet" in says else problem.line == 3


def test_a_command_that_is_read_as_prose_is_remarked_upon() -> None:
    _, problems = plans.examine("plans/x.md", b"# T\n## Goal\n- People run `make all` without asking\n")
    assert [(problem.line, problem.severity) for problem in problems] == [(3, "info")]


def test_deeper_bullets_belong_to_the_criterion_that_they_stand_under() -> None:
    found = goal("- Prices are right\n  - also for `a b`\n- second")
    assert found == Criterion(1, "Prices are right\n- also for `a b`")


def test_criteria_are_numbered_from_one_in_their_order() -> None:
    plan = plans.read("plans/x.md", b"# T\n## Goal\n- one\n- `two`\n- three\n")
    assert [(criterion.number, criterion.text) for criterion in plan.prose_goals] == [(1, "one"), (3, "three")]

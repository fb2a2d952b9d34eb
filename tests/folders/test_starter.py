from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from loopwright.folders import agents, findings, plans, skills, starter
from loopwright.folders.trees import DiskTree

Files = Callable[[Mapping[str, str | bytes]], DiskTree]


def test_what_init_writes_passes_the_check_without_any_finding(files: Files) -> None:
    tree = files(starter.files("main", ["python -m pytest -q"]))
    count, problems = findings.check(tree, backends=["anthropic", "command"], labs=["clone"])
    assert problems == ()
    assert count > 20


def test_every_role_and_the_four_skills_are_written(files: Files) -> None:
    written = starter.files("main", [])
    assert {f"agents/{name}.md" for name in agents.ROLES} <= set(written)
    found, problems = skills.read_all(files(written))
    assert [skill.name for skill in found] == ["andon", "diagnose", "improve-architecture", "tdd"]
    assert problems == ()


def test_the_configuration_that_is_written_says_the_defaults_and_what_was_asked_for(files: Files) -> None:
    tree = files(starter.files("trunk", ["npm test", 'say "x: y"']))
    loops = agents.loops(tree)
    assert (loops.mainline, [gate.command for gate in loops.checks]) == ("trunk", ["npm test", 'say "x: y"'])
    silent = agents.examine_loops(b"---\nmainline: trunk\n---\n")[0]
    assert silent is not None
    for name in ("merge", "lab", "max_parallel", "attempts_per_chunk", "stray_files", "usd_per_day", "tokens", "copy"):
        assert getattr(loops, name) == getattr(silent, name), name


def test_every_line_of_the_configuration_is_explained_in_its_text(files: Files) -> None:
    text = starter.text("agents/LOOPS.md")
    loops = agents.loops(files({"agents/LOOPS.md": text}))
    rows = text.partition("# Loops")[2]
    keys = [key for key in loops.raw if key != "loops"] + [f"loops.{name}" for name in loops.raw["loops"]]
    assert [key for key in keys if f"| `{key}` |" not in rows] == []


def test_goals_ship_without_a_live_criterion_so_that_no_plan_is_met_by_them(files: Files) -> None:
    tree = files({**starter.files("main", []), "plans/bare.md": "# Only a title\n"})
    assert agents.goals(tree) == ()
    found, problems = plans.read_all(tree)
    assert found == ()
    assert [(problem.path, problem.rule) for problem in problems] == [("plans/bare.md", "goal")]


def test_the_index_of_plans_that_ships_is_that_of_no_plans() -> None:
    assert starter.files("main", [])["plans/README.md"] == plans.index(())


@pytest.mark.parametrize(
    ("content", "checks"),
    [
        ({}, ()),
        ({"README.md": "words"}, ()),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, ("python -m pytest -q",)),
        ({"pyproject.toml": "[project]\n"}, ()),
        ({"setup.cfg": "[tool:pytest]\n"}, ("python -m pytest -q",)),
        ({"tests/test_a.py": "def test_a():\n    assert True\n"}, ("python -m pytest -q",)),
        ({"tests/unit/test_a.py": "import pytest\n"}, ("python -m pytest -q",)),
        ({"tests/test_a.py": "import unittest\n"}, ("python3 -m unittest discover -s tests",)),
        ({"tests/data.py": "import unittest\n"}, ()),
        ({"package.json": '{"scripts": {"test": "vitest run"}}'}, ("npm test",)),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, ()),
        ({"package.json": '{"scripts": ["test"]}'}, ()),
        ({"package.json": "{"}, ()),
        ({"Cargo.toml": "", "go.mod": "", "Makefile": "test:\n"}, ("cargo test", "go test ./...")),
        ({"Makefile": "all:\n\ntest: all\n\tsh t.sh\n"}, ("make test",)),
        ({"Makefile": "test := 1\n"}, ()),
    ],
)
def test_the_checks_are_those_that_a_repository_calls_for(
    files: Files, content: dict[str, str], checks: tuple[str, ...]
) -> None:
    assert starter.detect_checks(files(content)) == checks

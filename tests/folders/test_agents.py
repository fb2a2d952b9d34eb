from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from loopwright.errors import BadFiles, Problem
from loopwright.folders import agents
from loopwright.folders.trees import DiskTree
from loopwright.vocabulary import Gate, Loops

Files = Callable[[Mapping[str, str | bytes]], DiskTree]


def problems_of(act: Callable[[], object]) -> list[Problem]:
    with pytest.raises(BadFiles) as caught:
        act()
    return list(caught.value.problems)


# ---------------------------------------------------------------- roles


def test_without_files_all_nine_roles_are_there_with_words_of_their_own(files: Files) -> None:
    found = agents.roles(files({}))
    assert tuple(found) == agents.ROLES
    assert len(agents.ROLES) == 9
    assert len({role.instructions for role in found.values()}) == 9
    assert all(role.backend == "anthropic" and role.tools and role.description for role in found.values())


def test_a_role_is_what_its_file_says(files: Files) -> None:
    text = """---
name: maker
description: Writes: code
backend: command
command: "aider --yes --message-file {brief}"
model: some-model
tools: Read, Edit, Bash, WebFetch
maxTurns: 12
color: blue
---
Do it well.
"""
    tree = files({"agents/maker.md": text.replace("Writes: code", "Writes code")})
    role = agents.role(tree, "maker")
    assert (role.backend, role.command, role.model) == ("command", "aider --yes --message-file {brief}", "some-model")
    assert role.tools == ("read_file", "edit_file", "bash", "WebFetch")
    assert (role.max_turns, role.instructions, role.path) == (12, "Do it well.", "agents/maker.md")


def test_a_role_file_that_only_says_who_plays_it_keeps_the_built_in_words(files: Files) -> None:
    role = agents.role(files({"agents/checker.md": "---\nmodel: inherit\ntools: [bash]\n---\n"}), "checker")
    assert role.instructions == agents.builtin("checker").instructions
    assert (role.model, role.tools) == (None, ("bash",))


def test_a_role_file_without_front_matter_is_all_instructions(files: Files) -> None:
    role = agents.role(files({"agents/checker.md": "Look twice.\n"}), "checker")
    assert (role.instructions, role.backend) == ("Look twice.", "anthropic")


def test_the_problems_of_all_role_files_come_together_each_at_its_line(files: Files) -> None:
    tree = files(
        {
            "agents/maker.md": "---\nbackend: none\n---\n",
            "agents/checker.md": "---\nbackend: command\nmax-turns: 0\n---\n",
            "agents/planner.md": "---\nbackend: [a\n---\n",
            "agents/analyst.md": "---\nbackend: none\n---\n",
        }
    )
    found = problems_of(lambda: agents.roles(tree))
    assert [(problem.path, problem.line) for problem in found] == [
        ("agents/maker.md", 2),
        ("agents/checker.md", 1),
        ("agents/checker.md", 3),
        ("agents/planner.md", 3),
    ]


def test_slips_in_tools_and_placeholders_are_warnings(files: Files) -> None:
    text = """---
tools: [read_file, bsh, Grep, mcp__tracker__find]
backend: command
command: "work {breif} {root} | awk '{print}'"
---
Work.
"""
    role, problems = agents.examine_role("agents/maker.md", text.encode())
    assert role is not None
    assert [(problem.line, problem.severity, problem.message) for problem in problems] == [
        (2, "warning", "there is no tool 'bsh'"),
        (4, "warning", "'{breif}' is not filled in"),
    ]
    assert "bash" in problems[0].mend
    assert "'{brief}'" in problems[1].mend


def test_a_name_that_is_no_role_has_no_built_in(files: Files) -> None:
    with pytest.raises(KeyError):
        agents.role(files({}), "manager")


# ---------------------------------------------------------------- LOOPS.md


def test_without_a_file_the_configuration_is_all_defaults(files: Files) -> None:
    assert agents.loops(files({})) == Loops()


def test_the_configuration_is_what_the_front_matter_says(files: Files) -> None:
    text = """---
mainline: trunk
merge: auto
lab: my.place:open_lab
max-parallel: 4
loops:
  execution: {attempts-per-chunk: 5}
  audit: {schedule: "0 6 * * 1", max-plans: 2}
breakers: {stray-files: 9, no-progress-minutes: 0.5}
budget: {usd-per-run: 0, tokens: 1000}
checks:
  - python -m pytest -q
  - "`ruff check` -> exit 1"
  - 'say hello -> prints "hello"'
setup: ["pip install -e ."]
setup-network: true
protected: [infra/**]
tests: ["checks/**"]
notify: mail-me
copy: []
---
"""
    loops = agents.loops(files({"agents/LOOPS.md": text}))
    assert (loops.mainline, loops.merge, loops.lab, loops.max_parallel) == ("trunk", "auto", "my.place:open_lab", 4)
    assert (loops.attempts_per_chunk, loops.stray_files, loops.no_progress_minutes) == (5, 9, 0.5)
    assert (loops.usd_per_run, loops.usd_per_day, loops.tokens) == (None, 20, 1000)
    assert loops.checks == (
        Gate("python -m pytest -q", line=12, source="LOOPS.md"),
        Gate("ruff check", exit=1, line=13, source="LOOPS.md"),
        Gate("say hello", prints="hello", line=14, source="LOOPS.md"),
    )
    assert (loops.setup, loops.setup_network, loops.protected) == (("pip install -e .",), True, ("infra/**",))
    assert (loops.tests, loops.notify, loops.copy) == (("checks/**",), "mail-me", ())
    assert loops.raw["loops"]["audit"]["max-plans"] == 2


def test_wrong_types_are_errors_at_their_own_line(files: Files) -> None:
    text = """---
mainline: 7
merge: perhaps
max-parallel: 0
loops:
  audit:
    schedule: daily
    on: src
breakers: {stray-files: many}
checks: pytest
setup-network: "yes"
protected: [1, two]
---
"""
    found = problems_of(lambda: agents.loops(files({"agents/LOOPS.md": text})))
    assert [problem.line for problem in found] == [3, 4, 7, 8, 9, 10, 11]
    assert all(problem.mend.startswith("write ") for problem in found)


@pytest.mark.parametrize(
    "line",
    [
        "consecutive-failures: 0",
        "consecutive-failures: 1.5",
        "user-failures: -1",
        "user-failures: true",
        "no-progress-minutes: 0",
        "no-progress-minutes: -10",
        "no-progress-minutes: .inf",
        "no-progress-minutes: ten",
        "stray-files: 0",
        "stray-files: '5'",
    ],
)
def test_a_breaker_that_could_not_trip_as_it_says_is_an_error_at_its_line(line: str) -> None:
    found, (problem,) = agents.examine_loops(f"---\nmerge: auto\nbreakers:\n  {line}\n---\n".encode())
    assert found is None
    assert (problem.path, problem.line, problem.severity) == ("agents/LOOPS.md", 4, "error")
    assert f"breakers.{line.split(':')[0]}" in problem.message
    assert problem.mend.endswith("above 0")


@pytest.mark.parametrize("line", ["usd-per-run: -1", "usd-per-day: much", "tokens: 1.5", "tokens: -1"])
def test_a_ceiling_that_is_none_is_an_error_at_its_line(line: str) -> None:
    found, (problem,) = agents.examine_loops(f"---\nmerge: auto\nbudget:\n  {line}\n---\n".encode())
    assert found is None
    assert (problem.line, problem.severity) == (4, "error")
    assert problem.mend.endswith("0 is no ceiling")


def test_a_mainline_that_is_a_plan_s_own_branch_is_an_error(files: Files) -> None:
    found = problems_of(lambda: agents.loops(files({"agents/LOOPS.md": "---\nmerge: auto\nmainline: loop/fix\n---\n"})))
    assert [(problem.line, problem.rule) for problem in found] == [(3, "mainline")]


def test_unknown_keys_are_warnings_that_know_what_was_meant(files: Files) -> None:
    found, problems = agents.examine_loops(b"---\nmax_parallel: 3\nbreakers: {stray-file: 1}\ncolour: red\n---\n")
    assert found == Loops(raw={"max_parallel": 3, "breakers": {"stray-file": 1}, "colour": "red"})
    assert [(problem.line, problem.severity) for problem in problems] == [
        (2, "warning"),
        (3, "warning"),
        (4, "warning"),
    ]
    assert [problem.mend for problem in problems[:2]] == ["write 'max-parallel'", "write 'stray-files'"]
    assert "mainline" in problems[2].mend


def test_an_empty_check_is_an_error_at_its_line() -> None:
    found, problems = agents.examine_loops(b"---\nchecks:\n  - make\n  - ''\n---\n")
    assert found is None
    assert [(problem.line, problem.rule) for problem in problems] == [(4, "gate")]


def test_an_expectation_that_is_not_understood_is_no_part_of_a_command() -> None:
    lines = ("pytest -> exits 300", "say -> prints hello", "bench -> <= fast", "echo a -> b")
    text = "---\nchecks:\n" + "".join(f"  - '{line}'\n" for line in lines) + "---\n"
    found, problems = agents.examine_loops(text.encode())
    assert found is None
    assert [(problem.line, problem.rule) for problem in problems] == [(3, "gate"), (4, "gate"), (5, "gate")]


@pytest.mark.parametrize("key", ["copy", "protected", "tests"])
@pytest.mark.parametrize("path", ["/etc/passwd", "../secrets", "a/../../b", "~/keys"])
def test_a_glob_that_leaves_the_repository_is_an_error(key: str, path: str) -> None:
    found, problems = agents.examine_loops(f"---\n{key}: [ok, '{path}']\n---\n".encode())
    assert found is None
    assert [(problem.line, problem.mend.endswith("relative to the repository")) for problem in problems] == [(2, True)]


# ---------------------------------------------------------------- goals and pages

GOALS = """# Goals

What it is for.

## Prices are right
Customers pay what the list says.
- The tests pass: `pytest -q` -> exit 0
- `shop price 3` -> prints "29.97"
- Somebody can compute a price.

```
- `not live`
```

## It is fast
It should be.
"""


def test_goals_are_the_bullets_numbered_through(files: Files) -> None:
    tree = files({"agents/GOALS.md": GOALS})
    found = agents.goals(tree)
    assert [(criterion.number, criterion.gate.command if criterion.gate else None) for criterion in found] == [
        (1, "pytest -q"),
        (2, "shop price 3"),
        (3, None),
    ]
    _, problems = agents.examine_goals(tree)
    assert [(problem.line, problem.severity) for problem in problems] == [(15, "warning")]


def test_a_maker_gets_the_goals_without_their_commands(files: Files) -> None:
    text = agents.goals_text(files({"agents/GOALS.md": GOALS}))
    assert "- The tests pass\n" in text
    assert "- Somebody can compute a price." in text
    assert "Customers pay what the list says." in text
    assert not any(secret in text for secret in ("pytest", "29.97", "not live", "exit 0"))


def test_missing_pages_are_empty(files: Files) -> None:
    tree = files({})
    assert (agents.goals(tree), agents.goals_text(tree), agents.context(tree)) == ((), "", "")
    assert (agents.language(tree), agents.priorities(tree)) == ((), ())


def test_terms_come_from_headings_and_from_tables(files: Files) -> None:
    text = """# Language

| term | definition | avoid |
|---|---|---|
| `plan` | A file. | ticket, story |
| lab | A place. |

## Landing
The move of the mainline.

Avoid: deployment, "merge"
"""
    found = agents.language(files({"agents/LANGUAGE.md": text}))
    assert [(term.name, term.definition, term.avoid, term.line) for term in found] == [
        ("Landing", "The move of the mainline.", ("deployment", "merge"), 8),
        ("plan", "A file.", ("ticket", "story"), 5),
        ("lab", "A place.", (), 6),
    ]


def test_priorities_come_in_the_order_of_their_numbers(files: Files) -> None:
    tree = files({"agents/PRIORITIES.md": "# P\n## 2. Later\nb\n### why\nc\n## 1. First\na\n## Notes\n"})
    assert [(one.number, one.title, one.text) for one in agents.priorities(tree)] == [
        (1, "First", "a"),
        (2, "Later", "b\n### why\nc"),
    ]

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import pytest

from loopwright import markdown
from loopwright.errors import BadFiles, Problem
from loopwright.folders import plans
from loopwright.folders.trees import DiskTree
from loopwright.vocabulary import Budget, Criterion, Scope, Status

Files = Callable[[Mapping[str, str | bytes]], DiskTree]

PLAN = """---
status: paused   # until Monday
priority: P1
depends-on: [first, plans/second.md]
merge: auto
lab: clone
supersedes: old
planned-at: 0012345
budget: {usd: 2.0, minutes: 30}
owner: me
---
# Prices are right

## Context
See `x`.

## Scope
- `src/prices.py`, `src/round.py` (only `total`)
Out:
- `src/legacy/**`
Tests:
- `tests/test_prices.py`

## Chunks
### 1. Round half up
Do it.
Skill: tdd
Verify: `pytest -q tests/a.py` -> exit 1
```
### 9. no chunk
Verify: nothing
```
#### Goal
inner

### 3. Then
- **Verify:** `true`

## Checks
- `ruff check`

## Goal
- `pytest -q`
- People understand it.
"""


def errors(text: str, path: str = "plans/x.md") -> list[Problem]:
    with pytest.raises(BadFiles) as caught:
        plans.read(path, text.encode())
    return list(caught.value.problems)


def test_a_plan_says_all_that_its_file_says() -> None:
    plan = plans.read("plans/2026-11-prices.md", PLAN.encode())
    assert (plan.name, plan.title, plan.status, plan.priority) == (
        "2026-11-prices",
        "Prices are right",
        Status.PAUSED,
        "P1",
    )
    assert plan.depends_on == ("first", "second")
    assert (plan.merge, plan.lab, plan.supersedes, plan.planned_at) == ("auto", "clone", "old", "0012345")
    assert plan.budget == Budget(usd=2.0, minutes=30)
    assert plan.scope == Scope(("src/prices.py", "src/round.py"), ("src/legacy/**",), ("tests/test_prices.py",))
    assert [gate.command for gate in plan.checks] == ["ruff check"]
    assert [gate.command for gate in plan.goal_gates] == ["pytest -q"]
    assert [criterion.text for criterion in plan.prose_goals] == ["People understand it."]
    assert plan.text == PLAN


def test_chunks_keep_their_text_with_its_skill_and_verify_lines() -> None:
    first, second = plans.read("plans/x.md", PLAN.encode()).chunks
    assert (first.number, first.title, first.skill, first.line) == (1, "Round half up", "tdd", 25)
    assert first.text.startswith("Do it.\nSkill: tdd\n")
    assert first.text.endswith("#### Goal\ninner")
    assert [(gate.command, gate.exit, gate.line, gate.source) for gate in first.verify] == [
        ("pytest -q tests/a.py", 1, 28, "chunk")
    ]
    assert (second.number, second.title, second.skill) == (3, "Then", None)
    assert [gate.command for gate in second.verify] == ["true"]


def test_windows_line_endings_and_a_bom_read_as_the_same_plan() -> None:
    windows = markdown.BOM + PLAN.replace("\n", "\r\n").encode()
    assert plans.read("plans/x.md", windows) == plans.read("plans/x.md", PLAN.encode())


def test_a_title_and_a_goal_are_enough_and_the_text_is_one_chunk() -> None:
    plan = plans.read(
        "plans/x.md", b"# All is well\n\nMake it so.\nSkill: tdd\nVerify: `make`\n\n## Goal\n- `make all`\n"
    )
    (chunk,) = plan.chunks
    assert (plan.status, plan.priority, plan.scope) == (Status.READY, "P2", Scope())
    assert (chunk.number, chunk.title, chunk.skill) == (1, "All is well", "tdd")
    assert [gate.command for gate in chunk.verify] == ["make"]
    assert chunk.text.startswith("# All is well\n\nMake it so.")


def test_a_plan_without_a_goal_takes_that_of_the_repository() -> None:
    fallback = (Criterion(1, "all is well"),)
    assert plans.read("plans/x.md", b"# T\n", fallback).goal == fallback
    assert plans.read("plans/x.md", b"# T\n## Goal\n- mine\n", fallback).goal == (Criterion(1, "mine"),)


def test_only_a_draft_may_be_without_a_goal() -> None:
    (problem,) = errors("# T\n")
    assert (problem.line, problem.rule) == (1, "goal")
    plan, problems = plans.examine("plans/x.md", b"---\nstatus: draft\n---\n# T\n")
    assert plan is not None
    assert [(problem.rule, problem.severity) for problem in problems] == [("goal", "warning")]


def test_all_problems_of_a_file_come_in_one_pass_each_at_its_line() -> None:
    text = """---
status: raedy
priority: 7
planned-at: soon
depends-on: other
budget: {usd: -1}
---
## Scope
- everything
- `/etc/**`
- `../x`
## Scope
## Chunks
### 2. a
Verify: look at it
Skill: one
Skill: two
### 2. b
### 1. c
### last
## Checks
- ` `
- prose
## Goal
- `x` -> fails
"""
    found = errors(text, "plans/two words.md")
    assert [(problem.line, problem.rule) for problem in found] == [
        (1, "name"),
        (2, "front-matter"),
        (3, "front-matter"),
        (4, "front-matter"),
        (5, "front-matter"),
        (6, "front-matter"),
        (8, "title"),
        (9, "scope"),
        (10, "scope"),
        (11, "scope"),
        (12, "section"),
        (15, "gate"),
        (17, "skill"),
        (18, "chunks"),
        (19, "chunks"),
        (20, "chunks"),
        (22, "gate"),
        (23, "gate"),
        (25, "gate"),
    ]
    assert all(problem.mend and problem.message for problem in found)
    assert str(found[1]).startswith("plans/two words.md:2: status: 'raedy' is not one of")


def test_more_than_ten_chunks_are_refused_with_the_request_to_split() -> None:
    chunks = "".join(f"### {n}. c\n" for n in range(1, 12))
    (problem,) = errors(f"# T\n## Chunks\n{chunks}## Goal\n- `x`\n")
    assert problem.line == 13
    assert "split the plan" in problem.mend
    ten = "".join(f"### {n}. c\n" for n in range(1, 11))
    assert len(plans.read("plans/x.md", f"# T\n## Chunks\n{ten}## Goal\n- `x`\n".encode()).chunks) == 10


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("# T\n## Chunks\nwords\n## Goal\n- `x`\n", "chunks", 2),
        ("# T\n## Scope\nonly the prices\n## Goal\n- `x`\n", "scope", 2),
        ("# T\n## Checks\n```\nmake\n```\n## Goal\n- `x`\n", "gate", 2),
        ("# T\n## Chunks\n### 1. a\nVerify:\n- `x`\n## Goal\n- `x`\n", "gate", 4),
        ("#\n## Goal\n- `x`\n", "title", 1),
        ("", "title", 1),
        ("---\nstatus: [ready\n---\n# T\n## Goal\n- `x`\n", "front-matter", 3),
    ],
)
def test_what_would_silently_mean_less_than_it_says_is_refused(text: str, rule: str, line: int) -> None:
    assert [(problem.rule, problem.line) for problem in errors(text)] == [(rule, line)]


def test_a_slip_in_a_field_s_name_is_a_warning_and_other_fields_are_let_be() -> None:
    plan, problems = plans.examine("plans/x.md", b"---\ndepends_on: [a]\nowner: me\n---\n# T\n## Goal\n- `x`\n")
    assert plan is not None
    assert [(p.line, p.severity, p.mend) for p in problems] == [(2, "warning", "write 'depends-on'")]


@pytest.mark.parametrize("label", ["Out:", "**Out:**", "- Out:", "### Out", "Out of scope:", "### Out of scope"])
def test_a_scope_s_groups_may_be_labelled_as_people_do(label: str) -> None:
    plan = plans.read("plans/x.md", f"# T\n## Scope\n- `a`\n\n{label}\n\n- `b`\n## Goal\n- `x`\n".encode())
    assert (plan.scope.inside, plan.scope.outside) == (("a",), ("b",))


def test_a_group_right_below_a_bullet_is_not_taken_for_its_continuation() -> None:
    plan = plans.read("plans/x.md", b"# T\n## Scope\nIn: `a`, `b`\nOut: `c`\n- `d`\nTests:\n- `e`\n## Goal\n- `x`\n")
    assert plan.scope == Scope(("a", "b"), ("c", "d"), ("e",))


# ---------------------------------------------------------------- the other form

PROGRAM = b"""# Task: Number the lines

## Requirements
- Number each line
- Keep blank ones

## Files to Modify
- src/agent.ts: number them
- `src/tools.ts`, `src/new.ts` (new)
- Makefile

## Acceptance Criteria
- test: `npm test`
- probe: `node out/agent.js` -> 1: hello
- benchmark: `node bench.js` < 20 ms
- The output is readable

## Constraints
- No new dependency
"""


def test_a_program_reads_as_a_plan_of_one_chunk() -> None:
    plan = plans.read("plans/numbers.md", PROGRAM)
    assert (plan.form, plan.title, plan.status) == ("program", "Number the lines", Status.READY)
    assert plan.scope.inside == ("src/agent.ts", "src/tools.ts", "src/new.ts", "Makefile")
    assert [chunk.title for chunk in plan.chunks] == ["Number the lines"]
    assert "No new dependency" in plan.chunks[0].text
    assert [gate.command for gate in plan.goal_gates] == ["npm test", "node out/agent.js", "node bench.js"]
    assert [criterion.number for criterion in plan.prose_goals] == [4]


@pytest.mark.parametrize(
    ("cut", "rule", "line"),
    [
        (b"# Task: Number the lines", "title", 1),
        (PROGRAM[PROGRAM.index(b"- test") : PROGRAM.index(b"## Constr")], "goal", 12),
    ],
)
def test_a_program_without_task_or_criteria_is_refused_at_its_line(cut: bytes, rule: str, line: int) -> None:
    with pytest.raises(BadFiles) as caught:
        plans.read("plans/numbers.md", PROGRAM.replace(cut, b""), (Criterion(1, "fallback"),))
    assert [(problem.rule, problem.line) for problem in caught.value.problems] == [(rule, line)]


# ---------------------------------------------------------------- the folder

GOOD = "# T\n## Goal\n- `x`\n"


def test_an_unknown_ceiling_is_a_warning_that_knows_the_ceilings() -> None:
    plan, problems = plans.examine("plans/x.md", b"---\nbudget: {hours: 3}\n---\n# T\n## Goal\n- `make`\n")
    assert plan is not None
    assert [(problem.line, problem.severity, problem.message) for problem in problems] == [
        (2, "warning", "'budget.hours' is no field")
    ]
    assert "minutes, tokens, usd" in problems[0].mend


def test_the_folder_gives_every_plan_that_reads_and_every_problem_of_the_others(files: Files) -> None:
    tree = files(
        {
            "plans/b.md": GOOD,
            "plans/a.md": GOOD,
            "plans/bad.md": "no title",
            "plans/picture.md": b"\x89PNG\0\0",
            "plans/notes.txt": "no plan",
            "plans/old/c.md": "no plan",
            "plans/TEMPLATE.md": "no plan",
            "plans/README.md": "no plan",
        }
    )
    found, problems = plans.read_all(tree)
    assert [plan.name for plan in found] == ["a", "b"]
    assert [(problem.path, problem.rule) for problem in problems] == [
        ("plans/bad.md", "goal"),
        ("plans/bad.md", "title"),
        ("plans/picture.md", "not-text"),
    ]


def test_a_broken_goals_page_gives_no_plan_half_a_goal(files: Files) -> None:
    tree = files({"plans/a.md": "# T\n", "agents/GOALS.md": "# G\n- `x`\n- `y` -> fails\n"})
    found, problems = plans.read_all(tree)
    assert found == ()
    assert [problem.path for problem in problems] == ["agents/GOALS.md", "plans/a.md"]


def test_plans_without_a_goal_take_the_goals_page_s(files: Files) -> None:
    tree = files({"plans/a.md": "# T\n", "agents/GOALS.md": "# G\n## Well\n- `x`\n"})
    (plan,), _ = plans.read_all(tree)
    assert [gate.command for gate in plan.goal_gates] == ["x"]


def with_header(name: str, **fields: str) -> tuple[str, str]:
    lines = "".join(f"{key.replace('_', '-')}: {value}\n" for key, value in fields.items())
    return f"plans/{name}.md", f"---\n{lines}---\n{GOOD}"


def test_ready_plans_come_by_priority_then_name_and_only_when_nothing_is_open(files: Files) -> None:
    tree = files(
        dict(
            [
                with_header("z", priority="P1"),
                with_header("b"),
                with_header("a"),
                with_header("later", depends_on="[finished, a]"),
                with_header("next", depends_on="[finished]", priority="P3"),
                with_header("lost", depends_on="[nowhere]"),
                with_header("finished", status="done"),
                with_header("draft", status="draft"),
            ]
        )
    )
    found, _ = plans.read_all(tree)
    assert [plan.name for plan in plans.ready(found)] == ["z", "a", "b", "next"]
    waiting = {plan.name: plans.waiting_for(plan, found) for plan in found}
    assert waiting["later"] == ("a",)
    assert waiting["lost"] == ("nowhere",)
    assert waiting["next"] == ()


@pytest.mark.parametrize(
    "body",
    [
        "# One thing\n\n## Goal\n- `true`\n",
        "\n\n#   One `thing` \n## Goal\n- `true`\n",
        "# One thing ##\n## Goal\n- `true`\n",
        "# One#thing\n## Goal\n- `true`\n",
        "One thing\n=====\n## Goal\n- `true`\n",
        "text first\n\n# One thing\n## Goal\n- `true`\n",
        "# Task: One thing\n## Acceptance Criteria\n- test: `true`\n",
        "#\n## Goal\n- `true`\n",
        "no title\n## Goal\n- `true`\n",
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("field", ["priority: P1", "priority: P9", "depends-on: [x, plans/y.md, x]", "depends_on: [x]"])
def test_of_a_done_plan_is_known_what_a_whole_reading_would_tell(
    files: Files, body: str, ending: str, field: str
) -> None:
    data = f"---\nstatus: done\n{field}\n---\n{body}".replace("\n", ending).encode()
    whole, told = plans.examine("plans/p.md", data)
    found, problems = plans.read_all(files({"plans/p.md": data}))
    assert problems == told
    known = [(plan.name, plan.title, plan.status, plan.priority, plan.depends_on, plan.text) for plan in found]
    assert known == [
        (plan.name, plan.title, plan.status, plan.priority, plan.depends_on, plan.text) for plan in (whole,) if plan
    ]


def test_a_done_plan_stays_done_whatever_became_of_its_text(files: Files) -> None:
    late = with_header("late", depends_on="[done]")
    tree = files(dict([late, ("plans/done.md", "---\nstatus: done\n---\n# Was done\n## Goal\n- `x` -> fails\n")]))
    found, problems = plans.read_all(tree)
    assert [plan.name for plan in plans.ready(found)] == ["late"]
    assert problems == ()


def test_each_ring_of_plans_is_one_problem_at_the_line_of_its_first(files: Files) -> None:
    tree = files(
        dict(
            [
                with_header("c", status="ready", depends_on="[a]"),
                with_header("a", status="ready", depends_on="[b]"),
                with_header("b", depends_on="[c]"),
                with_header("self", depends_on="[self]"),
                with_header("outside", depends_on="[a]"),
                with_header("free"),
            ]
        )
    )
    found, _ = plans.read_all(tree)
    problems = plans.cycles(found)
    assert [(problem.path, problem.line) for problem in problems] == [("plans/a.md", 3), ("plans/self.md", 2)]
    assert "a -> b -> c -> a" in problems[0].message
    assert [plan.name for plan in plans.ready(found)] == ["free"]


def test_a_long_chain_of_plans_is_no_ring(files: Files) -> None:
    names = [f"p{n:03}" for n in range(300)]
    tree = files(dict(with_header(name, depends_on=f"[{after}]") for name, after in itertools.pairwise(names)))
    assert plans.cycles(plans.read_all(tree)[0]) == ()

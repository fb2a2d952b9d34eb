from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from loopwright.contracts import schemas
from loopwright.folders import findings
from loopwright.folders.trees import DiskTree

Files = Callable[[Mapping[str, str | bytes]], DiskTree]
GOAL = "## Goal\n- `make`\n"
SKILL = "---\nname: tdd\ndescription: d\n---\n"

BROKEN: dict[str, str | bytes] = {
    "plans/a.md": f"---\ndepends-on: [b, nowhere]\nlab: container\n---\n"
    f"# A\n## Chunks\n### 1. x\nDo.\n\nSkill: ttd\n{GOAL}",
    "plans/b.md": f"---\ndepends-on: [a]\n---\n# B\n{GOAL}",
    "plans/c.md": "---\ndepends-on: [nowhere]\n---\nwords\n\nSkill: tdt\n",
    "plans/README.md": "not judged",
    "agents/maker.md": "---\nmodel: m\nbackend: antropic\n---\n",
    "agents/checker.md": "---\nbackend: my.room:Backend\n---\n",
    "agents/goal_checker.md": "words",
    "agents/my-own-helper.md": "words",
    "agents/LOOPS.md": "---\nmerge: human\nlab: sandbox\n---\n",
    "agents/GOALS.md": "# G\n## Fast\nwords\n",
    "agents/CONTEXT.md": b"caf\xe9",
    "skills/tdd/SKILL.md": SKILL,
    "skills/odd/SKILL.md": "---\nname: odd\n---\n",
    "wiki/20_SYSTEM/page.md": "# No front matter\n",
    "src/plan.md": f"# Elsewhere\n{GOAL}",
}


def test_every_kind_of_file_is_judged_alone_and_with_the_others(files: Files) -> None:
    count, problems = findings.check(files(BROKEN), backends=["anthropic", "command"], labs=["clone", "worktree"])
    assert count == 13
    assert [(problem.path, problem.line, problem.rule, problem.severity) for problem in problems] == [
        ("agents/CONTEXT.md", 1, "not-text", "error"),
        ("agents/GOALS.md", 2, "goal", "warning"),
        ("agents/LOOPS.md", 3, "lab", "error"),
        ("agents/goal_checker.md", 1, "role", "warning"),
        ("agents/maker.md", 3, "backend", "error"),
        ("plans/a.md", 2, "cycle", "error"),
        ("plans/a.md", 2, "depends-on", "info"),
        ("plans/a.md", 3, "lab", "error"),
        ("plans/a.md", 10, "skill", "error"),
        ("plans/c.md", 2, "depends-on", "info"),
        ("plans/c.md", 4, "goal", "error"),
        ("plans/c.md", 4, "title", "error"),
        ("plans/c.md", 6, "skill", "error"),
        ("skills/odd/SKILL.md", 1, "skill", "error"),
        ("wiki/20_SYSTEM/page.md", 1, "front-matter", "error"),
        ("wiki/20_SYSTEM/page.md", 1, "front-matter", "error"),
        ("wiki/20_SYSTEM/page.md", 1, "front-matter", "error"),
        ("wiki/20_SYSTEM/page.md", 1, "front-matter", "error"),
    ]
    mends = {(problem.path, problem.rule): problem.mend for problem in problems}
    assert mends["plans/a.md", "skill"] == "did you mean 'tdd'?"
    assert mends["agents/maker.md", "backend"] == "did you mean 'anthropic'?"
    assert mends["agents/goal_checker.md", "role"] == "did you mean goal-checker.md?"


def test_names_of_rooms_above_are_doubted_only_when_they_are_known(files: Files) -> None:
    _, problems = findings.check(files(BROKEN))
    assert not [problem for problem in problems if problem.rule in ("backend", "lab")]


def test_named_paths_are_judged_against_the_whole_and_reported_alone(files: Files) -> None:
    tree = files(BROKEN)
    count, problems = findings.check(tree, ["./plans/a.md"])
    assert count == 1
    assert {problem.path for problem in problems} == {"plans/a.md"}
    assert {problem.rule for problem in problems} == {"cycle", "depends-on", "skill"}
    count, problems = findings.check(tree, ["skills/", "agents"])
    assert (count, {problem.path.partition("/")[0] for problem in problems}) == (9, {"skills", "agents"})


def test_a_file_elsewhere_is_read_as_what_it_looks_like_when_it_is_named(files: Files) -> None:
    tree = files({**BROKEN, "x/SKILL.md": "---\nname: x\n---\n", "README.md": "# Words\n"})
    assert findings.check(tree, ["src/plan.md"]) == (1, ())
    count, problems = findings.check(tree, ["x/SKILL.md"])
    assert (count, [problem.path for problem in problems]) == (1, ["x/SKILL.md"])
    assert findings.check(tree, ["README.md"]) == (0, ())


def test_a_path_that_is_not_there_is_an_error(files: Files) -> None:
    _, problems = findings.check(files(BROKEN), ["plans/nothing.md"])
    assert [(problem.path, problem.rule, problem.severity) for problem in problems] == [
        ("plans/nothing.md", "missing", "error")
    ]


@pytest.mark.parametrize("paths", [[], ["."], ["plans/a.md", "."]])
def test_the_whole_tree_may_be_named_too(files: Files, paths: list[str]) -> None:
    tree = files(BROKEN)
    assert findings.check(tree, paths) == findings.check(tree)


def test_an_empty_tree_has_no_files_and_no_problems(files: Files) -> None:
    assert findings.check(files({})) == (0, ())


def test_json_findings_hold_against_their_schema_and_leave_out_what_is_unknown(files: Files) -> None:
    value = findings.to_json(*findings.check(files(BROKEN)))
    schemas.validate("findings", value)
    assert value["files"] == 13
    assert set(value["findings"][0]) == {"path", "line", "rule", "severity", "message", "mend"}


def test_the_schema_refuses_a_finding_without_a_mend() -> None:
    with pytest.raises(ValueError, match="mend"):
        schemas.validate(
            "findings",
            {"files": 1, "findings": [{"path": "a", "line": 1, "rule": "r", "severity": "error", "message": "m"}]},
        )

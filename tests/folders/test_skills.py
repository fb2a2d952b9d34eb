from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from loopwright import markdown
from loopwright.folders import skills
from loopwright.folders.trees import DiskTree

Files = Callable[[Mapping[str, str | bytes]], DiskTree]
PATH = "skills/tdd/SKILL.md"


@pytest.mark.parametrize(
    ("header", "description"),
    [
        ("description: Tests first.", "Tests first."),
        ("description: Use when: something is red", "Use when: something is red"),
        ("description: >\n  Tests\n  first.", "Tests first."),
        ("description: |\n  Tests\n  first.", "Tests\nfirst."),
        ("description: Tests\n  first.", "Tests first."),
        ('description: "Tests: first"', "Tests: first"),
        ("description: 3", "3"),
        ("description: x\nallowed-tools: Bash(git:*) Read", "x"),
        ("description: x\nallowed-tools: Bash, Read", "x"),
        ("description: x\nallowed-tools: [Bash, Read]\nrequires: {mcp: [a]}\nversion: 1.0\ntriggers: [a]", "x"),
    ],
)
@pytest.mark.parametrize("windows", [False, True])
def test_whatever_has_a_description_loads(header: str, description: str, windows: bool) -> None:
    text = f"---\nname: tdd\n{header}\n---\n# Do\n\nit.\n"
    data = markdown.BOM + text.replace("\n", "\r\n").encode() if windows else text.encode()
    skill, problems = skills.read(PATH, data)
    assert skill is not None
    assert (skill.name, skill.description, skill.text) == ("tdd", description, "# Do\n\nit.")
    assert not [problem for problem in problems if problem.severity == "error"]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("# Just text\n", 1, "description"),
        ("---\nname: tdd\n---\n", 1, "description"),
        ("---\nname: tdd\ndescription: ''\n---\n", 3, "description"),
        ("---\nname: tdd\ndescription: [a\n---\n", 4, "does not parse"),
    ],
)
def test_without_a_description_it_is_an_error_and_does_not_load(text: str, line: int, says: str) -> None:
    skill, problems = skills.read(PATH, text.encode())
    assert skill is None
    (error,) = [problem for problem in problems if problem.severity == "error"]
    assert error.line == line
    assert says in error.message


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (PATH, "---\nname: other\ndescription: d\n---\n", 2),
        (PATH, "---\ndescription: d\n---\n", 1),
        ("skills/Test Driven/SKILL.md", "---\ndescription: d\nname: Test Driven\n---\n", 3),
        (PATH, f"---\nname: tdd\ndescription: {'d' * 1025}\n---\n", 3),
        ("skills/tdd/skill.md", "---\nname: tdd\ndescription: d\n---\n", 1),
    ],
)
def test_what_is_odd_is_a_warning_at_its_line_and_loads(path: str, text: str, line: int) -> None:
    skill, problems = skills.read(path, text.encode())
    assert skill is not None
    assert [(problem.severity, problem.line) for problem in problems] == [("warning", line)]
    assert len(problems[0].message) < 200


@pytest.mark.parametrize(
    ("value", "hidden"), [("true", True), ("yes", True), ('"on"', True), ("1", True), ("false", False), ("no", False)]
)
def test_a_skill_may_be_for_people_only(value: str, hidden: bool) -> None:
    data = f"---\nname: tdd\ndescription: d\ndisable-model-invocation: {value}\n---\n".encode()
    skill, problems = skills.read(PATH, data)
    assert skill is not None
    assert skill.user_only is hidden
    assert problems == ()


def test_the_folder_has_skills_in_folders_and_flat_ones_and_nothing_else(files: Files) -> None:
    good = "---\nname: {}\ndescription: d\n---\n"
    tree = files(
        {
            "skills/tdd/SKILL.md": good.format("tdd"),
            "skills/tdd/references/more.md": "more",
            "skills/tdd.md": good.format("tdd"),
            "skills/flat.md": good.format("flat"),
            "skills/known/SKILL.md": good.format("named-otherwise"),
            "skills/README.md": "words",
        }
    )
    found, problems = skills.read_all(tree)
    assert [skill.path for skill in found] == [
        "skills/flat.md",
        "skills/known/SKILL.md",
        "skills/tdd/SKILL.md",
    ]
    assert [(problem.path, problem.rule) for problem in problems] == [
        ("skills/known/SKILL.md", "name"),
        ("skills/tdd.md", "duplicate-skill"),
    ]
    by_name, by_folder = skills.named(found, "named-otherwise"), skills.named(found, "known")
    assert by_name is by_folder is not None
    assert skills.named(found, "nothing") is None


CORPUS = Path(os.environ.get("LOOPWRIGHT_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")) / "skills"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real skills is not here")
def test_every_real_skill_with_a_description_loads() -> None:
    """Files whose front matter is broken on purpose are known by their folder in the corpus."""
    broken = {"invalid-yaml", "missing-description", "no-frontmatter"}
    paths = sorted(CORPUS.rglob("SKILL.md"))
    assert len(paths) > 100
    refused = [path for path in paths if skills.read(str(path.relative_to(CORPUS)), path.read_bytes())[0] is None]
    assert {path.parent.name for path in refused} == broken

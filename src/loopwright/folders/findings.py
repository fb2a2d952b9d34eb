"""What `loopwright check` says: every problem of the files that people write, each alone and all together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from loopwright import markdown
from loopwright.contracts import Tree, schemas
from loopwright.errors import BadFiles, Problem
from loopwright.folders import agents, plans, skills, wiki
from loopwright.folders.crosschecks import Names, Read, across, stranger
from loopwright.vocabulary import Criterion, Loops, Plan, Role

FOLDERS = ("plans", "agents", "skills", "wiki")
"""Where the files lie that people write."""
_READING = ("CONTEXT", "LANGUAGE", "PRIORITIES")


def check(
    tree: Tree, paths: Sequence[str] = (), *, backends: Collection[str] = (), labs: Collection[str] = ()
) -> tuple[int, tuple[Problem, ...]]:
    """How many files were looked at, and every problem in them, by path and line.

    With `paths`, only those files and folders are reported, but still judged against all others; a named file that
    lies in none of our folders is read as what it looks like. `backends` and `labs` are the names that are known;
    without them no name is doubted.
    """
    listed = (path for folder in FOLDERS for path in tree.list(folder))
    kinds = {path: kind for path in listed if (kind := kind_of(path))}
    wanted = tuple(path.removeprefix("./").rstrip("/") for path in paths)
    if not paths or any(path in ("", ".") for path in wanted):
        return len(kinds), _all_of(tree, kinds, Names(backends, labs))
    missing = []
    for path in wanted:
        if not any(_within(known, path) for known in kinds):
            if kind := _guess(tree, path):
                kinds[path] = kind
            elif tree.read(path) is None and not tree.list(path):
                mend = "name a file or folder that is there"
                missing.append(Problem(path, 1, "missing", "there is no such file", mend))
    shown = {path for path in kinds if any(_within(path, wish) for wish in wanted)}
    found = _all_of(tree, kinds, Names(backends, labs))
    return len(shown), tuple(sorted([*missing, *(problem for problem in found if problem.path in shown)]))


def to_json(files: int, problems: Iterable[Problem]) -> dict[str, Any]:
    """The findings as the object that `--json` prints, held against its schema."""
    fields = ("path", "line", "column", "rule", "severity", "message", "mend")
    found = [
        {field: value for field in fields if (value := getattr(problem, field)) is not None} for problem in problems
    ]
    value = {"files": files, "findings": found}
    schemas.validate("findings", value)
    return value


def kind_of(path: str) -> str | None:
    """plan | role | loops | goals | standards | page | skill | wiki | stranger, by its place; None for what isn't ours
    to judge."""
    folder, _, rest = path.partition("/")
    if folder == "skills":
        return "skill" if skills.is_skill(path) else None
    if not path.endswith(".md"):
        return None
    if folder == "plans":
        return "plan" if "/" not in rest and rest not in plans.NOT_PLANS else None
    if folder == "agents" and "/" not in rest:
        return _agent(rest.removesuffix(".md"))
    return "wiki" if folder == "wiki" else None


def _agent(stem: str) -> str | None:
    if stem in agents.ROLES:
        return "role"
    if stem in ("LOOPS", "GOALS", "STANDARDS"):
        return stem.lower()
    return "page" if stem in _READING else "stranger" if stem.islower() else None


def _within(path: str, wish: str) -> bool:
    return path == wish or path.startswith(f"{wish}/")


def _guess(tree: Tree, path: str) -> str | None:
    """What a file outside of our folders is, when a person names it."""
    if skills.is_skill(f"skills/x/{path.rpartition('/')[2]}"):
        return "skill"
    data = tree.read(path) if path.endswith(".md") else None
    return "plan" if data is not None and plans.looks_like_plan(data) else None


def _all_of(tree: Tree, kinds: dict[str, str], names: Names) -> tuple[Problem, ...]:
    goal, found = agents.examine_goals(tree)
    fallback = () if any(problem.severity == "error" for problem in found) else goal
    known, odd = skills.read_all(tree)
    problems = [*found, *odd]
    seen: list[Plan | Role | Loops] = []
    for path, kind in kinds.items():
        if kind == "goals" or (kind == "skill" and path.startswith("skills/")):
            continue
        try:
            data = tree.read(path)
        except BadFiles as bad:
            problems.extend(bad.problems)
            continue
        value, some = _one(path, kind, data or b"", fallback)
        problems.extend(some)
        seen.extend([value] if value else [])
    read = Read(
        tree=tree,
        plans=tuple(value for value in seen if isinstance(value, Plan)),
        plan_names=frozenset(PurePosixPath(path).stem for path, kind in kinds.items() if kind == "plan"),
        skills=known,
        roles=tuple(value for value in seen if isinstance(value, Role)),
        loops=next((value for value in seen if isinstance(value, Loops)), Loops()),
    )
    problems.extend(across(read, names))
    return tuple(sorted(set(problems)))


def _one(
    path: str, kind: str, data: bytes, goal: tuple[Criterion, ...]
) -> tuple[Plan | Role | Loops | None, tuple[Problem, ...]]:
    match kind:
        case "plan":
            return plans.outline(path, data, goal)
        case "role":
            return agents.examine_role(path, data)
        case "loops":
            return agents.examine_loops(data)
        case "standards":
            return None, agents.standards.examine(data)[1]
        case "skill":
            return None, skills.read(path, data)[1]
        case "wiki":
            return None, wiki.examine(path, data)
        case "stranger":
            return None, tuple(stranger(path))
        case _:
            return None, markdown.read(path, data).problems

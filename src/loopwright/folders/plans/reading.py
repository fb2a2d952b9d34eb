"""From a plan file's bytes to a `Plan`, or to all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from loopwright import markdown
from loopwright.contracts import Tree
from loopwright.errors import BadFiles, Problem
from loopwright.folders import agents, gates
from loopwright.folders.complaints import Complaints, header
from loopwright.folders.plans.sections import all_blocks, chief, chunks, files_to_modify, scope
from loopwright.markdown import Document
from loopwright.vocabulary import Budget, Criterion, Gate, Plan, Status

NOT_PLANS = ("TEMPLATE.md", "README.md")
_NAME = re.compile(r"\w[\w.+-]{0,99}")
_ONCE = ("Scope", "Chunks", "Checks", "Goal", "Files to Modify", "Acceptance Criteria")
_PROGRAM = ("Files to Modify", "Acceptance Criteria")
_SAYS_DONE = re.compile(rb"^status:[ \t]*done[ \t]*\r?$", re.MULTILINE)
_FIRST_LINE = re.compile(r"\n*# +(?!task:)([^\s#][^\n#]*?)[ \t]*(?:\n|$)", re.IGNORECASE)
_OURS = ("Scope", "Chunks", "Checks", "Goal")


def read(path: str, data: bytes, fallback_goal: tuple[Criterion, ...] = ()) -> Plan:
    """The plan in `data`. Raises BadFiles with every problem of the file. A plan without a Goal of its own takes
    `fallback_goal` (that of GOALS.md); only a draft may have none at all."""
    plan, problems = examine(path, data, fallback_goal)
    if plan is None:
        raise BadFiles(tuple(problem for problem in problems if problem.severity == "error"))
    return plan


def read_all(tree: Tree) -> tuple[tuple[Plan, ...], tuple[Problem, ...]]:
    """Every plan of the tree that reads, and every problem (warnings too) of all of them and of GOALS.md.

    Of a plan that is done only the front matter and the title are read: done plans pile up, and nobody runs them.
    """
    goal, problems = agents.examine_goals(tree)
    if any(problem.severity == "error" for problem in problems):
        goal = ()  # half a goal would be met too easily: a plan without its own is told that it has none
    plans, found = [], list(problems)
    for path in in_folder(tree):
        try:
            data = tree.read(path)
        except BadFiles as bad:
            found.extend(bad.problems)
            continue
        if data is None:  # gone since it was listed
            continue
        plan, problems = _done(path, data) or examine(path, data, goal)
        plans += [plan] if plan else []
        found.extend(problems)
    return tuple(plans), tuple(found)


@lru_cache(maxsize=4096)
def _done(path: str, data: bytes) -> tuple[Plan, tuple[Problem, ...]] | None:
    """A plan that is done, without scope, chunks and goal; None for one whose text has to be read to know it.

    A watcher looks at the same ones again and again.
    """
    if not _SAYS_DONE.search(data):
        return None
    document, complaints = markdown.read(path, data, outline=False), Complaints(path)
    values, title = header(document, "plan-front-matter", complaints), _FIRST_LINE.match(document.body)
    name = _name(path, complaints)
    if values.get("status") != Status.DONE or title is None or document.problems or complaints.errors:
        return None
    known = {"status": Status.DONE, "priority": values.get("priority", "P2"), "depends_on": _depends_on(values)}
    return Plan(name, path, title[1], document.text, **known), complaints.all


def in_folder(tree: Tree) -> tuple[str, ...]:
    """The paths of all plans: `plans/*.md`, but the template and the index."""
    names = [path for path in tree.list("plans") if path.endswith(".md") and path.count("/") == 1]
    return tuple(path for path in names if PurePosixPath(path).name not in NOT_PLANS)


def looks_like_plan(data: bytes) -> bool:
    """Whether a Markdown file outside plans/ means to be a plan: it has a plan's sections or a program's."""
    document = markdown.read("", data)
    return bool(document.named("Goal", "Chunks")) or _is_program(document)


def examine(
    path: str, data: bytes, fallback_goal: tuple[Criterion, ...] = ()
) -> tuple[Plan | None, tuple[Problem, ...]]:
    """The plan, or None when a problem forbids it, and all problems: errors, warnings and remarks, by line."""
    plan, problems = outline(path, data, fallback_goal)
    return (None if any(problem.severity == "error" for problem in problems) else plan), problems


def outline(
    path: str, data: bytes, fallback_goal: tuple[Criterion, ...] = ()
) -> tuple[Plan | None, tuple[Problem, ...]]:
    """As `examine`, but with what can be made out of a plan with errors, so that the names in it can be looked up."""
    document = markdown.read(path, data)
    complaints = Complaints(path)
    complaints.found.extend(document.problems)
    plan: Plan | None = None
    if document.text:
        plan = _plan(document, complaints, fallback_goal)
    elif not document.problems:
        complaints.add(1, "title", "the file is empty", "write a title, '# What will be true', and a '## Goal'")
    return plan, complaints.all


def _plan(document: Document, complaints: Complaints, fallback_goal: tuple[Criterion, ...]) -> Plan:
    values = header(document, "plan-front-matter", complaints)
    _twice(document, complaints)
    program = _is_program(document)
    title = _title(document, program, complaints)
    status = Status(values.get("status", "ready"))
    goal = _goal(document, program, status, fallback_goal, complaints)
    return Plan(
        name=_name(document.path, complaints),
        path=document.path,
        title=title,
        text=document.text,
        status=status,
        priority=values.get("priority", "P2"),
        depends_on=_depends_on(values),
        merge=values.get("merge"),
        lab=values.get("lab"),
        supersedes=_plan_name(values["supersedes"]) if "supersedes" in values else None,
        planned_at=values.get("planned-at"),
        budget=Budget(**{key: values.get("budget", {}).get(key) for key in ("usd", "tokens", "minutes")}),
        scope=files_to_modify(document, complaints) if program else scope(document, complaints),
        chunks=chunks(document, title, complaints),
        checks=_checks(document, complaints),
        goal=goal,
        form="program" if program else "plan",
    )


def _is_program(document: Document) -> bool:
    heads = [section for section in document.sections if section.level == 1]
    task = bool(heads) and heads[0].title.lower().startswith("task:")
    return task or (bool(document.named(*_PROGRAM)) and not document.named(*_OURS))


def _twice(document: Document, complaints: Complaints) -> None:
    for title in _ONCE:
        for again in chief(document, title)[1:]:
            mend = "put both under one heading"
            complaints.add(again.line, "section", f"'## {again.title}' is there twice", mend)


def _title(document: Document, program: bool, complaints: Complaints) -> str:
    head = next((section for section in document.sections if section.level == 1), None)
    title = (
        re.sub(r"^task:\s*", "", head.title, flags=re.IGNORECASE) if head and program else head.title if head else ""
    )
    if title:
        return title
    line = head.line if head else document.body_line
    what = "# Task: what is to be done" if program else "# What will be true when this is done"
    complaints.add(line, "title", "there is no title", f"write '{what}' above everything else")
    return PurePosixPath(document.path).stem


def _name(path: str, complaints: Complaints) -> str:
    name = PurePosixPath(path).stem
    if not _NAME.fullmatch(name) or ".." in name or name.endswith((".", ".lock")):
        mend = "name the file with at most 100 letters, digits, '-' and '_', as in 2026-11-my-plan.md"
        complaints.add(1, "name", f"'{name}' cannot be the name of a branch", mend)
    return name


def _depends_on(values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_plan_name(name) for name in values.get("depends-on", ())))


def _plan_name(name: str) -> str:
    return PurePosixPath(name).name.removesuffix(".md")


def _checks(document: Document, complaints: Complaints) -> tuple[Gate, ...]:
    found = []
    for section in chief(document, "Checks"):
        items = [block for block in section.blocks if block.kind == "item" and block.depth == 1]
        found += [gates.command(item.text, item.line, "plan", complaints) for item in items]
        if not items and any(block.kind in ("paragraph", "code") for block in section.blocks):
            mend = "write each check as a bullet: - `command`"
            complaints.add(section.line, "gate", "Checks has text, but no bullet with a command", mend)
    return tuple(gate for gate in found if gate is not None)


def _goal(
    document: Document, program: bool, status: Status, fallback: tuple[Criterion, ...], complaints: Complaints
) -> tuple[Criterion, ...]:
    title = "Acceptance Criteria" if program else "Goal"
    found = chief(document, title)
    goal = gates.criteria((block for section in found for block in all_blocks(document, section)), complaints)
    if goal or (fallback and not program):
        return goal or fallback
    mend = "add a section '## Goal' with bullets such as - `python -m pytest -q`, or goals to agents/GOALS.md"
    if program:
        mend = "add a section '## Acceptance Criteria' with bullets such as - test: `npm test`"
    line = found[0].line if found else document.body_line
    severity = "warning" if status is Status.DRAFT else "error"
    complaints.add(line, "goal", f"there is no {title.lower()}: nobody could say when it is done", mend, severity)
    return ()

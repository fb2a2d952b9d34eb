"""Checks that look at several files: names that lead nowhere, and plans that wait for one another."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from loopwright import markdown
from loopwright.contracts import Tree
from loopwright.errors import Problem
from loopwright.folders import agents, plans, skills
from loopwright.vocabulary import Loops, Plan, Role, Skill


@dataclass(frozen=True, slots=True)
class Names:
    """The names that the rooms above know; an empty collection doubts none."""

    backends: Collection[str] = ()
    labs: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a tree. `plans` may have errors, and `plan_names` has those of plans that don't read, too."""

    tree: Tree
    plans: tuple[Plan, ...]
    plan_names: frozenset[str]
    skills: tuple[Skill, ...]
    roles: tuple[Role, ...]
    loops: Loops


def across(read: Read, names: Names) -> Iterator[Problem]:
    """Every problem that no file has alone."""
    yield from plans.cycles(read.plans)
    for plan in read.plans:
        yield from unknown_skills(plan, read.skills)
        yield from _dependencies(plan, read.plan_names)
    for path, lab in ((agents.LOOPS, read.loops.lab), *((plan.path, plan.lab) for plan in read.plans)):
        if names.labs and lab and ":" not in lab and lab not in ("auto", *names.labs):
            yield _unknown(read.tree, path, "lab", lab, names.labs)
    for role in read.roles:
        if names.backends and ":" not in role.backend and role.backend not in (*names.backends, "none"):
            yield _unknown(read.tree, role.path, "backend", role.backend, names.backends)


def stranger(path: str) -> Iterator[Problem]:
    """A file in agents/ that is no role: a slip, when it is nearly one; else somebody's own subagent."""
    name = path.rpartition("/")[2].removesuffix(".md")
    if near := difflib.get_close_matches(name.replace("_", "-"), agents.ROLES, 1, 0.8):
        yield Problem(path, 1, "role", f"'{name}' is no role", f"did you mean {near[0]}.md?", "warning")


def unknown_skills(plan: Plan, known: tuple[Skill, ...]) -> Iterator[Problem]:
    """One problem for each chunk whose `Skill:` names none of the `known` ones."""
    lines = plan.text.split("\n")
    for chunk in plan.chunks:
        if chunk.skill and not skills.named(known, chunk.skill):
            said = (i for i, line in enumerate(lines[chunk.line - 1 :], chunk.line) if _says(line, chunk.skill))
            mend = _choose(chunk.skill, [skill.name for skill in known])
            yield Problem(plan.path, next(said, chunk.line), "skill", f"there is no skill '{chunk.skill}'", mend)


def _says(line: str, skill: str) -> bool:
    return "skill" in line.lower() and skill in line


def _dependencies(plan: Plan, there: Collection[str]) -> Iterator[Problem]:
    absent = [name for name in plan.depends_on if name not in there]
    lines = markdown.read(plan.path, plan.text.encode()).lines if absent else {}
    for name in absent:
        message = f"'{name}' isn't there yet: the plan waits for it"
        mend = (
            _choose(name, there) if difflib.get_close_matches(name, there, 1) else "write that plan, or remove the name"
        )
        yield Problem(plan.path, lines.get("depends-on", 1), "depends-on", message, mend, "info")


def _unknown(tree: Tree, path: str, field: str, name: str, known: Collection[str]) -> Problem:
    line = markdown.read(path, tree.read(path) or b"").lines.get(field, 1)
    return Problem(path, line, field, f"there is no {field} '{name}'", _choose(name, known))


def _choose(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    if near := difflib.get_close_matches(name, known, 1):
        return f"did you mean '{near[0]}'?"
    return f"name one of: {', '.join(known)}" if known else "add it, or remove the name"

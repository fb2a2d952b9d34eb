"""Reads the roles, `agents/NAME.md`, in the form of subagent files; a role without a file is the built-in one."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from loopwright import markdown
from loopwright.contracts import Tree
from loopwright.errors import BadFiles, Problem
from loopwright.folders import starter
from loopwright.folders.complaints import Complaints, header
from loopwright.vocabulary import Role

ROLES = (
    "maker",
    "checker",
    "goal-checker",
    "reviewer",
    "auditor",
    "planner",
    "analyst",
    "documenter",
    "reflector",
)
_SAME = {"Read": "read_file", "Write": "write_file", "Edit": "edit_file", "Bash": "bash", "Skill": "read_skill"}
"""What subagent files of others call the lab's tools."""
_FILLED = ("brief", "root", "role", "run")
"""The placeholders of a command."""


def role(tree: Tree, name: str) -> Role:
    """The role as its file says, or the built-in one. Raises BadFiles; KeyError for a name that is no role."""
    path = f"agents/{name}.md"
    data = tree.read(path)
    if data is None:
        return builtin(name)
    found, problems = examine_role(path, data)
    if found is None:
        raise BadFiles(tuple(problem for problem in problems if problem.severity == "error"))
    return found


def roles(tree: Tree) -> Mapping[str, Role]:
    """All nine roles by name. Raises BadFiles with the problems of all their files."""
    found: dict[str, Role] = {}
    problems: list[Problem] = []
    for name in ROLES:
        try:
            found[name] = role(tree, name)
        except BadFiles as bad:
            problems.extend(bad.problems)
    if problems:
        raise BadFiles(tuple(problems))
    return found


@functools.cache
def builtin(name: str) -> Role:
    """The role that ships. Raises KeyError for a name that is no role."""
    if name not in ROLES:
        raise KeyError(name)
    found, problems = examine_role(f"agents/{name}.md", starter.text(f"agents/{name}.md").encode())
    assert found is not None, problems
    return replace(found, path="")


def is_role(path: str) -> bool:
    """Whether a path in agents/ is that of one of the nine roles."""
    return path.startswith("agents/") and path.removeprefix("agents/").removesuffix(".md") in ROLES


def examine_role(path: str, data: bytes) -> tuple[Role | None, tuple[Problem, ...]]:
    """The role, or None when an error forbids it, and all problems. Fields that we don't know are let be."""
    document = markdown.read(path, data, outline=False)
    complaints = Complaints(path)
    complaints.found.extend(document.problems)
    values = header(document, "role-front-matter", complaints)
    name = PurePosixPath(path).stem
    _cross_checks(values, name, document.lines, complaints)
    _slips(values, document.lines, complaints)
    if complaints.errors:
        return None, complaints.all
    found = Role(
        name=name,
        description=str(values.get("description", "")),
        instructions=document.body.strip(),
        backend=values.get("backend", "anthropic"),
        model=None if values.get("model") in (None, "", "inherit") else values["model"],
        tools=_tools(values.get("tools")),
        command=values.get("command"),
        max_turns=values.get("max-turns", values.get("maxTurns")),
        path=path,
    )
    return _filled(found), complaints.all


def _filled(found: Role) -> Role:
    """A role file that only says who plays it keeps the built-in's words and tools."""
    if found.instructions or found.name not in ROLES:
        return found
    known = builtin(found.name)
    return replace(
        found,
        instructions=known.instructions,
        description=found.description or known.description,
        tools=found.tools or known.tools,
    )


def _cross_checks(values: Mapping[str, Any], name: str, lines: Mapping[str, int], complaints: Complaints) -> None:
    if values.get("name", name) != name:
        message = f"the role is named '{values['name']}', and its file '{name}': the file's name holds"
        complaints.add(lines["name"], "name", message, f"write 'name: {name}'", "warning")
    if "command" in values and values.get("backend", "anthropic") != "command":
        mend = "write 'backend: command', or remove the command"
        complaints.add(lines["command"], "front-matter", "the command is not used by this backend", mend, "warning")
    if values.get("backend") == "none" and name == "maker":
        complaints.add(lines["backend"], "backend", "without a maker nothing is made", "write 'backend: anthropic'")


def _slips(values: Mapping[str, Any], lines: Mapping[str, int], complaints: Complaints) -> None:
    """Names that nobody answers to: a tool that the role would do without, a placeholder that would stay as it is."""
    for tool in _tools(values.get("tools")):
        if tool not in _SAME.values() and tool.replace("_", "").islower() and "__" not in tool:  # Grep, mcp__x: others'
            mend = f"name some of: {', '.join(_SAME.values())}"
            complaints.add(lines["tools"], "tools", f"there is no tool '{tool}'", mend, "warning")
    for name in re.findall(r"\{(\w+)\}", values.get("command") or ""):
        if name not in _FILLED and (near := difflib.get_close_matches(name, _FILLED, 1, 0.7)):
            message = f"'{{{name}}}' is not filled in"
            complaints.add(lines["command"], "command", message, f"did you mean '{{{near[0]}}}'?", "warning")


def _tools(value: str | list[str] | None) -> tuple[str, ...]:
    words = re.split(r"[,\s]+", value) if isinstance(value, str) else value or []
    return tuple(dict.fromkeys(_SAME.get(word, word) for word in words if word))

"""Which tools a role is offered. Their inputs are the JSON Schemas of the contracts: told and checked alike."""

from __future__ import annotations

from typing import Any

from loopwright.backends.briefing import offered_skills
from loopwright.contracts import schemas
from loopwright.vocabulary import Brief

LAB_TOOLS = ("bash", "edit_file", "read_file", "read_skill", "write_file")
READ_TOOLS = ("bash", "read_file", "read_skill")
ANSWER_TOOLS = ("submit_five_whys", "submit_goal_report", "submit_plan", "submit_verdict")

_ALSO_KNOWN_AS = {
    "Bash": "bash",
    "Edit": "edit_file",
    "Read": "read_file",
    "Skill": "read_skill",
    "Write": "write_file",
}


def names(brief: Brief) -> tuple[str, ...]:
    """The tools for a brief, sorted: the order is part of the prefix that the cache compares.

    Who answers by tool gets what only looks; the role's file may narrow that further, but never away the answer.
    """
    usual = READ_TOOLS if brief.answer else LAB_TOOLS
    wished = {_ALSO_KNOWN_AS.get(name, name) for name in brief.role.tools} or set(usual)
    offered = {name for name in usual if name in wished}
    if not offered_skills(brief.skills):
        offered.discard("read_skill")
    return tuple(sorted(offered | ({brief.answer} if brief.answer else set())))


def definition(name: str) -> dict[str, Any]:
    """One tool in the form of the Messages API."""
    schema = dict(schemas.load(name))
    description = schema.pop("description")
    return {
        "name": name,
        "description": description,
        "input_schema": {key: value for key, value in schema.items() if key not in ("$schema", "title")},
    }


def breaches(name: str, value: object) -> str:
    """What is wrong with a tool's input, as one line for the model; empty when it fits."""
    found = [f"{where}: {what}" if where else what for where, what in schemas.problems(name, value)]
    return "; ".join(found[:5])[:2000]

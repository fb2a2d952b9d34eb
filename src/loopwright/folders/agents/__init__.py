"""Reads `agents/`: who plays which role, the limits that no loop may pass, the goals, and the house's words."""

from loopwright.folders.agents import standards
from loopwright.folders.agents.goals import examine_goals, goals, goals_text
from loopwright.folders.agents.loops import PATH as LOOPS
from loopwright.folders.agents.loops import examine_loops, loops
from loopwright.folders.agents.pages import Priority, Term, context, language, priorities
from loopwright.folders.agents.roles import ROLES, builtin, examine_role, is_role, role, roles

__all__ = [
    "LOOPS",
    "ROLES",
    "Priority",
    "Term",
    "builtin",
    "context",
    "examine_goals",
    "examine_loops",
    "examine_role",
    "goals",
    "goals_text",
    "is_role",
    "language",
    "loops",
    "priorities",
    "role",
    "roles",
    "standards",
]

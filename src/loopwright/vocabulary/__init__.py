"""The words of the house: plain frozen values that every room shares, and nothing that acts.

Times are seconds (float), money is US dollars, sizes are bytes, commits and trees are full git object ids.
What was not measured is absent or None, never 0.
"""

from loopwright.vocabulary.andon import (
    CATEGORIES,
    LEVELS,
    PROVEN,
    Analysis,
    Countermeasure,
    Incident,
    Place,
    RootCause,
    Standard,
    Why,
)
from loopwright.vocabulary.failing import CAUSES, Candidate, Cause, FailedCommand
from loopwright.vocabulary.globs import OWNED, PROTECTED, TESTS, glob_regex, matches
from loopwright.vocabulary.outcomes import (
    Attempt,
    Change,
    Failure,
    FileChange,
    Hazard,
    Held,
    Landing,
    Outcome,
    Ran,
    Run,
    Stop,
    Verdict,
)
from loopwright.vocabulary.sessions import Allowance, Brief, Event, Report, Usage
from loopwright.vocabulary.written import Budget, Chunk, Criterion, Gate, Loops, Plan, Role, Scope, Skill, Status

__all__ = [
    "CATEGORIES",
    "CAUSES",
    "LEVELS",
    "OWNED",
    "PROTECTED",
    "PROVEN",
    "TESTS",
    "Allowance",
    "Analysis",
    "Attempt",
    "Brief",
    "Budget",
    "Candidate",
    "Cause",
    "Change",
    "Chunk",
    "Countermeasure",
    "Criterion",
    "Event",
    "FailedCommand",
    "Failure",
    "FileChange",
    "Gate",
    "Hazard",
    "Held",
    "Incident",
    "Landing",
    "Loops",
    "Outcome",
    "Place",
    "Plan",
    "Ran",
    "Report",
    "Role",
    "RootCause",
    "Run",
    "Scope",
    "Skill",
    "Standard",
    "Status",
    "Stop",
    "Usage",
    "Verdict",
    "Why",
    "glob_regex",
    "matches",
]

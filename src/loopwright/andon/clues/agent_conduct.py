"""A guard refused what an agent did, or the agent didn't come to an end."""

from __future__ import annotations

from loopwright.andon.clues.clue import FAIR, STRONG, SURE, Clue, said

CLUES: tuple[Clue, ...] = (
    *said(
        SURE,
        ": outside the plan's scope | : deleted test | the plan's tests: group had | "
        "no file differs from before this attempt | maximum number of turns | max turns reached",
    ),
    Clue(SURE, ": protected", r"^\S+: protected$"),
    Clue(SURE, "frozen", r"\bFROZEN block"),
    *said(
        STRONG,
        "protected branch | hook declined | force push | role wall | max-turns",
    ),
    Clue(FAIR, "refusing", r"(?:agent|maker|model|assistant)\b.{0,60}\brefus"),
)

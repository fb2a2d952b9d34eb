"""What a clue is: some words, and how much they speak for a cause."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

SURE = 5.0  # a program names the cause in its own, unmistakable words
STRONG = 4.5  # the system's word for it (errno), or a tool's settled form
FAIR = 4.0  # a usual wording that other causes use now and then
LIKELY = 3.3
VAGUE = 2.9  # something of the kind happened, and what exactly isn't told
WEAK = 2.5  # a consequence: says that something failed, and hardly why
HINT = 1.5
FAINT = 0.5  # a word that outputs without any trouble have, too

CANNOT = (  # to find, to open, to reach
    r"\b(?:could ?n[o']t|cannot|can'?t|(?:was |were |is )?unable to|fail(?:ed|s|ure) to|did(?: not|n't))"
)


@dataclass(frozen=True, slots=True)
class Clue:
    """Words that speak for a cause.

    `needle`: lower-case text that a line must hold (found fast; "": any line is looked at). `form`: a pattern that is
    found in that line, whatever its case; "": the needle is enough. All gaps in a form are bounded: lines are at most
    400 characters, and nothing in one may be tried in more ways than its length. `given`: lower-case text that must
    stand somewhere in the output as well.
    """

    weight: float
    needle: str
    form: str = ""
    given: str = ""

    def fits(self, line: str) -> bool:
        return not self.form or _compiled(self.form).search(line) is not None


@functools.cache
def _compiled(form: str) -> re.Pattern[str]:
    """Compiled when it is first needed: of some two hundred forms an output needs a dozen."""
    return re.compile(form, re.IGNORECASE)


def said(weight: float, needles: str) -> tuple[Clue, ...]:
    """Clues whose words are enough, divided by ` | `."""
    return tuple(Clue(weight, needle) for needle in needles.split(" | "))

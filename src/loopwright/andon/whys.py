"""Judges an analysis: whether five whys lead to something that can be changed, and to something that changes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from loopwright.andon.blame import blames
from loopwright.andon.placeholders import is_placeholder
from loopwright.andon.vacuous import always_passes, only_tells
from loopwright.vocabulary import CATEGORIES, LEVELS, PROVEN, Analysis, Countermeasure, RootCause, Why

FEWEST = 5
UNVERIFIED = "Not verified:"
"""What a conclusion begins with whose verification didn't hold when it was run again."""

ROOT_CAUSE = "root cause"
_BLAMED = "blames somebody, or luck: ask what let it through, and what would have noticed"

_SAME = 0.8  # share of two texts' words that are in both: from there on one restates the other
_PLAIN = re.compile(
    r"an?|the|th[ei]se?|those|its?|the[iy]r?|them|there|is|are|was|were|be|been|being|has|have|had|do|does|did|and|or|"
    r"but|so|as|of|in|on|at|to|for|from|by|with|which|who|what|when|then|because|since|thus|therefore|hence|why|due|reason|"
    r"caused?|causes|confirmed|verified|proved|shown?|shows|true|indeed|also|again|still|"
    r"that|yes|ok|correct|hypothesis"
)
"""Words that tell nothing of what a sentence is about."""
_READ = 4000  # characters of a text that are compared with another's
_EXHORTS = re.compile(
    r"\b(?:be (?:\w+ )?careful|pay (?:\w+ )?attention|try harder|do better|be (?:\w+ )?(?:diligent|attentive)|"
    r"don'?t (?:forget|do (?:it|that|this) again))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong, and where: a why or a countermeasure by its number (from 1), or what both rest on."""

    text: str
    place: str = ""  # why | root cause | countermeasure | '' for the analysis as a whole
    number: int = 0

    def __str__(self) -> str:
        return f"{self.place} {self.number}: {self.text}" if self.number else self.text


def objections(analysis: Analysis) -> tuple[str, ...]:
    """What keeps an analysis from being one, each in a sentence that says where; empty for a good one.

    Looks at the words alone: whether a verification holds is seen by running it again.
    """
    return tuple(str(found) for found in judged(analysis))


def judged(analysis: Analysis) -> tuple[Objection, ...]:
    """The objections with their places."""
    levels = (Objection(what, "why", number) for number, why in enumerate(analysis.whys, 1) for what in _level(why))
    return (
        *_count(analysis.whys),
        *levels,
        *_circles(analysis),
        *_root_cause(analysis.root_cause, analysis.whys),
        *_countermeasures(analysis.countermeasures),
    )


def _count(whys: tuple[Why, ...]) -> Iterator[Objection]:
    if len(whys) < FEWEST:
        yield Objection(f"there are {len(whys)} whys, and {FEWEST} are the fewest")


def _level(why: Why) -> Iterator[str]:
    for name, text in (("hypothesis", why.hypothesis), ("conclusion", why.conclusion)):
        if is_placeholder(text):
            yield f"it has no {name}"
        elif text.startswith(UNVERIFIED):
            yield "its verification didn't hold when it was run again"
        elif _thin(text):
            yield f"its {name} says too little: '{_short(text)}'"
    if is_placeholder(why.command):
        yield "it has no verification: a command that shows it"
    elif only_tells(why.command):
        yield f"its verification prints what it is told to, whatever the repository holds: {_short(why.command)}"


def _thin(text: str) -> bool:
    """Whether there is hardly a word in it that tells something: `Confirmed.`"""
    return len(re.findall(r"\w+", text[:_READ])) < 2 or not _words(text)


# ---------------------------------------------------------------- circles


def _circles(analysis: Analysis) -> Iterator[Objection]:
    for (one, before), (two, after) in combinations(enumerate(analysis.whys, 1), 2):
        if _alike(before.hypothesis, after.hypothesis):
            yield Objection(f"it restates the hypothesis of why {one}: it leads back instead of deeper", "why", two)
        elif _alike(before.hypothesis, after.conclusion):
            yield Objection(f"it concludes what why {one} began with: it leads back instead of deeper", "why", two)
        elif _alike(before.conclusion, after.conclusion):
            yield Objection(f"it concludes what why {one} concluded: one of them is none", "why", two)
        if before.command and _proof(before) == _proof(after):
            yield Objection(f"it rests on the same command and output as why {one}", "why", two)
    if _alike(analysis.root_cause.text, analysis.problem):
        yield Objection("the root cause restates the problem", ROOT_CAUSE)
    elif analysis.whys and _alike(analysis.root_cause.text, analysis.whys[0].hypothesis):
        yield Objection("the root cause restates why 1: the levels below it lead nowhere", ROOT_CAUSE)


def _alike(one: str, two: str) -> bool:
    """Whether two texts say the same, whatever the order of their words."""
    first, second = _words(one), _words(two)
    if len(first) < 2 or len(second) < 2:
        return bool(first) and first == second
    return len(first & second) / len(first | second) >= _SAME


def _words(text: str) -> frozenset[str]:
    found = re.findall(r"\w+", text[:_READ].casefold().replace("n't", " not"))
    return frozenset(_stem(word) for word in found if not _PLAIN.fullmatch(word))


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word.removesuffix(ending)
    return word


def _proof(why: Why) -> tuple[str, str]:
    return _folded(why.command), _folded(why.output)


def _folded(text: str) -> str:
    return " ".join(text[:_READ].split())


# ---------------------------------------------------------------- what follows


def _root_cause(cause: RootCause, whys: tuple[Why, ...]) -> Iterator[Objection]:
    if cause.category not in CATEGORIES:
        said = f"'{_short(cause.category)}' is no category of root causes" if cause.category else "it has no category"
        yield Objection(f"root cause: {said}: one of {', '.join(CATEGORIES)}", ROOT_CAUSE)
    if is_placeholder(cause.text):
        yield Objection("there is no root cause", ROOT_CAUSE)
    elif blames(cause.text):
        yield Objection(f"the root cause {_BLAMED}", ROOT_CAUSE)
    elif _thin(cause.text):
        yield Objection(f"the root cause says too little: '{_short(cause.text)}'", ROOT_CAUSE)
    if whys and blames(whys[-1].conclusion):
        yield Objection(f"the last conclusion {_BLAMED}", "why", len(whys))


def _countermeasures(measures: tuple[Countermeasure, ...]) -> Iterator[Objection]:
    if not measures:
        yield Objection("there is no countermeasure")
        return
    for number, each in enumerate(measures, 1):
        yield from (Objection(what, "countermeasure", number) for what in _countermeasure(each))
    strong = any(each.level in PROVEN or each.level not in LEVELS for each in measures)
    if not strong and all(is_placeholder(each.justification) or _thin(each.justification) for each in measures):
        yield Objection("no countermeasure is at L1 or L2, and no justification says why nothing stronger is to be had")


def _countermeasure(each: Countermeasure) -> Iterator[str]:
    if is_placeholder(each.measure):
        yield "it doesn't say what is done"
    elif _EXHORTS.search(each.measure):
        yield "an appeal changes nothing: change what let it through"
    if each.level not in LEVELS:
        yield f"it has no level: one of {', '.join(LEVELS)}"
    if is_placeholder(each.location):
        yield "it has no location: a path in the repository"
    if is_placeholder(each.check):
        yield "it has no check: a command that fails without it"
    elif always_passes(each.check):
        yield f"its check can't fail: {_short(each.check)}"


def _short(text: str, most: int = 100) -> str:
    told = _folded(text)
    return told if len(told) <= most else f"{told[:most]}..."

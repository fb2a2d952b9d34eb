"""What a page must say before its incident may be closed: the part that needs no command."""

from __future__ import annotations

from collections.abc import Iterator

from loopwright.andon.blame import blames
from loopwright.andon.placeholders import is_placeholder
from loopwright.andon.vacuous import always_passes
from loopwright.vocabulary import CATEGORIES, LEVELS, PROVEN, Analysis, Countermeasure


def missing(analysis: Analysis) -> tuple[str, ...]:
    """What is not written yet, each with where and how. Empty: the rest is for commands to show."""
    return (*_of_the_cause(analysis), *_of_the_measures(analysis.countermeasures))


def proven(analysis: Analysis) -> tuple[Countermeasure, ...]:
    """The countermeasures whose check a command can prove, and which become standards."""
    return tuple(m for m in analysis.countermeasures if m.level in PROVEN and m.check and m.location)


def _of_the_cause(analysis: Analysis) -> Iterator[str]:
    cause = analysis.root_cause
    if is_placeholder(cause.text):
        yield "the root cause: one or two sentences under `## Root cause`"
    elif blames(cause.text):
        yield "a root cause that is no person, agent, model or bad luck: what let that through?"
    if cause.category not in CATEGORIES:
        yield f"the root cause's category: `- Category:` with one of {', '.join(CATEGORIES)}"


def _of_the_measures(measures: tuple[Countermeasure, ...]) -> Iterator[str]:
    if not measures:
        yield "a countermeasure: `### 1. what was done` under `## Countermeasures`, with Level, Location and Check"
    for number, measure in enumerate(measures, 1):
        yield from (f"countermeasure {number}: {lacks}" for lacks in _of_one(measure))


def _of_one(measure: Countermeasure) -> Iterator[str]:
    if is_placeholder(measure.measure):
        yield "what was done, as its heading"
    if measure.level not in LEVELS:
        yield "`- Level:` with L1 (can't happen), L2 (a check notices it), L3 (a written rule) or L4 (a note)"
    elif measure.level in PROVEN:
        if is_placeholder(measure.location):
            yield "`- Location:` with the path of the file that holds it"
        if is_placeholder(measure.check):
            yield "`- Check:` with a command in a code span that passes now and fails on what failed"
        elif "\n" in measure.check:
            yield "`- Check:` in one line: a standard's check is one, such as `sh checks/total.sh`"
        elif always_passes(measure.check):
            yield f"a check that can fail: `{measure.check}` can't"
    elif is_placeholder(measure.justification):
        yield f"`- Justification:` why nothing stronger than {measure.level} is to be had"

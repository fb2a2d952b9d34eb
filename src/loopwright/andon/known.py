"""Which failures of the past a maker should know of before it begins: scored against its plan and chunk, at most five.

What comes out is data for a brief. It is made of pages that roles and persons wrote, so each failure becomes one
bounded line, and no command is in it: a maker isn't told by what it will be judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loopwright.vocabulary import Chunk, Plan

MOST = 5
FLOOR = 0.25
"""The least score that is worth a line; words alone reach just that, when four of them are shared."""

_PLAN, _PATHS, _WORDS = 0.35, 0.4, 0.25  # what the same plan, touched paths and shared words speak for
_ENOUGH = 4  # shared words that count in full
_SUMMARY, _CAUSE, _LISTED = 200, 300, 3
_COMMAND = "[a command]"
_BEGINNING = 24  # characters by which a command is known that a summary has cut short
_WORD = re.compile(r"[A-Za-z]{4,}")
_EMPTY = frozenset(
    _WORD.findall(
        """
        about after against also attempt attempts because been before being both chunk command could does down each
        else every exit expected fail failed fails file files from goal have here into just last line made make must
        never none only other over passed plan rejected same should since some such than that their them then there
        these they this those time times under until very wants were what when where which while will with without
        would
        """
    )
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a brief may be told of an incident. `cause`: the root cause, as it was found; empty while it is open."""

    run: int
    kind: str
    category: str
    summary: str
    plan: str | None = None
    cause: str = ""
    open: bool = False
    paths: tuple[str, ...] = ()  # files that its page names
    signature: str = ""


def warnings(failures: Iterable[Failure], plan: Plan, chunk: Chunk) -> tuple[str, ...]:
    """One line for each failure that bears upon a chunk, the likeliest first. Of failures with the same signature only
    the first is told."""
    scored = sorted(((score(one, plan, chunk), one) for one in failures), key=lambda found: (-found[0], -found[1].run))
    told: dict[str, str] = {}
    for worth, one in scored:
        if worth >= FLOOR:
            told.setdefault(one.signature or f"gen-{one.run} {one.summary}", _line(worth, one))
    return tuple(told.values())[:MOST]


def score(failure: Failure, plan: Plan, chunk: Chunk) -> float:
    """How much a failure bears upon a chunk, 0 to 1: the same plan, paths within its scope or named by it, words."""
    text = f"{plan.title}\n{chunk.title}\n{chunk.text}"
    shared = _words(f"{text} {chunk.skill or ''}") & _words(f"{failure.summary} {failure.cause}")
    touched = [path for path in failure.paths if path in text or _narrowly(plan, path)]
    return round(
        _PLAN * (failure.plan == plan.name)
        + _PATHS * (len(touched) / len(failure.paths) if failure.paths else 0.0)
        + _WORDS * min(len(shared), _ENOUGH) / _ENOUGH,
        2,
    )


def said(text: str, commands: Iterable[str]) -> str:
    """A text as one line without the `commands`, without code spans of more than one word, and without marks that could
    close a fence."""
    line = " ".join(text.split())
    for command in sorted((" ".join(one.split()) for one in commands), key=len, reverse=True):
        if command:
            line = re.sub(rf"(?<!\w){re.escape(command)}(?!\w)", _COMMAND, line)
            head, cut, _ = line.partition(command[:_BEGINNING]) if len(command) > _BEGINNING else (line, "", "")
            line = f"{head}{_COMMAND}" if cut else line
    line = re.sub(r"(`+)([^`]+)\1", lambda span: _COMMAND if " " in span[2].strip() else span[2], line)
    return " ".join("".join(sign for sign in line if sign.isprintable() and sign != "`").split())


def _line(worth: float, failure: Failure) -> str:
    where = f"open now, gen-{failure.run}" if failure.open else f"seen in gen-{failure.run}"
    told = f"{where} (score {worth:.2f}; {failure.kind}, {failure.category}): {_cut(failure.summary, _SUMMARY)}"
    if failure.cause:
        told += f" Cause: {_cut(failure.cause, _CAUSE)}"
    if failure.paths:
        told += f" Files: {', '.join(failure.paths[:_LISTED])}"
    return told


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _words(text: str) -> set[str]:
    """The words of a text that tell one subject from another, those inside of names too."""
    return {word.lower() for word in _WORD.findall(text)} - _EMPTY


def _narrowly(plan: Plan, path: str) -> bool:
    """Whether a plan's scope has a path by more than having everything."""
    said: Sequence[str] = [glob for glob in plan.scope.inside if glob.strip("*/.")]
    return bool(said) and plan.scope.allows(path)

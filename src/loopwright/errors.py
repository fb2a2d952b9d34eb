"""
Everything that may go wrong in a way that a person has to mend.

* LoopwrightError        exit code
  x BadFile         2    a file that people write cannot be read: path, line, problem, mend
  x BadFiles        2    several of them, all found in one pass
  x BadUse          2    what was asked for cannot be done here as it was asked
  x GitFailed       1    git said no where it should not have
  x RefMoved        1    a compare-and-swap lost: somebody else moved the ref first
  x LabFailed       1    an isolated place could not be opened, or died
  x LineStopped     3    a stopped line keeps this from beginning or landing; what opens it again is in the mend
  x Unreachable     4    an outside thing that is needed is missing: a model, a key, a program
  x NoRoom          4    a disk has too little left for a lab, or is full

A rejected chunk, a held landing and a stop are no errors: they are values (`Verdict`, `Held`, `Stop`).
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass


class LoopwrightError(Exception):
    """Base of all the errors that the command line prints without a traceback."""

    exit_code = 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with one file: where, what, and how to mend it."""

    path: str
    line: int
    rule: str
    message: str
    mend: str
    severity: str = "error"  # error | warning | info
    column: int | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}\n  mend: {self.mend}"


class BadFiles(LoopwrightError):
    """One or more files that people write do not read as what they should be. `problems` has them all."""

    exit_code = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class BadFile(BadFiles):
    """One problem in one file."""

    def __init__(self, path: str, line: int, problem: str, mend: str, rule: str = "unreadable") -> None:
        super().__init__((Problem(path, line, rule, problem, mend),))


class BadUse(LoopwrightError):
    """What was asked for cannot be done here: the message says why, the mend what to do about it."""

    exit_code = 2

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(f"{problem}\n  mend: {mend}")
        self.problem, self.mend = problem, mend


class GitFailed(LoopwrightError):
    """A git command ended with an error. `code` is git's exit code, `output` what it printed."""

    def __init__(self, words: tuple[str, ...], where: str, code: int, output: str) -> None:
        super().__init__(f"git {' '.join(words)} (in {where}) ended with {code}:\n{output.strip()}")
        self.words, self.code, self.output = words, code, output


class RefMoved(LoopwrightError):
    """A ref did not hold the value that it was expected to hold, so nothing was written."""

    def __init__(self, ref: str, expected: str) -> None:
        super().__init__(f"{ref} is no longer at {expected or 'nothing'}: somebody else moved it first")
        self.ref, self.expected = ref, expected


class LineStopped(LoopwrightError):
    """What was asked for stands still until a person has resolved an incident. Nothing was begun or moved."""

    exit_code = 3

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(f"{problem}\n  mend: {mend}")
        self.problem, self.mend = problem, mend


class LabFailed(LoopwrightError):
    """A lab could not be opened, or died while in use."""


class Unreachable(LoopwrightError):
    """An outside thing that is needed is missing or cannot be reached: a key, a model, a program."""

    exit_code = 4

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(f"{problem}\n  mend: {mend}")
        self.problem, self.mend = problem, mend


class NoRoom(LoopwrightError):
    """A disk has too little left for a lab, or is full. Nothing is lost: what was begun goes on once there is room."""

    exit_code = 4

    def __init__(self, place: str, needed: str, free: str, way_on: str = "the same command goes on from here") -> None:
        self.lacks = f"{place} has too little room: {needed} needed"
        self.place, self.needed, self.free, self.way_on = place, needed, free, way_on
        super().__init__(f"{self.lacks}, {free} left\n  mend: make room there (`df {place}`); {way_on}")


def is_full(problem: Exception) -> bool:
    """Whether a disk that is full, or a quota, was in the way."""
    if isinstance(problem, OSError):
        return problem.errno in (errno.ENOSPC, errno.EDQUOT)
    told = problem.output if isinstance(problem, GitFailed) else ""
    return any(os.strerror(code) in told for code in (errno.ENOSPC, errno.EDQUOT))

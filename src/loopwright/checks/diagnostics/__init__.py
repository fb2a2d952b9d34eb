"""Reads failing tests, or the places of errors, out of what a command printed.

Pure, and safe on hostile output: lines are cut to a bounded length first, and all patterns are bounded within one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from loopwright.checks.diagnostics import compilers, javascript, others, python
from loopwright.printed import plain
from loopwright.vocabulary import Failure

MOST = 50  # failures; who has read 50 of them has read enough
_READ = 1000  # reports that are looked at; several may be of one test
_LONGEST = 300  # characters of a name or message

_TEST_RUNNERS = (
    python.pytest,
    python.unittest,
    javascript.node,
    javascript.tap,
    javascript.jest,
    javascript.vitest,
    javascript.mocha,
    others.go,
    others.cargo,
    others.perl,
    others.ctest,
)


def failures(output: str) -> tuple[Failure, ...]:
    """The failing tests that the output names, at most 50. Where it names none: the places of errors that compilers
    and linters point at, each with an empty `test`."""
    text = plain(output)
    found = _distinct(failure for runner in _TEST_RUNNERS for failure in runner(text))
    return found or _distinct(compilers.errors(text))


def _distinct(found: Iterable[Failure]) -> tuple[Failure, ...]:
    """Each failure once; what two reports of one test tell is put together."""
    kept: list[Failure] = []
    for failure in islice(found, _READ):
        twin = next((index for index, other in enumerate(kept) if _twins(other, failure)), None)
        if twin is not None:
            kept[twin] = _merged(kept[twin], failure)
        elif len(kept) < MOST:
            kept.append(_short(failure))
    return tuple(kept)


def _twins(one: Failure, other: Failure) -> bool:
    if not one.test:
        return (one.test, one.path, one.line, one.message) == (other.test, other.path, other.line, other.message)
    return one.test == other.test and (one.path is None or other.path is None or one.path == other.path)


def _merged(one: Failure, other: Failure) -> Failure:
    line = one.line if one.line is not None else other.line
    return _short(Failure(one.test, one.path or other.path, line, one.message or other.message))


def _short(failure: Failure) -> Failure:
    return replace(failure, test=failure.test[:_LONGEST], message=failure.message.strip()[:_LONGEST])

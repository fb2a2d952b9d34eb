"""A gate that fails is run again on the same commit: one that disagrees with itself is flaky, neither red nor green."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from loopwright.vocabulary import Gate, Verdict

QUICK = 60.0
"""Seconds of a run below which a failure is always worth another one. A slower gate is run again where it decides."""

Again = Callable[[tuple[Gate, ...]], Iterable[Verdict]]
"""Runs gates in a fresh lab on the same commit."""


def settled(
    gates: tuple[Gate, ...], first: tuple[Verdict, ...], again: Again, *, decisive: bool
) -> tuple[Verdict, ...]:
    """The verdicts once every failed gate had its second run, and its third where two disagreed.

    `decisive`: what fails now ends something (a chunk's last attempt, a landing), so that slow gates are asked, too.
    """
    runs = [[verdict] for verdict in first]
    doubtful = [at for at, verdict in enumerate(first) if not verdict.passed and _worth(verdict, decisive)]
    for _ in range(2):
        anew = again(tuple(gates[at] for at in doubtful)) if doubtful else ()
        for at, verdict in zip(doubtful, anew, strict=True):
            runs[at].append(verdict)
        doubtful = [at for at in doubtful if runs[at][-1].passed]
    return tuple(_decided(found) for found in runs)


def _worth(verdict: Verdict, decisive: bool) -> bool:
    return decisive or (verdict.seconds is not None and verdict.seconds < QUICK)


def _decided(runs: list[Verdict]) -> Verdict:
    """One verdict of one to three runs; two of three decide what a flaky one counts as."""
    failed = [verdict for verdict in runs if not verdict.passed]
    passed = [verdict for verdict in runs if verdict.passed]
    if not failed or not passed:
        return runs[0]
    counts = max(passed, failed, key=len)[0]
    course = ", then ".join("passed" if verdict.passed else "failed" for verdict in runs)
    told = f"flaky: it {course}, on the same commit\n\nas it failed:\n{failed[0].evidence}"
    return replace(counts, evidence=told, reason="" if counts.passed else "flaky", flaky=True)

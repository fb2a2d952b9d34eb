"""How good the classification is on failures whose causes are known: how often right, and how honestly sure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loopwright.vocabulary import CAUSES, Cause

BINS = 10  # of equal width, by confidence


@dataclass(frozen=True, slots=True)
class Judged:
    """One known failure and what was said of it. `plausible`: labels that count half."""

    id: str
    label: str
    plausible: tuple[str, ...]
    cause: Cause

    @property
    def right(self) -> float:
        """1 for the label, 0.5 for a plausible one, else 0."""
        if self.cause.label == self.label:
            return 1.0
        return 0.5 if self.cause.label in self.plausible else 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the judged failures. `start` and `end` are the confidences of a bin."""

    name: str
    cases: int
    accuracy: float
    confidence: float
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """`accuracy` and `calibration_error` (the mean over all cases of how far their bin's accuracy is from its mean
    confidence) are None when there are no cases. Empty bins and labels are left out."""

    cases: int
    accuracy: float | None
    calibration_error: float | None
    bins: tuple[Group, ...]
    labels: tuple[Group, ...]


def score(judged: Sequence[Judged]) -> Score:
    bins = tuple(_bins(judged))
    apart = [(group.cases, abs(group.accuracy - group.confidence)) for group in bins]
    return Score(
        len(judged),
        _mean(case.right for case in judged),
        sum(cases * gap for cases, gap in apart) / len(judged) if judged else None,
        bins,
        tuple(_groups(judged, CAUSES, lambda case: case.label)),
    )


def _bins(judged: Sequence[Judged]) -> Iterable[Group]:
    names = [f"{number / BINS:.1f} to {(number + 1) / BINS:.1f}" for number in range(BINS)]
    for group in _groups(judged, names, lambda case: names[min(int(case.cause.confidence * BINS), BINS - 1)]):
        number = names.index(group.name)
        yield Group(group.name, group.cases, group.accuracy, group.confidence, number / BINS, (number + 1) / BINS)


def _groups(judged: Sequence[Judged], names: Iterable[str], key: Callable[[Judged], str]) -> Iterable[Group]:
    for name in names:
        found = [case for case in judged if key(case) == name]
        accuracy, confidence = _mean(case.right for case in found), _mean(case.cause.confidence for case in found)
        if accuracy is not None and confidence is not None:
            yield Group(name, len(found), accuracy, confidence)


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None

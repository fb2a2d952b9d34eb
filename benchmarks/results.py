"""What a benchmark gives: samples as they were measured, and figures that are computed from nothing else."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class NotDone(Exception):
    """The work that was to be measured did not happen, so there is no figure."""


def must(true: object, what: str) -> None:
    """Raise NotDone, saying `what` should have been, unless it is so."""
    if not true:
        raise NotDone(what)


@dataclass(frozen=True, slots=True)
class Series:
    """Measurements of one thing, in the order in which they were taken. Empty: it could not be measured."""

    unit: str  # s | B | MB | count | 1/s | share
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, unit: str, values: Iterable[float]) -> Series:
        """Rounded to microseconds (or millionths): what is written is what is judged."""
        return cls(unit, tuple(round(float(value), 6) for value in values))


Samples = Mapping[str, Series]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `value` is None where nothing was measured. `over`: the two figures, or series, whose ratio it is."""

    name: str
    unit: str
    value: float | None
    over: tuple[str, str] | None = None
    headline: bool = False  # whether it belongs into the summary


@dataclass(frozen=True, slots=True)
class Row:
    """Where time goes: how often something was done, and for how many seconds in all."""

    name: str
    count: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a benchmark brings home. `proofs`: what was seen to have happened; `notes`: what a reader should know."""

    samples: Samples
    proofs: tuple[str, ...]
    notes: tuple[str, ...] = ()
    profile: tuple[Row, ...] = field(default=())


class Benchmark(Protocol):
    """The shape of a benchmark's module."""

    ABOUT: str

    def take(self, *, quick: bool) -> Taken:
        """Do the work. Raises NotDone when it did not happen."""

    def judge(self, samples: Samples) -> tuple[Figure, ...]:
        """The figures: the same samples always give the same ones."""


# ---------------------------------------------------------------- from samples to figures


def median(samples: Samples, name: str, *, headline: bool = False) -> Figure:
    series = samples[name]
    value = statistics.median(series.values) if series.values else None
    return Figure(f"{name}, median", series.unit, _rounded(value), headline=headline)


def p99(samples: Samples, name: str, *, headline: bool = False) -> Figure:
    """The value that 99 % of the samples don't exceed (nearest rank; of fewer than 100 it is the largest)."""
    series = samples[name]
    value = nearest_rank(series.values, 0.99) if series.values else None
    return Figure(f"{name}, p99", series.unit, _rounded(value), headline=headline)


def nearest_rank(values: Sequence[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]


def ratio(name: str, over: Figure, under: Figure, *, headline: bool = False) -> Figure:
    """`over` by `under`; None when either is missing, or nothing to divide by."""
    value = over.value / under.value if over.value is not None and under.value else None
    return Figure(name, "ratio", _rounded(value), (over.name, under.name), headline)


def paired(samples: Samples, name: str, over: str, under: str, *, headline: bool = False) -> Figure:
    """The median of the ratios of two series, pair by pair: what was measured side by side had the same machine."""
    pairs = list(zip(samples[over].values, samples[under].values, strict=False))
    whole = bool(pairs) and len(samples[over].values) == len(samples[under].values) and all(pair[1] for pair in pairs)
    value = statistics.median(one / other for one, other in pairs) if whole else None
    return Figure(name, "ratio", _rounded(value), (over, under), headline)


def figure(name: str, unit: str, value: float | None, *, headline: bool = False) -> Figure:
    return Figure(name, unit, _rounded(value), headline=headline)


def _rounded(value: float | None) -> float | None:
    """To four significant digits: more would be noise."""
    return None if value is None else float(f"{value:.4g}")

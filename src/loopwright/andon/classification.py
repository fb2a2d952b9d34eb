"""Why a command failed: the candidates, with confidences that were measured."""

from __future__ import annotations

import math

from loopwright.andon.confidence import measured
from loopwright.andon.weighing import weights
from loopwright.vocabulary import Candidate, Cause, FailedCommand

_SHARPNESS = 0.6  # a weight that is larger by this much is e times as likely
_NAMED = 0.05  # candidates that are less likely than this are left out
_DIGITS = 3


def classify(failed: FailedCommand) -> Cause:
    """The cause of a failure with its confidence, and what else is plausible, likeliest first."""
    found = weights(failed)
    most = max(found.values())
    odds = {label: math.exp((weight - most) / _SHARPNESS) for label, weight in found.items()}
    total = sum(odds.values())
    ranked = sorted(((odd / total, label) for label, odd in odds.items()), key=lambda each: -each[0])  # ties as listed
    return Cause(tuple(_candidates(ranked)))


def _candidates(ranked: list[tuple[float, str]]) -> list[Candidate]:
    """The first one as likely as such ones were; the others share what is left as they did before."""
    (share, label), *others = ranked
    sure = measured(share)
    left = (1 - sure) / (1 - share) if share < 1 else 0.0
    found = [Candidate(label, round(sure, _DIGITS))]
    for other, name in others:
        likely = min(other * left, sure)
        if likely >= _NAMED:
            found.append(Candidate(name, math.floor(likely * 10**_DIGITS) / 10**_DIGITS))
    return found

"""How sure a first candidate may be said to be: measured on outputs, and not felt."""

from __future__ import annotations

from bisect import bisect_right

# (share of the odds from which on, confidence). Counted on 418 outputs of 90 tools, each labelled by causing the
# failure and of a kind that the clues were not first written for; a quarter had never been read by who wrote them. Of
# the outputs with such a share (26, 44, 29, 30, 42 and 247): in how many the first candidate was the cause (a plausible
# second label as a half), as (right + 1) / (all + 2). Steps, and no line between: there are too few in each for more.
_MEASURED = ((0.0, 0.68), (0.4, 0.79), (0.8, 0.82), (0.9, 0.89), (0.95, 0.93), (0.98, 0.97))
_FROM = tuple(share for share, _ in _MEASURED)


def measured(share: float) -> float:
    """The confidence of a first candidate that has this share of the odds (0 to 1)."""
    return _MEASURED[max(bisect_right(_FROM, share) - 1, 0)][1]

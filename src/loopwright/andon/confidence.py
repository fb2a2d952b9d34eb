"""How sure a first candidate may be said to be: measured on outputs, and not felt."""

from __future__ import annotations

from bisect import bisect_right

# (share of the odds from which on, confidence). Counted on 313 outputs of 60 tools that were labelled by causing the
# failures and held back while the clues were first written: of the outputs with such a share, in how many the first
# candidate was the cause (a plausible second label as a half), as (right + 1) / (all + 2), pooled where a smaller share
# did better than a larger one. Steps and no line between them: there are 9 to 190 outputs in each.
_MEASURED = ((0.0, 0.73), (0.4, 0.81), (0.8, 0.83), (0.9, 0.907), (0.95, 0.914), (0.98, 0.979))
_FROM = tuple(share for share, _ in _MEASURED)


def measured(share: float) -> float:
    """The confidence of a first candidate that has this share of the odds (0 to 1)."""
    return _MEASURED[max(bisect_right(_FROM, share) - 1, 0)][1]

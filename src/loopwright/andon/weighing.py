"""How much speaks for each cause of a failed command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loopwright.andon.circumstances import circumstances
from loopwright.andon.clues import BY_CAUSE
from loopwright.andon.reading import Told, told
from loopwright.vocabulary import CAUSES, FailedCommand

# What a line's words are worth, by its kind: a warning or a line of source seldom tells why a command failed.
_SHARE = {"said": 1.0, "placed": 1.0, "mild": 0.3, "raised": 0.65, "claim": 0.5, "source": 0.2, "none": 0.1}
# A test's failure is told by what was expected, and not by an error at a place in the code (`expected type int`).
_TEST_SHARE = {**_SHARE, "claim": 1.0, "placed": 0.3}

_OVERRULED = 0.6  # of a clue where another one explains the same line better: a line has one meaning
_REPEATED = (1.0, 0.08, 0.04)  # what the best three lines add: how loud something is said proves little
_LATE, _LAST = 0.35, 5  # what stands in the last lines was said when it ended
_NO_CLUE = 1.0  # what speaks for `unknown` before anything is read
_AROUND = -1  # the "line" of what is known beside the output


def weights(failed: FailedCommand) -> dict[str, float]:
    """For each cause of the closed list, the weight of what speaks for it (0: nothing does)."""
    read = told(failed.output)
    hits = list(_hits(read))
    best: dict[int, float] = {}
    for _, line, weight in hits:
        best[line] = max(best.get(line, 0.0), weight)
    by_cause: dict[str, dict[int, float]] = {cause: {} for cause in CAUSES}
    for label, line, weight in hits:
        _raise(by_cause[label], line, weight if weight >= best[line] else weight * _OVERRULED)
    for label, weight in circumstances(failed, read):
        _raise(by_cause[label], _AROUND, weight)
    summed = {cause: _sum(lines) for cause, lines in by_cause.items()}
    return {**summed, "unknown": summed["unknown"] + _NO_CLUE}


def telling(read: Told) -> list[int]:
    """Numbers of the lines that hold a clue of full worth, in their order."""
    return sorted({line for _, line, _ in _hits(read) if read.lines[line].kind not in ("mild", "source", "none")})


def _hits(read: Told) -> Iterator[tuple[str, int, float]]:
    """Every clue's cause, with each line that it is found in, and what it is worth there."""
    last = len(read.lines) - _LAST
    for cause, clues in BY_CAUSE.items():
        shares = _TEST_SHARE if cause == "test-failure" else _SHARE
        for clue in clues:
            if clue.needle not in read.low or clue.given not in read.low:
                continue
            for line in read.having(clue.needle):
                if clue.fits(read.lines[line].text):
                    weight = clue.weight + (_LATE if line >= last else 0.0)
                    yield cause, line, weight * shares[read.lines[line].kind]


def _raise(by_line: dict[int, float], line: int, weight: float) -> None:
    by_line[line] = max(by_line.get(line, 0.0), weight)


def _sum(by_line: Mapping[int, float]) -> float:
    best = sorted(by_line.values(), reverse=True)
    return sum(weight * share for weight, share in zip(best, _REPEATED, strict=False))

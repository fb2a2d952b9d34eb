"""What of an output is worth reading: of a long one its ends, and the lines where it speaks of trouble."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loopwright.andon.lines import Line, natured
from loopwright.printed import plain

_WHOLE = 24_000  # characters up to which every line is looked at
_LINES = 260  # that are read at most: so many of the head, the middle and the tail
_HEAD, _MIDDLE, _TAIL = 40, 120, 100
_ENDS = 12_000  # characters that head and tail have at most
_WIDE = 400  # characters of a line

_SIGNS = (  # of trouble
    *("error:", "error", "fail", "fatal", "denied", "not found", "no such", "cannot", "can't", "unable to", "refused"),
    *("timed out", "timeout", "killed", "exception", "panic", "conflict", "not permitted", "missing", "undefined"),
    *("no space", "memory", "unexpected", "could not", "couldn't", "not installed", "not exist", "already", "reject"),
)
_EACH = 6  # places of a sign that are looked at from the front, and from the back

_NUMBERS = re.compile(r"(?<![A-Za-z_])\d+")
_QUOTES = str.maketrans("‘’“”", "''\"\"")


@dataclass(frozen=True, slots=True)
class Told:
    """The lines that are read; `low` is all of them in lower case, to find words in; `starts`: where each begins."""

    lines: tuple[Line, ...]
    low: str
    starts: tuple[int, ...]

    def having(self, needle: str, most: int = 6) -> Iterator[int]:
        """Numbers of the lines that hold a lower-case needle: the first `most` of them. An empty one is in all."""
        if not needle:
            yield from range(len(self.lines))
            return
        at = self.low.find(needle)
        while at >= 0 and most:
            number = bisect_right(self.starts, at) - 1
            yield number
            most -= 1
            after = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.low)
            at = self.low.find(needle, after)


def told(output: str) -> Told:
    """An output made plain, and cut to what is read of it."""
    text = plain(output)
    chosen = _distinct(text.split("\n")) if len(text) <= _WHOLE else []
    if not 0 < len(chosen) <= _LINES:
        chosen = _distinct(_troubled(text))
    lines = tuple(natured(chosen))
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line.text) + 1
    return Told(lines, _lowered("\n".join(line.text for line in lines)), tuple(starts))


def _lowered(text: str) -> str:
    """In lower case, and no longer for it: a few letters become two, which would shift every place after them."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(one if len(one) == 1 else "?" for one in map(str.lower, text))


def _distinct(lines: Iterable[str]) -> list[str]:
    """Each line once, whatever numbers are in it: so a progress bar is one line."""
    kept: dict[str, str] = {}
    for line in lines:
        short = line[:_WIDE].rstrip().translate(_QUOTES)
        if short:
            kept.setdefault(_NUMBERS.sub("0", short), short)
    return list(kept.values())


def _troubled(text: str) -> list[str]:
    """The first lines, the last ones, and between them those with a sign of trouble, in their order."""
    head, tail = _after(text, _HEAD), _before(text, _TAIL)
    low = _lowered(text)
    places = {at for sign in _SIGNS for at in _found(low, sign) if head <= at < tail}
    starts = {max(low.rfind("\n", 0, at) + 1, head) for at in places}
    middle = _distinct(text[start : start + _WIDE].partition("\n")[0] for start in sorted(starts))
    if len(middle) > _MIDDLE:
        middle = [*middle[: _MIDDLE // 2], *middle[-_MIDDLE // 2 :]]
    return [*text[:head].split("\n"), *middle, *text[max(tail, head) :].split("\n")]


def _after(text: str, lines: int) -> int:
    """Where so many lines end, counted from the front."""
    at = 0
    for _ in range(lines):
        at = text.find("\n", at, _ENDS) + 1
        if not at:
            return min(_ENDS, len(text))
    return at


def _before(text: str, lines: int) -> int:
    """Where so many lines begin, counted from the back."""
    at = len(text)
    for _ in range(lines):
        at = text.rfind("\n", max(len(text) - _ENDS, 0), at)
        if at < 0:
            return max(len(text) - _ENDS, 0)
    return at + 1


def _found(low: str, sign: str) -> Iterator[int]:
    """The first places of a sign, and the last ones, a line's first or last each."""
    at = -1
    for _ in range(_EACH):
        at = low.find(sign, at + 1)
        if at < 0:
            return
        yield at
        at = low.find("\n", at)
        if at < 0:
            break
    at = len(low)
    for _ in range(_EACH):
        at = low.rfind(sign, 0, at)
        if at < 0:
            return
        yield at
        at = max(low.rfind("\n", 0, at), 0)

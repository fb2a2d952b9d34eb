"""Replaces one passage of a text: exactly, or with a small liberty that it owns up to, or not at all."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

_LINES_LOOKED_AT = 5_000
_SHOWN = 3
CRLF = "\r\n"


class NoMatch(ValueError):
    """The passage is not there, or not only once. The message shows what is there instead."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text, the line on which the change begins, and the liberty that was taken ("" for none)."""

    text: str
    line: int
    liberty: str = ""


def replace(text: str, old: str, new: str) -> Edited:
    """`text` with its one passage `old` replaced by `new`. Line ends of the text are kept.

    Raises NoMatch when the passage is empty, the same as `new`, missing or ambiguous.
    """
    if not old:
        raise NoMatch("old_str is empty: say which passage is to be replaced, or write the whole file with write_file")
    if old == new:
        raise NoMatch("old_str and new_str are the same: nothing would change")
    end = _line_end(text)
    fitted = [part if end is None else re.sub(r"\r?\n", end, part) for part in (old, new)]
    kept = "" if fitted == [old, new] else f"the file's line ends are {'CRLF' if end == CRLF else 'LF'}, and were kept"
    found = _exact(text, fitted[0], fitted[1], kept)
    if found is None and end is not None:
        found = _other_space(text, old, new, end)
    if found is None:
        raise NoMatch(_nearest(text, old))
    return found


def _line_end(text: str) -> str | None:
    """The one line end of the text, or None where both kinds are mixed."""
    crlf = text.count(CRLF)
    if not crlf:
        return "\n"
    return CRLF if crlf == text.count("\n") else None


def _exact(text: str, old: str, new: str, liberty: str) -> Edited | None:
    found = text.count(old)
    if found > 1:
        starts = [match.start() for match in re.finditer(re.escape(old), text)]
        lines = ", ".join(str(_line(text, start)) for start in starts[:5])
        raise NoMatch(
            f"old_str is in the file {len(starts)} times (lines {lines}): take in more lines to make it unique"
        )
    if not found:
        return None
    start = text.index(old)
    return Edited(text[:start] + new + text[start + len(old) :], _line(text, start), liberty)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _other_space(text: str, old: str, new: str, end: str) -> Edited | None:
    """The same lines, but for spaces at their ends or for one indentation that all of them lack or have too much."""
    lines, wanted, put = (part.replace(CRLF, "\n").split("\n") for part in (text, old, new))
    while wanted and not wanted[-1].strip() and len(wanted) > 1:
        wanted.pop()
        if put and not put[-1].strip():
            put.pop()
    if not any(line.strip() for line in wanted):
        return None
    places = [
        start for start in range(len(lines) - len(wanted) + 1) if _same(lines[start : start + len(wanted)], wanted)
    ]
    if len(places) != 1:
        return None
    start = places[0]
    shift = _shift(lines[start : start + len(wanted)], wanted)
    if shift is None:
        return None
    body = [_shifted(line, shift) for line in put]
    changed = [*lines[:start], *body, *lines[start + len(wanted) :]]
    return Edited(
        end.join(changed), start + 1, "old_str differed from the file in white space only; look at the result"
    )


def _same(there: list[str], wanted: list[str]) -> bool:
    return all(line.strip() == other.strip() for line, other in zip(there, wanted, strict=True))


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _shift(there: list[str], wanted: list[str]) -> tuple[str, str] | None:
    """(what to take away, what to put instead) in front of each line; None when the lines don't agree on it."""
    pairs = {(_indent(a), _indent(b)) for a, b in zip(there, wanted, strict=True) if a.strip()}
    shifts = set()
    for real, said in pairs:
        if real.endswith(said):
            shifts.add(("", real[: len(real) - len(said)]))
        elif said.endswith(real):
            shifts.add((said[: len(said) - len(real)], ""))
        else:
            return None
    return shifts.pop() if len(shifts) == 1 else None


def _shifted(line: str, shift: tuple[str, str]) -> str:
    return shift[1] + line.removeprefix(shift[0]) if line.strip() else line


def _nearest(text: str, old: str) -> str:
    """Say what there is instead: the lines most like the longest line that was looked for."""
    lines = text.splitlines()
    wanted = max((line.strip() for line in old.splitlines()), key=len, default="")
    best, at = 0.4, -1
    for number, line in enumerate(lines[:_LINES_LOOKED_AT]):
        matcher = difflib.SequenceMatcher(None, line.strip(), wanted, autojunk=False)
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, at = ratio, number
    if at < 0:
        return f"old_str is not in the file ({len(lines)} lines), nor anything like it: read the file again"
    window = range(max(at - _SHOWN, 0), min(at + _SHOWN + 1, len(lines)))
    near = "\n".join(f"{number + 1}: {lines[number][:200]}" for number in window)
    return f"old_str is not in the file. The lines most like it are (numbers aren't part of them):\n{near}"

"""Marks in source that silence a check, put where the check judged before.

The rule: a mark is drift when it silences a line that stood there before the change (as it is, or a little changed),
when it silences the rest of a file that stood before, or when it silences more than the mark that it replaces. A mark
on lines that are new, or in a new file, silences nothing that was judged: it is for a reviewer to like or not.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from loopwright.checks.patch import Line, Patch

_LONG = 600  # characters of a line that are looked at
_ALIKE = 0.75  # from there on, a changed line is still that line

_CODES = r"(?P<codes>[\[(:= ]{0,3}[\w@/*.,\- ]{0,200})"
_HERE = re.compile(
    r"(?:#|//|/\*)\s{0,4}(?P<name>type:\s?ignore|noqa|pyright:\s?ignore|pylint:\s?disable|nosec|NOSONAR|nolint|ts-ignore-line|"
    r"pragma:\s?no\s?(?:cover|branch)|eslint-disable-line|rubocop:disable|mypy:\s?ignore(?!-errors))" + _CODES,
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"^\s{0,200}(?:(?://|/\*|\{/\*|#)\s{0,4}(?P<name>@ts-ignore|@ts-expect-error|eslint-disable-next-line|lint:ignore|"
    r"(?:istanbul|c8|v8)\s{1,4}ignore\s{1,4}(?:next|if|else)|biome-ignore|shellcheck\s{1,4}disable|nolint)"
    r"|#\[(?P<rust>allow|expect|coverage\(off)|@(?P<jvm>SuppressWarnings|Suppress)\b)" + _CODES
)
_REST = re.compile(
    r"^\s{0,200}(?:(?://|/\*|#)\s{0,4}(?P<name>@ts-nocheck|eslint-disable(?!-)|mypy:\s?ignore-errors|mypy:\s?disable-error-code|"
    r"ruff:\s?noqa|flake8:\s?noqa|(?:istanbul|c8|v8)\s{1,4}ignore\s{1,4}(?:file|start)|type:\s?ignore\s{0,4}$|"
    r"tslint:disable|jshint\s{1,4}ignore)|#!\[(?P<rust>allow)|#pragma\s{1,4}(?P<net>warning\s{1,4}disable))" + _CODES
)


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    codes: frozenset[str]  # empty: everything

    def silences_more(self, other: _Mark) -> bool:
        return bool(other.codes) and not (self.codes and self.codes <= other.codes)


def silenced(patch: Patch) -> Iterator[str]:
    """Every mark that a change of one file brought where a check judged before."""
    for hunk in patch.hunks:
        gone = [line for line in hunk if line.sign == "-"]
        for at, line in enumerate(hunk):
            if line.sign == "+" and (told := _silenced(line, hunk[at + 1 :], gone)):
                yield f"{patch.path}:{line.number}: {told}"


def _silenced(line: Line, below: list[Line], gone: list[Line]) -> str:
    text = line.text[:_LONG]
    if (match := _REST.match(text)) is not None:
        mark = _mark(match)
        return "" if _held(mark, gone, _REST) else f"{mark.name} silences a check for the rest of a file that it judged"
    if (match := _NEXT.match(text)) is not None:
        mark = _mark(match)
        target = next((other for other in below if other.sign != "-" and not _is_mark(other.text)), None)
        before = target is not None and (target.sign == " " or _stood(target.text, gone) is not None)
        return f"{mark.name} silences a line that was judged before" if before and not _held(mark, gone, _NEXT) else ""
    if (match := _HERE.search(text)) is not None and text[: match.start()].strip():
        mark, older = _mark(match), _stood(text[: match.start()], gone)
        had = None if older is None else _HERE.search(older[:_LONG])
        if older is not None and (had is None or mark.silences_more(_mark(had))):
            return f"{mark.name} silences a line that was judged before"
    return ""


def _is_mark(text: str) -> bool:
    return not text.strip() or _NEXT.match(text[:_LONG]) is not None


def _mark(match: re.Match[str]) -> _Mark:
    name = next(value for key, value in match.groupdict().items() if key != "codes" and value)
    said = (match["codes"] or "").split("--")[0].split(" because ")[0]
    codes = [code for code in re.split(r"[\s,\[\]():=]+", said) if re.search(r"\w", code)]
    coded = said[:1] in "[(:=" or name.lower().startswith(
        ("eslint", "nolint", "pylint", "lint", "rubocop", "shellcheck")
    )
    return _Mark(re.sub(r"\s+", " ", name), frozenset(codes) if coded else frozenset())


def _held(mark: _Mark, gone: list[Line], pattern: re.Pattern[str]) -> bool:
    """Whether a removed line had such a mark, and one as wide."""
    had = (pattern.match(line.text[:_LONG]) for line in gone)
    return any(one.name == mark.name and not mark.silences_more(one) for one in map(_mark, filter(None, had)))


def _stood(code: str, gone: list[Line]) -> str | None:
    """The removed line that this code was, if there is one: the same, or nearly so."""
    wanted = _code(code)
    if len(wanted) < 3:  # a bracket says nothing
        return None
    for line in gone[:200]:
        other = _code(line.text[:_LONG])
        if other == wanted or difflib.SequenceMatcher(None, wanted, other, autojunk=False).ratio() >= _ALIKE:
            return line.text
    return None


def _code(text: str) -> str:
    """A line without its marks, comments and white space."""
    match = _HERE.search(text)
    return "".join((text[: match.start()] if match else text).split())

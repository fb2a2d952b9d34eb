"""The nature of a line of output: who says it, and about what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line and its kind.

    said: by a program, and nothing against it; placed: an error at a place in the code; raised: a program's own
    exception, whose words are about anything; claim: what a test or check expected or got; mild: a warning, or
    something that was borne with; none: says that something bad isn't there; source: a line of code, shown around an
    error.
    """

    text: str
    kind: str


# pytest's, gcc's, rustc's and jest's ways to show code, the lines of a diff, and those of a stack.
_SOURCE = re.compile(
    r"^(?:> {2,}|E +[-+?] |\s*>? ?\d+ ?[|│]|\s*[|│][^|]*(?:[\^~]|--)|[-+](?![-+ ]|\S{1,100}:\d)|\s+at )"
)
_PLACED = re.compile(
    r"^\S[^\n:(]{0,200}[:(]\d+[:,.)].{0,20}\b(?:error|fatal)\b|^error(?:\[E\d+\]| TS\d+)|^\s*\d+:\d+\s+error\b"
    r"|^\s*(?:[\w.]{0,100}\.)?\w{0,40}Syntax\w{0,20}Error\b",
    re.IGNORECASE,
)
_MILD = re.compile(
    r"^\W{0,20}(?:\S+: )?(?:\S+:\d+(?::\d+)?: )?(?:npm )?"
    r"(?:warn(?:ing)?s?|note|info|debug|hint|help|notice|trace|\w+warning)\b[:\s\]]"
    r"|\b(?:falling back|skipping|ignored|ignoring|optional|continuing|retry(?:ing)?|retried)\b",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"\b(?:no|without(?: any)?) (?:\w+ )?(?:conflict|error|failure|problem|issue|warning)s?\b", re.IGNORECASE
)
_CLAIM = re.compile(
    r"assert|\bexpect|received|to equal|to be\b|\bgot\b.*\bwant|promise re|(?:rejected|resolved) to\b|(?:to|not) throw"
    r"|\bwant\b|actual:|(?:not|to|should) (?:contain|equal|have|match|include)|did not raise",
    re.IGNORECASE,
)
_RAISED = re.compile(
    r"^(?:E +)?(?:(?:[\w.]{0,100}\.)?(?:Runtime|Value|Type|Key|Index|Attribute|State|Argument)(?:Error|Exception)\b"
    r"|Exception: )"
)
_KINDS = (
    *(("source", _SOURCE), ("placed", _PLACED), ("none", _NONE), ("mild", _MILD), ("claim", _CLAIM)),
    ("raised", _RAISED),
)

_FRAME = re.compile(r'^\s*File "[^"]*", line \d')  # of a Python traceback; the line of code comes next
_SECTION = re.compile(r"^_{3,} .* _{3,}$")  # a failing test's, by pytest; its code comes next, up to the `E` lines
_CONFLICT = "<<<<<<<"  # in whatever code: this is why


def natured(lines: Iterable[str]) -> Iterator[Line]:
    """Each line with its kind, in their order."""
    before, listing = "", False
    for line in lines:
        listing = bool(_SECTION.match(line)) or (listing and not line.startswith(("E ", "===")))
        code = line.startswith("    ") and _CONFLICT not in line and (listing or _FRAME.match(before))
        yield Line(line, "source" if code else _kind(line))
        before = line


def _kind(line: str) -> str:
    return next((kind for kind, form in _KINDS if form.search(line)), "said")

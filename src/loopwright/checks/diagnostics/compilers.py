"""Places of errors, as compilers, linters and tracebacks point at them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from loopwright.checks.diagnostics.text import blocks, plain_path
from loopwright.vocabulary import Failure

_MOST = 200  # of each form

# path:line[:column]: message (gcc, mypy, go, pylint), path:line:column - error ... (tsc, pyright)
_COLONS = re.compile(
    r"^ {0,8}(?P<path>(?:[A-Za-z]:\\)?[^\s:()'\"][^:\n()'\"]{0,300}):(?P<line>\d{1,7})(?::\d{1,6})?(?::| -) "
    r"(?P<message>[^\n]+)$",
    re.MULTILINE,
)
_PARENTHESES = re.compile(  # path(line,column): error TS2322: message (tsc, csc)
    r"^(?P<path>[^\s(:][^(\n:]{0,300})\((?P<line>\d{1,7}),\d{1,6}\): (?P<message>(?:error|fatal)[^\n]+)$", re.MULTILINE
)
_ARROW = re.compile(  # the message, and below it --> path:line:column (rustc, ruff)
    r"^(?P<message>[^\s|][^\n]*)\n {0,12}--> (?P<path>[^\s:][^:\n]{0,300}):(?P<line>\d{1,7})", re.MULTILINE
)
_ESBUILD = re.compile(
    r"^\S \[ERROR\] (?P<message>[^\n]+)\n\n {1,8}(?P<path>[^\s:][^:\n]{0,300}):(?P<line>\d{1,7}):", re.MULTILINE
)
_ESLINT_FILE = re.compile(r"^(?P<path>[^\s:][^:\n]{0,300}\.\w{1,6})$(?=\n +\d{1,7}:\d)", re.MULTILINE)
_ESLINT_ROW = re.compile(r"^ {1,8}(?P<line>\d{1,7}):\d{1,6} +error +(?P<message>[^\n]+)$", re.MULTILINE)
_TRACEBACK = "Traceback (most recent call last):\n"
_LIBRARY = re.compile(r"/(?:site|dist)-packages/|/lib/python3|^<")
_FRAME = re.compile(r"^ {1,12}File \"(?P<path>[^\"\n]{1,400})\", line (?P<line>\d{1,7})", re.MULTILINE)
_RAISED = re.compile(r"^[A-Za-z_][^\n]*$", re.MULTILINE)

_MILD = re.compile(r"(?:warning|note|info|remark|help|hint|required from|In file included|\w*Warning)\b", re.IGNORECASE)
_A_FILE = re.compile(r"/|\.[A-Za-z][\w+-]{0,9}$|^(?:GNU)?[Mm]akefile$|^[Jj]ustfile$|^Dockerfile$")


def errors(text: str) -> Iterator[Failure]:
    """In the order of the forms above; warnings and notes are left out."""
    for form in (_COLONS, _PARENTHESES, _ARROW, _ESBUILD):
        for match in islice(form.finditer(text), _MOST):
            if _A_FILE.search(match["path"]) and not _MILD.match(match["message"].strip()):
                yield Failure("", plain_path(match["path"]), int(match["line"]), match["message"])
    for head, block in blocks(text, _ESLINT_FILE):
        for row in _ESLINT_ROW.finditer(block):
            yield Failure("", plain_path(head["path"]), int(row["line"]), " ".join(row["message"].split()))
    yield from _tracebacks(text)


def _tracebacks(text: str) -> Iterator[Failure]:
    """The last traceback, which is the one that ended the program: its last frame outside of libraries."""
    start = text.rfind(_TRACEBACK)
    frames = list(islice(_FRAME.finditer(text, start), _MOST)) if start >= 0 else []
    raised = _RAISED.search(text, frames[-1].end()) if frames else None
    if raised is not None:
        own = [frame for frame in frames if not _LIBRARY.search(frame["path"])] or frames
        yield Failure("", own[-1]["path"], int(own[-1]["line"]), raised[0])

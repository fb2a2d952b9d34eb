"""node --test (spec and TAP), jest, vitest, mocha."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loopwright.checks.diagnostics.text import blocks, first_line, plain_path
from loopwright.vocabulary import Failure

_AT = re.compile(r"(?<![^\s(])(?P<path>(?:file:)?[^\s():]{1,300}):(?P<line>\d{1,7}):\d{1,6}")
_OWN = ("node:", "node_modules", "internal/")

_NODE = re.compile(
    r"^test at (?P<path>[^\n]{1,300}?):(?P<line>\d{1,7}):\d{1,6}\n\S (?P<test>[^\n]{1,300}?)(?: \([\d.]{1,12}ms\))?$",
    re.MULTILINE,
)


def node(text: str) -> Iterator[Failure]:
    """The list of failing tests at the end of the spec reporter's output."""
    for head, block in blocks(text, _NODE):
        path = plain_path(head["path"])
        found = _place(block)
        line = found[1] if found is not None and found[0].endswith(path) else int(head["line"])
        yield Failure(head["test"], path, line, first_line(block))


_NOT_OK = re.compile(
    r"^ {0,40}(?:not )?ok \d{1,9}(?: -)?(?: (?P<test>[^\n#]{1,400}))?(?P<directive># ?(?i:TODO|SKIP))?", re.MULTILINE
)
_LOCATION = re.compile(r"^[ \t]{1,60}location: '?(?P<path>[^\n']{1,400}?):(?P<line>\d{1,7}):\d{1,6}'?$", re.MULTILINE)
_YAML_ERROR = re.compile(r"^[ \t]{1,60}(?:error|message): (?:[|>][-+]?\n)?(?P<text>[^\n]*)$", re.MULTILINE)
_COMPARED = re.compile(r" [!=]==? ")
_STACK = re.compile(r"\((?P<path>(?:file://)?/[^\n():]{1,400}):(?P<line>\d{1,7}):\d{1,6}\)")


def tap(text: str) -> Iterator[Failure]:
    """`not ok` lines with their YAML; a suite that failed only through its sub-tests is left out."""
    for head, block in blocks(text, _NOT_OK):
        if not head[0].lstrip().startswith("not") or head["directive"] or "'subtestsFailed'" in block:
            continue
        place = _STACK.search(block) or _LOCATION.search(block)
        path = plain_path(place["path"]) if place else None
        yield Failure((head["test"] or "").strip(), path, int(place["line"]) if place else None, _yaml_error(block))


def _yaml_error(block: str) -> str:
    """The error's first line; of `Expected values to be strictly equal:` also the values, which stand below."""
    error = _YAML_ERROR.search(block)
    if error is None:
        return ""
    first, below = error["text"].strip().strip("'\""), block[error.end() :].split("\n")
    values = next((line.strip() for line in below if line.strip()), "")
    return f"{first} {values}" if first.endswith(":") and _COMPARED.search(values) else first


_JEST = re.compile(r"^ {0,4}● (?P<test>[^\n]{1,400})$", re.MULTILINE)
_JEST_FILE = re.compile(r"^ {0,4}FAIL {1,4}(?P<path>[^\s]{1,300})", re.MULTILINE)


def jest(text: str) -> Iterator[Failure]:
    """The blocks behind a bullet, under the file that a FAIL line named last."""
    files = [(match.start(), match["path"]) for match in _JEST_FILE.finditer(text)] if "●" in text else []
    for head, block in blocks(text, _JEST):
        while len(files) > 1 and files[1][0] < head.start():
            files.pop(0)
        path, line = _place(block) or (None, None)
        if path is None and files and files[0][0] < head.start():
            path = files[0][1]
        if not head["test"].startswith("Console"):
            yield Failure(head["test"].strip(), path, line, first_line(block))


_VITEST = re.compile(
    r"^ {0,4}FAIL {1,4}(?:\|[^|\n]{1,60}\| )?(?P<path>[^\s>]{1,300}) > (?P<test>[^\n]{1,400})$", re.MULTILINE
)


def vitest(text: str) -> Iterator[Failure]:
    for head, block in blocks(text, _VITEST):
        found = _place(block)
        line = found[1] if found is not None and found[0].endswith(head["path"]) else None
        yield Failure(head["test"].strip(), head["path"], line, first_line(block))


_MOCHA = re.compile(r"^ {2,4}\d{1,5}\) (?P<title>[^\n]{1,300}(?:\n {5,40}[^\s][^\n]{0,300}){0,8}?):\n", re.MULTILINE)
_FAILING = re.compile(r"^ {1,4}\d{1,6} failing$", re.MULTILINE)


def mocha(text: str) -> Iterator[Failure]:
    """The numbered list behind `N failing`: the suites' names and the test's, one a line."""
    start = _FAILING.search(text)
    for head, block in blocks(text[start.end() :], _MOCHA) if start else ():
        path, line = _place(block) or (None, None)
        yield Failure(" ".join(head["title"].split()), path, line, first_line(block))


def _place(block: str) -> tuple[str, int] | None:
    """The first frame of a stack that is neither the runner's nor a library's."""
    for line in block.split("\n"):
        if line.lstrip().startswith(("at ", "❯ ")) and not any(part in line for part in _OWN):
            match = _AT.search(line)
            if match is not None:
                return plain_path(match["path"]), int(match["line"])
    return None

"""go test, cargo test, Perl's Test::More, ctest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loopwright.checks.diagnostics.text import blocks
from loopwright.vocabulary import Failure

_GO = re.compile(r"^ {0,40}--- (?P<how>FAIL|PASS|SKIP): (?P<test>\S{1,300}) \([\d.]{1,12}s\)$", re.MULTILINE)
_GO_LINE = re.compile(
    r"^[ \t]{1,80}(?P<path>[\w./-]{1,300}\.go):(?P<line>\d{1,7}):[ \t]?(?P<text>[^\n]*)$", re.MULTILINE
)
_GO_END = re.compile(r"^(?:=== |FAIL\b|ok\b|PASS\b|exit status)", re.MULTILINE)
_TESTIFY = re.compile(r"^[ \t]{1,80}Error: {0,40}\t?(?P<text>[^\n]+)$", re.MULTILINE)
_PANIC = re.compile(r"^panic: (?P<text>[^\n]*)", re.MULTILINE)


def go(text: str) -> Iterator[Failure]:
    """`--- FAIL` with the lines below it, or above it under -v; a parent that only its sub-tests failed is left out."""
    told = [(head, block) for head, block in blocks(text, _GO) if head["how"] == "FAIL"]
    names = {head["test"] for head, _ in told}
    parents = {name.rpartition("/")[0] for name in names}
    for head, block in told:
        end = _GO_END.search(block)
        below = block[: end.start()] if end else block
        above = text[max(0, head.start() - 4000) : head.start()].rpartition("=== RUN")[2]
        around = below if _GO_LINE.search(below) else above
        line = _GO_LINE.search(around)
        if line is not None or head["test"] not in parents:
            panic = _PANIC.search(block)
            message = _go_message(line, around) or (panic[0] if panic else "")
            yield Failure(head["test"], line["path"] if line else None, int(line["line"]) if line else None, message)


def _go_message(line: re.Match[str] | None, around: str) -> str:
    if line is None or line["text"].strip():
        return line["text"] if line else ""
    error = _TESTIFY.search(around)
    return error["text"] if error else ""


_CARGO = re.compile(r"^---- (?P<test>\S[^\n]{0,300}?) std(?:out|err) ----$", re.MULTILINE)
_CARGO_NAME = re.compile(r"^test (?P<test>\S[^\n]{0,300}?) \.\.\. FAILED$", re.MULTILINE)
_PANICKED = re.compile(
    r"panicked at (?:'(?P<old>[^\n]{0,600}?)', )?(?P<path>[^\s:,']{1,300}):(?P<line>\d{1,7}):\d{1,6}"
    r"(?::\n(?P<text>[^\n]*))?"
)


def cargo(text: str) -> Iterator[Failure]:
    for head, block in blocks(text, _CARGO):
        panic = _PANICKED.search(block)
        if panic is None:
            yield Failure(head["test"])
        else:
            message = panic["old"] or panic["text"] or ""
            yield Failure(head["test"], panic["path"], int(panic["line"]), message)
    for match in _CARGO_NAME.finditer(text):
        yield Failure(match["test"])


_PERL = re.compile(
    r"^[ \t]{0,40}# {1,8}Failed test '(?P<test>[^\n]{1,300})'\n"
    r"[ \t]{0,40}# {1,8}at (?P<path>[^\n]{1,300}?) line (?P<line>\d{1,7})\.$",
    re.MULTILINE,
)
_GOT = re.compile(r"^[ \t]{0,40}# {1,20}(?:got|expected): [^\n]*$", re.MULTILINE)


def perl(text: str) -> Iterator[Failure]:
    for head, block in blocks(text, _PERL):
        message = ", ".join(match[0].strip(" #\n") for match in list(_GOT.finditer(block[:600]))[:2])
        yield Failure(head["test"], head["path"], int(head["line"]), message)


_CTEST = re.compile(
    r"^[ \t]{0,8}\d{1,6}/\d{1,6} Test\s{1,6}#\d{1,6}: (?P<test>\S{1,200}) \.{2,}+\*{3}(?P<how>[A-Za-z ]{1,60})",
    re.MULTILINE,
)


def ctest(text: str) -> Iterator[Failure]:
    for match in _CTEST.finditer(text):
        yield Failure(match["test"], message=match["how"].strip())

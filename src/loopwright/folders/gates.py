"""The grammar of checks and goals: a command in a code span, and what is expected of it.

- `python -m pytest -q`                       exit 0 is expected
- `python -m pytest -q tests/new` -> exit 1
- Prices are printed: `price 3` -> prints "3.00"     (the arrow may be left out)
- `python bench.py` -> <= 2.5                 a bound on the last number that is printed
- file `docs/prices.md` exists
- test: `...`   probe: `...` -> output   benchmark: `...` <= 2.5
- Rounding is explained where it is done.     prose: proved by the goal-checker
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from loopwright import markdown
from loopwright.folders.complaints import Complaints
from loopwright.markdown import Block
from loopwright.vocabulary import Criterion, Gate

_ARROW = re.compile(r"\s*[:,;]?\s*(?:->|→|=>)\s*")
_MEANT = re.compile(r"(?:exits?|exit code|prints?)\b|[<>=≤≥]", re.IGNORECASE)
"""How an expectation begins. What begins so and is not understood is a slip, and no part of a command."""
_EXIT = re.compile(r"(?:exits?|exit code|code)\s+(?:with\s+)?(\d+)\b", re.IGNORECASE)
_PRINTS = re.compile(r'prints\s+(?:"(.*)"|\'(.*)\'|`(.*)`|“(.*)”)', re.IGNORECASE | re.DOTALL)
_BOUND = re.compile(r"(?:a\s+)?(?:number|value)?\s*(<=|>=|==|<|>|=|≤|≥)\s*(-?\d+(?:\.\d+)?)(?:\s*[a-zµ%/]{1,6})?\b%?")
_WORDED = re.compile(
    r"\b(at most|at least|below|under|less than|above|over|more than)\s+(-?\d+(?:\.\d+)?)", re.IGNORECASE
)
_SIGNS = {"≤": "<=", "≥": ">=", "=": "==", "at most": "<=", "at least": ">=", "below": "<", "under": "<"}
_SIGNS |= {"less than": "<", "above": ">", "over": ">", "more than": ">"}
_JOINT = re.compile(r"\s*(?:,|;|\band\b)\s*|\s*\.?\s*(?:\([^()]*\))?\s*\.?\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BOX = re.compile(r"\[[ xX]?\]\s+")
_KIND = re.compile(r"\**(test|probe|benchmark)\**\s*:\**\s*", re.IGNORECASE)
_FILE = re.compile(r"(?:the\s+)?(?:file|folder|directory)\s*", re.IGNORECASE)
_EXPECTED = "write '-> exit N', '-> prints \"text\"' or '-> <= NUMBER' after the code span, or nothing for exit 0"


@dataclass(frozen=True, slots=True)
class _Line:
    """A bullet, divided at its first code span."""

    before: str
    command: str | None
    tail: str  # what follows the code span, other code spans and all

    @classmethod
    def of(cls, text: str) -> _Line:
        text = _BOX.sub("", _COMMENT.sub("", text).strip(), count=1) if text.startswith("[") else _COMMENT.sub("", text)
        parts = markdown.parts(text.strip())
        at = next((i for i, part in enumerate(parts) if part.code), None)
        if at is None:
            return cls("".join(part.text for part in parts).strip(), None, "")
        tail = "".join(f"`{part.text}`" if part.code else part.text for part in parts[at + 1 :])
        return cls("".join(part.text for part in parts[:at]).strip(), parts[at].text.strip(), tail)


def command(text: str, line: int, source: str, complaints: Complaints) -> Gate | None:
    """A bullet of Checks or a `Verify:` line: its code span must be a command. None when something is wrong."""
    parsed = _Line.of(text)
    if parsed.command is None:
        mend = "write the command in a code span: `python -m pytest -q`"
        complaints.add(line, "gate", "a check without a command", mend)
        return None
    return _gate(parsed, line, source, complaints)


def bare(text: str, line: int, source: str, complaints: Complaints) -> Gate | None:
    """A check of LOOPS.md: a plain command, with an expectation after ` -> ` if need be, or a bullet's text."""
    if text.lstrip().startswith("`"):
        return command(text, line, source, complaints)
    words, arrow, what = text.rpartition(" -> ")
    if arrow and words.strip():
        gate = Gate(words.strip(), line=line, source=source)
        if _expecting(gate, what) or _MEANT.match(what.strip()):  # `echo a -> b` is a command
            return _expected(gate, what, complaints)
    if not text.strip():
        complaints.add(line, "gate", "an empty command", "write a command, or remove the line")
        return None
    return Gate(text.strip(), line=line, source=source)


def criteria(blocks: Iterable[Block], complaints: Complaints, source: str = "goal") -> tuple[Criterion, ...]:
    """The bullets as criteria, numbered from 1; where there are no bullets, the paragraphs. Deeper bullets belong to
    the one that they stand under."""
    blocks = tuple(blocks)
    wanted = "item" if any(block.kind == "item" for block in blocks) else "paragraph"
    found: list[Criterion] = []
    for block in blocks:
        if block.kind == "item" and block.depth > 1 and found:
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n- {block.text}")
        elif block.kind == wanted and _COMMENT.sub("", block.text).strip():
            found.append(criterion(len(found) + 1, block.text, block.line, source, complaints))
        elif block.kind == wanted == "item":
            complaints.add(block.line, "goal", "an empty bullet", "say what must be true, or remove it")
    return tuple(found)


def criterion(number: int, text: str, line: int, source: str, complaints: Complaints) -> Criterion:
    """One bullet of a goal. What cannot be run without doubt is prose, and `info` says so when it has a command."""
    shown = _COMMENT.sub("", text).strip()
    kind = _KIND.match(_BOX.sub("", shown, count=1) if shown.startswith("[") else shown)
    if kind:
        return Criterion(number, shown, _of_kind(kind[1].lower(), kind.string[kind.end() :], line, source, complaints))
    parsed = _Line.of(text)
    if parsed.command is None:
        return Criterion(number, shown)
    if parsed.tail.strip(" .") == "exists" and (not parsed.before or _FILE.fullmatch(parsed.before)):
        return Criterion(number, shown, _exists(parsed.command, line, source, complaints))
    if _is_gate(parsed):
        return Criterion(number, shown, _gate(parsed, line, source, complaints))
    if " " in parsed.command or not parsed.before:
        mend = "to have it run, put it first or last: '- What holds: `command` -> exit 0'"
        complaints.add(line, "goal", "read as prose: the command in it is not run", mend, "info")
    return Criterion(number, shown)


def _is_gate(parsed: _Line) -> bool:
    """A command stands alone, or first, or last after a colon, or has an expectation. `name` in a sentence is none."""
    assert parsed.command is not None
    if _ARROW.match(parsed.tail):
        return True
    if not parsed.tail.strip(" ."):
        return not parsed.before or parsed.before.endswith(":")
    return not parsed.before and " " in parsed.command


def _gate(parsed: _Line, line: int, source: str, complaints: Complaints) -> Gate | None:
    if not parsed.command:
        complaints.add(line, "gate", "an empty command", "write a command in the code span, or remove the line")
        return None
    gate = Gate(parsed.command, line=line, source=source)
    arrow = _ARROW.match(parsed.tail)
    if arrow is None:  # people leave the arrow out: `price 3` prints "3.00"
        return _expecting(gate, _unarrowed(parsed.tail)) or gate
    return _expected(gate, parsed.tail[arrow.end() :], complaints)


def _unarrowed(tail: str) -> str:
    return tail.lstrip(" \t\n:,;")


def _expected(gate: Gate, what: str, complaints: Complaints) -> Gate | None:
    expected = _expecting(gate, what)
    if expected is None:
        complaints.add(gate.line, "gate", f"the expectation '{' '.join(what.split())}' is not understood", _EXPECTED)
    return expected


def _expecting(gate: Gate, what: str) -> Gate | None:
    """The gate with its expectation, `exit N`, `prints "text"` or a bound, joined by commas or `and`; None: unclear."""
    while what:
        if (found := _EXIT.match(what)) and int(found[1]) < 256:
            gate = replace(gate, exit=int(found[1]))
        elif found := _PRINTS.match(what):
            gate = replace(gate, prints=next(group for group in found.groups() if group is not None))
        elif found := _BOUND.match(what) or _WORDED.match(what):
            gate = replace(gate, bound=_bound(found))
        else:
            return None
        joint = _JOINT.match(what, found.end())
        if joint is None:
            return None
        what = what[joint.end() :]
    return gate if gate.prints != "" else None


def _bound(found: re.Match[str]) -> tuple[str, float]:
    return _SIGNS.get(found[1].lower(), found[1]), float(found[2])


def _exists(path: str, line: int, source: str, complaints: Complaints) -> Gate | None:
    if not path or path.startswith(("/", "~")) or ".." in path.split("/"):
        complaints.add(line, "gate", f"'{path}' leaves the repository", "write a path relative to the repository")
        return None
    return Gate(f"test -e {shlex.quote(path)}", line=line, source=source)


def _of_kind(kind: str, text: str, line: int, source: str, complaints: Complaints) -> Gate | None:
    """A criterion that names its kind; its command may stand without a code span."""
    parsed = _Line.of(text)
    if parsed.command is None:
        parsed = _spanless(kind, text.strip())
    if kind == "benchmark":
        return _benchmark(parsed, line, source, complaints)
    if kind == "probe" and parsed.command and parsed.tail.strip(" ."):
        return _probe(Gate(parsed.command, line=line, source=source), parsed.tail, complaints)
    return _gate(parsed, line, source, complaints)


def _probe(gate: Gate, tail: str, complaints: Complaints) -> Gate | None:
    """A probe with what it should print. Without an arrow only the plain forms are; other words would be lost."""
    arrow = _ARROW.match(tail)
    if arrow is None:
        return _expected(gate, _unarrowed(tail).rstrip(), complaints)
    wanted = tail[arrow.end() :].strip()
    return _expecting(gate, wanted) or replace(gate, prints=_unquoted(wanted))


def _spanless(kind: str, text: str) -> _Line:
    cut = _ARROW.search(text)
    if kind == "benchmark" and not cut:
        cut = _BOUND.search(text) or _WORDED.search(text)
    return _Line("", (text[: cut.start()] if cut else text).strip(), text[cut.start() :] if cut else "")


def _benchmark(parsed: _Line, line: int, source: str, complaints: Complaints) -> Gate | None:
    found = _BOUND.search(parsed.tail) or _WORDED.search(parsed.tail)
    if not parsed.command or not found:
        mend = "write 'benchmark: `command that prints a number` <= 2.5'"
        complaints.add(line, "gate", "a benchmark needs a command and a bound", mend)
        return None
    return Gate(parsed.command, bound=_bound(found), line=line, source=source)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" else text

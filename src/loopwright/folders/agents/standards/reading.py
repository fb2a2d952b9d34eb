"""Reads `agents/STANDARDS.md` into standards.

Every standard is a gate, so what can't be read is an error and never left out: a heading of a standard that stands in
code, a comment or a quotation, and a `Check:` that belongs to no standard, are errors too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from loopwright import markdown
from loopwright.contracts import Tree
from loopwright.errors import BadFiles, Problem
from loopwright.folders.complaints import Complaints
from loopwright.markdown import Block, Document
from loopwright.vocabulary import LEVELS, Gate, Standard

PATH = "agents/STANDARDS.md"

_HEADING = re.compile(r"[*_]*S-(\d{1,6})\b[*_]*(?:\s*[:.)]?\s+(.*))?", re.IGNORECASE)
LIKE_HEADING = re.compile(r"[ \t>*+-]*#{1,6}[ \t]*[*_]*S[-_ ]?(\d{1,6})\b", re.IGNORECASE)
_LABEL = re.compile(r"\s*(?:[-*+]\s+)?[*_]*(incident|level|check|since)[*_]*\s*:[*_]*\s*(.*?)\s*", re.IGNORECASE)


@dataclass(slots=True)
class Entry:
    """A standard's heading, and its labels as they stand there: label -> (line, value)."""

    number: int
    title: str
    line: int
    level: int
    fields: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"S-{self.number}"

    def value(self, label: str) -> str:
        return self.fields.get(label, (0, ""))[1]


def read(tree: Tree) -> tuple[Standard, ...]:
    """The standards in force; none where there is no file. Raises BadFiles: a broken page must not drop a gate."""
    data = tree.read(PATH)
    found, problems = examine(data) if data is not None else ((), ())
    if errors := tuple(problem for problem in problems if problem.severity == "error"):
        raise BadFiles(errors)
    return found


def gates(standards: Sequence[Standard]) -> tuple[Gate, ...]:
    """What everything that lands has to pass for them. The gate's source is the standard's name."""
    return tuple(Gate(one.check, line=one.line, source=one.name) for one in standards)


@lru_cache(maxsize=8)
def examine(data: bytes) -> tuple[tuple[Standard, ...], tuple[Problem, ...]]:
    """The standards that read, and all problems of the page. Kept for the last few: a run asks several times."""
    document = markdown.read(PATH, data)
    complaints = Complaints(PATH)
    complaints.found.extend(document.problems)
    entries = entries_of(document, complaints)
    _unread(document, entries, complaints)
    numbers: set[int] = set()
    for entry in entries:
        if entry.number in numbers:
            mend = "give it a number that no other has, and none of a deleted one"
            complaints.add(entry.line, "standard", f"{entry.name} is there twice", mend)
        numbers.add(entry.number)
    read = (_standard(entry, complaints) for entry in entries)
    return tuple(standard for standard in read if standard is not None), complaints.all


def entries_of(document: Document, complaints: Complaints) -> list[Entry]:
    found: list[Entry] = []
    current: Entry | None = None
    _take(None, document.preamble, complaints)
    for section in document.sections:
        if named := _HEADING.fullmatch(section.title):
            current = Entry(int(named[1]), (named[2] or "").strip(), section.line, section.level)
            found.append(current)
        elif current is None or section.level <= current.level:
            current = None
        _take(current, section.blocks, complaints)
    return found


def _take(entry: Entry | None, blocks: Sequence[Block], complaints: Complaints) -> None:
    """Note the labels that stand in these blocks; code and comments have none."""
    lines = ((b.line + i, text) for b in blocks if b.kind in ("paragraph", "item") for i, text in _numbered(b))
    for line, text in lines:
        if (found := _LABEL.fullmatch(text)) is None:
            continue
        label = found[1].lower()
        if entry is None:
            if label == "check":
                mend = "write a heading '### S-N title' above it, or remove it"
                complaints.add(line, "standard", "a check that belongs to no standard", mend)
        elif label in entry.fields:
            mend = "keep one of them; a second check is a standard of its own"
            complaints.add(line, "standard", f"{entry.name} has two lines '{label.capitalize()}:'", mend)
        else:
            entry.fields[label] = (line, found[2])


def _numbered(block: Block) -> Iterator[tuple[int, str]]:
    return enumerate(block.text.split("\n"))


def _unread(document: Document, entries: Sequence[Entry], complaints: Complaints) -> None:
    """Lines that a person takes for a standard, and Markdown does not."""
    known = {entry.line for entry in entries}
    for number, line in enumerate(document.text.split("\n"), 1):
        if number not in known and (found := LIKE_HEADING.match(line)):
            what = f"S-{found[1]} does not read as a standard, and would not be in force"
            mend = "write '### S-N title' as a heading of its own (no code, comment or quotation), or delete the entry"
            complaints.add(number, "standard", what, mend)


def _standard(entry: Entry, complaints: Complaints) -> Standard | None:
    line, written = entry.fields.get("check", (entry.line, ""))
    check = command_of(written)
    if check is None:
        mend = "write one line 'Check: `command`', with nothing after it: exit 0 is expected"
        complaints.add(line, "standard", f"{entry.name} has no check that can be run", mend)
        return None
    level = entry.value("level").strip("*_`. ").upper()
    if level and level not in LEVELS:
        line, mend = entry.fields["level"][0], f"write one of {', '.join(LEVELS)}"
        complaints.add(line, "standard", f"{entry.name} has the level '{entry.value('level')[:40]}'", mend)
    if missing := [label.capitalize() for label in ("incident", "level", "since") if not entry.value(label)]:
        mend = f"add the line '{missing[0]}: ...' (it is a gate all the same)"
        complaints.add(entry.line, "standard", f"{entry.name} lacks {', '.join(missing)}", mend, "warning")
    return Standard(entry.number, entry.title, entry.value("incident"), level, check, entry.value("since"), entry.line)


def command_of(written: str) -> str | None:
    """The one code span that a `Check:` holds; None for anything more or less."""
    parts = markdown.parts(written)
    spans = [part.text.strip() for part in parts if part.code]
    words = "".join(part.text for part in parts if not part.code)
    return spans[0] if len(spans) == 1 and spans[0] and not words.strip(" .") else None

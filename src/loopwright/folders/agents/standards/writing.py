"""Adds standards to `agents/STANDARDS.md`, merges what is there already, and leaves every other byte as it was."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import date

from loopwright import markdown
from loopwright.errors import BadUse
from loopwright.folders.agents.standards.reading import LIKE_HEADING, PATH, Entry, command_of, entries_of
from loopwright.folders.complaints import Complaints
from loopwright.markdown import Document
from loopwright.vocabulary import PROVEN, Countermeasure

_TITLE = 120  # characters
_VALUE = re.compile(rb"^([^:]*:[*_]*[ \t]*)(.*?)([ \t]*[\r\n]*)$", re.DOTALL)
_NEXT = re.compile(rb"(<!--\s*next:\s*S-)(\d{1,6})\b")


def added(data: bytes, new: Sequence[Countermeasure], incident: str, day: date) -> bytes:
    """The page with a standard more for each countermeasure that has a check at L1 or L2. A second time it is as it is.

    One whose check is there already is merged with that entry: the incident is added to its own, and the stronger level
    stays. All other bytes are as they were. Raises BadUse for a check of several lines.
    """
    for one in new:
        if one.check.strip() and one.level in PROVEN:
            data = _with(data, one, " ".join(incident.split()), day)
    return data


def same_check(one: str, other: str) -> bool:
    """Whether two commands surely mean the same: the same words to a shell, whatever white space and quotes.

    `python` and `python3` are two: which of them there is, and which Python each one is, differs between machines.
    """
    return _meaning(one) == _meaning(other)


_PLAIN = re.compile(r"[\w./-]+(?:[ \t]+(?:[\w./:,@%+=-]|'[\w./:,@%+= \t-]*'|\"[\w./:,@%+= \t-]*\")+)*")
"""A command of plain words: none that a shell would expand, redirect, or take for more than one command."""


def _meaning(command: str) -> tuple[str, ...]:
    text = command.strip()
    return ("words", *shlex.split(text)) if _PLAIN.fullmatch(text) else ("text", text)


def _with(data: bytes, new: Countermeasure, incident: str, day: date) -> bytes:
    mark = markdown.BOM if data.startswith(markdown.BOM) else b""
    document = markdown.read(PATH, data)
    entries = entries_of(document, Complaints(PATH))
    lines = data.removeprefix(mark).splitlines(keepends=True)
    checks = ((entry, command_of(entry.value("check"))) for entry in entries)
    same = next((entry for entry, check in checks if check is not None and same_check(check, new.check)), None)
    if same is not None:
        return mark + b"".join(_merged(lines, same, new.level, incident))
    number = max([*_given(data), *(entry.number for entry in entries)], default=0) + 1
    entry = _written(number, new, incident, day)
    ending = markdown.newline(data)
    body = b"".join(_with_next(lines, document, number + 1, ending))
    gap = b"" if body.endswith((b"\n", b"\r")) else ending
    return mark + body + gap + ending + ending.join(entry) + ending


def _given(data: bytes) -> list[int]:
    """The highest numbers that the page tells of: those before the next one, and of headings that don't read."""
    headings = (LIKE_HEADING.match(line) for line in data.decode(errors="replace").splitlines())
    return [*(int(found[2]) - 1 for found in _NEXT.finditer(data)), *(int(found[1]) for found in headings if found)]


def _written(number: int, new: Countermeasure, incident: str, day: date) -> list[bytes]:
    if len(new.check.strip().splitlines()) > 1:
        mend = "put it into a script of the repository, and name that"
        raise BadUse(f"the check of '{_shown(new.measure)}' has several lines", mend)
    told = (
        f"### S-{number} {_shown(new.measure)}",
        f"Incident: {incident}",
        f"Level: {new.level}",
        f"Check: {_span(new.check.strip())}",
        f"Since: {day.isoformat()}",
    )
    return [line.rstrip().encode() for line in told]


def _shown(measure: str) -> str:
    """A countermeasure as a title: one line, short, with nothing that Markdown takes for a mark of its own."""
    return " ".join(measure.replace("<!--", "").split())[:_TITLE].rstrip("# ")


def _span(command: str) -> str:
    """A code span that holds the command, whatever backticks are in it."""
    longest = max((len(run) for run in re.findall(r"`+", command)), default=0)
    fence, room = "`" * (longest + 1), " " if "`" in (command[0], command[-1]) else ""
    return f"{fence}{room}{command}{room}{fence}"


def _with_next(lines: list[bytes], document: Document, number: int, ending: bytes) -> list[bytes]:
    """The lines with the next number noted, so that nobody gets the number of a deleted standard."""
    for i, line in enumerate(lines):
        if _NEXT.search(line):
            return [*lines[:i], _NEXT.sub(rb"\g<1>%d" % number, line), *lines[i + 1 :]]
    note = b"<!-- next: S-%d (a number is never given twice) -->" % number + ending
    title = next((section for section in document.sections if section.level == 1), None)
    if not lines:
        return [b"# Standards" + ending, note]
    at = min(title.start - 1 if title else document.body_line - 1, len(lines))
    if at and not lines[at - 1].endswith((b"\n", b"\r")):
        lines = [*lines[: at - 1], lines[at - 1] + ending]
    return [*lines[:at], note, *lines[at:]]


def _merged(lines: list[bytes], entry: Entry, level: str, incident: str) -> list[bytes]:
    """The entry with one incident more, and the stronger of both levels. Fields that aren't there are added."""
    told = [word for word in re.split(r"\s*,\s*", entry.value("incident")) if word]
    before = entry.value("level").strip("*_`. ").upper()
    wanted: Mapping[str, str] = {
        "incident": ", ".join([*told, incident]) if incident not in told else entry.value("incident"),
        "level": min(before or level, level),  # L1 is stronger than L2
    }
    added: list[tuple[int, bytes]] = []
    for label, value in wanted.items():
        if label not in entry.fields:
            added.append((entry.fields["check"][0] - 1, _beside(lines, entry, f"{label.capitalize()}: {value}")))
        elif value not in (entry.value(label), before if label == "level" else None):
            at = entry.fields[label][0] - 1
            lines[at] = _valued(lines[at], value)
    for at, line in reversed(added):
        lines.insert(at, line)
    return lines


def _valued(line: bytes, value: str) -> bytes:
    """A label's line with another value, and all around it as it was."""
    found = _VALUE.match(line)
    return line if found is None else found[1] + value.encode() + found[3]


def _beside(lines: list[bytes], entry: Entry, text: str) -> bytes:
    """A line like that of the entry's check: with its bullet, if it has one."""
    check = lines[entry.fields["check"][0] - 1]
    bullet = re.match(rb"\s*(?:[-*+]\s+)?", check)
    return (bullet[0] if bullet else b"") + text.encode() + (b"\r\n" if check.endswith(b"\r\n") else b"\n")

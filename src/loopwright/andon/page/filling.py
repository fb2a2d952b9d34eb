"""Changes a page where it stands, and leaves every other byte as it was."""

from __future__ import annotations

from collections.abc import Iterable

from loopwright import markdown
from loopwright.andon.page.fields import Field, fields
from loopwright.andon.page.reading import levels
from loopwright.andon.page.values import PROBLEM
from loopwright.andon.page.writing import countermeasures, root_cause, why
from loopwright.markdown import BOM, Document, Section
from loopwright.vocabulary import Analysis

LineEdit = tuple[int, int, list[str]]
"""Lines from index .. to index, and what stands there then."""


def closed(data: bytes, when: str, words: str = "") -> bytes:
    """The page with `status: resolved` and `resolved: WHEN` (and how, in `words`), and nothing else changed."""
    told = markdown.flat(f"{when}: {words}" if words else when)
    return markdown.set_field(markdown.set_field(data, "status", "resolved"), "resolved", told)


def with_analysis(data: bytes, analysis: Analysis) -> bytes:
    """The page with an analysis in the places that are still empty: a level, the root cause, the countermeasures.

    A place in which anybody wrote anything stays as it is, so that no evidence stands under another's hypothesis.
    A page without one of these sections doesn't get it.
    """
    document = markdown.read("", data, forgiving=True)
    places = (_problem, _whys, _cause, _measures)
    return applied(data, [edit for place in places for edit in place(document, analysis)])


def _problem(document: Document, analysis: Analysis) -> Iterable[LineEdit]:
    """After the first paragraph of the summary: what the analyst made of it comes after what happened."""
    section = next(iter(document.named("Summary")), None)
    paragraphs = [block for block in section.blocks if block.kind == "paragraph"] if section else []
    if not analysis.problem or not paragraphs or any(block.text.startswith(PROBLEM) for block in paragraphs):
        return
    at = paragraphs[0].line + paragraphs[0].text.count("\n")
    yield at, at, ["", f"{PROBLEM} {markdown.inline(analysis.problem)}"]


def _whys(document: Document, analysis: Analysis) -> Iterable[LineEdit]:
    section = next(iter(document.named("Five Whys")), None)
    if section is None:
        return
    there = levels(document, section)
    for number, level in enumerate(analysis.whys):
        if number < len(there):
            heading, some = there[number]
            if heading and _untouched(heading, some):
                yield _instead(heading, list(why(level)))
    end = end_of(there[-1][0] or section) if there else end_of(section)
    missing = range(len(there), len(analysis.whys))
    added = [line for number in missing for line in ("", f"### Why {number + 1}", "", *why(analysis.whys[number]))]
    yield end, end, added


def _cause(document: Document, analysis: Analysis) -> Iterable[LineEdit]:
    section = next(iter(document.named("Root cause")), None)
    if section is None or document.under(section) or not _untouched(section, fields(section.blocks)):
        return
    if analysis.root_cause.text:
        yield _instead(section, list(root_cause(analysis.root_cause)))


def _measures(document: Document, analysis: Analysis) -> Iterable[LineEdit]:
    section = next(iter(document.named("Countermeasures")), None)
    if section is None or not analysis.countermeasures:
        return
    below = document.under(section)
    if all(_untouched(part, fields(part.blocks)) for part in (section, *below)) and not any(map(_titled, below)):
        first, end = section.start - 1, end_of(below[-1] if below else section)
        yield first, end, ["", *countermeasures(analysis.countermeasures)]


def _titled(section: Section) -> bool:
    return bool(section.title.strip("0123456789. "))


def _untouched(section: Section, some: Iterable[Field]) -> bool:
    """Whether nobody wrote anything there, not even a comment."""
    return all(field.empty for field in some) and all(block.kind != "html" for block in section.blocks)


def _instead(section: Section, lines: list[str]) -> LineEdit:
    return section.start - 1, end_of(section), ["", *lines]


def end_of(section: Section) -> int:
    """The index after a section's last line that isn't blank."""
    return section.start - 1 + len(section.text.rstrip().split("\n")) if section.text.strip() else section.start - 1


def applied(data: bytes, edits: Iterable[LineEdit]) -> bytes:
    """The file with lines from index .. to index replaced by others, and its mark and line endings kept."""
    mark = BOM if data.startswith(BOM) else b""
    ending = markdown.newline(data)
    lines = _lines(data.removeprefix(mark))
    for start, end, written in sorted(edits, key=lambda edit: edit[0], reverse=True):
        if start and lines[start - 1] and not lines[start - 1].endswith((b"\n", b"\r")):
            lines[start - 1] += ending
        lines[start:end] = [line.encode(errors="replace") + ending for line in written]
    return mark + b"".join(lines)


def _lines(data: bytes) -> list[bytes]:
    """The lines as the reader counts them, each with its ending."""
    return data.splitlines(keepends=True)

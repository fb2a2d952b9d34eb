"""Tells a person in the page itself why it isn't closed yet."""

from __future__ import annotations

from collections.abc import Iterable

from loopwright import markdown
from loopwright.andon.page.filling import applied, end_of
from loopwright.markdown import Document, Section

TITLE = "Still missing"
_BEFORE = "Evidence"  # the section above which the list appears: the first screen has it


def refused(data: bytes, when: str, missing: Iterable[str]) -> bytes:
    """The page with `status: open` again, and what is missing in a section of its own, in the place of the last one.

    `when`: so that a second refusal is another page than the first, and is written to the person's file, too.
    """
    open_again = markdown.set_field(data, "status", "open")
    document = markdown.read("", open_again, forgiving=True)
    items = [f"As of {when}:", ""]
    items += [f"- {markdown.inline(markdown.flat(item))}" for item in missing]
    if there := next(iter(document.named(TITLE)), None):
        return applied(open_again, [(there.start - 1, end_of(there), ["", *items])])
    at = _place(document)
    return applied(open_again, [(at, at, [f"## {TITLE}", "", *items, ""])])


def _place(document: Document) -> int:
    """The index of the line before which the section goes: the evidence's heading, else the end."""
    found: Section | None = next(iter(document.named(_BEFORE)), None)
    return found.line - 1 if found else document.text.count("\n")

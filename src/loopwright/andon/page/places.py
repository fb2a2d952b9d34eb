"""The horizontal sweep on a page: where else the same might be, and whether anybody looked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loopwright import markdown
from loopwright.markdown import span
from loopwright.vocabulary import Place

TITLE = "Horizontal sweep"
_UNDONE = "Nothing was looked for: the search took too long."


def sweep(elsewhere: Sequence[Place] | None) -> Iterator[str]:
    """The section's lines. None: the search could not be ended in time."""
    yield from ("", f"## {TITLE}", "")
    yield "Where else the same could happen: the same call, the same assumption, the same copied lines."
    if elsewhere is None:
        yield from ("", _UNDONE)
    elif elsewhere:
        yield from ("What the failure speaks of also stands here, the likeliest first:", "")
        yield from (f"- {span(f'{place.path}:{place.line}')} {span(place.text)}" for place in elsewhere)
    else:
        yield "By the words of the failure, nothing was found elsewhere."


def unswept(data: bytes) -> tuple[str, ...]:
    """What is missing as long as nobody looked where else the same might be: before that, nothing is run again."""
    sections = markdown.read("", data, forgiving=True).named(TITLE)
    if sections and all(_UNDONE not in block.text for section in sections for block in section.blocks):
        return ()
    return (f"the sweep: under `## {TITLE}`, where else the same might be, in place of '{_UNDONE}'",)

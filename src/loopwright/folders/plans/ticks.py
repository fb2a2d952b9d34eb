"""The runner's tick: one line under a chunk's heading that says in which run it passed, and at which commit."""

from __future__ import annotations

import re

from loopwright.markdown import Document

_TICK = re.compile(r"- \[x\] passed in gen-\d+ at [0-9a-f]{7,64}(?:[,:; ].*)?\s*")


def tick(evidence: str) -> str:
    """The line for `gen-N at COMMIT`, with more after a comma if need be. Raises ValueError for anything else."""
    line = f"- [x] passed in {evidence}"
    if not _TICK.fullmatch(line) or "\n" in line:
        raise ValueError(f"a tick needs 'gen-N at COMMIT', not {evidence!r}")
    return line


def tick_lines(document: Document) -> frozenset[int]:
    """The lines that are ticks: they have a tick's words, and stand right under a heading."""
    starts = (section.start for section in document.sections if _TICK.fullmatch(section.text.partition("\n")[0]))
    return frozenset(starts)


def without_ticks(document: Document, first: int, text: str) -> str:
    """A piece of the document, beginning at line `first`, with its ticks taken out."""
    ticks = tick_lines(document)
    return "\n".join(line for number, line in enumerate(text.split("\n"), first) if number not in ticks)

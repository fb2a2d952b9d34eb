"""Reads the pages of `agents/` that are for reading: the context, the house's language, the priorities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from loopwright import markdown
from loopwright.contracts import Tree
from loopwright.markdown import Document


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the house, and the words that are not to be used for it."""

    name: str
    definition: str
    avoid: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Priority:
    """One numbered heading of PRIORITIES.md, and what stands under it."""

    number: int
    title: str
    text: str
    line: int = 0


def context(tree: Tree) -> str:
    """The text of CONTEXT.md; empty where there is none."""
    return markdown.read("agents/CONTEXT.md", tree.read("agents/CONTEXT.md") or b"").body.strip()


def priorities(tree: Tree) -> tuple[Priority, ...]:
    """The priorities as they are numbered, lowest first."""
    document = markdown.read("agents/PRIORITIES.md", tree.read("agents/PRIORITIES.md") or b"")
    found = []
    for section in document.sections:
        if named := re.fullmatch(r"(\d{1,4})\s*[.):]\s*(\S.*)", section.title):
            found.append(Priority(int(named[1]), named[2], document.whole(section).strip(), section.line))
    return tuple(sorted(found, key=lambda priority: (priority.number, priority.line)))


def language(tree: Tree) -> tuple[Term, ...]:
    """The terms of LANGUAGE.md: one for each heading below the title, and for each row of a table."""
    document = markdown.read("agents/LANGUAGE.md", tree.read("agents/LANGUAGE.md") or b"")
    return (*_headed(document), *_rows(document))


_AVOID = re.compile(r"^\s*(?:[-*]\s+)?[*_]*avoid[*_]*\s*:[*_]*\s*(.+)$", re.IGNORECASE | re.MULTILINE)


def _headed(document: Document) -> Iterator[Term]:
    for section in document.sections:
        words = [block for block in section.blocks if block.kind in ("paragraph", "item")]
        if section.level > 1 and words and not words[0].text.startswith("|"):
            text = "\n".join(block.text for block in words)
            avoid = [word for line in _AVOID.findall(text) for word in _words(line)]
            yield Term(section.title.strip("`"), _AVOID.sub("", text).strip(), tuple(avoid), section.line)


def _rows(document: Document) -> Iterator[Term]:
    for block in document.blocks:
        lines = block.text.split("\n") if block.kind == "paragraph" and block.text.startswith("|") else []
        for i, line in enumerate(lines[2:], 2):  # the first is the table's head, the second its rule
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
            if len(cells) > 1 and cells[0]:
                avoid = _words(re.sub(r"(?i)^avoid\s*:", "", cells[2])) if len(cells) > 2 else []
                yield Term(cells[0].strip("`*"), cells[1], tuple(avoid), block.line + i)


def _words(text: str) -> list[str]:
    found = (word.strip().strip("`*\"'.") for word in re.split(r"[,;]", text))
    return [word for word in found if word]

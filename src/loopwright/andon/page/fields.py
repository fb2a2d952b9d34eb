"""Finds the labelled fields of a section: `**Hypothesis:** ...`, `- Level: L2`, `Check: ...`, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loopwright.andon.placeholders import is_placeholder
from loopwright.markdown import Block, Part, parts, told

_LABELS = (
    r"hypothesis|verification|verified(?: by)?|command|output|conclusion|category|(?:root )?cause|goal later|level|"
    r"location|where|check|justification|measure"
)
_LABEL = re.compile(
    rf"[\s*_>#-]{{0,8}}(?P<label>{_LABELS})[*_]{{0,3}}\s{{0,3}}(?::|[\u2013\u2014]|\Z)[*_]{{0,3}}\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SAME = {
    "verified": "verification",
    "verified by": "verification",
    "command": "verification",
    "root cause": "cause",
    "where": "location",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One label and what follows it, up to the next. `label` is empty for what stands before the first."""

    label: str
    line: int
    texts: tuple[str, ...] = ()  # as written, a line of a paragraph each
    codes: tuple[str, ...] = ()  # the code blocks

    @property
    def empty(self) -> bool:
        return not self.said and not any(code.strip() for code in self.codes)

    @property
    def said(self) -> str:
        """The prose; empty for a placeholder."""
        text = told(" ".join(self.texts))
        return "" if is_placeholder(text) else text

    @property
    def first(self) -> str:
        """The prose of its own line; empty for a placeholder."""
        return Field(self.label, self.line, self.texts[:1]).said

    @property
    def spans(self) -> tuple[str, ...]:
        """The code spans in the prose."""
        return tuple(part.text for part in self._parts if part.code)

    @property
    def command(self) -> str:
        """The command: the first code span, the first of two code blocks, the prose, or the only code block."""
        found = (*self.spans[:1], *self._blocks[: len(self.codes) > 1], self.said, *self._blocks)
        first = next(filter(None, found), "")
        return "" if is_placeholder(first) else first.strip()

    @property
    def output(self) -> str:
        """What the command is said to have printed: the code blocks that aren't the command, or a second code span."""
        own = not self.spans and (len(self.codes) > 1 or not self.said)
        return "\n".join(self._blocks[own:] or self.spans[1:2])

    @property
    def _blocks(self) -> tuple[str, ...]:
        return tuple(code.strip("\n") for code in self.codes)

    @property
    def _parts(self) -> tuple[Part, ...]:
        return parts(" ".join(self.texts))


def fields(blocks: Iterable[Block]) -> tuple[Field, ...]:
    """The fields of some blocks, in order; the first has no label, and is often empty."""
    found = [Field("", 0)]
    for label, line, text, code in _pieces(blocks):
        if label:
            found.append(Field(label, line, (text,)))
            continue
        last = found[-1]
        texts = last.texts if code else (*last.texts, text)
        codes = (*last.codes, text) if code else last.codes
        found[-1] = Field(last.label, last.line or line, texts, codes)
    return tuple(found)


def titled(title: str, some: tuple[Field, ...], line: int) -> tuple[Field, ...]:
    """The fields under a heading that is itself a label (`#### Hypothesis`): what has none belongs to it."""
    label, rest = _label(title)
    if not label or not some:
        return some
    first = some[0]
    return (Field(label, line, (rest, *first.texts), first.codes), *some[1:])


def _pieces(blocks: Iterable[Block]) -> Iterator[tuple[str, int, str, bool]]:
    """(label, line, text, whether it is code) of each line of prose and each code block."""
    for block in blocks:
        if block.kind == "code":
            yield "", block.line, block.text, True
        elif block.kind != "html":
            for number, line in enumerate(block.text.split("\n"), block.line):
                label, rest = _label(line)
                yield label, number, rest, False


def _label(line: str) -> tuple[str, str]:
    found = _LABEL.match(line)
    if found is None:
        return "", line.strip()
    label = found["label"].lower()
    return _SAME.get(label, label), found["rest"].strip()

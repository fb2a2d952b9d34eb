"""Writes text that others chose into a page, so that it stays what it is: no heading, no end of a fence, no field."""

from __future__ import annotations

import json
import re

from loopwright.markdown.document import parts
from loopwright.printed import plain

# Beside control characters: what turns the direction of writing, or can't be encoded.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_SPECIAL = re.compile(r"[`<\[]|\\(?=[!-/:-@\[-`{-~]|\Z)")


def visible(text: str) -> str:
    """What a program printed without escape sequences and without characters that hide, turn or end something."""
    return _safe(plain(text))


def flat(text: str) -> str:
    """A text in one line, as it may stand in a sentence."""
    return " ".join(_safe(text).split())


def fenced(text: str, most: int | None = 40) -> list[str]:
    """The lines of a code block: nothing in it can be read as a heading or a link of the page."""
    lines = visible(text).strip("\n").split("\n")
    if most is not None and len(lines) > most:
        lines = [*lines[:most], f"[... {len(lines) - most} more lines in the record ...]"]
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    return [f"{fence}text", *(lines if any(lines) else ()), fence]


def span(text: str) -> str:
    """A code span with exactly this text; empty for an empty one. Of several lines one is made."""
    text = " ".join(_safe(text).split("\n"))
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or (text.strip() and text[0] == text[-1] == " ") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}" if text.strip() else ""


def inline(text: str) -> str:
    """A text for the middle of a line: code spans stay, no link, image or tag is made of it. `told` reads it back."""
    pieces = parts(flat(text))
    return "".join(span(part.text) if part.code else _SPECIAL.sub(r"\\\g<0>", part.text) for part in pieces)


def told(text: str) -> str:
    """What a paragraph says: without backslashes, code spans as they are written."""
    return " ".join("".join(span(part.text) if part.code else part.text for part in parts(text)).split())


def scalar(text: str) -> str:
    """A text in front matter: always in quotes, line ends and unprintable characters as escapes."""
    written = json.dumps(text.encode(errors="replace").decode(), ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in written)


def _safe(text: str) -> str:
    return _UNSEEN.sub("\ufffd", "\n".join(text.splitlines()))


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)

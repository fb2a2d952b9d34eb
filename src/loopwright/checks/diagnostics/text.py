"""Output made plain: no colours, ordinary line ends, no endless lines; and cut into blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise

_HEAD, _TAIL = 1 << 18, 3 << 18  # characters that are kept of a longer output
_LINE = 1000
_MOST = 200  # blocks
_BLOCK = 8000  # characters of one block

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)?|[()][0-9A-Za-z]|[@-Z\\^_=>78])")
_LONG = re.compile(rf"([^\n]{{{_LINE}}})[^\n]+")


def clean(output: str) -> str:
    """At most 1 Mi characters of it (head and tail), without escape sequences, in lines of at most 1000."""
    if len(output) > _HEAD + _TAIL:
        output = f"{output[:_HEAD]}\n{output[-_TAIL:]}"
    plain = _ESCAPES.sub("", output).replace("\r\n", "\n").replace("\r", "\n")
    return _LONG.sub(r"\1", plain)


def blocks(text: str, header: re.Pattern[str]) -> Iterator[tuple[re.Match[str], str]]:
    """Each match of `header` with the text from its end to the next one (at most 8000 characters); 200 at most."""
    heads = list(islice(header.finditer(text), _MOST))
    for head, following in pairwise([*heads, None]):
        if head is not None:
            end = following.start() if following is not None else len(text)
            yield head, text[head.end() : min(end, head.end() + _BLOCK)]


def first_line(text: str) -> str:
    """The first line that isn't blank, stripped."""
    return next((line.strip() for line in text.split("\n") if line.strip()), "")


def plain_path(path: str) -> str:
    return path.removeprefix("file://").removeprefix("./")

"""Output cut into blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise

_MOST = 200  # blocks
_BLOCK = 8000  # characters of one block


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

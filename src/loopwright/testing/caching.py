"""What a prompt cache would have had of a request, by the rule that the API documents.

The prompt is tools, system and messages, block by block. Each block marked with `cache_control` ends a prefix that is
kept; from each mark the cache looks back up to 20 blocks for a prefix that it has. Tokens are bytes / 4: good for
comparing two layouts, not for a bill.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_BACK = 20
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Spent:
    """The tokens of one prompt: read from the cache, written to it, and neither."""

    read: int
    written: int
    input: int


@dataclass
class PromptCache:
    """`floor`: tokens below which a prefix isn't kept."""

    floor: int = 1024
    _prefixes: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def account(self, body: Mapping[str, Any]) -> Spent:
        """What this request reads and writes; its prefixes are in the cache afterwards."""
        blocks = list(_blocks(body))
        sizes, names, marks = [0], [str(body.get("model"))], []
        for place, block in enumerate(blocks, 1):
            text = json.dumps({key: block[key] for key in block if key != "cache_control"}, sort_keys=True)
            sizes.append(sizes[-1] + len(text.encode()))
            names.append(hashlib.sha256(f"{names[-1]}\n{text}".encode()).hexdigest())
            if "cache_control" in block:
                marks.append(place)
        if "cache_control" in body and blocks:
            marks.append(len(blocks))
        tokens = [size // _BYTES_PER_TOKEN for size in sizes]
        with self._lock:
            seen = [back for mark in marks for back in range(mark, max(mark - _BACK, 0), -1)]
            hit = max((place for place in seen if names[place] in self._prefixes), default=0)
            kept = [mark for mark in marks if tokens[mark] >= self.floor]
            self._prefixes.update(names[mark] for mark in kept)
        last = max([hit, *kept])
        return Spent(tokens[hit], tokens[last] - tokens[hit], tokens[-1] - tokens[last])


def _blocks(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from body.get("tools") or ()
    yield from _content(body.get("system"))
    for message in body.get("messages") or ():
        for block in _content(message.get("content")):
            # A text says the same as a list with one text in it: some clients write a block anew when they mark it.
            inner = {"content": list(_content(block["content"]))} if "content" in block else {}
            yield {**block, **inner, "role": message.get("role")}


def _content(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, str):
        yield {"type": "text", "text": value}
    elif isinstance(value, list):
        yield from (block for block in value if isinstance(block, dict))

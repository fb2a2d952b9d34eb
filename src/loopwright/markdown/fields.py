"""Writes one front-matter line, and leaves every other byte as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from loopwright.markdown.document import BOM


def newline(data: bytes) -> bytes:
    """The line ending that a file uses: that of its first line."""
    at = data.find(b"\n")
    return b"\r\n" if at > 0 and data[at - 1 : at] == b"\r" else b"\n"


def header_lines(data: bytes) -> tuple[list[bytes], int]:
    """A file's lines, each with its ending, and the index of the line that closes its front matter (0: none)."""
    lines = data.removeprefix(BOM).splitlines(keepends=True)
    if not lines or lines[0].rstrip() != b"---":
        return lines, 0
    return lines, next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == b"---"), 0)


def set_field(data: bytes, key: str, value: str | Sequence[str]) -> bytes:
    """The file with one front-matter field set; a list is written in one line.

    Changes that line alone and keeps its comment and line ending. A missing line is added at the end of the front
    matter, a missing front matter at the top of the file.
    """
    mark = BOM if data.startswith(BOM) else b""
    lines, end = header_lines(data)
    written = _written(value)
    ending = newline(data)
    if not end:
        head = (b"---", key.encode() + b": " + written, b"---", b"")
        return mark + ending.join(head) + b"".join(lines)
    for i in range(1, end):
        if (found := FieldLine.of(lines[i])) and found.key == key:
            stop = i + 1 + _continued(found.value, lines[i + 1 : end])
            return mark + b"".join([*lines[:i], found.with_value(written), *lines[stop:]])
    added = key.encode() + b": " + written + ending
    return mark + b"".join([*lines[:end], added, *lines[end:]])


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One `key: value  # comment` line of a front matter, byte for byte."""

    head: bytes  # the key, its colon, and the space after it
    value: bytes
    rest: bytes  # comment, trailing space, line ending

    @classmethod
    def of(cls, line: bytes) -> FieldLine | None:
        head = re.match(rb"(?:[\w-]+|\"[\w-]+\"|'[\w-]+')[ \t]*:(?:[ \t]+|(?=[\r\n]|\Z))", line)
        if head is None:
            return None
        body = line[head.end() :]
        quoted = re.match(rb"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'", body)
        comment = re.search(rb"(?:^|(?<=[ \t]))#", body)
        value = quoted[0] if quoted else body[: comment.start() if comment else len(body)].rstrip()
        return cls(head[0], value, body[len(value) :])

    @property
    def key(self) -> str:
        return self.head.rstrip(b" \t:").strip(b"\"'").decode()

    def with_value(self, written: bytes) -> bytes:
        head = self.head if self.head[-1:] in (b" ", b"\t") else self.head + b" "
        return head + written + (b" " if self.rest.startswith(b"#") else b"") + self.rest


def _continued(value: bytes, following: Sequence[bytes]) -> int:
    """How many of the following lines belong to a value that was not whole on its own line."""
    if value and value[:1] not in (b"|", b">"):
        return 0
    count = 0
    for line in following:
        if line[:1] not in (b" ", b"\t", b"-") or line.lstrip().startswith(b"#"):
            break
        count += 1
    return count


_PLAIN = re.compile(r"[A-Za-z_][\w./-]*(?: [\w./-]+)*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def _written(value: str | Sequence[str]) -> bytes:
    if not isinstance(value, str):
        return json.dumps(list(value), ensure_ascii=False).encode()
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return (value if plain else json.dumps(value, ensure_ascii=False)).encode()

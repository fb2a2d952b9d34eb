"""What a program printed, made plain: no escape sequences, ordinary line ends, no endless lines."""

from __future__ import annotations

import re

_HEAD, _TAIL = 1 << 18, 3 << 18  # characters that are kept of a longer output
LINE = 1000

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)?|[()][0-9A-Za-z]|[@-Z\\^_=>78])")


def plain(output: str) -> str:
    """At most 1 Mi characters of it (head and tail), without escape sequences, in lines of at most 1000.

    A carriage return ends a line: of a progress bar each state is one, and nothing that it wrote over is lost.
    """
    if len(output) > _HEAD + _TAIL:
        output = f"{output[:_HEAD]}\n{output[-_TAIL:]}"
    lines = _ESCAPES.sub("", output).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if max(map(len, lines)) > LINE:
        lines = [line[:LINE] for line in lines]
    return "\n".join(lines)

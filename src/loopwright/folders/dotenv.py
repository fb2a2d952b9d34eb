"""Reads `.env`: settings that stay on this machine. It is never copied into a lab, a record or a commit."""

from __future__ import annotations

import re

from loopwright.contracts import Tree

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")


def read(tree: Tree) -> dict[str, str]:
    """NAME=value lines; quotes around a value go, `#` begins a comment outside of quotes. Other lines are let be."""
    data = tree.read(".env") or b""
    found = (_LINE.match(line) for line in data.decode("utf-8-sig", errors="replace").splitlines())
    return {match[1]: _value(match[2]) for match in found if match}


def _value(text: str) -> str:
    if text[:1] in ("'", '"') and text.find(text[0], 1) > 0:
        return text[1 : text.index(text[0], 1)]
    return re.sub(r"(^|\s)#.*$", "", text).strip()

"""Outputs that tests compare with: what stands in them may be added to, and not be rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loopwright.vocabulary import matches

_ENTRIES = (
    (("*.ambr",), re.compile(r"^# name: (?P<name>[^\n]{1,300})\n(?P<body>.*?)(?=^# ---|\Z)", re.MULTILINE | re.DOTALL)),
    (
        ("*.js.snap", "*.jsx.snap", "*.ts.snap", "*.tsx.snap", "*.mjs.snap", "*.cjs.snap", "__snapshots__/**.snap"),
        re.compile(r"^exports\[`(?P<name>(?:\\.|[^`\\]){1,500})`\] = (?P<body>`(?:\\.|[^`\\])*+`);", re.MULTILINE),
    ),
)
_WHOLE = (
    *("*.snap", "*.ambr", "__snapshots__/**", "*.golden", "*.approved.*", "*.expected", "golden/**", "*.snapshot"),
    *("**/golden/**", "**/__snapshots__/**", "**/snapshots/**", "**/testdata/**/*.want", "**/goldens/**"),
)
_EXPECTED = re.compile(
    r"(?:^|[/_.-])(?:golden|goldens|expected|expect|approved|baseline|snapshots?)(?:[/_.-]|$)", re.IGNORECASE
)
_SOURCE = re.compile(r"\.(?:py|[cm]?[jt]sx?|rs|go|java|kt|rb|cs|php|c|cc|cpp|h|hpp|sh|toml|cfg|ini)$")


def is_snapshot(path: str, in_tests: bool) -> bool:
    """Whether tests compare with a file; `in_tests`: it lies where tests lie."""
    if _SOURCE.search(path):
        return False
    return matches(path, _WHOLE) or (in_tests and _EXPECTED.search(path) is not None)


def rewritten(path: str, old: bytes, new: bytes | None) -> Iterator[str]:
    """What a change of a snapshot file made others of its entries, or took away."""
    if new is None:
        yield "deleted, and tests compare with it"
        return
    pattern = next((pattern for patterns, pattern in _ENTRIES if matches(path, patterns)), None)
    before, after = _entries(pattern, old), _entries(pattern, new)
    if before is None or after is None:
        if _text(old) != _text(new):
            yield "rewritten: tests compare with it"
        return
    changed = [name for name, body in before.items() if after.get(name, body) != body]
    gone = [name for name in before if name not in after]
    if changed:
        yield f"rewritten: {', '.join(changed[:5])}"
    if gone:
        yield f"no longer holds {', '.join(gone[:5])}"


def _entries(pattern: re.Pattern[str] | None, data: bytes) -> dict[str, str] | None:
    found = {} if pattern is None else {match["name"]: match["body"] for match in pattern.finditer(_text(data))}
    return found or None


def _text(data: bytes) -> str:
    """As text without what a snapshot library of another version writes around it."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return (
        re.sub(r"\A---\n.*?^---\n", "", text, count=1, flags=re.MULTILINE | re.DOTALL)
        if text.startswith("---\n")
        else text
    )

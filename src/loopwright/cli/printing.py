"""How results are printed: facts as JSON on stdout, or in words."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from loopwright.contracts.schemas import validate


def json_option(parser: argparse.ArgumentParser, told: str = "print the facts as one JSON object") -> None:
    parser.add_argument("--json", action="store_true", help=told)


def facts(value: Any, schema: str | None = None) -> None:
    """Print facts as JSON. `schema`: the one to hold them against, where whoever made them has not done so."""
    if schema is not None:
        validate(schema, value)
    print(json.dumps(value, indent=2, ensure_ascii=False))


def table(rows: Iterable[Sequence[object]], *, head: Sequence[str]) -> None:
    """Columns as wide as their widest cell; the last one runs free."""
    cells = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        print(line.rstrip())


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


_COLOURS = {"red": "31", "green": "32", "yellow": "33", "dim": "2", "bold": "1"}


def coloured(text: str, colour: str, stream: Any = None) -> str:
    """Text in a colour on a terminal, plain elsewhere and where NO_COLOR is set (no-color.org)."""
    stream = stream or sys.stdout
    wanted = stream.isatty() and not os.environ.get("NO_COLOR")
    return f"\033[{_COLOURS[colour]}m{text}\033[0m" if wanted else text


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(value: Any) -> Any:
    """A text, or all texts of a structure, as a terminal may show it: a model's or a plan's words move no cursor,
    set no title, and turn no line around. What would is shown as `?`."""
    if isinstance(value, str):
        return _CONTROLS.sub("?", value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def shortened(text: str, most: int) -> str:
    """A line of at most `most` characters, which shows where it was cut."""
    return text if len(text) <= most else f"{text[: most - 6]} [...]"


def money(usd: float | None) -> str:
    return "unknown" if usd is None else f"${usd:.4f}" if usd < 1 else f"${usd:.2f}"

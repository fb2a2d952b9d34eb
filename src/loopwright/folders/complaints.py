"""Collects what is wrong with one file, and holds its front matter against the schema."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from loopwright.contracts import schemas
from loopwright.errors import Problem
from loopwright.markdown import Document


class Complaints:
    """All that is wrong with one file, so that a person can mend it in one go."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[Problem] = []

    def add(self, line: int, rule: str, message: str, mend: str, severity: str = "error") -> None:
        self.found.append(Problem(self.path, line, rule, message, mend, severity))

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.found if problem.severity == "error")

    @property
    def all(self) -> tuple[Problem, ...]:
        """In the order of the file's lines."""
        return tuple(sorted(self.found))


def header(document: Document, schema: str, complaints: Complaints, *, strict: bool = False) -> dict[str, Any]:
    """The front matter's values, each breach of the schema reported at its line; a field in breach is left out.

    Text is taken as it is written where the schema wants text (`planned-at: 0012345` is no number). Unknown fields
    are kept. One that looks like a slip of a known name is a warning; with `strict`, and inside of a known field
    (`budget: {hours: 3}` would be a ceiling that doesn't hold), every unknown one is.
    """
    shape = schemas.load(schema)
    values = {
        key: _as_text(shape["properties"].get(key, {}), value, key, document) for key, value in document.header.items()
    }
    for where, what in schemas.problems(schema, values):
        top, field = where.partition(".")[0], where or "front matter"
        complaints.add(_line(document, where), "front-matter", f"{field}: {plainly(what)}", _mend(shape, where))
        values.pop(top, None)
    for where, known in _unknown(shape, document.header, ""):
        near = difflib.get_close_matches(_folded(where.rpartition(".")[2]), [_folded(name) for name in known], 1, 0.8)
        if near or strict or "." in where:
            meant = next((name for name in known if near and _folded(name) == near[0]), "")
            mend = f"write '{meant}'" if meant else f"one of: {', '.join(sorted(known))}; or remove it"
            complaints.add(_line(document, where), "unknown-field", f"'{where}' is no field", mend, "warning")
    return values


def _as_text(shape: Mapping[str, Any], value: Any, where: str, document: Document) -> Any:
    if isinstance(value, list) and "items" in shape:
        return [_as_text(shape["items"], item, f"{where}.{i}", document) for i, item in enumerate(value)]
    if shape.get("type") == "string" and isinstance(value, bool | int | float):
        return document.raw.get(where, str(value))
    return value


def plainly(what: str) -> str:
    """A schema's breach without its regular expression, and short: the mend says in words what is wanted."""
    for jargon in (" does not match ", " is not valid under any of ", " is too long", " is too short"):
        value, found, _ = what.partition(jargon)
        if found:
            said = jargon.strip() if "too" in jargon else "is not what is wanted here"
            return f"{_short(value)} {said}"
    return _short(what, 300)


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


def _line(document: Document, where: str) -> int:
    """The line of a field; of a missing one, that of what it should stand in."""
    while where and where not in document.lines:
        where = where.rpartition(".")[0]
    return document.lines.get(where, 1)


def _mend(shape: Mapping[str, Any], where: str) -> str:
    """The description of the innermost field on the way that has one: the schema itself says what to write."""
    mend = str(shape.get("description", "see the format's description"))
    for part in where.split(".") if where else ():
        shape = shape.get("properties", {}).get(part) or shape.get("items") or {}
        mend = str(shape.get("description", mend))
    return mend


def _unknown(shape: Mapping[str, Any], values: Mapping[str, Any], where: str) -> Iterator[tuple[str, list[str]]]:
    known = shape.get("properties", {})
    for key, value in values.items():
        if known and key not in known:
            yield where + key, list(known)
        elif isinstance(value, dict):
            yield from _unknown(known.get(key, {}), value, f"{where}{key}.")


def _folded(name: str) -> str:
    """`Depends_On`, `dependsOn` and `depends-on` are one slip apart."""
    return name.lower().replace("_", "").replace("-", "")

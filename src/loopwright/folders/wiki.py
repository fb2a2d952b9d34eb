"""Reads and writes `wiki/`: what the house knows, and the log of what it did."""

from __future__ import annotations

import re
from datetime import date

from loopwright import markdown
from loopwright.errors import Problem
from loopwright.folders.complaints import Complaints, header

_OWN = ("wiki/00_SCHEMA.md", "wiki/index.md", "wiki/log.md")


def examine(path: str, data: bytes) -> tuple[Problem, ...]:
    """All problems of a page's front matter. Those of 90_LOG are loopwright's own and need only parse, but for an
    incident's page, which people edit; so do the pages at the top and a folder's README.md."""
    document = markdown.read(path, data)
    complaints = Complaints(path)
    complaints.found.extend(document.problems)
    free = path in _OWN or path.startswith("wiki/90_LOG/") or path.endswith("/README.md")
    incident = path.startswith("wiki/90_LOG/") and document.header.get("type") == "andon"
    if not complaints.errors and (incident or not free):
        header(document, "andon-page-front-matter" if incident else "wiki-page-front-matter", complaints)
    return complaints.all


def log_line(data: bytes, day: date, verb: str, title: str) -> bytes:
    """log.md with `## [YYYY-MM-DD] verb | title` at its end; as it was, when that very line is there already."""
    line = f"## [{day:%Y-%m-%d}] {_flat(verb)} | {_flat(title)}".encode()
    if line in (old.rstrip() for old in data.splitlines()):
        return data
    ending = markdown.newline(data)
    if not data.strip():
        return data + b"# Log" + ending + ending + line + ending
    return data + (b"" if data.endswith((b"\n", b"\r")) else ending) + line + ending


def index_line(data: bytes, page: str, summary: str) -> bytes:
    """index.md with `- [[page]]: summary` in the section of the page's folder; as it was, when the page is listed.

    `page` is a path in the wiki (`wiki/90_LOG/x.md`, or `90_LOG/x`). The line goes to the end of its section; a
    section that isn't there is made at the end of the page.
    """
    page = page.removeprefix("wiki/").removesuffix(".md")
    folder = page.rpartition("/")[0] or "wiki"
    if re.search(rb"\[\[" + re.escape(page.encode()) + rb"(?:\||\]\])", data):
        return data
    line = f"- [[{page}]]: {_flat(summary)}".encode()
    ending = markdown.newline(data)
    mark = markdown.BOM if data.startswith(markdown.BOM) else b""
    lines = data.removeprefix(mark).splitlines(keepends=True)
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines[-1] += ending
    section = next(iter(markdown.read("wiki/index.md", data).named(folder)), None)
    if section is None:
        gap = [ending] if lines and lines[-1].strip() else []
        return mark + b"".join([*lines, *gap, b"## " + folder.encode() + ending, ending, line + ending])
    at = section.start - 1 + section.text.count("\n") + (1 if section.text else 0)
    at = min(at, len(lines))
    while at > section.start - 1 and not lines[at - 1].strip():
        at -= 1
    gap = [ending] if at == section.start - 1 else []
    return mark + b"".join([*lines[:at], *gap, line + ending, *lines[at:]])


def _flat(text: str) -> str:
    return " ".join(text.split())

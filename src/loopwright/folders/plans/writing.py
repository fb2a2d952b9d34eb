"""Writes loopwright's own lines in plans, on bytes, and leaves every other byte as it was."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from loopwright import markdown
from loopwright.errors import BadFiles
from loopwright.folders import starter
from loopwright.folders.plans.sections import chief, number_of
from loopwright.folders.plans.ticks import tick, tick_lines
from loopwright.vocabulary import Plan, Status


def with_status(data: bytes, status: Status) -> bytes:
    """The file with its status line set; a file without one, or without front matter, gets it."""
    return markdown.set_field(data, "status", status.value)


def with_tick(data: bytes, number: int, evidence: str) -> bytes:
    """The file with one line under the heading of chunk `number`, saying `passed in EVIDENCE` (`gen-N at COMMIT`).

    An older tick of the chunk is replaced. A plan without Chunks is ticked under its title. Where there is no such
    heading any more (a person edited the plan meanwhile), the bytes come back unchanged.
    """
    line = tick(evidence).encode()
    document = markdown.read("", data)
    start = _below_heading(document, number)
    if start is None:
        return data
    mark = markdown.BOM if data.startswith(markdown.BOM) else b""
    lines = data.removeprefix(mark).splitlines(keepends=True)
    at, ending = start - 1, markdown.newline(data)
    if at < len(lines) and start in tick_lines(document):
        lines[at] = line + lines[at][len(lines[at].rstrip(b"\r\n")) :]
    elif lines[at - 1].endswith((b"\n", b"\r")):
        lines.insert(at, line + ending)
    else:  # the heading is the last line, and has no line ending
        lines.append(ending + line)
    return mark + b"".join(lines)


def _below_heading(document: markdown.Document, number: int) -> int | None:
    """The line after the heading that chunk `number` has."""
    found = chief(document, "Chunks")
    if not found:
        return (
            next((section.start for section in document.sections if section.level == 1), None) if number == 1 else None
        )
    heads = (head for head in document.under(found[0]) if head.level == found[0].level + 1)
    return next((head.start for head in heads if number_of(head.title) == number), None)


def without_own_lines(data: bytes) -> bytes:
    """The file without what loopwright writes in it, so that two versions show whether a person edited it.

    Out go the status line, the ticks, a front matter that had nothing else, and the line ending of the last line.
    """
    lines, end = markdown.header_lines(data)
    header = [i for i in range(1, end) if not _is_status(lines[i])]
    kept = [0, *header, end] if header else []
    ticks = tick_lines(markdown.read("", data))
    kept += [i for i in range(end + 1 if end else 0, len(lines)) if i + 1 not in ticks]
    mark = markdown.BOM if data.startswith(markdown.BOM) else b""
    return mark + b"".join(lines[i] for i in kept).rstrip(b"\r\n")


def _is_status(line: bytes) -> bool:
    field = markdown.FieldLine.of(line)
    return field is not None and field.key == "status"


def index(plans: Iterable[Plan], unreadable: Iterable[str] = ()) -> bytes:
    """The text of plans/README.md: one row for each plan, by name. `unreadable` are paths of files that don't read."""
    rows = [(plan.name, plan.title, plan.status.value, plan.priority, ", ".join(plan.depends_on)) for plan in plans] + [
        (_stem(path), "", "unreadable: see `loopwright check`", "", "") for path in unreadable
    ]
    lines = [
        "# Plans",
        "",
        "Written by loopwright from the files beside it, whenever one of them changes: edit the plans, not this page.",
        "",
        "| plan | title | status | priority | depends on |",
        "|---|---|---|---|---|",
        *(_row(row) for row in sorted(rows)),
    ]
    return ("\n".join(lines) + "\n").encode()


def _row(row: tuple[str, ...]) -> str:
    name, *rest = row
    cells = [f"[{name}]({name}.md)", *(" ".join(cell.split()).replace("|", "\\|") for cell in rest)]
    return f"| {' | '.join(cells)} |"


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".md")


def new(title: str, today: date, template: bytes | None = None) -> tuple[str, str]:
    """A file name, `YYYY-MM-slug.md`, and the text of a draft with that title, from the template (or the built-in).

    Raises BadFiles when the template does not read.
    """
    title = " ".join(title.split())
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "plan"
    data = starter.text("plans/TEMPLATE.md").encode() if template is None else template
    drafted = markdown.set_field(_titled(data, title), "status", Status.DRAFT.value)
    return f"{today:%Y-%m}-{slug}.md", drafted.decode("utf-8-sig")


def _titled(template: bytes, title: str) -> bytes:
    """The template with its first heading of the first rank exchanged, or one put below the front matter."""
    document = markdown.read("plans/TEMPLATE.md", template)
    if document.problems:
        raise BadFiles(document.problems)
    lines, end = markdown.header_lines(template)
    heading = f"# {title}".encode() + markdown.newline(template)
    head = next((section for section in document.sections if section.level == 1), None)
    first, after = (head.line - 1, head.start - 1) if head else (end + 1, end + 1) if end else (0, 0)
    return b"".join([*lines[:first], heading, *lines[after:]])

"""Reads an incident's page as a person left it: forgiving in form, and every problem with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from loopwright import markdown
from loopwright.andon.page.fields import Field, fields, titled
from loopwright.andon.page.values import PROBLEM, Page, named
from loopwright.contracts import schemas
from loopwright.errors import Problem
from loopwright.markdown import Block, Document, Section
from loopwright.vocabulary import (
    CATEGORIES,
    LEVELS,
    Analysis,
    Candidate,
    Countermeasure,
    Incident,
    RootCause,
    Why,
)

SCHEMA = "andon-page-front-matter"


def read(path: str, data: bytes) -> Page:
    """The page as it stands. Never raises: what doesn't read is a problem."""
    document = markdown.read(path, data, forgiving=True)
    complaints = list(document.problems)

    def complain(line: int, rule: str, message: str, mend: str) -> None:
        complaints.append(Problem(path, line, rule, message, mend))

    header = _header(document, complain)
    status = "resolved" if header.get("status") == "resolved" else "open"
    analysis = _analysis(document, complain)
    resolved = str(header.get("resolved") or "")
    return Page(path, _incident(path, header), status, resolved, analysis, tuple(sorted(complaints)))


Complain = Callable[[int, str, str, str], None]


# ---------------------------------------------------------------- front matter


def _header(document: Document, complain: Complain) -> dict[str, Any]:
    """The front matter's values; a field that doesn't fit the schema is complained of and left out."""
    if any(problem.rule in ("not-text", "too-large") for problem in document.problems):
        return {}
    values = {key: _mended(key, value, document.raw.get(key)) for key, value in document.header.items()}
    shape = schemas.load(SCHEMA)["properties"]
    for where, what in schemas.problems(SCHEMA, values):
        top = where.partition(".")[0]
        mend = str(shape.get(top, {}).get("description", "see how another incident's page begins"))
        complain(
            document.lines.get(where, document.lines.get(top, 1)), "front-matter", f"{where or 'page'}: {what}", mend
        )
        values.pop(top, None)
    return values


def _mended(key: str, value: Any, raw: str | None) -> Any:
    """What a hand may make of a field: `Resolved`, `L2`, `80%`, a number in quotes, a signature of digits alone."""
    written = str(value if raw is None else raw)
    word = written.strip().lower()
    shape = schemas.load(SCHEMA)["properties"].get(key, {})
    if key in ("status", "scope", "type"):
        return word
    if "integer" in shape.get("type", ()) and (found := re.fullmatch(r"(?:level|l|gen-)?\s*(-?\d{1,9})", word)):
        return int(found[1])
    if key == "confidence" and (found := re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?)\s*%", word)):
        return float(found[1]) / 100
    return written if "string" in shape.get("type", ()) and value is not None else value


def _incident(path: str, header: Mapping[str, Any]) -> Incident | None:
    run, ordinal = named(path)
    run = header.get("run") if run is None else run
    if run is None:
        return None
    found = header.get("candidates") or ()
    return Incident(
        run=run,
        kind=header.get("kind") or "",
        scope=header.get("scope", "line"),
        level=header.get("level", 4),
        category=header.get("category") or "unknown",
        confidence=header.get("confidence"),
        summary=header.get("summary") or "",
        plan=header.get("plan") or None,
        ordinal=ordinal,
        chunk=header.get("chunk"),
        candidates=tuple(Candidate(str(each["label"]), float(each["confidence"])) for each in found),
        signature=header.get("signature") or "",
        command=header.get("failing-command") or None,
        exit=header.get("exit"),
        commit=header.get("commit") or None,
        base=header.get("base") or None,
        maker=header.get("maker") or "",
        opened=header.get("opened") or "",
        page=path,
    )


# ---------------------------------------------------------------- the analysis


def _analysis(document: Document, complain: Complain) -> Analysis:
    for title in ("Five Whys", "Root cause", "Countermeasures"):
        found = document.named(title)
        if len(found) != 1:
            what = f"there are {len(found)} sections '{title}'" if found else f"there is no section '{title}'"
            complain(found[1].line if found else 1, "section", what, f"keep one heading '## {title}'")
    whys = _section(document, "Five Whys")
    cause = _section(document, "Root cause")
    measures = _section(document, "Countermeasures")
    return Analysis(
        problem=_problem(document),
        whys=_whys(document, whys) if whys else (),
        root_cause=_root_cause(document, cause, complain) if cause else RootCause(),
        countermeasures=tuple(_measures(document, measures, complain)) if measures else (),
    )


def _section(document: Document, title: str) -> Section | None:
    return next(iter(document.named(title)), None)


def _problem(document: Document) -> str:
    summary = _section(document, "Summary")
    told = (block.text for block in summary.blocks) if summary else ()
    found = next((text for text in told if text.startswith(PROBLEM)), "")
    return markdown.told(found.removeprefix(PROBLEM))


def levels(document: Document, section: Section) -> tuple[tuple[Section | None, tuple[Field, ...]], ...]:
    """The levels of Five Whys, each with its heading if it has one: a heading or a second hypothesis begins one."""
    found: list[tuple[Section | None, tuple[Field, ...]]] = []
    for part in (section, *document.under(section)):
        heading = part if part is not section else None
        some: list[Field] = []
        those = fields(part.blocks) if heading is None else titled(part.title, fields(part.blocks), part.line)
        bare = found and not any(field.label for field in found[-1][1])
        if found and (those[0].label not in ("", "hypothesis") or (bare and those[0].label)):  # a field's heading
            last, before = found.pop()
            heading, some = last, list(before)
        for each in those:
            if each.label == "hypothesis" and any(field.label for field in some):
                found.append((heading, tuple(some)))
                heading, some = None, []
            some.append(each)
        if heading or any(field.label for field in some):
            found.append((heading, tuple(some)))
    return tuple(found)


def _whys(document: Document, section: Section) -> tuple[Why, ...]:
    found = [_why(some) for _, some in levels(document, section)]
    while found and found[-1] == Why():
        found.pop()
    return tuple(found)


def _why(some: Iterable[Field]) -> Why:
    said = _by_label(some)
    verification, output = said.get("verification"), said.get("output")
    cited = verification.output if verification else ""
    if output:
        cited = "\n".join(code.strip("\n") for code in output.codes) or "".join(output.spans[:1]) or output.said
    return Why(
        hypothesis=_said(said, "hypothesis"),
        command=verification.command if verification else "",
        output=cited,
        conclusion=_said(said, "conclusion"),
    )


def _root_cause(document: Document, section: Section, complain: Complain) -> RootCause:
    groups = (group for part in (section, *document.under(section)) for group in _apart(part.blocks))
    some = [field for group in groups for field in fields(group)]
    said = _by_label(some)
    wanted = re.sub(r"[\W_]+", " ", said["category"].first if "category" in said else "").strip().casefold()
    category = next((each for each in CATEGORIES if wanted.startswith(each)), "")
    if wanted and not category:
        line = said["category"].line
        complain(line, "category", f"'{wanted[:80]}' is no category", f"write one of: {', '.join(CATEGORIES)}")
    free = Field("", 0, said["category"].texts[1:]) if "category" in said else Field("", 0)  # prose below its line
    text = " ".join(filter(None, (field.said for field in (free, *some) if field.label in ("", "cause"))))
    return RootCause(category, text, _said(said, "goal later"))


def _apart(blocks: Iterable[Block]) -> list[list[Block]]:
    """The blocks, parted where a paragraph follows a list: it isn't the last item's any more."""
    found: list[list[Block]] = [[]]
    for block in blocks:
        if found[-1] and block.kind == "paragraph" and found[-1][-1].kind == "item":
            found.append([])
        found[-1].append(block)
    return found


def _measures(document: Document, section: Section, complain: Complain) -> Iterator[Countermeasure]:
    for part in (section, *document.under(section)):
        title = "" if part is section else re.sub(r"^\s*\d{1,3}[.)]?\s*", "", part.title)
        some = fields(part.blocks)
        said = _by_label(some)
        measure = _said(said, "measure") or Field("", 0, (title,)).said
        made = Countermeasure(
            measure=measure,
            level=_level(said.get("level"), complain),
            location=_plain(said.get("location")),
            check=said["check"].command if "check" in said else "",
            justification=_said(said, "justification"),
        )
        if made != Countermeasure(""):
            if not measure:
                complain(
                    part.line, "measure", "a countermeasure says nothing of what is done", "write '### 1. ' and it"
                )
            yield made


def _level(field: Field | None, complain: Complain) -> str:
    if field is None or not field.said:
        return ""
    found = re.search(r"(?<!\w)L?\s?([1-4])\b", field.said, re.IGNORECASE)
    if found is None:
        complain(field.line, "level", f"'{field.said[:80]}' is no level", f"write one of: {', '.join(LEVELS)}")
        return ""
    return f"L{found[1]}"


def _plain(field: Field | None) -> str:
    """A path: the first code span, or the prose."""
    return "" if field is None else field.command


def _by_label(some: Iterable[Field]) -> dict[str, Field]:
    """The fields by their label; of several with one label, the first that says something."""
    found: dict[str, Field] = {}
    for field in some:
        if field.label and (field.label not in found or found[field.label].empty):
            found[field.label] = field
    return found


def _said(said: Mapping[str, Field], label: str) -> str:
    return said[label].said if label in said else ""

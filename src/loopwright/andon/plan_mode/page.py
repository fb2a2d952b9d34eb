"""What everybody sees when everything stands still: the pattern, the risks, where else, another plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from loopwright import markdown
from loopwright.andon.breakers import Row
from loopwright.andon.page import Page, likely, sweep
from loopwright.markdown import flat, inline, scalar, span
from loopwright.vocabulary import Analysis, Incident, Place

DECISIONS = ("resume", "drop")
_NAMED = re.compile(r"(?:^|/)\d{4}-\d\d-\d\d-meta-gen-(\d{1,9})\.md$")
_AT_WORK = "The planner hasn't answered yet."


def page_path(day: str, run: int) -> str:
    """Where the page of run N's Meta-Andon lies. `day` is YYYY-MM-DD, or a time that begins so."""
    return f"wiki/90_LOG/{day[:10]}-meta-gen-{run}.md"


def incident(run: int, plan: str | None, why: str, opened: str, page: str) -> Incident:
    """The Meta-Andon of a run. What caused it is the plan's to say, so that no cause is given, and none is likely."""
    return Incident(run, "meta", "line", 3, "unknown", None, why, plan, opened=opened, page=page)


def is_page(path: str) -> bool:
    return run_of(path) is not None


def run_of(path: str) -> int | None:
    """The run that a page's name tells."""
    found = _NAMED.search(path)
    return int(found[1]) if found else None


def render(
    incident: Incident, failed: Sequence[Row], incidents: Iterable[Incident], elsewhere: Sequence[Place] | None
) -> str:
    """The page as it opens. `failed`: the runs that led to it; `incidents`: those of the same plan, oldest first."""
    title = f"Everything stands still: Plan Mode after gen-{incident.run}"
    head = (
        "---",
        f"title: {scalar(title)}",
        f"summary: {scalar(flat(incident.summary))}",
        "sources: []",
        f"updated: {incident.opened[:10]}",
        *("type: meta-andon", "status: open", f"run: {incident.run}"),
        f"plan: {scalar(incident.plan or '')}",
        *("kind: meta", "scope: line", f"level: {incident.level}"),
        f"opened: {scalar(incident.opened)}",
        "resolved:",
        "decision:",
        "---",
    )
    body = (
        *("", f"# {inline(title)}", "", "## Summary", "", f"**What happened.** {inline(incident.summary)}", ""),
        *("**What stands still.** The whole line: no plan starts, and nothing lands.", ""),
        "**What to do.** Read what follows, change the new plan as you like, and decide: `decision: resume`"
        " at the top of this page lets the line go on (set a plan ready that shall run), `decision: drop` also gives"
        f" {span(incident.plan or 'the plan')} up. Nothing else does.",
        *("", "## Pattern analysis", "", *_pattern(failed, {i.run: i for i in incidents})),
        *("", "## Risk table", "", _AT_WORK),
        *sweep(elsewhere),
        *("", "## New plan", "", _AT_WORK),
    )
    return "\n".join((*head, *body)) + "\n"


def _pattern(failed: Sequence[Row], incidents: dict[int, Incident]) -> Iterable[str]:
    """One line for each run: what it was, where it failed, and by what; then what they have in common."""
    yield from ("| run | plan | ended | place | likely cause | signature |", "|---|---|---|---|---|---|")
    for row in failed:
        told = incidents.get(row.run)
        place = "" if told is None else "landing" if told.chunk is None else f"chunk {told.chunk}"
        cause = likely(told.category, told.confidence) if told else row.outcome
        mark = span(told.signature) if told else ""
        yield f"| gen-{row.run} | {span(row.plan)} | {row.ended or ''} | {place} | {cause} | {mark} |"
    marks = [incident.signature for incident in incidents.values() if incident.signature]
    causes = sorted({incident.category for incident in incidents.values()})
    same = len(marks) - len(set(marks))
    yield ""
    yield f"{len(set(marks))} different failures; {same} came again. Likely causes: {', '.join(causes) or 'not known'}."


def with_draft(data: bytes, name: str, risks: str) -> bytes:
    """The page with the planner's answer: the draft's name, and its risks. Empty name: there was none."""
    told = f"`plans/{name}.md`, a draft: set it ready when it shall run." if name else "No plan was written."
    return _filled(_filled(data, risks.strip() or "None was named."), told)


def _filled(data: bytes, text: str) -> bytes:
    """The next place that waits for the planner, filled."""
    return data.replace(_AT_WORK.encode(), text.encode(errors="replace"), 1)


def read(path: str, data: bytes) -> Page:
    """The page as it stands. Never raises: what doesn't read takes its strictest value."""
    document = markdown.read(path, data, forgiving=True)
    head = document.header
    run, told = run_of(path), {key: str(head.get(key) or "") for key in ("plan", "summary", "opened")}
    one = incident(run or 0, told["plan"] or None, told["summary"], told["opened"], path)
    status = "resolved" if str(head.get("status")).strip().lower() == "resolved" else "open"
    return Page(
        path, None if run is None else one, status, str(head.get("resolved") or ""), Analysis(), document.problems
    )


def decision(data: bytes) -> str:
    """What a person wrote behind `decision:`; empty for nothing that is one."""
    word = written(data).lower().rstrip(".")
    return word if word in DECISIONS else ""


def written(data: bytes) -> str:
    """Whatever stands behind `decision:`."""
    document = markdown.read("", data, forgiving=True)
    return markdown.flat(str(document.header.get("decision") or ""))


def undecided(data: bytes) -> bytes:
    """The page with the decision taken out again."""
    return markdown.set_field(data, "decision", "")


def closed(data: bytes, when: str, words: str) -> bytes:
    """The page with `status: resolved`, and when and by whom."""
    return markdown.set_field(markdown.set_field(data, "status", "resolved"), "resolved", flat(f"{when}: {words}"))

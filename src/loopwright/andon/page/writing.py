"""Writes an incident's page for a person who slept and reads it at 7 a.m.: what happened, what stands, what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator

from loopwright.andon.page.places import sweep
from loopwright.andon.page.values import LEVELS, PROBLEM, Evidence
from loopwright.markdown import fenced, flat, inline, scalar, span
from loopwright.vocabulary import CATEGORIES, PROVEN, Analysis, Countermeasure, Incident, RootCause, Why

_NOBODYS = Analysis()
_BIGGEST_COMMAND = 16384  # characters; a longer one is in the record alone


def render(incident: Incident, evidence: Evidence, analysis: Analysis = _NOBODYS) -> str:
    """The whole page, open. What nobody has answered yet is there as an empty line to fill in."""
    body = (
        *_summary(incident, analysis),
        *_evidence(incident, evidence),
        *_five_whys(analysis),
        *("", "## Root cause", "", *root_cause(analysis.root_cause)),
        *("", "## Countermeasures", "", *countermeasures(analysis.countermeasures)),
        *sweep(evidence.elsewhere),
        *_how_to_close(incident),
    )
    return "\n".join(("---", *_header(incident), "---", "", f"# {inline(_title(incident))}", "", *body)) + "\n"


# ---------------------------------------------------------------- front matter


def _header(incident: Incident) -> Iterator[str]:
    source = f"plans/{incident.plan}.md@{incident.base[:10]}" if incident.plan and incident.base else None
    yield f"title: {_line(_title(incident))}"
    yield f"summary: {_line(incident.summary or _title(incident))}"
    yield f"sources: [{_line(source) if source else ''}]"
    yield f"updated: {incident.opened[:10]}"
    yield from ("type: andon", "status: open", f"run: {incident.run}")
    yield f"plan: {_line(incident.plan) if incident.plan else ''}".rstrip()
    yield f"kind: {_line(incident.kind)}"
    yield f"scope: {incident.scope}"
    yield f"level: {incident.level}"
    yield f"category: {_line(incident.category)}"
    yield f"confidence: {'' if incident.confidence is None else round(incident.confidence, 3)}".rstrip()
    if incident.candidates:
        shown = [{"label": each.label, "confidence": round(each.confidence, 3)} for each in incident.candidates]
        yield f"candidates: {json.dumps(shown)}"
    yield f"signature: {_line(incident.signature)}"
    yield from _where(incident)
    if incident.maker:
        yield f"maker: {_line(incident.maker)}"
    yield f"opened: {_line(incident.opened)}"
    yield "resolved:"


def _where(incident: Incident) -> Iterator[str]:
    if incident.command and len(incident.command) <= _BIGGEST_COMMAND:
        yield f"failing-command: {scalar(incident.command)}"
    for name, number in (("exit", incident.exit), ("chunk", incident.chunk)):
        if number is not None:
            yield f"{name}: {number}"
    for name, oid in (("commit", incident.commit), ("base", incident.base)):
        if oid:
            yield f"{name}: {_line(oid)}"


def _title(incident: Incident) -> str:
    which = f"gen-{incident.run}" + (f", incident {incident.ordinal}" if incident.ordinal > 1 else "")
    what = "The line stands still" if incident.scope == "line" or not incident.plan else f"{incident.plan} stands still"
    return f"{what}: {incident.kind} ({which})"


def _line(text: str) -> str:
    return scalar(flat(text))


# ---------------------------------------------------------------- the first screen


def _summary(incident: Incident, analysis: Analysis) -> Iterator[str]:
    yield from ("## Summary", "", f"**What happened.** {inline(incident.summary)}", "")
    if analysis.problem:
        yield from (f"{PROBLEM} {inline(analysis.problem)}", "")
    yield from (f"**What stands still.** {_standing(incident)}", "", f"**What to do.** {_to_do(incident)}", "")
    yield from ("| what | |", "|---|---|", f"| opened | {flat(incident.opened)} |")
    yield f"| kind | {inline(incident.kind)}, action level {incident.level} of 4 |"
    yield f"| likely cause | {_causes(incident)} |"
    if incident.signature:
        yield f"| signature | {span(incident.signature)} (the same for the same failure) |"


def _standing(incident: Incident) -> str:
    if incident.scope == "line" or not incident.plan:
        return "The whole line: no plan starts, and nothing lands."
    return f"Only {span(incident.plan)}: it doesn't start again and doesn't land. All other plans go on."


def _to_do(incident: Incident) -> str:
    resolve = f"`loopwright andon resolve {incident.run}`"
    if incident.level >= 4:
        return (
            f"Find the root cause, fill in this page, and type {resolve} in a terminal outside every lab. No edit does."
        )
    if incident.level > 1:
        return f"Find the root cause, mend it, fill in this page, then {resolve}: see [How to close](#how-to-close)."
    if incident.kind == "unreachable":
        return (
            "Make the model reachable (`loopwright doctor` says what is missing): this closes itself when it answers."
        )
    where = span(f"plans/{incident.plan}.md") if incident.plan else "the plan"
    return f"Mend what the evidence names, and set `status: ready` in {where}: it takes up where it stopped."


def _causes(incident: Incident) -> str:
    listed = ", ".join(likely(each.label, each.confidence) for each in incident.candidates)
    return listed or likely(incident.category, incident.confidence)


def likely(cause: str, confidence: float | None) -> str:
    """A cause with how likely it is, where that was measured."""
    return inline(cause) if confidence is None else f"{inline(cause)} ({confidence:.0%})"


# ---------------------------------------------------------------- evidence


def _evidence(incident: Incident, evidence: Evidence) -> Iterator[str]:
    yield from ("", "## Evidence", "")
    if evidence.failed:
        yield from (f"What said no: {inline(evidence.failed)}", "")
    if incident.command:
        ended = f" ended with exit {incident.exit}" if incident.exit is not None else " failed"
        yield from (f"{_command(incident.command)}{ended}:", "")
    if evidence.output.strip():
        yield from (*fenced(evidence.output, 80), "")
    if evidence.changed.strip():
        yield from ("What the failed attempt changed:", "", *fenced(evidence.changed), "")
    yield from ("| where | |", "|---|---|")
    rows = (("failed attempt", incident.commit), ("based on", incident.base), *evidence.context)
    yield from (f"| {_cell(inline(name))} | {_cell(span(value))} |" for name, value in rows if value)
    if evidence.bundle:
        yield from ("", f"Whole outputs, the change and its context: {span(f'git show {evidence.bundle}/')}")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _command(command: str) -> str:
    return span(command if len(command) <= 500 else f"{command[:500]} [...]")


# ---------------------------------------------------------------- what people and the analyst fill in


def _five_whys(analysis: Analysis) -> Iterator[str]:
    yield from ("", "## Five Whys", "")
    yield "Each level: one cause that would explain the one above, a command that shows it, and what it showed."
    for number in range(max(LEVELS, len(analysis.whys))):
        yield from ("", f"### Why {number + 1}", "")
        yield from why(analysis.whys[number] if number < len(analysis.whys) else Why())


def why(level: Why) -> Iterator[str]:
    """One level's lines."""
    yield from (f"**Hypothesis:** {inline(level.hypothesis)}".rstrip(), "")
    if "\n" in level.command.strip():  # a code span has one line
        yield from ("**Verification:**", "", *fenced(level.command, None), "")
    else:
        yield from (f"**Verification:** {span(level.command)}".rstrip(), "")
    if level.command:
        yield from (*fenced(level.output, None), "")
    yield f"**Conclusion:** {inline(level.conclusion)}".rstrip()


def root_cause(cause: RootCause) -> Iterator[str]:
    yield f"- Category: {inline(cause.category)}".rstrip()
    yield f"- Cause: {inline(cause.text)}".rstrip()
    if cause.goal_later:
        yield f"- Goal later: {inline(cause.goal_later)}"


def countermeasures(measures: tuple[Countermeasure, ...]) -> Iterator[str]:
    """The entries' lines; one to fill in where there are none."""
    for number, each in enumerate(measures or (Countermeasure(""),), 1):
        yield from ((f"### {number}. {inline(each.measure)}").rstrip(), "", f"- Level: {inline(each.level)}".rstrip())
        yield f"- Location: {span(each.location)}".rstrip()
        yield f"- Check: {span(each.check)}".rstrip()
        if each.justification or each.level not in PROVEN:
            yield f"- Justification: {inline(each.justification)}".rstrip()
        if number < len(measures):
            yield ""


def _how_to_close(incident: Incident) -> Iterator[str]:
    yield from ("", "## How to close", "")
    if incident.level <= 1:
        yield f"{_to_do(incident)} `loopwright andon resolve {incident.run}` closes it, too."
        return
    yield from (
        "Write above, in the places that are there:",
        "",
        "1. five whys, each with a command that shows it: they are yours, and nothing below asks for them;",
        f"2. the root cause and its category: {', '.join(CATEGORIES)}. A person, an agent or bad luck is none;",
        "3. a countermeasure: its level (L1 it can't happen, L2 a check notices it, L3 a written rule, L4 a note), its",
        "   location in the repository, and a check that fails on the failed attempt and passes now;",
        "   with L3 or L4 alone, a `Justification:` why nothing stronger is to be had;",
        "4. where the plan's goal can't hold yet, below the root cause: `- Goal later:` and why.",
        "",
        f"Then type `loopwright andon resolve {incident.run}`, with `--branch BRANCH` when the mend isn't on the",
        "mainline yet. It runs the failing command and the checks again, and says what is missing. No role can do it.",
    )

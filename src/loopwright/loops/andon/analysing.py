"""Has the analyst ask why five times, runs what it cites again, and keeps of its draft what holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from loopwright.andon.page import Evidence
from loopwright.andon.whys import ROOT_CAUSE, UNVERIFIED, Objection, judged
from loopwright.contracts import Lab, schemas
from loopwright.errors import BadUse, LabFailed, Unreachable
from loopwright.journal.codec import decode, encode
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import recording
from loopwright.loops.promotion.edits import Edit
from loopwright.loops.verification import fresh_lab
from loopwright.markdown import fenced
from loopwright.printed import plain
from loopwright.redaction import redact
from loopwright.vocabulary import Analysis, Countermeasure, Incident, Ran, RootCause, Why

ANSWER = "submit_five_whys"
_SECONDS = 120.0  # limit on one cited command
_KEPT = 1 << 20  # bytes of what it prints
_MOST = 15  # levels of a draft; more are cut off
_ROUNDS = 2
_TOO_SHORT = 3  # characters: fewer occur in nearly any output
_TOLD = 2000  # characters of what a command really printed that the analyst is told


@dataclass(frozen=True)
class Draft:
    """An analysis, what is wrong with it, and what the commands printed that don't show what they were cited for."""

    analysis: Analysis
    objections: tuple[Objection, ...]
    printed: Mapping[int, str] = field(default_factory=dict)  # by the why's number


def analyse(desk: Desk, incident: Incident, facts: str) -> Analysis | None:
    """The analyst's draft, each level verified or marked as not verified. Done once, also across restarts.

    `facts` is the evidence as text. None: there is nobody to ask or no answer (a note says so), or the incident is of
    level 1, in which nothing is wrong.
    """
    commit = incident.commit or incident.base
    if incident.level <= 1 or incident.kind == "unreachable" or commit is None:
        return None
    if not (fact := desk.journal.last("analysis", incident=incident.ordinal)):
        draft = _drafted(desk, incident, commit, facts)
        if draft and draft.objections:
            told = "; ".join(map(str, draft.objections))
            desk.note(f"the analyst's draft in {incident.page} is no whole analysis: {redact(told, desk.shop.secrets)}")
        body = encode(_what_holds(draft)) if draft else None
        desk.journal.write("analysis", {"incident": incident.ordinal, "analysis": body})
        fact = desk.journal.last("analysis", incident=incident.ordinal)
    assert fact is not None, "it was written a moment ago"
    return decode(Analysis, fact["analysis"]) if fact["analysis"] else None  # as a restart would read it: redacted


def drafted_onto(desk: Desk, incident: Incident, facts: Evidence) -> None:
    """Have the draft written and put on the incident's page, where a person wrote nothing yet."""
    ended = f"`{incident.command}` ended with exit {incident.exit}" if incident.command else ""
    said = "\n\n".join(filter(None, (facts.failed, ended, facts.output, facts.changed)))
    analysis = analyse(desk, incident, said)
    if analysis is None:
        return
    edit = Edit("analysis", incident.page, (json.dumps(encode(analysis)),))
    title = f"loopwright: why {incident.plan or 'the line'} stands still (gen-{incident.run})"
    recording.record(desk.hub, desk.shop.loops.mainline, (edit,), title, desk.number)


def _drafted(desk: Desk, incident: Incident, commit: str, facts: str) -> Draft | None:
    """The last draft of at most two: the second session is told what was wrong with the first one's."""
    draft: Draft | None = None
    for number in range(1, _ROUNDS + 1):
        key = f"incident-{incident.ordinal}-analyst-{number}"
        analysis = _asked(desk, key, commit, _task(incident, commit, facts), _refusal(draft))
        if analysis is None:
            break
        wrong, printed = _tried(desk, f"{key}-cited", commit, analysis)
        draft = Draft(analysis, (*judged(analysis), *wrong), printed)
        if not draft.objections:
            break
    return draft


def _asked(desk: Desk, key: str, commit: str, task: str, seen: tuple[str, ...]) -> Analysis | None:
    """One session of the analyst. None, with a note, when nobody could be asked or nothing was answered."""
    lab = fresh_lab(desk, key, commit, desk.base)
    try:
        report = desk.play("analyst", key, lab, task, observations=seen, answer=ANSWER)
    except (Unreachable, BadUse, LabFailed) as problem:
        desk.note(f"no analyst: {redact(str(problem).splitlines()[0], desk.shop.secrets)}")
        return None
    if report is None:
        return None
    if report.answer is None or list(schemas.problems(ANSWER, report.answer)):
        desk.note(f"the analyst gave no analysis: its session ended with {report.ended}")
        return None
    return _read(report.answer)


def _read(answer: Mapping[str, Any]) -> Analysis:
    """An answer of the schema's form as values."""
    whys = tuple(
        Why(each["hypothesis"], each["verification"]["command"], each["verification"]["output"], each["conclusion"])
        for each in answer["whys"][:_MOST]
    )
    cause = RootCause(answer["root_cause"]["category"], answer["root_cause"]["text"])
    measures = (decode(Countermeasure, each) for each in answer["countermeasures"][:_MOST])
    return Analysis(answer["problem"], whys, cause, tuple(measures))


# ---------------------------------------------------------------- what it cites


def _tried(desk: Desk, key: str, commit: str, analysis: Analysis) -> tuple[tuple[Objection, ...], dict[int, str]]:
    """Every cited command run again in a fresh lab; what doesn't show what it was cited for, and what it printed."""
    wrong, printed = list[Objection](), dict[int, str]()
    try:
        with desk.wall.playing("analyst"), fresh_lab(desk, key, commit, desk.base) as lab:
            for number, why in enumerate(analysis.whys, 1):
                ran = _run(desk, lab, commit, why)
                if said := _unheld(why, ran, _folded(desk, why.output), _folded(desk, ran.output)):
                    wrong.append(Objection(said, "why", number))
                    printed[number] = redact(plain(ran.output), desk.shop.secrets)
    except LabFailed:
        every = range(1, len(analysis.whys) + 1)
        return tuple(Objection("no lab could be opened to run it again", "why", number) for number in every), {}
    return tuple(wrong), printed


def _run(desk: Desk, lab: Lab, commit: str, why: Why) -> Ran:
    """One command on the commit's own files, whatever the one before it did to them."""
    lab.restore(commit)
    desk.tell("command", f"$ {why.command}  (cited by the analyst)", command=why.command)
    return lab.run(why.command, seconds=_SECONDS, keep=_KEPT)


def _unheld(why: Why, ran: Ran, cited: str, printed: str) -> str:
    """Why a citation shows nothing; empty for one that holds."""
    if not why.command.strip():
        return ""  # said of its words already
    if ran.timed_out:
        return f"run again, its command didn't end within {_SECONDS:g} s"
    if not cited and printed:
        return "it cites no output, and its command prints some"
    if cited not in printed:
        return "run again, its command doesn't print what is cited"
    if cited != printed and len(cited.replace(" ", "")) < _TOO_SHORT:
        return f"it cites '{cited}', which occurs in nearly any output"
    return ""


def _folded(desk: Desk, output: str) -> str:
    """An output as it is compared: in one line, without colours, secrets and the place of the lab."""
    place = re.compile(rf"{re.escape(str(desk.shop.site.labs))}/[^/\s]{{1,200}}/root/?")
    return " ".join(redact(place.sub("", plain(output)), desk.shop.secrets).split())


def _what_holds(draft: Draft) -> Analysis:
    """The draft without what there is an objection to: a level stays, and says that it isn't verified."""
    why = {each.number: each.text for each in reversed(draft.objections) if each.place == "why"}
    measure = {each.number for each in draft.objections if each.place == "countermeasure"}
    blamed = any(each.place == ROOT_CAUSE for each in draft.objections)
    found = draft.analysis
    return replace(
        found,
        whys=tuple(
            replace(each, output="", conclusion=f"{UNVERIFIED} {why[number]}.") if number in why else each
            for number, each in enumerate(found.whys, 1)
        ),
        root_cause=RootCause() if blamed else found.root_cause,
        countermeasures=tuple(each for n, each in enumerate(found.countermeasures, 1) if n not in measure),
    )


# ---------------------------------------------------------------- what the analyst is told


def _task(incident: Incident, commit: str, facts: str) -> str:
    what = "The whole line" if incident.scope == "line" else f"The line of {incident.plan}"
    asked = (
        f"Find out why, and answer with the tool `{ANSWER}`: at least five whys, each one deeper than the one before, "
        "down to a cause in this repository or in how it is worked on. Each why has a command that you ran here and "
        "the words of its output that show it: it is run again in a fresh lab on the same commit, and what you cite "
        "must occur in what it prints. Cite nothing that differs from run to run (times, addresses). The root cause "
        "is never a person, an agent, a model or luck. Give a countermeasure at L1 or L2 if one is to be had; its "
        "check must be able to fail."
    )
    return "\n".join(
        (
            f"{what} stands still ({incident.kind}). You are at commit {commit}, which the failed attempt left.",
            *((f"What it changed: `git diff {incident.base} {commit}`.",) if incident.base else ()),
            *("", "## The problem", "", *fenced(incident.summary, None)),
            *("", "## The evidence", "", *fenced(facts, None)),
            *("", "## What is asked", "", asked),
        )
    )


def _refusal(draft: Draft | None) -> tuple[str, ...]:
    """What was wrong with a draft, as the next session is told; nothing before the first."""
    if draft is None:
        return ()
    return ("\n".join(_refused(draft)),)


def _refused(draft: Draft) -> Iterator[str]:
    yield "An analysis was submitted before, and refused. Submit a whole one, in which this is mended:"
    yield from (f"- {objection}" for objection in draft.objections)
    for number, printed in draft.printed.items():
        yield f"\nWhat the command of why {number} printed when it was run again:"
        yield from fenced(printed[:_TOLD] or "(nothing)", None)
    yield "\nThe analysis that was refused:"
    yield from fenced(json.dumps(encode(draft.analysis), indent=1, ensure_ascii=False), None)

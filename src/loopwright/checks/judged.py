"""Turns a judging role's report into a verdict. Only the fields of its answer decide, never its prose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopwright.vocabulary import Change, Criterion, Report, Verdict

_LONGEST = 4000  # characters of evidence
_CONFIDENCE = ("high", "medium", "low")


def verdict(role_name: str, report: Report, change: Change, criteria: tuple[Criterion, ...] = ()) -> Verdict:
    """The verdict of checker, reviewer or goal-checker, bound to the change's commit.

    A report that did not end whole, has no answer, or one of another form is a rejection with that as its reason. A
    goal report must say of each of `criteria` (those in prose), by its number, that it is met, and give a proof.
    """
    if not report.whole:
        passed, reason, evidence = False, report.ended, f"no verdict: the session ended with {report.ended}"
    elif report.answer is None:
        passed, reason, evidence = False, "no-answer", "no verdict: the role ended without an answer"
    elif role_name == "goal-checker":
        passed, reason, evidence = _goal(report.answer, criteria)
    else:
        passed, reason, evidence = _decision(report.answer)
    return Verdict(
        role_name,
        passed,
        evidence[:_LONGEST],
        reason,
        seconds=report.seconds,
        commit=change.commit,
        tree=change.tree,
        source=role_name,
    )


_Judged = tuple[bool, str, str]  # passed, reason, evidence
_MALFORMED: _Judged = (False, "malformed-answer", "no verdict: the answer is not of the form that was asked for")


def _decision(answer: Mapping[str, Any]) -> _Judged:
    decision, reasons = answer.get("decision"), answer.get("reasons")
    confidence = answer.get("confidence")
    if decision not in ("approve", "reject") or confidence not in _CONFIDENCE or not isinstance(reasons, list):
        return _MALFORMED
    if not all(isinstance(reason, str) for reason in reasons):
        return _MALFORMED
    evidence = "\n".join([f"{decision} ({confidence} confidence)", *(f"- {reason}" for reason in reasons)])
    return decision == "approve", "" if decision == "approve" else "rejected", evidence


def _goal(answer: Mapping[str, Any], criteria: tuple[Criterion, ...]) -> _Judged:
    met, entries = answer.get("met"), answer.get("evidence")
    if not isinstance(met, bool) or not isinstance(entries, list):
        return _MALFORMED
    told: dict[int, list[Mapping[str, Any]]] = {}
    for entry in entries:
        number = _number(entry.get("criterion")) if isinstance(entry, Mapping) else None
        if number is None or not isinstance(entry.get("met"), bool) or not isinstance(entry.get("proof"), str):
            return _MALFORMED
        told.setdefault(number, []).append(entry)
    words = {criterion.number: f" ({criterion.text[:200]})" for criterion in criteria}
    lines = [_line(f"{number}{words.get(number, '')}", entry) for number, found in told.items() for entry in found]
    missing = [criterion for criterion in criteria if criterion.number not in told]
    lines += [f"- {criterion.number}: nothing said of: {criterion.text}" for criterion in missing]
    reason = "not-covered" if missing else _unmet(met, [entry for found in told.values() for entry in found])
    return not reason, reason, "\n".join([reason or "met", *lines])


def _unmet(met: bool, entries: list[Mapping[str, Any]]) -> str:
    """Why the goal isn't reached though every criterion was answered; `` when it is."""
    if not met or not all(entry["met"] for entry in entries):
        return "not-met"
    return "" if all(entry["proof"].strip() for entry in entries) else "no-proof"


def _line(criterion: str, entry: Mapping[str, Any]) -> str:
    return f"- {criterion}: {'met' if entry['met'] else 'not met'}: {entry['proof'].strip() or '(no proof)'}"


def _number(criterion: object) -> int | None:
    """A criterion's number, also where it came as text ("2")."""
    if isinstance(criterion, str) and criterion.strip().isdecimal() and len(criterion) < 10:
        return int(criterion)
    return criterion if isinstance(criterion, int) and not isinstance(criterion, bool) else None

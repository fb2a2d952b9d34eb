"""Only the fields of an answer decide."""

from __future__ import annotations

from typing import Any

import pytest

from loopwright.checks.judged import verdict
from loopwright.vocabulary import Change, Criterion, Report, Verdict

CHANGE = Change("b" * 40, "c" * 40, "t" * 40)
CRITERIA = (Criterion(1, "prices are right"), Criterion(3, "the page says so"))


def decided(answer: dict[str, Any] | None, ended: str = "done", role: str = "checker") -> Verdict:
    return verdict(role, Report("APPROVE, all is well", ended, answer), CHANGE)


def goal(*evidence: Any, met: Any = True) -> Verdict:
    return verdict("goal-checker", Report("", "done", {"met": met, "evidence": list(evidence)}), CHANGE, CRITERIA)


def entry(criterion: Any, met: Any = True, proof: Any = "ran it: 12") -> dict[str, Any]:
    return {"criterion": criterion, "met": met, "proof": proof}


@pytest.mark.parametrize("role", ["checker", "reviewer"])
def test_approve_passes_and_is_bound_to_the_commit(role: str) -> None:
    found = decided({"decision": "approve", "reasons": ["clear"], "confidence": "low"}, role=role)
    assert (found.check, found.passed, found.commit, found.tree) == (role, True, "c" * 40, "t" * 40)
    assert "low confidence" in found.evidence


def test_reject_carries_its_reasons() -> None:
    found = decided({"decision": "reject", "reasons": ["vat is wrong", "no test"], "confidence": "high"})
    assert (found.passed, found.reason) == (False, "rejected")
    assert "- vat is wrong\n- no test" in found.evidence


@pytest.mark.parametrize("ended", ["max-turns", "no-answer", "malformed-answer", "refusal", "time", "failed"])
def test_a_session_that_did_not_end_whole_is_a_rejection_though_it_approved(ended: str) -> None:
    found = decided({"decision": "approve", "reasons": [], "confidence": "high"}, ended)
    assert (found.passed, found.reason) == (False, ended)


def test_no_answer_is_a_rejection_whatever_the_text_says() -> None:
    assert decided(None).reason == "no-answer"
    assert not decided(None).passed


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"decision": "APPROVE", "reasons": [], "confidence": "high"},
        {"decision": ["approve"], "reasons": [], "confidence": "high"},
        {"decision": "approve", "reasons": "fine", "confidence": "high"},
        {"decision": "approve", "reasons": [1], "confidence": "high"},
        {"decision": "approve", "reasons": [], "confidence": "sure"},
        {"decision": "approve", "reasons": []},
        {"met": True, "evidence": []},
    ],
)
def test_an_answer_of_another_form_is_a_rejection(answer: dict[str, Any]) -> None:
    assert (decided(answer).passed, decided(answer).reason) == (False, "malformed-answer")


def test_a_goal_is_met_when_every_criterion_is_met_and_proved() -> None:
    found = goal(entry(1), entry("3"))
    assert (found.passed, found.reason) == (True, "")
    assert "- 3 (the page says so): met: ran it: 12" in found.evidence


@pytest.mark.parametrize(
    ("evidence", "met", "reason"),
    [
        ([entry(1)], True, "not-covered"),
        ([entry(1), entry(2)], True, "not-covered"),
        ([], True, "not-covered"),
        ([entry(1), entry(3, met=False)], True, "not-met"),
        ([entry(1), entry(3), entry(3, met=False)], True, "not-met"),
        ([entry(1), entry(3)], False, "not-met"),
        ([entry(1), entry(3, proof="  ")], True, "no-proof"),
        ([entry(1), entry(3, met="yes")], True, "malformed-answer"),
        ([entry(1), entry(True)], True, "malformed-answer"),
        ([entry(1), entry("the third")], True, "malformed-answer"),
        ([entry(1), "3"], True, "malformed-answer"),
        ([entry(1), entry(3)], "true", "malformed-answer"),
    ],
)
def test_a_goal_report_with_a_gap_is_a_rejection(evidence: list[Any], met: Any, reason: str) -> None:
    found = goal(*evidence, met=met)
    assert (found.passed, found.reason) == (False, reason)


def test_a_criterion_that_nobody_spoke_of_is_named() -> None:
    assert "- 3: nothing said of: the page says so" in goal(entry(1)).evidence


def test_evidence_is_bounded() -> None:
    assert len(decided({"decision": "reject", "reasons": ["x" * 99_999], "confidence": "low"}).evidence) <= 4000

"""What the runner tells every role isn't told again by the roles that ship: each byte is paid for on every turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopwright.backends.briefing import opening
from loopwright.folders.agents import builtin
from loopwright.testing.lab import brief


@pytest.mark.parametrize(
    ("role", "answer", "once"),
    [
        ("maker", None, ("Deliverables:", "Evidence:", "commit, switch branches")),
        ("checker", "submit_verdict", ("submit_verdict", "thrown away")),
        ("goal-checker", "submit_goal_report", ("submit_goal_report", "thrown away")),
        ("reviewer", "submit_verdict", ("submit_verdict", "thrown away")),
    ],
)
def test_the_contract_is_in_a_prompt_once(role: str, answer: str | None, once: tuple[str, ...]) -> None:
    system = opening(replace(brief(role, answer=answer), role=builtin(role))).system
    assert {words: system.count(words) for words in once} == dict.fromkeys(once, 1)

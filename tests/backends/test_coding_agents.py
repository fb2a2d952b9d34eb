"""What every coding agent's backend promises, with stand-ins for their programs; and what each one's output means."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loopwright.backends.agents import AGENTS, DEFINITIONS
from loopwright.backends.agents.definition import Left
from loopwright.errors import BadUse, Unreachable
from loopwright.testing.endpoint import Endpoint
from loopwright.testing.lab import Desk, FolderLab, Pages, brief
from loopwright.testing.script import Fault, Say, Script, Session, Turn
from loopwright.vocabulary import Allowance, Ran, Report, Role

KEY = "sk-ant-real-0123456789abcdefghijklmnop"
MODEL = "claude-opus-5-5"
VERDICT = {"decision": "reject", "reasons": ["sums.py:2"], "confidence": "high"}


@pytest.fixture
def lab(tmp_path: Path) -> FolderLab:
    """A lab on whose PATH a stand-in answers to every agent's name."""
    programs = tmp_path / "programs"
    programs.mkdir()
    source = Path(__file__).with_name("standin.py").read_text().replace("/usr/bin/env python3", sys.executable, 1)
    for definition in DEFINITIONS:
        (programs / definition.program).write_text(source)
        (programs / definition.program).chmod(0o755)
    return FolderLab(tmp_path / "lab", path=os.pathsep.join([str(programs), os.defpath]))


@pytest.fixture
def desk(endpoint: Endpoint) -> Desk:
    endpoint.key = KEY
    endpoint.script = Script([Session(turns=[Turn(Say("All done."))], repeat=True)])
    known = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": endpoint.url}
    return Desk(known | {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{endpoint.url}/v1"})


def plays(agent: str, lab: FolderLab, desk: Desk, answer: str | None = None) -> Report:
    role = Role("checker" if answer else "maker", "", "Mend it.", backend=agent, path="agents/maker.md", model=MODEL)
    return AGENTS[agent].work(brief(role, "Change a - b.", answer=answer), lab, desk.session())


# ---------------------------------------------------------------- conformance


@pytest.mark.parametrize("agent", AGENTS)
def test_it_finds_the_gateway_works_and_tells_what_it_said_and_cost(
    agent: str, lab: FolderLab, desk: Desk, endpoint: Endpoint
) -> None:
    report = plays(agent, lab, desk)
    assert (report.ended, report.summary, report.answer) == ("done", "All done.", None)
    assert lab.read("made.txt") == b"made\n"
    (asked,) = endpoint.requests
    assert "Role: maker" in asked.first
    assert "Change a - b." in asked.first
    assert (report.usage.requests, report.turns, report.model) == (1, 1, MODEL)
    assert report.usage.tokens == sum(asked.spent.values())
    assert report.usage.output == asked.spent["output_tokens"]
    assert (report.usage.usd or 0) > 0


@pytest.mark.parametrize("agent", AGENTS)
def test_its_key_is_a_token_that_is_worth_nothing_and_the_real_one_is_nowhere(
    agent: str, lab: FolderLab, desk: Desk
) -> None:
    plays(agent, lab, desk)
    files = [path.read_bytes() for path in lab.folder.rglob("*") if path.is_file()]
    assert not any(KEY.encode() in data for data in files)
    assert KEY not in json.dumps([desk.transcript.kept, [event.facts for event in desk.told]], default=str)


@pytest.mark.parametrize("agent", AGENTS)
def test_one_that_had_ended_is_not_started_again_and_reports_the_same(agent: str, lab: FolderLab, desk: Desk) -> None:
    first = plays(agent, lab, desk)
    shutil.rmtree(lab.root)
    lab.root.mkdir()
    assert plays(agent, lab, desk) == first
    assert lab.listing("") == ()


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        (json.dumps(VERDICT), "done"),
        (f"```json\n{json.dumps(VERDICT, indent=1)}\n```", "done"),
        (f"I think: {json.dumps(VERDICT)}", "no-answer"),
        ('{"decision": "approve"}', "malformed-answer"),
        ("[" * 5000, "no-answer"),
    ],
    ids=["object", "fenced", "in prose", "wrong form", "nested"],
)
@pytest.mark.parametrize("agent", AGENTS)
def test_a_judges_answer_is_one_json_object_or_none(
    agent: str, said: str, ended: str, lab: FolderLab, desk: Desk, endpoint: Endpoint
) -> None:
    endpoint.script = Script([Session(role="checker", turns=[Turn(Say(said))])])
    report = plays(agent, lab, desk, "submit_verdict")
    assert (report.ended, report.answer) == (ended, VERDICT if ended == "done" else None)
    assert '"decision"' in endpoint.requests[0].first  # the form stands in the brief


@pytest.mark.parametrize("agent", AGENTS)
def test_a_call_that_does_not_fit_the_budget_ends_it_with_the_budgets_word(
    agent: str, lab: FolderLab, desk: Desk, endpoint: Endpoint
) -> None:
    report = plays(agent, lab, replace(desk, allowance=Allowance(tokens=500)))
    assert (report.ended, report.usage.requests, endpoint.requests) == ("tokens", 0, [])


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize(
    ("fault", "error"), [("overloaded", Unreachable), ("unauthorized", Unreachable), ("not-found", BadUse)]
)
def test_a_model_that_cannot_be_had_is_no_failure_of_the_role(
    agent: str, fault: str, error: type[Exception], lab: FolderLab, desk: Desk, endpoint: Endpoint
) -> None:
    endpoint.script = Script([Session(turns=[Turn(Say("All done."), faults=[Fault(fault)])])])
    address = desk.env["ANTHROPIC_BASE_URL"].replace("://", "://ada:correct-horse@")
    with pytest.raises(error) as told:
        plays(agent, lab, replace(desk, env={**desk.env, "ANTHROPIC_BASE_URL": address}))
    assert ("127.0.0.1" in str(told.value), "correct-horse" in str(told.value)) == (True, False)
    assert plays(agent, lab, desk).ended == "done"  # it goes on once the model is back


@pytest.mark.parametrize("agent", AGENTS)
def test_what_an_interrupted_session_paid_counts_when_it_begins_anew(agent: str, lab: FolderLab, desk: Desk) -> None:
    plays(agent, lab, desk)
    desk.transcript.kept = [entry for entry in desk.transcript.kept if entry["kind"] != "ran"]
    paid = desk.transcript.kept[-1]["usage"]["output"]
    report = plays(agent, lab, desk)
    assert (report.usage.requests, report.usage.output) == (2, 2 * paid)


@pytest.mark.parametrize("agent", AGENTS)
def test_a_program_that_hangs_is_ended_and_one_that_is_not_there_is_named(
    agent: str, lab: FolderLab, desk: Desk, tmp_path: Path
) -> None:
    definition = AGENTS[agent].definition
    (tmp_path / "programs" / definition.program).write_text("#!/bin/sh\nsleep 60\n")
    hurried = replace(desk, allowance=Allowance(seconds=0.3), transcript=Pages())
    assert plays(agent, lab, hurried).ended == "time"
    report = plays(agent, replace(lab, path=os.defpath), desk)
    assert report.ended == "failed"
    assert f"{definition.program} can't be started" in report.summary
    assert definition.install in report.summary


@pytest.mark.parametrize("agent", AGENTS)
def test_before_anything_begins_a_missing_program_or_key_is_said(agent: str, lab: FolderLab, desk: Desk) -> None:
    ready, definition = AGENTS[agent].ready, AGENTS[agent].definition
    ready("maker", {**desk.env, "PATH": lab.path})
    with pytest.raises(Unreachable, match=f"the program {definition.program}, which isn't on PATH"):
        ready("maker", {**desk.env, "PATH": "/nowhere"})
    with pytest.raises(Unreachable, match="there is no key"):
        ready("maker", {"PATH": lab.path})


# ---------------------------------------------------------------- what their outputs mean


def left(*events: Mapping[str, Any] | str, code: int = 0) -> Left:
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return Left(Ran(code, "\n".join(lines)), lambda name: None)


CLAUDE = {"type": "result", "subtype": "success", "is_error": False, "result": "Done.", "permission_denials": []}
PI = {"role": "assistant", "content": [{"type": "text", "text": "Done."}], "stopReason": "stop"}


def pi(**fields: Any) -> dict[str, Any]:
    return {"type": "message_end", "message": PI | fields}


@pytest.mark.parametrize(
    ("agent", "output", "done", "told"),
    [
        ("claude-code", left("Warning: x", CLAUDE), True, "Done."),
        ("claude-code", left(CLAUDE, code=1), True, "Done."),  # the exit code is no judge
        ("claude-code", left({**CLAUDE, "permission_denials": [{}] * 6}), False, "denied 6 of its tool calls"),
        ("claude-code", left({**CLAUDE, "is_error": True, "api_error_status": 403}), False, "403"),
        ("claude-code", left({**CLAUDE, "subtype": "error_max_turns"}), False, "error_max_turns"),
        ("claude-code", left({"type": "assistant"}), False, "without its result"),
        ("pi", left(pi()), True, "Done."),
        ("pi", left(pi(stopReason="error", errorMessage="403 refused")), False, "error 403 refused"),
        ("pi", left(pi(stopReason="length")), False, "length"),
        ("pi", left({"type": "agent_end"}), False, "without an answer"),
        ("pi", left('{"type": "message_end", "message": {"rol'), False, "without an answer"),
        ("codex", left({"type": "turn.started"}), False, "in the middle of its turn"),
        ("codex", left({"type": "turn.failed", "error": {"message": "refused"}}), False, "turn.failed refused"),
        ("codex", left({"type": "turn.completed"}, {"type": "turn.started"}), False, "in the middle"),
        ("opencode", left({"type": "step_finish", "part": {"reason": "tool-calls"}}), False, "tool-calls"),
        ("opencode", left({"type": "error", "error": {"name": "APIError"}}), False, "APIError"),
        ("opencode", left(), False, "in the middle of a step"),
        ("mini-swe-agent", left("Saved trajectory"), False, "no trajectory"),
        ("aider", left("litellm.APIError", code=1), False, "aider ended with 1"),
        ("aider", replace(left("litellm.APIError"), answered=False), False, "its model unheard"),
    ],
)
def test_what_an_agent_prints_is_read_and_its_exit_code_is_not_believed(
    agent: str, output: Left, done: bool, told: str
) -> None:
    said = AGENTS[agent].definition.says(output)
    assert said.done == done
    assert told in (said.text if done else said.why)


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("printed", ['{"type": "message_end"}', '{"type": "item.completed"}', "{" * 99_999, "\0"])
def test_output_in_a_form_that_nobody_knows_is_no_success(agent: str, printed: str) -> None:
    assert not AGENTS[agent]._says(left(printed, code=2)).done

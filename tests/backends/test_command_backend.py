"""A role played by any program: real processes in a real folder."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loopwright.backends.command import Command
from loopwright.errors import BadUse
from loopwright.testing.endpoint import Endpoint
from loopwright.testing.lab import Desk, FolderLab, brief
from loopwright.testing.script import Say, Script, Session, Turn
from loopwright.vocabulary import Allowance, Brief, Criterion, Plan, Report, Role


def plays(command: str | None, lab: FolderLab, desk: Desk | None = None, **fields: object) -> Report:
    role = Role("maker", "", "Mend it.", backend="command", command=command, path="agents/maker.md")
    told: Brief = replace(brief(role, "Change a - b."), **fields)  # type: ignore[arg-type]
    return Command().work(told, lab, (desk or Desk()).session())


def test_a_program_changes_the_files_and_its_output_is_the_summary(lab: FolderLab) -> None:
    report = plays("sed -i 's/a - b/a + b/' sums.py && echo mended", lab)
    assert (report.ended, report.summary) == ("done", "mended")
    assert b"a + b" in lab.read("sums.py")
    assert (report.usage.usd, report.usage.unpriced, report.model) == (None, "a command reports no tokens", None)


def test_placeholders_are_filled_in_quoted_and_other_braces_are_left_alone(tmp_path: Path) -> None:
    lab = FolderLab(tmp_path / "a folder; touch oops")
    report = plays("cat {brief} && echo {root} {role} {run} {other} | awk '{print}'", lab, run=7)
    assert "Mend it." in report.summary
    assert "Change a - b." in report.summary
    assert f"{lab.root} maker 7 {{other}}" in report.summary
    assert not (lab.root / "oops").exists()


def test_a_makers_program_that_fails_has_failed_with_its_output(lab: FolderLab) -> None:
    report = plays("echo cannot do; exit 5", lab)
    assert (report.ended, report.summary) == ("failed", "cannot do")


def test_a_program_that_is_not_there_is_named_with_the_mend(lab: FolderLab) -> None:
    report = plays("no-such-program-here --fix", lab)
    assert report.ended == "failed"
    assert "agents/maker.md" in report.summary
    assert "no-such-program-here --fix" in report.summary
    assert "mend:" in report.summary


def test_a_program_past_its_time_is_ended(lab: FolderLab) -> None:
    assert plays("sleep 60", lab, Desk(allowance=Allowance(seconds=0.2))).ended == "time"


@pytest.mark.parametrize(
    ("command", "ended", "answer"),
    [
        ("echo fine", "done", {"decision": "approve", "reasons": [], "confidence": "high"}),
        ("echo sums.py:2; exit 1", "done", {"decision": "reject", "reasons": ["sums.py:2"], "confidence": "high"}),
        ("exit 1", "done", {"decision": "reject", "reasons": ["exit 1, without a word"], "confidence": "high"}),
        ("echo approve; exit 2", "no-answer", None),
        ("kill -9 $$", "no-answer", None),
    ],
)  # fmt: skip
def test_a_judges_program_approves_with_0_rejects_with_1_and_says_nothing_otherwise(
    command: str, ended: str, answer: object, lab: FolderLab
) -> None:
    report = plays(command, lab, answer="submit_verdict")
    assert (report.ended, report.answer) == (ended, answer)


def test_a_goal_checkers_program_answers_for_every_criterion_in_prose(lab: FolderLab) -> None:
    goal = (Criterion(1, "sums are right"), Criterion(2, "and fast"))
    plan = Plan("sums", "plans/sums.md", "Sums", "# Sums", goal=goal)
    report = plays("echo seen", lab, answer="submit_goal_report", plan=plan)
    proofs = [{"criterion": number, "met": True, "proof": "seen"} for number in (1, 2)]
    assert report.answer == {"met": True, "evidence": proofs}


def test_a_planners_program_prints_its_answer_as_json(lab: FolderLab) -> None:
    plan = {"name": "next", "markdown": "# Next\n"}
    report = plays(f"printf '%s' '{json.dumps(plan)}'", lab, answer="submit_plan")
    assert report.answer == plan
    assert plays("echo '# Next'", lab, answer="submit_plan").ended == "no-answer"


def test_a_program_that_had_ended_is_not_run_again(lab: FolderLab) -> None:
    desk = Desk()
    first = plays("echo x >> ran; echo once", lab, desk)
    assert plays("echo x >> ran; echo once", lab, desk) == first
    assert lab.read("ran") == b"x\n"


def test_a_role_without_a_command_is_bad_use(lab: FolderLab) -> None:
    with pytest.raises(BadUse, match=r"agents/maker\.md"):
        plays(None, lab)


# ---------------------------------------------------------------- a model for a command

ASK = """
import json, os, urllib.request as u
key, url = os.environ["ANTHROPIC_API_KEY"], os.environ["ANTHROPIC_BASE_URL"]
body = {"model": "claude-opus-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
asked = u.Request(url + "/v1/messages", json.dumps(body).encode(), {"x-api-key": key})
print(json.load(u.build_opener(u.ProxyHandler({})).open(asked))["content"][0]["text"])
"""


def test_a_command_finds_a_gateway_where_there_is_a_key_and_what_it_asks_is_counted(
    lab: FolderLab, endpoint: Endpoint, desk: Desk
) -> None:
    endpoint.key = desk.env["ANTHROPIC_API_KEY"]
    endpoint.script = Script([Session(turns=[Turn(Say("From the model."))])])
    lab.write("ask.py", ASK.encode())
    report = plays("python3 ask.py", lab, desk)
    assert (report.ended, report.summary, report.model) == ("done", "From the model.", "claude-opus-5-5")
    assert (report.usage.requests, report.usage.tokens) == (1, sum(endpoint.requests[0].spent.values()))
    assert (report.usage.usd or 0) > 0
    assert plays("never started", lab, desk) == report


def test_the_key_in_its_environment_is_a_token_and_without_a_key_there_is_none(lab: FolderLab, desk: Desk) -> None:
    key = "sk-ant-real-0123456789"
    told = plays("env", lab, Desk({**desk.env, "ANTHROPIC_API_KEY": key})).summary
    assert "ANTHROPIC_API_KEY=lw-" in told
    assert key not in told
    assert "ANTHROPIC" not in plays("env", lab, Desk({})).summary

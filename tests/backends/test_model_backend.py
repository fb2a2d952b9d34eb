"""A role played by a model: the real SDK over HTTP, real files, real commands."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loopwright.backends.anthropic import Anthropic
from loopwright.errors import BadUse, Unreachable
from loopwright.testing.endpoint import Endpoint
from loopwright.testing.lab import Desk, FolderLab, Pages, brief
from loopwright.testing.script import Call, Fault, Say, Script, Session, Turn
from loopwright.vocabulary import Allowance, Brief, Report, Role, Skill

MODEL = Anthropic(silence=5, chance=lambda: 0.0)
APPROVE = Call("submit_verdict", decision="approve", reasons=["sums.py:2 is right"], confidence="high")
FIX = Call("edit_file", path="sums.py", old_str="a - b", new_str="a + b")
LOOK = Call("bash", command="cat sums.py")


def says(endpoint: Endpoint, *turns: Turn, repeat: bool = False) -> None:
    endpoint.script = Script((Session(turns=turns, repeat=repeat),))


def checker() -> Brief:
    return brief("checker", "Judge.", answer="submit_verdict")


def results(endpoint: Endpoint) -> list[str]:
    return [str(result["content"]) for result in endpoint.requests[-1].results]


# ---------------------------------------------------------------- the work


def test_a_maker_reads_edits_runs_and_is_done_when_it_calls_no_more(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(
        endpoint,
        Turn(Say("Let me look."), Call("read_file", path="sums.py"), LOOK),
        Turn(FIX, Call("write_file", path="docs/new.md", content="hello\n")),
        Turn(Say("Deliverables: sums.py")),
    )
    report = MODEL.work(brief(), lab, desk.session())
    assert (report.ended, report.summary, report.turns) == ("done", "Deliverables: sums.py", 3)
    assert lab.read("sums.py") == b"def add(a, b):\n    return a + b\n"
    assert lab.read("docs/new.md") == b"hello\n"
    assert report.tools == {"read_file": 1, "bash": 1, "edit_file": 1, "write_file": 1}
    assert report.tool_errors == 0
    assert report.model == "claude-opus-5-5"
    told = sum(request.spent["input_tokens"] + request.spent["output_tokens"] for request in endpoint.requests)
    assert report.usage.input + report.usage.output == told
    assert report.usage.usd is not None
    assert report.usage.usd > 0


def test_all_calls_of_a_turn_are_answered_in_one_message_in_their_order(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    calls = [Call("bash", command=f"echo {number}") for number in range(3)]
    says(endpoint, Turn(*calls), Turn(Say("Done.")))
    MODEL.work(brief(), lab, desk.session())
    asked, answered = endpoint.requests[-1].messages[-2:]
    assert [block["tool_use_id"] for block in answered["content"]] == [block["id"] for block in asked["content"]]
    assert [block["content"] for block in answered["content"]] == [f"exit code: 0\n{n}\n" for n in range(3)]


def test_a_judge_answers_by_tool_and_that_ends_its_work(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(LOOK), Turn(APPROVE), Turn(Say("never asked")))
    report = MODEL.work(checker(), lab, desk.session())
    assert report.ended == "done"
    assert report.answer == APPROVE.input
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize(
    ("role", "answer", "offered"),
    [
        ("maker", None, ["bash", "edit_file", "read_file", "read_skill", "write_file"]),
        ("documenter", None, ["bash", "edit_file", "read_file", "read_skill", "write_file"]),
        ("checker", "submit_verdict", ["bash", "read_file", "read_skill", "submit_verdict"]),
        ("goal-checker", "submit_goal_report", ["bash", "read_file", "read_skill", "submit_goal_report"]),
        ("auditor", "submit_plan", ["bash", "read_file", "read_skill", "submit_plan"]),
    ],
)
def test_each_role_is_offered_its_tools_sorted(
    role: str, answer: str | None, offered: list[str], endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(Say("Nothing to do.")))
    skills = (Skill("tdd", "Test first", "Write a test.", "skills/tdd/SKILL.md"),)
    MODEL.work(brief(role, answer=answer, skills=skills), lab, desk.session())
    assert [tool["name"] for tool in endpoint.requests[0].body["tools"]] == offered


def test_a_role_file_narrows_the_tools_also_by_the_names_of_other_programs(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(FIX), Turn(Say("Well.")))
    role = Role("maker", "", "Look only.", tools=("Read", "bash", "WebSearch"))
    report = MODEL.work(brief(role), lab, desk.session())
    assert [tool["name"] for tool in endpoint.requests[0].body["tools"]] == ["bash", "read_file"]
    assert "there is no tool 'edit_file' here" in results(endpoint)[0]
    assert report.tool_errors == 1
    assert b"a - b" in lab.read("sums.py")


def test_a_skill_is_listed_by_name_and_read_on_demand_but_never_one_for_users_only(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    skills = (
        Skill("tdd", "Test first", "Write a failing test.", "skills/tdd/SKILL.md"),
        Skill("secret", "For people", "Deploys.", "skills/secret/SKILL.md", user_only=True),
    )
    says(endpoint, Turn(Call("read_skill", name="tdd"), Call("read_skill", name="secret")), Turn(Say("Done.")))
    MODEL.work(brief(skills=skills), lab, desk.session())
    assert "- tdd: Test first" in endpoint.requests[0].system
    assert "secret" not in endpoint.requests[0].system
    found, refused = results(endpoint)
    assert "Write a failing test." in found
    assert refused == "there is no skill 'secret'; there are: tdd"


def test_the_evidence_and_the_skill_of_the_chunk_are_in_the_first_message(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(Say("Done.")))
    skill = Skill("tdd", "Test first", "Write a failing test.", "skills/tdd/SKILL.md")
    told = brief(task="Mend add.", skill=skill, observations=("tests/test_sums.py:3: 1 + 1 is 0",), context="Use 3.11.")
    MODEL.work(told, lab, desk.session())
    first, system = endpoint.requests[0].first, endpoint.requests[0].system
    assert first.index("Mend add.") < first.index("Write a failing test.") < first.index("1 + 1 is 0")
    assert system.startswith("Role: maker\n")
    assert "Use 3.11." in system
    assert "1 + 1" not in system


# ---------------------------------------------------------------- the cache


def test_two_labs_with_other_roots_and_runs_share_their_prefix_byte_for_byte(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    says(endpoint, Turn(LOOK), Turn(Say("Done.")))
    for number in (1, 2):
        desk = Desk({"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": endpoint.url})
        lab = FolderLab(tmp_path / f"lab-{number}")
        plan = replace(brief().plan, text=f"---\nstatus: {'ready' if number == 1 else 'running'}\n---\n# Sums\n")
        MODEL.work(brief(task=f"Chunk {number}", run=number, plan=plan, context="long " * 2000), lab, desk.session())
    one, two = endpoint.requests[0], endpoint.requests[2]
    prefixes = [json.dumps([asked.body["tools"], asked.body["system"]]) for asked in (one, two)]
    assert prefixes[0] == prefixes[1]
    assert str(tmp_path) not in prefixes[0]
    assert one.spent["cache_read_input_tokens"] == 0
    assert two.spent["cache_read_input_tokens"] > 0.8 * two.size / 4


def test_ten_and_twenty_parallel_calls_a_turn_still_hit_the_cache(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    for calls in (10, 20):
        turn = Turn(*[Call("bash", command=f"echo {'x' * 400}") for _ in range(calls)])
        says(endpoint, *[turn] * 4, Turn(Say("Done.")))
        endpoint.requests.clear()
        MODEL.work(brief(context=f"{calls} " * 3000), lab, replace(desk.session(), transcript=Pages()))
        for before, now in zip(endpoint.requests, endpoint.requests[1:], strict=False):
            known = before.spent["cache_read_input_tokens"] + before.spent["cache_creation_input_tokens"]
            assert now.spent["cache_read_input_tokens"] >= known > 0
        marks = [json.dumps(asked.body).count('"cache_control"') for asked in endpoint.requests]
        assert max(marks) == 4


# ---------------------------------------------------------------- what goes wrong with a call


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (Call("bash", cmd="ls"), "malformed"),
        (Call("bash", raw='{"command": "touch ran'), "no JSON object"),
        (Call("fly", to="the moon"), "there is no tool 'fly' here: there are bash, edit_file, read_file, write_file"),
        (Call("edit_file", path="sums.py", old_str="", new_str="x"), "malformed"),
        (Call("edit_file", path="sums.py", old_str="return a-b", new_str="x"), "2:     return a - b"),
        (Call("read_file", path="gone.py"), "gone.py: there is no such file"),
        (Call("read_file", path="../../etc/passwd"), "leads out of the repository"),
        (Call("write_file", path="/etc/nothing-of-ours", content="x"), "leads out of the repository"),
        (Call("read_file", path="a\0b"), "null"),
        (Call("read_file", path="blob"), "no UTF-8 text (3 bytes"),
    ],
)
def test_a_call_that_cannot_be_done_is_answered_as_an_error_and_counted(
    call: Call, said: str, endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    lab.write("blob", b"a\xff\xfe")
    says(endpoint, Turn(call), Turn(Say("I see.")))
    report = MODEL.work(brief(), lab, desk.session())
    result = endpoint.requests[-1].results[0]
    assert result["is_error"] is True
    assert said in result["content"]
    assert (report.ended, report.tool_errors) == ("done", 1)
    assert not (lab.root / "ran").exists()


def test_a_long_output_is_cut_in_the_middle_and_says_how_much_and_where_the_whole_is(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(Call("bash", command="seq 1 20000; exit 3")), Turn(Say("Done.")))
    MODEL.work(brief(), lab, desk.session())
    (text,) = results(endpoint)
    whole = "".join(f"{number}\n" for number in range(1, 20001))
    assert text.startswith("exit code: 3\n1\n2\n")
    assert text.endswith("19999\n20000\n")
    assert len(text) < 8192 + 400
    assert f"{len(whole) - 8192} bytes left out here" in text
    (kept,) = lab.scratch.glob("output-*.txt")
    assert f"can be read with bash in {kept}" in text
    assert kept.read_text() == whole


def test_a_flood_of_output_is_bounded_and_owned_up_to(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Call("bash", command="head -c 3000000 /dev/zero | tr '\\0' x")), Turn(Say("Done.")))
    MODEL.work(brief(), lab, desk.session())
    (kept,) = lab.scratch.glob("output-*.txt")
    assert kept.stat().st_size < (1 << 20) + 100
    assert "its first and last 524288 bytes" in results(endpoint)[0]


def test_a_long_file_is_read_in_parts_that_say_how_to_go_on(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    lab.write("long.txt", "".join(f"line {number}\r\n" for number in range(1, 2501)).encode())
    lab.write("wide.txt", b"x" * 100_000)
    lab.write("empty.txt", b"")
    says(
        endpoint,
        Turn(
            Call("read_file", path="long.txt"),
            Call("read_file", path="long.txt", offset=2400, limit=5),
            Call("read_file", path="long.txt", offset=9999),
            Call("read_file", path="wide.txt"),
            Call("read_file", path="empty.txt"),
            Call("read_file", path="."),
        ),
        Turn(Say("Done.")),
    )
    MODEL.work(brief(), lab, desk.session())
    start, middle, past, wide, empty, folder = results(endpoint)
    assert start.startswith("[lines 1 to 1000 of 2500; go on with offset 1001]\nline 1\nline 2\n")
    assert middle == "\n".join(
        ["[lines 2400 to 2404 of 2500; go on with offset 2405]"] + [f"line {n}" for n in range(2400, 2405)]
    )
    assert past == "[the file has only 2500 lines]"
    assert wide.startswith("[line 1 has 100000 characters and is cut after 32768]\nxxx")
    assert empty == "[the file is empty]"
    assert folder.splitlines()[1:] == ["empty.txt", "long.txt", "sums.py", "wide.txt"]


def test_a_command_past_its_time_is_ended_and_says_so(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Call("bash", command="echo started; sleep 60", timeout_s=0.3)), Turn(Say("Done.")))
    MODEL.work(brief(), lab, desk.session())
    assert results(endpoint) == ["exit code: 124\nstarted\n\n[ended after 0.3 s]"]


def test_the_scratch_file_is_never_written_through_a_link(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    victim = lab.folder / "victim"
    victim.write_text("precious")
    plant = f"ln -s {victim} ../scratch/output-toolu_s0_t1_p0.txt"
    says(endpoint, Turn(Call("bash", command=plant)), Turn(Call("bash", command="seq 1 9999")), Turn(Say("Done.")))
    MODEL.work(brief(), lab, desk.session())
    assert victim.read_text() == "precious"


# ---------------------------------------------------------------- how a turn may end


def test_a_call_cut_by_max_tokens_is_never_run(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Call("bash", command="touch ran"), stop="max_tokens"), Turn(Say("Done.")))
    report = MODEL.work(brief(), lab, desk.session())
    assert not (lab.root / "ran").exists()
    assert "cut off" in results(endpoint)[0]
    assert report.ended == "done"


def test_a_text_cut_by_max_tokens_goes_on(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Say("First half"), stop="max_tokens"), Turn(Say("second half.")))
    report = MODEL.work(brief(), lab, desk.session())
    assert (report.ended, report.summary, report.turns) == ("done", "second half.", 2)
    roles = [message["role"] for message in endpoint.requests[-1].messages]
    assert roles == ["user", "assistant", "user"]


def test_half_characters_from_the_model_or_from_a_diff_break_nothing(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(Say("half \ud800."), LOOK), Turn(Say("Done.")))
    assert MODEL.work(brief(task="diff of caf\udce9"), lab, desk.session()).ended == "done"
    assert endpoint.requests[0].first.endswith("diff of caf?")
    assert endpoint.requests[1].messages[1]["content"][0]["text"] == "half \ufffd."


def test_a_refusal_is_an_end_of_its_own(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Say("I can't help with that."), stop="refusal"))
    report = MODEL.work(brief(), lab, desk.session())
    assert (report.ended, report.summary) == ("refusal", "I can't help with that.")


def test_a_pause_is_gone_on_from(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Say("Thinking."), stop="pause_turn"), Turn(Say("Done.")))
    assert MODEL.work(brief(), lab, desk.session()).summary == "Done."


def test_an_empty_answer_of_a_maker_is_the_end_of_its_work(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(LOOK), Turn())
    assert MODEL.work(brief(), lab, desk.session()).ended == "done"


@pytest.mark.parametrize("turn", [Turn(Say("I approve of it.")), Turn()])
def test_a_judge_that_stops_without_its_tool_has_given_no_answer(
    turn: Turn, endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, turn, Turn(APPROVE))
    report = MODEL.work(checker(), lab, desk.session())
    assert (report.ended, report.answer, len(endpoint.requests)) == ("no-answer", None, 1)


def test_a_malformed_verdict_is_told_once_and_may_be_mended(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Call("submit_verdict", decision="maybe", reasons=[], confidence="high")), Turn(APPROVE))
    report = MODEL.work(checker(), lab, desk.session())
    assert (report.ended, report.answer) == ("done", APPROVE.input)
    assert "decision: 'maybe' is not one of ['approve', 'reject']" in results(endpoint)[0]


def test_two_malformed_verdicts_are_the_end(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Call("submit_verdict", decision="maybe")), Turn(Call("submit_verdict", raw="{")), Turn(APPROVE))
    report = MODEL.work(checker(), lab, desk.session())
    assert (report.ended, report.answer, len(endpoint.requests)) == ("malformed-answer", None, 2)


def test_five_whys_need_five(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    why = {"hypothesis": "h", "verification": {"command": "true", "output": ""}, "conclusion": "c"}
    cause = {"category": "tool gap", "text": "none"}
    whole: dict[str, Any] = {"problem": "p", "root_cause": cause, "countermeasures": []}
    few, enough = ({**whole, "whys": [why] * count} for count in (4, 5))
    says(endpoint, Turn(Call("submit_five_whys", **few)), Turn(Call("submit_five_whys", **enough)))
    report = MODEL.work(brief("analyst", answer="submit_five_whys"), lab, desk.session())
    assert report.answer == enough
    assert report.tool_errors == 1


# ---------------------------------------------------------------- ceilings


@pytest.mark.parametrize(
    ("allowance", "ended", "asked"),
    [
        (Allowance(turns=3, seconds=None), "max-turns", 3),
        (Allowance(tokens=1, seconds=None), "tokens", 1),
        (Allowance(usd=0.02, seconds=None), "dollars", 0),  # the shortest answer alone is $0.0205
        (Allowance(usd=0.05, seconds=None), "dollars", 5),
        (Allowance(seconds=0), "time", 0),
    ],
)
def test_a_runaway_is_stopped_by_each_ceiling_within_one_request(
    allowance: Allowance, ended: str, asked: int, endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(LOOK), repeat=True)
    desk.allowance = allowance
    report = MODEL.work(brief(), lab, desk.session())
    assert (report.ended, len(endpoint.requests)) == (ended, asked)


def test_tokens_trip_exactly_when_they_are_spent(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    def held(allowance: Allowance) -> tuple[str, int]:
        says(endpoint, Turn(LOOK), repeat=True)
        before = len(endpoint.requests)
        work = replace(desk, allowance=allowance, transcript=Pages())
        return MODEL.work(brief(), lab, work.session()).ended, len(endpoint.requests) - before

    says(endpoint, Turn(LOOK), repeat=True)
    first = MODEL.work(brief(), lab, replace(desk, allowance=Allowance(turns=1), transcript=Pages()).session()).usage

    assert held(Allowance(tokens=first.tokens)) == ("tokens", 1)
    assert held(Allowance(tokens=first.tokens + 1)) == ("tokens", 2)


@pytest.mark.parametrize("seed", range(3))
def test_no_call_passes_the_dollars_whatever_the_model_answers(
    seed: int, endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    """Answers of up to the shortest that is asked for; some tries break off, and are paid for."""
    dice = random.Random(seed)
    faults = [[], [Fault("drop")], [Fault("cut-text")]]
    turns = [Turn(Say("word " * dice.randint(700, 800)), LOOK, faults=dice.choice(faults)) for _ in range(40)]
    says(endpoint, *turns, repeat=True)
    desk.allowance = Allowance(usd=0.1, seconds=None)
    report = MODEL.work(brief(), lab, desk.session())
    assert report.ended == "dollars"
    assert 0.04 < (report.usage.usd or 0) <= 0.1
    asked = [one.body["max_tokens"] for one in endpoint.requests]
    assert 1_024 <= asked[-1] < asked[0] < 0.1 / 20 * 1_000_000


def test_the_role_file_may_lower_the_turns(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(LOOK), repeat=True)
    role = Role("maker", "", "Work.", max_turns=2)
    assert MODEL.work(brief(role), lab, desk.session()).turns == 2


def test_a_dollar_ceiling_does_not_bind_a_model_without_a_price(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(LOOK), Turn(LOOK), Turn(Say("Done.")))
    desk.allowance = Allowance(usd=1e-9)
    report = MODEL.work(brief(model="house-model"), lab, desk.session())
    assert (report.ended, report.usage.usd) == ("done", None)
    assert "house-model" in (report.usage.unpriced or "")


def test_waiting_for_an_overloaded_model_takes_nothing_from_the_time_for_the_work(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(LOOK, faults=[Fault("rate-limit", retry_after=600)]), Turn(Say("Done.")))
    desk.allowance = Allowance(seconds=300)
    report = MODEL.work(brief(), lab, desk.session())
    assert report.ended == "done"
    assert report.seconds == 0
    assert desk.clock.monotonic() == 600


def test_the_retry_horizon_comes_from_the_environment(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Say("Done."), faults=[Fault("overloaded", times=99)]))
    desk.env = {**desk.env, "LOOPWRIGHT_RETRY_SECONDS": "30"}
    with pytest.raises(Unreachable):
        MODEL.work(brief(), lab, desk.session())
    assert desk.clock.monotonic() == 30
    desk.env = {**desk.env, "LOOPWRIGHT_RETRY_SECONDS": "soon"}
    with pytest.raises(BadUse, match="soon"):
        MODEL.work(brief(), lab, desk.session())


# ---------------------------------------------------------------- length


def big_reads(count: int, size: int = 20_000) -> list[Turn]:
    return [Turn(Call("bash", command=f"echo {number}; head -c {size} sums.py")) for number in range(count)]


def pairs_are_whole(messages: Sequence[Any]) -> bool:
    """Whether every call is answered in the very next message, and nothing else is."""
    for message, after in zip(messages, [*messages[1:], {"content": []}], strict=True):
        calls = {block["id"] for block in message["content"] if block.get("type") == "tool_use"}
        answered = {block["tool_use_id"] for block in after["content"] if block.get("type") == "tool_result"}
        if calls != answered:
            return False
    return True


def test_a_prompt_that_is_too_long_is_trimmed_once_and_keeps_its_first_message_and_its_pairs(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    lab.write("sums.py", b"x" * 6_000)
    says(endpoint, *big_reads(9, 6_000), Turn(Say("Done."), faults=[Fault("too-long")]))
    report = MODEL.work(brief(task="Mend the sums."), lab, desk.session())
    refused, taken = endpoint.requests[-2:]
    assert report.ended == "done"
    assert (refused.answered, taken.answered) == ("too-long", "turn")
    assert taken.size < 0.62 * refused.size
    assert taken.messages[0]["content"][0]["text"] == refused.messages[0]["content"][0]["text"]
    assert pairs_are_whole(taken.messages)
    blanked = [result for result in taken.results if "taken out to make room" in result["content"]]
    assert 0 < len(blanked) <= 5
    assert all("exit code" in result["content"] for result in taken.results[-4:])


def test_when_results_are_not_enough_the_oldest_turns_go_whole(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    writes = [Turn(Call("write_file", path=f"{n}.txt", content="y" * 6_000)) for n in range(8)]
    says(endpoint, *writes, Turn(Say("Done."), faults=[Fault("too-long")]))
    report = MODEL.work(brief(task="Write."), lab, desk.session())
    taken = endpoint.requests[-1]
    assert report.ended == "done"
    assert taken.messages[0]["content"][0]["text"] == endpoint.requests[0].first
    assert "messages that came after this one were taken out" in taken.first
    assert pairs_are_whole(taken.messages)
    assert len(taken.messages) < 17


def test_a_conversation_that_cannot_be_made_shorter_ends_with_its_own_word(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(Say("Done."), faults=[Fault("too-long", times=9)]))
    report = MODEL.work(brief(), lab, desk.session())
    assert (report.ended, len(endpoint.requests)) == ("context", 1)


def test_a_prompt_still_too_long_after_its_trim_ends_the_work(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    lab.write("sums.py", b"x" * 6_000)
    says(endpoint, *big_reads(8, 6_000), Turn(Say("Done."), faults=[Fault("too-long", times=9)]))
    report = MODEL.work(brief(), lab, desk.session())
    assert report.ended == "context"
    assert [asked.answered for asked in endpoint.requests[-3:]] == ["turn", "too-long", "too-long"]


def test_room_is_made_before_the_window_is_full_and_rarely(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    lab.write("sums.py", ("y" * 99 + "\n").encode() * 320)
    reads = [Turn(*[Call("read_file", path="sums.py")] * 5) for _ in range(10)]
    says(endpoint, *reads, Turn(Say("Done.")))
    MODEL.work(brief(), lab, desk.session())
    sizes = [asked.size for asked in endpoint.requests]
    shrunk = [number for number in range(1, len(sizes)) if sizes[number] < sizes[number - 1]]
    assert max(sizes) < 4 * 200_000
    assert len(shrunk) in (1, 2)
    assert all(pairs_are_whole(asked.messages) for asked in endpoint.requests)


# ---------------------------------------------------------------- restarts


STORY = (
    Turn(Say("Looking."), LOOK),
    Turn(FIX, Call("bash", command="echo x >> ran")),
    Turn(Say("half"), stop="max_tokens"),
    Turn(Say("Done.")),
)


def whole_story(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> tuple[Report, list[dict[str, Any]]]:
    says(endpoint, *STORY)
    report = MODEL.work(brief(), lab, desk.session())
    return report, desk.transcript.kept


def test_a_restart_at_any_entry_asks_for_nothing_twice_and_comes_to_the_same(
    endpoint: Endpoint, desk: Desk, tmp_path: Path
) -> None:
    for cut in range(100):
        lab = FolderLab(tmp_path / f"{cut}")
        lab.write("sums.py", b"def add(a, b):\n    return a - b\n")
        desk.transcript = Pages()
        first, kept = whole_story(endpoint, desk, lab)
        if cut > len(kept):
            break
        endpoint.requests.clear()
        answers = sum(entry["kind"] == "assistant" for entry in kept[:cut])
        again = replace(desk.session(), transcript=Pages(list(kept[:cut])))
        report = MODEL.work(brief(), replace(lab, fresh=False), again)
        assert len(endpoint.requests) == len(STORY) - answers
        assert (report.ended, report.summary, report.turns) == ("done", "Done.", 4)
        assert report.usage.requests == 4
        assert report.usage.output == first.usage.output
        assert all(pairs_are_whole(asked.messages) for asked in endpoint.requests)
    assert cut > 8


def test_a_call_without_a_kept_result_is_not_run_again_but_told_of(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    _, kept = whole_story(endpoint, desk, lab)
    cut = next(number for number, entry in enumerate(kept) if entry.get("tool") == "edit_file")
    again = replace(desk.session(), transcript=Pages(list(kept[:cut])))
    MODEL.work(brief(), replace(lab, fresh=False), again)
    assert (lab.root / "ran").read_text() == "x\n"
    restarted = [result for result in endpoint.requests[-1].results if result.get("is_error")]
    assert len(restarted) == 2
    assert "the runner was restarted while this call ran" in restarted[0]["content"]


def test_a_maker_whose_lab_was_lost_is_told_that_its_changes_are_gone(
    endpoint: Endpoint, desk: Desk, lab: FolderLab, tmp_path: Path
) -> None:
    _, kept = whole_story(endpoint, desk, lab)
    cut = next(number for number, entry in enumerate(kept) if entry["kind"] == "end")
    says(endpoint, *STORY, Turn(Call("bash", command="touch again")), Turn(Say("Done again.")))
    anew = FolderLab(tmp_path / "anew")
    report = MODEL.work(brief(), anew, replace(desk.session(), transcript=Pages(list(kept[:cut]))))
    assert report.summary == "Done again."
    assert "what you changed is gone" in endpoint.requests[-1].messages[-3]["content"][-1]["text"]
    assert anew.read("again") == b""


def test_a_conversation_that_has_ended_needs_neither_request_nor_key(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    first, kept = whole_story(endpoint, desk, lab)
    endpoint.requests.clear()
    again = replace(desk.session(), transcript=Pages(list(kept)), env={})
    assert MODEL.work(brief(), lab, again) == first
    assert endpoint.requests == []


def test_a_verdict_that_was_kept_but_not_acted_on_is_taken_without_asking_again(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(APPROVE))
    MODEL.work(checker(), lab, desk.session())
    kept = [entry for entry in desk.transcript.kept if entry["kind"] != "end"]
    report = MODEL.work(checker(), lab, replace(desk.session(), transcript=Pages(kept)))
    assert report.answer == APPROVE.input
    assert len(endpoint.requests) == 1


def test_the_time_that_was_used_before_a_restart_counts(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    _, kept = whole_story(endpoint, desk, lab)
    cut = [{**entry, "at": 299.0} if "at" in entry else entry for entry in kept[:3]]
    desk.allowance = Allowance(seconds=299)
    endpoint.requests.clear()
    report = MODEL.work(brief(), lab, replace(desk.session(), transcript=Pages(cut)))
    assert (report.ended, endpoint.requests) == ("time", [])


def test_a_model_that_is_unreachable_leaves_a_transcript_to_go_on_from(
    endpoint: Endpoint, desk: Desk, lab: FolderLab
) -> None:
    says(endpoint, Turn(LOOK), Turn(Say("Done."), faults=[Fault("unauthorized")]))
    with pytest.raises(Unreachable):
        MODEL.work(brief(), lab, desk.session())
    report = MODEL.work(brief(), lab, desk.session())
    assert (report.ended, report.turns) == ("done", 2)
    assert [asked.answered for asked in endpoint.requests] == ["turn", "unauthorized", "turn"]


def test_the_transcript_is_json_and_holds_no_key(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    desk.env = {**desk.env, "ANTHROPIC_API_KEY": "sk-very-secret"}
    _, kept = whole_story(endpoint, desk, lab)
    text = json.dumps(kept)
    assert "sk-very-secret" not in text
    assert [entry["kind"] for entry in json.loads(text)][:3] == ["begin", "assistant", "result"]


# ---------------------------------------------------------------- what is seen of it


def test_each_request_and_each_call_is_told_while_it_happens(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(LOOK), Turn(Say("Done.")))
    MODEL.work(brief(), lab, desk.session())
    assert [(event.kind, event.text) for event in desk.told] == [
        ("role", "maker: turn 1"),
        ("tool", "bash cat sums.py"),
        ("role", "maker: turn 2"),
    ]
    assert desk.told[2].facts["tokens"] > 0
    assert desk.told[2].facts["usd"] > 0


@pytest.mark.parametrize(("met", "word"), [(True, "met"), (False, "not met")])
def test_a_judges_answer_is_told_in_words(met: bool, word: str, endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Call("submit_goal_report", met=met, evidence=[])))
    MODEL.work(brief("goal-checker", "Prove.", answer="submit_goal_report"), lab, desk.session())
    assert [event.text for event in desk.told if event.kind == "tool"] == [f"submit_goal_report {word}"]


def test_the_key_never_reaches_the_lab(endpoint: Endpoint, desk: Desk, lab: FolderLab) -> None:
    says(endpoint, Turn(Call("bash", command="env; cat ../scratch/* 2>/dev/null; true")), Turn(Say("Done.")))
    desk.env = {**desk.env, "ANTHROPIC_API_KEY": "sk-very-secret"}
    MODEL.work(brief(), lab, desk.session())
    assert "sk-very-secret" not in results(endpoint)[0]


def test_without_a_key_the_error_says_where_to_put_one(lab: FolderLab) -> None:
    with pytest.raises(Unreachable, match="ANTHROPIC_API_KEY"):
        MODEL.work(brief(), lab, Desk().session())

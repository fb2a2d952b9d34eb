"""A role played by a script file: no model, everything else real."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loopwright.backends.scripted import Scripted
from loopwright.errors import BadFiles, BadUse
from loopwright.testing.lab import Desk, FolderLab, Pages, brief
from loopwright.testing.script import Call, Say, Script, Session, Turn

FILE = {
    "sessions": [
        {
            "role": "maker",
            "when": "AssertionError",
            "turns": [
                {"calls": [{"tool": "edit_file", "input": {"path": "sums.py", "old_str": "*", "new_str": "+"}}]},
                {"say": "Now it adds."},
            ],
        },
        {
            "role": "maker",
            "turns": [
                {"say": "Hm.", "calls": [{"tool": "write_file", "input": {"path": "sums.py", "content": "a * b\n"}}]},
                {"say": "Done."},
            ],
        },
        {
            "role": "checker",
            "turns": [{"calls": [{"tool": "submit_verdict", "input": {"decision": "maybe"}}]}, {"say": "approved"}],
        },
    ]
}  # fmt: skip


def named(path: Path, value: object = FILE) -> Desk:
    path.write_text(json.dumps(value))
    return Desk({"LOOPWRIGHT_SCRIPT": str(path)})


def test_the_session_is_chosen_by_the_evidence_that_the_first_message_holds(lab: FolderLab, tmp_path: Path) -> None:
    desk = named(tmp_path / "script.json")
    assert Scripted().work(brief(), lab, desk.session()).summary == "Done."
    assert lab.read("sums.py") == b"a * b\n"
    desk.transcript = Pages()
    report = Scripted().work(brief(observations=("AssertionError: 4 != 3",)), lab, desk.session())
    assert report.summary == "Now it adds."
    assert lab.read("sums.py") == b"a + b\n"
    assert (report.model, report.usage.tokens, report.usage.usd) == (None, 0, 0)


def test_a_scripts_answers_are_checked_like_a_models(lab: FolderLab, tmp_path: Path) -> None:
    desk = named(tmp_path / "script.json")
    report = Scripted().work(brief("checker", answer="submit_verdict"), lab, desk.session())
    assert (report.ended, report.tool_errors) == ("no-answer", 1)


def test_a_restart_goes_on_with_the_turn_that_is_due(lab: FolderLab) -> None:
    run = Call("bash", command="echo x >> ran")
    script = Script([Session(turns=[Turn(run), Turn(run), Turn(Say("Done."))])])
    desk = Desk()
    Scripted(script).work(brief(), lab, desk.session())
    for cut in range(len(desk.transcript.kept)):
        again = replace(desk.session(), transcript=Pages(desk.transcript.kept[:cut]))
        assert Scripted(script).work(brief(), replace(lab, fresh=False), again).summary == "Done."


def test_a_script_that_does_not_say_what_comes_next_is_bad_use(lab: FolderLab) -> None:
    script = Script([Session(role="maker", turns=[Turn(Call("bash", command="true"))])])
    with pytest.raises(BadUse, match="no turn 2 for the role maker"):
        Scripted(script).work(brief(), lab, Desk().session())
    with pytest.raises(BadUse, match="LOOPWRIGHT_SCRIPT"):
        Scripted().work(brief(), lab, Desk().session())


def test_everything_wrong_with_a_script_file_is_said_at_once(lab: FolderLab, tmp_path: Path) -> None:
    desk = named(tmp_path / "bad.json", {"sessions": [{"role": 1, "turns": [{"speak": "x"}]}]})
    with pytest.raises(BadFiles) as caught:
        Scripted().work(brief(), lab, desk.session())
    assert len(caught.value.problems) == 2
    assert caught.value.problems[0].path == str(tmp_path / "bad.json")

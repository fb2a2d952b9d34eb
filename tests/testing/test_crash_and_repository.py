"""The kit's own promises: a kill comes where it was asked for, and a repository is the same on every machine."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loopwright import checkpoints
from loopwright.testing.crash import at, killed
from loopwright.testing.repository import Repository


def work() -> None:
    for _ in range(2):
        checkpoints.reached("land:prepared")
        checkpoints.reached("land:moved")


@pytest.mark.parametrize(("where", "code"), [("land:moved", -9), ("land:moved:2", -9), ("land:moved:3", 0), (None, 0)])
def test_a_process_dies_at_the_nth_time_that_it_comes_to_a_point(where: str | None, code: int) -> None:
    assert killed(work, where) == code


def test_a_process_that_raises_is_told_from_one_that_was_killed() -> None:
    def fail() -> None:
        raise ValueError("as wanted")

    assert killed(fail, "land:moved") == 70


@pytest.mark.parametrize("where", ["land", "nowhere:at:all", "land:moved:0", ""])
def test_a_point_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="is none of"):
        at(where)


def test_the_command_line_runs_the_command_and_kills_it_at_the_point(tmp_path: Path) -> None:
    repo = Repository.init(tmp_path / "repo")
    repo.write("plans/x.md", "# X\n\n## Goal\n- `true`\n")
    repo.write("agents/maker.md", "---\nname: maker\ndescription: x\nbackend: command\ncommand: touch y\n---\nMake.\n")
    repo.commit("a plan")
    command = [sys.executable, "-m", "loopwright.testing.crash"]
    whole = [*command, "claim:claimed", "--", "-C", str(repo.path), "run", "x"]
    env = {**repo.environment, "ANTHROPIC_API_KEY": "never asked"}
    done = subprocess.run(whole, env=env, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert repo.git("for-each-ref", "--format=%(refname)", "refs/loopwright/claims") == "refs/loopwright/claims/x"
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


def test_the_machine_s_configuration_has_no_say(tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text(
        "[user]\n\tname = Somebody\n[commit]\n\tgpgSign = true\n[core]\n\tbare = true\n"
    )
    repo = Repository.init(tmp_path / "repo", branch="trunk")
    repo.write("a", "1\n")
    repo.commit("first")
    assert repo.git("log", "--format=%an %s %D") == "Ada first HEAD -> trunk"
    assert repo.status() == ""
    assert repo.sound()


def test_a_branch_is_made_without_a_checkout(tmp_path: Path) -> None:
    repo = Repository.init(tmp_path / "repo")
    repo.write("a", "1\n")
    first = repo.commit("first")
    made = repo.branch("side/x", {"a": None, "a/b": "2\n"})
    assert set(repo.files("side/x")) == {"a/b"}
    assert repo.show(made, "a/b") == "2\n"
    assert (repo.head(), repo.status(), repo.read("a")) == (first, "", "1\n")


def test_a_git_command_that_fails_says_so(tmp_path: Path) -> None:
    repo = Repository.init(tmp_path / "repo")
    with pytest.raises(AssertionError, match="rev-parse"):
        repo.head()
    assert repo.ask("rev-parse", "--verify", "-q", "HEAD")[0] == 1

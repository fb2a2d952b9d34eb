"""Real input, no model: a code-mod as the maker, over the source distribution of a real package with its own tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "examples" / "codemod" / "modernise.py"


@dataclass(frozen=True)
class Left:
    """What the example printed, and the repository that it left."""

    told: str
    top: Path

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.top, check=True, capture_output=True, text=True)
        return done.stdout.strip()


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """The example, run as its README says. It needs pip's index, and fails where there is none."""
    place = tmp_path_factory.mktemp("codemod")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LOOPWRIGHT_", "GIT_"))}
    env["LOOPWRIGHT_LABS"] = str(place / "labs")
    command = [sys.executable, str(SCRIPT), str(place / "work")]
    done = subprocess.run(command, env=env, cwd=place, capture_output=True, text=True, timeout=600)
    told = done.stdout + done.stderr
    if "`" in told and "pip download" in told.splitlines()[-1]:
        pytest.fail(f"pip can't reach its index, and this test needs a real package from it:\n{told}")
    assert done.returncode == 0, told
    (top,) = (place / "work").glob("toolz-*/")
    return Left(told, top)


def test_the_code_mods_work_landed_and_its_page_is_written(left: Left) -> None:
    assert "status: done" in (left.top / "plans" / "modernise.md").read_text()
    assert left.git("log", "-1", "--format=%s", "gen-1").startswith("land modernise")
    (page,) = (left.top / "wiki" / "90_LOG").glob("*-modernise-gen-1.md")
    assert "Landed on the mainline" in page.read_text()
    assert left.git("status", "--porcelain") == ""


def test_it_changed_what_ruff_changes_and_no_test(left: Left) -> None:
    changed = left.git("diff", "--name-only", "gen-1^", "gen-1").splitlines()

    assert "toolz/functoolz.py" in changed
    assert not [path for path in changed if "/tests/" in path]
    before, after = (left.git("show", f"{commit}:toolz/functoolz.py") for commit in ("gen-1^", "gen-1"))
    assert "class InstanceProperty(object):" not in after
    assert "(object):" in before


def test_the_packages_own_tests_decided(left: Left) -> None:
    record = json.loads(left.git("show", "refs/loopwright/runs/1:record.json"))

    (gate,) = record["checks"]
    assert "-m pytest" in gate["command"]
    assert (gate["passed"], gate["exit"], gate["commit"]) == (True, 0, record["verified"])
    assert [goal["passed"] for goal in record["goal"]] == [True, True]


def test_no_model_was_asked_and_no_cost_is_made_up(left: Left) -> None:
    record = json.loads(left.git("show", "refs/loopwright/runs/1:record.json"))

    assert sorted(record["roles"]) == ["maker"]
    assert (record["usd"], record["unpriced"]) == (None, "a command reports no tokens")
    assert sum(record["tokens"].values()) == 0

"""When commands ran in labs, and what was written meanwhile."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from loopwright.journal import lab_times
from loopwright.journal.hub import Hub, find
from loopwright.journal.lab_times import SLACK, spans, written_in_a_lab

_DAY = 86_400 * 10**9


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return find(tmp_path)


def after_the_slack(hub: Hub) -> None:
    """Wait until the file system's clock is beyond what counts as the same moment."""
    probe = hub.top / "probe"
    probe.touch()
    start = probe.lstat().st_ctime_ns
    while probe.lstat().st_ctime_ns <= start + 2 * SLACK:
        time.sleep(0.005)
        probe.write_bytes(b"x")


def written(hub: Hub, name: str) -> Path:
    path = hub.top / name
    path.write_text("x")
    return path


def test_a_file_of_a_commands_time_is_told_from_those_before_and_after(hub: Hub) -> None:
    before = written(hub, "before")
    after_the_slack(hub)
    begin = lab_times.begun(hub, 3, "gen-3")
    during = written(hub, "during")
    end = lab_times.ended(hub, 3, "gen-3")
    after_the_slack(hub)
    after = written(hub, "after")

    assert [written_in_a_lab(hub, path) is not None for path in (before, during, after)] == [False, True, False]
    assert [(span.run, span.lab, span.begin, span.end) for span in spans(hub)] == [(3, "gen-3", begin, end)]


def test_a_command_that_was_cut_off_runs_until_its_run_ends(hub: Hub) -> None:
    lab_times.begun(hub, 3, "gen-3")
    lab_times.begun(hub, 4, "gen-4-checker")
    assert written_in_a_lab(hub, written(hub, "a")) is not None

    lab_times.ended(hub, 3)
    lab_times.ended(hub, 4)
    after_the_slack(hub)

    assert written_in_a_lab(hub, written(hub, "b")) is None
    assert written_in_a_lab(hub, hub.top / "a") is not None


def test_the_file_stays_small_and_keeps_the_last_day(hub: Hub) -> None:
    now = lab_times.begun(hub, 1, "gen-1")
    path = hub.home / "lab-times"
    old = "".join(f"begin {now - 2 * _DAY} 9 gen-9\nend {now - 2 * _DAY + 1} 9 gen-9\n" for _ in range(20_000))
    path.write_text(old + "nonsense\n" + path.read_text())

    lab_times.ended(hub, 1, "gen-1")

    assert path.stat().st_size < 1_000
    assert [(span.run, span.begin) for span in spans(hub)] == [(1, now)]

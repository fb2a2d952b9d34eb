"""SIGKILL at every point of a landing, and at random ones: the mainline is old or new; the next command finishes."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from loopwright import checkpoints
from loopwright.errors import BadUse
from loopwright.journal.hub import find
from loopwright.loops.promotion import moving, recording
from loopwright.loops.promotion.edits import Edit
from loopwright.testing.crash import killed
from loopwright.vocabulary import Held, Landing
from tests.promotion.conftest import Line, person
from tests.promotion.test_following import TOUCHED, of_theirs, verified
from tests.promotion.test_recording import PATH, PLAN

POINTS = [point for point in checkpoints.POINTS if point.startswith(("land:", "follow:"))]
MOVED = ["land:moved", "follow:half", "follow:files", "follow:index"]
LOCKED = [point for point in POINTS if point != "land:prepared"]


def sound(line: Line) -> None:
    """Nothing of the crash is left: no lock, no note, no half file; the objects are whole."""
    assert line.repo.sound()
    assert not [path for path in (line.repo.path / ".git").rglob("*.lock") if "loopwright" not in path.parts]
    assert not (line.repo.path / ".git/index.loopwright").exists()
    assert not (line.hub.home / "moving.json").exists()
    assert not (line.hub.home / "staging").exists()
    assert not list(line.repo.path.rglob(".*.loopwright"))


def test_every_point_of_a_landing_is_tried() -> None:
    assert set(POINTS) == {"land:prepared", "follow:staged", "land:locked", *MOVED}


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_the_next_command_finishes(line: Line, point: str) -> None:
    commit, before = verified(line), line.main
    of_theirs(line.repo)
    theirs, status = person(line.repo, TOUCHED), line.repo.status()
    assert killed(lambda: line.land(1, commit), point) == -signal.SIGKILL
    assert (line.main == before) == (point not in MOVED)
    assert line.repo.sound()
    if point in LOCKED:
        after = line.main
        code, _, words = line.repo.ask("commit", "-m", "from the old index")
        assert code, "it would take back what landed, in silence"
        assert "index.lock" in words
        assert line.main == after
    assert moving.finish(line.hub) == (point in LOCKED)
    assert not moving.finish(line.hub)
    sound(line)
    assert line.repo.status() == status
    assert person(line.repo, TOUCHED) == theirs
    done = line.land(1, commit)
    assert isinstance(done, Landing)
    assert done.commit == line.main
    assert line.repo.git("rev-list", "--count", "--first-parent", f"{before}..main") == "1"
    assert line.repo.status() == status
    assert person(line.repo, TOUCHED) == theirs


def test_a_lock_that_was_killed_before_it_was_one_is_cleared_away(line: Line) -> None:
    commit = verified(line)
    line.repo.git("worktree", "add", "-q", "-b", "elsewhere", str(line.repo.path.parent / "elsewhere"))
    for gitdir in (line.repo.path / ".git", line.repo.path / ".git/worktrees/elsewhere"):
        (gitdir / "index.loopwright").write_text("half a te")
    assert isinstance(line.land(1, commit), Landing)
    assert not list((line.repo.path / ".git").rglob("index.loopwright"))
    sound(line)


@pytest.mark.parametrize("point", [point for point in POINTS if not point.startswith("follow:")])
def test_killed_with_the_mainline_not_checked_out(line: Line, point: str) -> None:
    commit, before = verified(line), line.main
    line.repo.git("checkout", "-qb", "elsewhere")
    of_theirs(line.repo)
    theirs = person(line.repo)
    assert killed(lambda: line.land(1, commit), point) == -signal.SIGKILL
    assert (line.main == before) == (point != "land:moved")
    assert not moving.finish(line.hub)
    assert isinstance(line.land(1, commit), Landing)
    assert person(line.repo) == theirs
    sound(line)


@pytest.mark.parametrize("point", LOCKED)
def test_killed_in_a_record_over_a_dirty_plan(line: Line, point: str) -> None:
    line.repo.write(PATH, PLAN)
    line.repo.write("wiki/log.md", "# Log\n")
    line.repo.commit("a plan")
    line.repo.write(PATH, PLAN + "Mine.\n")
    line.repo.write("other.txt", "mine\n")
    edits = (Edit("status", PATH, ("running",)), Edit("log", "wiki/log.md", ("2026-11-20", "landed", "X")))

    def record() -> None:
        recording.record(find(line.repo.path), "main", edits, "record", 1)

    assert killed(record, point) == -signal.SIGKILL
    assert moving.finish(line.hub)
    record()
    assert line.repo.read(PATH) == PLAN.replace("ready", "running") + "Mine.\n"
    assert line.repo.read("wiki/log.md").count("landed | X") == 1
    assert line.repo.status().splitlines() == [" M other.txt", f" M {PATH}"]
    assert line.repo.git("log", "-1", "--format=%s") == "record"
    sound(line)


def test_what_a_person_edits_before_it_is_finished_is_theirs(line: Line) -> None:
    commit = verified(line)
    assert killed(lambda: line.land(1, commit), "land:moved") == -signal.SIGKILL
    line.repo.write("a.txt", "edited since\n")
    line.repo.write("new.txt", "made since\n")
    assert moving.finish(line.hub)
    assert line.repo.read("a.txt") == "edited since\n"
    assert line.repo.read("new.txt") == "made since\n"
    assert line.repo.status().splitlines() == [" M a.txt", " M new.txt"]


def test_a_landing_that_others_came_after_is_still_finished(line: Line) -> None:
    """The lock on the index keeps git away, but not whoever moves the branch without it."""
    commit = verified(line)
    assert killed(lambda: line.land(1, commit), "land:moved") == -signal.SIGKILL
    line.repo.git("update-ref", "refs/heads/main", line.repo.branch("more", {"later.txt": "later\n"}, "main"))
    assert moving.finish(line.hub)
    assert line.repo.status().splitlines() == ["D  later.txt"], "the rest is what the other one did"


def test_a_branch_that_was_set_back_is_not_followed(line: Line) -> None:
    commit, before = verified(line), line.main
    assert killed(lambda: line.land(1, commit), "land:moved") == -signal.SIGKILL
    line.repo.git("update-ref", "refs/heads/main", before)
    assert moving.finish(line.hub)
    assert line.repo.status() == ""
    sound(line)


def test_a_person_who_freed_the_lock_and_went_elsewhere_is_not_followed(line: Line) -> None:
    commit, old = verified(line), line.main
    assert killed(lambda: line.land(1, commit), "land:moved") == -signal.SIGKILL
    (line.repo.path / ".git/index.lock").unlink()
    line.repo.git("checkout", "-q", "-f", "-b", "elsewhere", old)
    before = person(line.repo)
    moving.finish(line.hub)
    assert person(line.repo) == before
    sound(line)


def test_somebody_else_s_lock_is_told_and_left(line: Line) -> None:
    commit = verified(line)
    assert killed(lambda: line.land(1, commit), "land:moved") == -signal.SIGKILL
    lock = line.repo.path / ".git/index.lock"
    lock.unlink()
    lock.write_bytes(b"git's")
    with pytest.raises(BadUse, match=r"index\.lock"):
        moving.finish(line.hub, patience=0.05)
    assert lock.read_bytes() == b"git's"
    found = moving.move(line.hub, moving.Move("refs/heads/main", line.main, line.main, "x"), patience=0.05)
    assert isinstance(found, Held)
    lock.unlink()
    assert moving.finish(line.hub)
    assert line.repo.status() == ""


def test_killed_while_it_finishes_it_is_finished_by_the_next(line: Line) -> None:
    commit = verified(line)
    assert killed(lambda: line.land(1, commit), "land:moved") == -signal.SIGKILL
    for point in ("follow:half", "follow:files", "follow:index"):
        assert killed(lambda: moving.finish(line.hub), point) == -signal.SIGKILL
        assert (line.repo.path / ".git/index.lock").exists()
    assert moving.finish(line.hub)
    assert line.repo.status() == ""
    sound(line)


def test_killed_when_only_the_lock_was_left_to_free_nothing_is_left(line: Line) -> None:
    assert killed(lambda: line.land(1, verified(line)), "follow:index") == -signal.SIGKILL
    (line.hub.home / "moving.json").unlink()  # what the killed process would have done next
    assert moving.finish(line.hub)
    assert line.repo.status() == ""
    sound(line)


def test_a_disk_that_says_no_is_told_and_the_landing_finished_when_it_is_mended(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a file that appears where a folder has to come, after everything was looked at."""

    def in_the_way(point: str) -> None:
        if point == "land:moved":
            line.repo.write("deep", "in the way\n")

    commit, before = verified(line), line.main
    monkeypatch.setattr(checkpoints, "listener", in_the_way)
    with pytest.raises(BadUse, match="could not follow"):
        line.land(1, commit)
    monkeypatch.undo()
    assert line.main != before
    assert line.repo.ask("commit", "--allow-empty", "-m", "from the old index")[0]
    (line.repo.path / "deep").unlink()
    assert moving.finish(line.hub)
    assert line.repo.status() == ""
    sound(line)


ROUNDS = 30


def test_killed_at_random_times_nothing_is_ever_torn(line: Line) -> None:
    dice = random.Random(20_261_120)
    line.repo.write("other.txt", "the person's edit\n")
    landed = 0

    def land_on_and_on() -> None:
        for number in range(landed + 1, landed + 50):
            files = {
                f"work/{number}.txt": f"{number}\n",
                "a.txt": f"one\n{number}\nthree\n",
                "deep/x": f"{number}" * 99,
            }
            assert isinstance(line.land(number, line.verified(number, files)), Landing)

    began = time.monotonic()
    assert isinstance(line.land(1, line.verified(1, {"work/1.txt": "1\n"})), Landing)
    landed, took = 1, time.monotonic() - began  # how long a landing takes here: a busy machine has its kills later
    for _ in range(ROUNDS):
        pid = os.fork()
        if pid == 0:
            try:
                land_on_and_on()
            finally:
                os._exit(70)
        time.sleep(dice.uniform(0.0, 3 * took))
        os.kill(pid, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        moving.finish(line.hub)
        assert line.repo.status() == " M other.txt"
        runs = line.repo.git("log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly,separator=)")
        numbers = [int(run) for run in runs.split()]
        assert numbers == list(range(len(numbers), 0, -1))
        landed = len(numbers)
    sound(line)
    assert landed > 5
    land_on_and_on()

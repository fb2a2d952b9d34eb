"""The janitor removes what is dead, saved and old; never what it can't prove."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loopwright.contracts import Lab
from loopwright.errors import LabFailed, NoRoom
from loopwright.labs import janitor, leases
from loopwright.labs.janitor import AGE, Swept
from loopwright.testing import crash
from loopwright.testing.repository import Repository
from loopwright.workshop import LABS

from .places import Place, fill, is_alive, leave, number_in


@pytest.fixture
def clone(tmp_path: Path) -> Place:
    repository = Repository.init(tmp_path / "sums")
    fill(repository)
    return Place(repository, tmp_path / "labs", LABS["clone"])


@pytest.fixture
def linked(clone: Place) -> Place:
    return Place(clone.repository, clone.labs, LABS["worktree"])


def some_work(lab: Lab) -> None:
    lab.write("work.txt", b"half done\n")
    lab.write("names with spaces/\xfc \xe9.txt", b"\xff\x00")


def nobody(run: int) -> bool:
    del run
    return False


def swept(place: Place, seconds: float = AGE + 60, needed: Callable[[int], bool] = nobody) -> Swept:
    """A sweep so many seconds from now."""
    return janitor.sweep(place.site, datetime.now(UTC) + timedelta(seconds=seconds), needed)


def rescued(place: Place, path: str, lab: str = "gen-1") -> bytes:
    return held_at(place, f"refs/loopwright/labs/{lab}/rescued", path)


def held_at(place: Place, commit: str, path: str) -> bytes:
    return subprocess.run(["git", "show", f"{commit}:{path}"], cwd=place.top, check=True, capture_output=True).stdout


def nothing_left(place: Place) -> None:
    assert not place.labs.exists() or list(place.labs.iterdir()) == []
    assert leases.names(place.site) == set()
    assert place.worktrees() == 1
    assert place.ref("gen-1/base") is None


# ---------------------------------------------------------------- what goes


def test_what_a_dead_process_left_goes_once_it_is_saved_and_old(place: Place) -> None:
    leave(place, some_work)

    told = swept(place)

    assert (told.removed, told.left) == (("gen-1",), ())
    assert rescued(place, "work.txt") == b"half done\n"
    assert rescued(place, "names with spaces/\xfc \xe9.txt") == b"\xff\x00"
    nothing_left(place)
    assert swept(place) == Swept()


def test_commits_of_the_role_s_own_are_saved(clone: Place) -> None:
    def commit(lab: Lab) -> None:
        some_work(lab)
        assert lab.run("git add -A && git commit -qm mine && rm work.txt", seconds=20).code == 0

    leave(clone, commit)
    swept(clone)

    assert held_at(clone, "refs/loopwright/labs/gen-1/own", "work.txt") == b"half done\n"
    nothing_left(clone)


def test_a_throwaway_goes_without_being_saved(place: Place) -> None:
    killed(place, some_work, throwaway=True)
    assert swept(place).removed == ("gen-1",)
    assert place.ref("gen-1/rescued") is None
    nothing_left(place)


def killed(place: Place, work: Callable[[Lab], None], *, throwaway: bool = False) -> None:
    """A lab whose process got SIGKILL while it worked there."""

    def working() -> None:
        with place.open(throwaway=throwaway) as lab:
            work(lab)
            os.kill(os.getpid(), 9)

    assert crash.killed(working) == -9


def test_one_that_has_dated_itself_into_the_next_century_goes_all_the_same(clone: Place) -> None:
    def dated(lab: Lab) -> None:
        assert lab.run("touch -d 2100-01-01 . ../home ../home/tmp", seconds=20).code == 0

    leave(clone, dated)
    assert swept(clone).removed == ("gen-1",)
    nothing_left(clone)


def test_one_that_was_never_whole_goes(clone: Place) -> None:
    lab = leave(clone, some_work)
    (lab / "ready").unlink()
    assert swept(clone).removed == ("gen-1",)
    assert clone.ref("gen-1/rescued") is None
    nothing_left(clone)


def test_what_is_still_at_work_there_is_ended_whether_it_is_old_or_not(clone: Place, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    killed(clone, lambda lab: print(lab.run(f"setsid sleep 300 & echo $! > {told}; sleep 0.1", seconds=20)))
    pid = number_in(told)
    assert is_alive(pid)

    assert swept(clone, seconds=0).ended >= 1

    assert not is_alive(pid)
    assert (clone.labs / "gen-1").is_dir()


def test_what_was_saved_before_stays_saved_when_less_is_left_the_next_time(clone: Place) -> None:
    leave(clone, some_work)
    with clone.open() as lab:
        assert not lab.fresh
    leave(clone, lambda lab: lab.write("other.txt", b"2"))
    swept(clone)
    assert rescued(clone, "other.txt") == b"2"
    held = clone.repository.git("log", "--format=%H", "refs/loopwright/labs/gen-1/rescued").split()
    assert any(clone.repository.ask("cat-file", "-e", f"{commit}:work.txt")[0] == 0 for commit in held)


@pytest.mark.parametrize("point", ["janitor:found", "janitor:saved", "janitor:removed"])
def test_killed_at_any_moment_it_loses_nothing_and_goes_on(place: Place, point: str) -> None:
    leave(place, some_work)
    assert crash.killed(lambda: swept(place), point) == -9
    swept(place)
    assert rescued(place, "work.txt") == b"half done\n"
    nothing_left(place)


def test_a_lab_whose_removal_was_cut_off_is_not_saved_once_more_with_less_in_it(clone: Place) -> None:
    leave(clone, some_work)
    assert crash.killed(lambda: swept(clone), "janitor:saved") == -9
    before = clone.ref("gen-1/rescued")
    (clone.labs / "gen-1" / "ready").unlink()  # as a removal begins
    (clone.labs / "gen-1" / "root" / "work.txt").unlink()
    swept(clone)
    assert clone.ref("gen-1/rescued") == before
    nothing_left(clone)


# ---------------------------------------------------------------- what stays


def test_a_lab_in_which_somebody_works_stays_however_old(place: Place) -> None:
    with place.open() as lab:
        some_work(lab)
        assert swept(place) == Swept()
        assert lab.read("work.txt") == b"half done\n"
    nothing_left(place)


def test_a_young_one_stays(place: Place) -> None:
    leave(place, some_work)
    assert swept(place, seconds=AGE - 60) == Swept()
    assert (place.labs / "gen-1" / "root" / "work.txt").exists()


def test_one_whose_run_can_be_gone_on_with_stays(place: Place) -> None:
    leave(place, some_work)
    assert swept(place, needed=lambda run: run == 1) == Swept()
    assert swept(place, needed=lambda run: run == 2).removed == ("gen-1",)


def test_a_clock_that_was_put_back_makes_nothing_old(place: Place) -> None:
    leave(place, some_work)
    assert swept(place, seconds=-10 * AGE) == Swept()
    assert (place.labs / "gen-1").is_dir()


def test_one_that_cannot_be_saved_stays_and_is_told(clone: Place) -> None:
    lab = leave(clone, some_work)
    (lab / "git" / "HEAD").unlink()
    (left,) = swept(clone).left
    assert (left.place, "can't be saved" in left.why) == (lab, True)
    assert (lab / "root" / "work.txt").exists()


def a_link(place: Place, tmp_path: Path) -> None:
    """A link to where labs of old lie."""
    lab = leave(place, some_work)
    lab.rename(tmp_path / "elsewhere")
    lab.symlink_to(tmp_path / "elsewhere")


def a_stranger(place: Place, tmp_path: Path) -> None:
    """A folder with a name that isn't ours."""
    (place.labs / "notes").mkdir(parents=True)
    (place.labs / "notes" / "work.txt").write_text("a person's")


def no_lease(place: Place, tmp_path: Path) -> None:
    leave(place, some_work)
    leases.path(place.site, "gen-1").unlink()


def torn_lease(place: Place, tmp_path: Path) -> None:
    leave(place, some_work)
    leases.path(place.site, "gen-1").write_text('{"lab": "gen-1", "ki')


def another_machine(place: Place, tmp_path: Path) -> None:
    leave(place, some_work)
    path = leases.path(place.site, "gen-1")
    path.write_text(json.dumps({**json.loads(path.read_text()), "host": "far-away", "boot": "other"}))


UNPROVEN: Mapping[Callable[[Place, Path], None], str] = {
    a_link: "isn't a lab's folder",
    a_stranger: "isn't a lab's folder",
    no_lease: "nothing says whose it is",
    torn_lease: "can't be read",
    another_machine: "it is far-away's",
}


@pytest.mark.parametrize("made", UNPROVEN, ids=lambda made: made.__name__)
def test_what_it_cannot_prove_it_leaves_and_tells_with_a_way_to_mend_it(
    clone: Place, tmp_path: Path, made: Callable[[Place, Path], None]
) -> None:
    made(clone, tmp_path)
    before = files(tmp_path)

    told = swept(clone, seconds=100 * AGE)

    (left,) = told.left
    assert (told.removed, left.place.parent) == ((), clone.labs)
    assert UNPROVEN[made] in left.why
    assert str(left.place) in left.mend
    assert files(tmp_path) == before
    assert janitor.look(clone.site) == told.left


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_a_lease_of_this_machine_under_another_name_is_still_this_machine_s(clone: Place) -> None:
    leave(clone, some_work)
    path = leases.path(clone.site, "gen-1")
    path.write_text(json.dumps({**json.loads(path.read_text()), "host": "the-container-before"}))
    boot = Path("/proc/sys/kernel/random/boot_id")
    assert bool(swept(clone).removed) is boot.exists()


# ---------------------------------------------------------------- worktrees


def test_a_worktree_that_a_person_has_locked_stays(linked: Place) -> None:
    lab = leave(linked, some_work)
    linked.repository.git("worktree", "lock", "--reason", "I look at it", str(lab / "root"))
    (left,) = swept(linked).left
    assert "locked" in left.why
    assert (lab / "root" / "work.txt").exists()
    linked.repository.git("worktree", "unlock", str(lab / "root"))
    assert swept(linked).removed == ("gen-1",)
    nothing_left(linked)


def test_one_that_git_was_killed_over_is_no_person_s(linked: Place) -> None:
    leave(linked, some_work)
    (entry,) = (linked.common / "worktrees").iterdir()
    (entry / "locked").write_text("initializing\n")
    assert swept(linked).removed == ("gen-1",)
    nothing_left(linked)


def test_git_s_entry_of_a_lab_that_is_gone_goes_and_no_other(linked: Place, tmp_path: Path) -> None:
    lab = leave(linked, some_work)
    linked.repository.git("worktree", "add", "-q", "--detach", str(tmp_path / "unplugged"))
    (tmp_path / "unplugged").rename(tmp_path / "on a shelf")
    lab.rename(tmp_path / "taken away")
    assert linked.worktrees() == 3

    swept(linked)

    listed = linked.repository.git("worktree", "list", "--porcelain")
    assert (linked.worktrees(), "unplugged" in listed) == (2, True)


# ---------------------------------------------------------------- refs of labs that are gone


def test_refs_of_labs_that_are_gone_go_where_others_reach_what_they_hold(clone: Place) -> None:
    with clone.open() as lab:
        lab.write("kept.txt", b"1")
        kept = lab.snapshot(clone.head, "an attempt").commit
        lab.write("alone.txt", b"2")
    clone.repository.git("update-ref", "refs/loopwright/attempts/1/1/1", kept)
    clone.repository.git("update-ref", "refs/loopwright/labs/gen-1/base", clone.head)
    clone.repository.git("update-ref", "refs/loopwright/labs/notes/base", clone.head)

    assert janitor.drop_refs(clone.site, lambda run: run == 1) == 0
    assert janitor.drop_refs(clone.site, nobody) == 2

    assert (clone.ref("gen-1/base"), clone.ref("gen-1/snapshot")) == (None, None)
    assert rescued(clone, "alone.txt") == b"2"
    assert clone.ref("notes/base") == clone.head
    assert janitor.drop_refs(clone.site, nobody) == 0
    assert leases.names(clone.site) == set()


def test_a_lease_that_finds_no_room_is_told_as_that(clone: Place) -> None:
    folder = leases.folder(clone.site)
    folder.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(folder)], capture_output=True).returncode:
        pytest.skip("a small disk can't be mounted here: only root can")
    try:
        (folder / "full").write_bytes(bytes(4096))
        with pytest.raises(NoRoom, match="too little room"), clone.open():
            raise AssertionError("it was opened")
        assert not clone.labs.exists()
        (folder / "full").unlink()
        with clone.open():
            assert leases.names(clone.site) == {"gen-1"}
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_lab_that_somebody_dies_in_while_refs_are_looked_at_keeps_its_refs_and_its_lease(clone: Place) -> None:
    clone.repository.git("update-ref", "refs/loopwright/labs/gen-1/base", clone.head)
    begun: list[Path] = []

    def begins_meanwhile(run: int) -> bool:
        begun.extend([leave(clone, some_work, name=f"gen-{run}")] if not begun else [])
        return False

    assert janitor.drop_refs(clone.site, begins_meanwhile) == 0

    assert clone.ref("gen-1/base") == clone.head
    assert swept(clone).removed == ("gen-1",)
    assert rescued(clone, "work.txt") == b"half done\n"


def test_refs_of_a_lab_that_is_there_stay(clone: Place) -> None:
    with clone.open():
        assert janitor.drop_refs(clone.site, nobody) == 0
        assert clone.ref("gen-1/base") == clone.head


# ---------------------------------------------------------------- leases


def test_who_opens_a_lab_waits_for_the_janitor(clone: Place) -> None:
    descriptor = leases.take(clone.site, "gen-1")
    assert descriptor is not None
    assert leases.take(clone.site, "gen-1") is None
    before = time.monotonic()
    pid = os.fork()
    if not pid:
        time.sleep(0.3)
        os._exit(0)  # the last one to have the descriptor open
    os.close(descriptor)
    with clone.open() as lab:
        assert lab.fresh
    assert time.monotonic() - before > 0.2
    os.waitpid(pid, 0)


def test_a_lab_that_another_process_has_is_one_that_failed(clone: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "PATIENCE", 0.05)
    with clone.open() as lab:
        lab.write("work.txt", b"1")
        with pytest.raises(LabFailed, match="another process works in lab gen-1"), clone.open():
            pass
        assert lab.read("work.txt") == b"1"

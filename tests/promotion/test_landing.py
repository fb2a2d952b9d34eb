"""Landing: exactly what was verified, once, whoever tries at the same time and however late."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from loopwright.errors import GitFailed, RefMoved
from loopwright.git import Git
from loopwright.journal.hub import find
from loopwright.loops.promotion import landing, moving, recording
from loopwright.loops.promotion.edits import Edit
from loopwright.loops.promotion.landing import Conflict, Stale
from loopwright.testing.repository import Repository
from loopwright.vocabulary import Held, Landing, Scope
from tests.promotion.conftest import Line

PLAN = "---\nstatus: ready\n---\n# Something\n\n## Goal\n- `true`\n"


def test_a_landing_is_a_merge_with_the_run_and_the_verified_commit_in_its_trailers(line: Line) -> None:
    before, verified = line.main, line.verified(7, {"a.txt": "landed\n"})
    done = line.land(7, verified)
    assert done == Landing(line.main, verified, before)
    assert line.repo.git("show", "-s", "--format=%P", "main") == f"{before} {line.repo.head('loop/plan-7')}"
    body = line.repo.git("show", "-s", "--format=%B", "main")
    assert body.strip() == (f"land plan-7: Something (gen-7)\n\nLoopwright-Run: 7\nLoopwright-Verified: {verified}")
    assert line.repo.tree("main") == line.repo.tree(verified)
    assert line.repo.git("reflog", "-1", "--format=%gs", "main") == "loopwright: land plan-7: Something (gen-7)"


def test_a_candidate_moves_no_branch(line: Line) -> None:
    before = line.repo.git("for-each-ref", "refs/heads/main"), line.repo.status()
    line.verified(1, {"a.txt": "landed\n"})
    assert (line.repo.git("for-each-ref", "refs/heads/main"), line.repo.status()) == before


def test_lines_that_both_changed_are_a_conflict(line: Line) -> None:
    verified = line.verified(1, {"a.txt": "one\nTWO\nthree\n"})
    line.repo.write("a.txt", "one\n2\nthree\n")
    before = line.repo.commit("the person's")
    assert line.land(1, verified) == Conflict(("a.txt",))
    tip = line.repo.head("loop/plan-1")
    assert landing.candidate(line.hub, "main", tip, 1) == Conflict(("a.txt",))
    assert line.main == before


@pytest.mark.parametrize(
    "path", ["other.txt", "agents/LOOPS.md", "wiki/20_SYSTEM/page.md", "plans/deep/x.md", "tests/x"]
)
def test_a_person_s_commit_since_the_verification_makes_it_stale(line: Line, path: str) -> None:
    verified = line.verified(1, {"a.txt": "landed\n"})
    line.repo.write(path, "written meanwhile\n")
    before = line.repo.commit("the person's")
    assert line.land(1, verified) == Stale(before)
    assert line.main == before
    again = landing.candidate(line.hub, "main", line.repo.head("loop/plan-1"), 1)
    assert isinstance(again, str)
    assert isinstance(line.land(1, again), Landing)
    assert line.repo.read(path) == "written meanwhile\n"


def test_an_empty_commit_makes_nothing_stale(line: Line) -> None:
    verified = line.verified(1, {"a.txt": "landed\n"})
    line.repo.commit("nothing")
    assert isinstance(line.land(1, verified), Landing)


def test_record_commits_make_nothing_stale(line: Line) -> None:
    """Status lines, ticks, pages, and the adoption of a plan that git didn't know yet."""
    line.repo.write("plans/known.md", PLAN)
    line.repo.commit("a plan")
    verified = line.verified(1, {"a.txt": "landed\n"})
    edits = (
        Edit("status", "plans/known.md", ("running",)),
        Edit("adopt", "plans/unknown.md", (PLAN,)),
        Edit("page", "wiki/90_LOG/x.md", ("# X\n",)),
        Edit("log", "wiki/log.md", ("2026-11-20", "landed", "X")),
    )
    recording.record(line.hub, "main", edits, "record", 2)
    done = line.land(1, verified)
    assert isinstance(done, Landing)
    assert line.repo.tree(verified) != line.repo.tree("main")
    assert line.repo.show("main", "plans/known.md") == PLAN.replace("ready", "running")
    assert line.repo.status() == ""


def test_a_plan_that_a_person_rewrote_makes_it_stale(line: Line) -> None:
    line.repo.write("plans/known.md", PLAN)
    line.repo.commit("a plan")
    verified = line.verified(1, {"a.txt": "landed\n"})
    line.repo.write("plans/known.md", PLAN + "More.\n")
    line.repo.commit("more")
    assert isinstance(line.land(1, verified), Stale)


def test_a_run_lands_once_however_often_it_is_tried(line: Line) -> None:
    verified = line.verified(1, {"a.txt": "landed\n"})
    first = line.land(1, verified)
    assert line.land(1, verified) == first
    line.repo.write("other.txt", "later\n")
    line.repo.commit("the person's")
    line.landed(2, {"new.txt": "new\n"})
    assert line.land(1, verified) == first, "a late attempt of a process that was away"
    other = landing.candidate(line.hub, "main", line.repo.branch("late", {"b.txt": "2\n"}), 1)
    assert isinstance(other, str)
    assert isinstance(line.land(1, other), Held), "another work of the same number is too late, too"
    assert landing.landed(line.hub, "refs/heads/main", 1, line.root) == first
    assert landing.landed(line.hub, "refs/heads/main", 12, line.root) is None


def test_a_person_s_copy_of_a_landing_is_none(line: Line) -> None:
    done = line.landed(1, {"a.txt": "landed\n"})
    line.repo.git("revert", "-m", "1", "--no-edit", done.commit)
    line.repo.git("cherry-pick", "-m", "1", done.commit)
    assert landing.landed(line.hub, "refs/heads/main", 1, line.root) == done


def test_a_title_forges_no_trailer(line: Line) -> None:
    verified = line.verified(1, {"a.txt": "landed\n"})
    landing.land(line.hub, "main", 1, verified, line.root, "x\n\nLoopwright-Run: 9\n\nLoopwright-Run: 8")
    assert landing.landed(line.hub, "refs/heads/main", 9, line.root) is None
    assert landing.landed(line.hub, "refs/heads/main", 8, line.root) is None
    assert landing.landed(line.hub, "refs/heads/main", 1, line.root) is not None


def test_a_tag_that_is_there_stays(line: Line) -> None:
    done = line.landed(1, {"a.txt": "landed\n"})
    assert landing.keep_tag(line.hub, 1, done.commit) == "gen-1"
    assert landing.keep_tag(line.hub, 1, done.before) == "gen-1"
    assert line.repo.head("gen-1") == done.commit
    assert landing.keep_tag(line.hub, 2, done.before, failed=True) == "gen-2-failed"


def test_a_repository_with_sha256_lands_too(tmp_path: Path) -> None:
    repo = Repository.init(tmp_path / "long", object_format="sha256")
    repo.write("a.txt", "1\n")
    repo.write("gone.txt", "1\n")
    repo.commit("first")
    line = Line(repo, find(repo.path))
    assert isinstance(line.land(1, line.verified(1, {"a.txt": "2\n", "gone.txt": None})), Landing)
    assert repo.status() == ""


# ---------------------------------------------------------------- nothing is undone in silence


def undone(line: Line, base: str, tree_of: str, scope: Scope | None = None) -> set[str]:
    return set(landing.silent_reverts(line.hub.git, base, line.main, tree_of, scope or Scope()))


def newer(line: Line) -> str:
    """A mainline that got an edit, a new test, a deletion, a mode; the base before all that."""
    base = line.main
    line.repo.write("a.txt", "one\n2\nthree\n")
    line.repo.write("tests/test_new.py", "assert True\n")
    (line.repo.path / "gone.txt").unlink()
    (line.repo.path / "run.sh").chmod(0o755)
    line.repo.commit("the person's")
    return base


THEIRS = {"a.txt", "tests/test_new.py", "gone.txt", "run.sh"}


def test_a_merge_undoes_nothing(line: Line) -> None:
    base = newer(line)
    verified = line.verified(1, {"other.txt": "landed\n"}, base)
    assert undone(line, base, verified) == set()


def test_a_stale_squash_undoes_all_that_came_since(line: Line) -> None:
    base = newer(line)
    stale = line.repo.branch("squash", {"other.txt": "landed\n"}, base)
    assert undone(line, base, stale) == THEIRS


def test_files_that_were_copied_back_and_tests_that_were_deleted_are_named(line: Line) -> None:
    base = newer(line)
    old = line.repo.show(base, "a.txt")
    back = line.repo.branch("back", {"a.txt": old, "tests/test_new.py": None, "other.txt": "landed\n"})
    assert undone(line, base, back) == {"a.txt", "tests/test_new.py"}


def test_deleting_what_the_mainline_edited_since_is_named(line: Line) -> None:
    base = newer(line)
    assert undone(line, base, line.repo.branch("deleted", {"a.txt": None})) == {"a.txt"}


def test_what_the_plan_names_itself_may_be_undone(line: Line) -> None:
    base = newer(line)
    stale = line.repo.branch("squash", {}, base)
    assert undone(line, base, stale, Scope(("a.txt",), (), ("./tests/test_new.py",))) == {"gone.txt", "run.sh"}
    assert undone(line, base, stale, Scope(("**", "tests/*"))) == THEIRS, "a glob over it names nothing"


def test_new_work_on_the_same_files_undoes_nothing(line: Line) -> None:
    base = newer(line)
    more = line.repo.branch("more", {"a.txt": "one\n2\nthree\nfour\n", "gone.txt": "another\n"})
    assert undone(line, base, more) == set()


# ---------------------------------------------------------------- many at once

PROCESSES, EACH = 8, 25


def lands(top: Path, worker: int) -> None:
    """One process: its runs, one after the other, each verified anew for as long as the mainline moves."""
    line = Line(Repository(top), find(top))
    for i in range(EACH):
        number = worker * EACH + i + 1
        tip = line.repo.branch(f"loop/plan-{number}", {f"work/{worker}/{i}.txt": f"{number}\n"}, line.root)
        done: object = None
        while not isinstance(done, Landing):
            candidate = landing.candidate(line.hub, "main", tip, number)
            assert isinstance(candidate, str)
            done = line.land(number, candidate)
            assert isinstance(done, Landing | Stale), done


def test_two_hundred_landings_of_eight_processes_all_arrive_once(line: Line) -> None:
    first, before = line.main, dict(line.repo.files())
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=lands, args=(line.repo.path, worker)) for worker in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    runs = line.repo.git(
        "log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly,separator=)", "main"
    )
    assert sorted(int(run) for run in runs.splitlines() if run) == list(range(1, PROCESSES * EACH + 1))
    assert line.repo.git("rev-list", "--count", "--first-parent", f"{first}..main") == str(PROCESSES * EACH)
    files = line.repo.files("main")
    assert len(files) == len(before) + PROCESSES * EACH
    assert {path: files[path] for path in before} == before
    assert line.repo.status() == ""
    assert line.repo.sound()


def test_one_run_that_many_processes_land_at_once_lands_once(line: Line) -> None:
    verified = line.verified(1, {"a.txt": "landed\n"})
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()

    def land() -> None:
        answers.put(Line(line.repo, find(line.repo.path)).land(1, verified))

    processes = [fork.Process(target=land) for _ in range(8)]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    assert len(set(found)) == 1
    assert isinstance(found[0], Landing)
    assert line.main == found[0].commit


def test_a_run_that_another_process_lands_between_two_looks_at_the_mainline_lands_once(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process moves main in the moment after this one has read main's history, and before it goes on."""
    verified = line.verified(1, {"a.txt": "landed\n"})
    tip, tree = line.repo.git("rev-parse", f"{verified}^2"), line.repo.tree(verified)
    words = f"land plan-1\n\nLoopwright-Run: 1\nLoopwright-Verified: {verified}"
    other = line.repo.git("commit-tree", tree, "-p", line.main, "-p", tip, "-m", words)
    git = shutil.which("git")
    (tmp_path / "git").write_text(
        f"""#!/bin/sh
        {git} "$@"; code=$?
        case "$*" in *--first-parent*) [ -e "{tmp_path}/done" ] || {{
            touch "{tmp_path}/done"; {git} -C "{line.repo.path}" update-ref refs/heads/main {other}
        }};; esac
        exit $code"""
    )
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    done = line.land(1, verified)

    assert (tmp_path / "done").exists()
    assert isinstance(done, Landing)
    assert done.commit == line.main == other


def test_a_ref_that_git_cannot_move_leaves_everything_as_it_was(line: Line) -> None:
    verified = line.verified(1, {"a.txt": "landed\n"})
    before, log = line.main, line.repo.path / ".git/logs/refs/heads/main"
    kept = log.read_bytes()
    log.unlink()
    line.repo.write(".git/logs/refs/heads/main/in-the-way", "")
    with pytest.raises(GitFailed, match="still logs"):
        line.land(1, verified)
    assert (line.main, line.repo.status()) == (before, "")
    assert not (line.repo.path / ".git/index.lock").exists()
    shutil.rmtree(log)
    log.write_bytes(kept)
    assert isinstance(line.land(1, verified), Landing)
    assert line.repo.status() == ""


def test_moving_from_another_commit_than_the_mainline_s_is_refused(line: Line) -> None:
    old = line.main
    line.repo.commit("later")
    with pytest.raises(RefMoved):
        moving.move(line.hub, moving.Move("refs/heads/main", old, line.repo.branch("x", {"b": "1"}, old), "x"))
    assert not isinstance(line.land(1, line.verified(1, {"b": "1"})), Held)
    assert Git(line.repo.path).resolve("main") == line.main

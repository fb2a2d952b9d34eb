"""The check of all landings: a history that loopwright made is clean, and whatever was tampered with is found."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from loopwright.journal import records
from loopwright.journal.codec import encode
from loopwright.journal.hub import find
from loopwright.loops.promotion import fsck, landing, recording
from loopwright.loops.promotion.edits import Edit
from loopwright.testing.records import record
from loopwright.testing.repository import Repository
from loopwright.vocabulary import Landing, Plan, Scope
from tests.promotion.conftest import Line
from tests.promotion.test_recording import PATH, PLAN


def check(line: Line) -> dict[str, Any]:
    return fsck.check(line.hub, "main")


def found(line: Line) -> list[tuple[str, int | None, str]]:
    return [(finding["commit"], finding["run"], finding["rule"]) for finding in check(line)["findings"]]


def forge(line: Line, number: int, tree: str, parents: tuple[str, ...], verified: str, trailer: str = "") -> str:
    """A commit on the mainline that says what a landing says."""
    words = trailer or f"Loopwright-Run: {number}\nLoopwright-Verified: {verified}"
    commit = line.hub.git.commit_tree(tree, parents, f"land plan-{number}: Something (gen-{number})\n\n{words}\n")
    line.repo.git("update-ref", "refs/heads/main", commit)
    line.repo.git("reset", "-q", "--hard")
    return commit


def worked(line: Line) -> Line:
    """A few days of work: landings, records, a person's commits, merges of their own, a plan adopted and rewritten."""
    line.landed(1, {"a.txt": "one\n2\nthree\n", "new.txt": "new\n"})
    line.repo.write(PATH, PLAN)
    recording.record(line.hub, "main", (Edit("adopt", PATH, (PLAN,)), Edit("status", PATH, ("running",))), "claim", 2)
    base = line.main
    verified = line.verified(2, {"kind": "landed\n"})
    edits = (Edit("status", PATH, ("review",)), Edit("page", "wiki/90_LOG/x.md", ("# X\n",)))
    recording.record(line.hub, "main", edits, "record", 2)
    done = line.land(2, verified)
    assert isinstance(done, Landing)
    line.keep_record(2, base, done)
    line.repo.write(PATH, line.repo.read(PATH) + "More words.\n")
    line.repo.write("other.txt", "the person's\n")
    line.repo.commit("a person's\n\nwith a Loopwright-Run: 77 in it, but not as a trailer")
    line.repo.git("checkout", "-qb", "side")
    line.repo.write("side.txt", "side\n")
    line.repo.commit("side")
    line.repo.git("checkout", "-q", "main")
    line.repo.git("merge", "-q", "--no-ff", "-m", "a person's merge", "side")
    line.landed(3, {"new.txt": None, "folder/part": "landed\n"})
    return line


@pytest.fixture
def history(line: Line) -> Line:
    return worked(line)


def test_a_history_that_loopwright_and_its_people_made_is_clean(history: Line) -> None:
    assert check(history) == {"landings": 3, "records": 2, "others": 3, "findings": []}


def test_a_repository_without_landings_is_clean(line: Line) -> None:
    assert check(line) == {"landings": 0, "records": 0, "others": 1, "findings": []}
    assert fsck.check(line.hub, "no-such-branch") == {"landings": 0, "records": 0, "others": 0, "findings": []}


def test_what_it_prints_names_the_mend(history: Line) -> None:
    history.repo.git("update-ref", "-d", "refs/loopwright/runs/1")
    (finding,) = check(history)["findings"]
    assert finding["rule"] == "no-evidence"
    assert finding["message"] == "there is no readable record of run 1"
    assert finding["mend"] == "git fetch origin 'refs/loopwright/*:refs/loopwright/*'"


def test_a_landing_that_was_amended_is_found(history: Line) -> None:
    """The message and parents are those of the landing; its tree is not what anybody verified."""
    history.repo.write("folder/part", "slipped in\n")
    history.repo.git("add", "-A")
    history.repo.git("commit", "-q", "--amend", "--no-edit")
    rules = {(history.main, 3, rule) for rule in ("not-the-merge", "not-verified", "other-landing")}
    assert set(found(history)) == rules


def test_words_slipped_into_a_loop_owned_page_are_found_too(history: Line) -> None:
    history.repo.write("wiki/90_LOG/x.md", "# Another story\n")
    history.repo.git("add", "-A")
    history.repo.git("commit", "-q", "--amend", "--no-edit")
    assert set(found(history)) == {(history.main, 3, "not-the-merge"), (history.main, 3, "other-landing")}


def test_the_same_run_twice_is_found(history: Line) -> None:
    done = history.landed(4, {"a.txt": "four\n"})
    parents = (history.main, history.repo.branch("again", {"again.txt": "again\n"}))
    commit = forge(history, 4, history.repo.tree("again"), parents, done.verified)
    assert (commit, 4, "landed-twice") in found(history)
    assert done.commit not in {commit for commit, _, _ in found(history)}, "the first one is as it should be"


def test_a_copy_of_a_landing_by_cherry_pick_is_found(history: Line) -> None:
    done = history.landed(4, {"a.txt": "four\n"})
    history.repo.git("revert", "-m", "1", "--no-edit", done.commit)
    history.repo.git("cherry-pick", "-m", "1", done.commit)
    assert set(found(history)) == {(history.main, 4, "landed-twice"), (history.main, 4, "not-a-merge")}


def test_a_record_commit_that_touches_the_work_is_found(history: Line) -> None:
    tree = history.repo.tree(history.repo.branch("x", {"other.txt": "slipped in\n", PATH: PLAN}))
    commit = forge(history, 0, tree, (history.main,), "", "Loopwright-Record: 9")
    (finding,) = check(history)["findings"]
    assert (finding["commit"], finding["run"], finding["rule"]) == (commit, 9, "record-touches-work")
    assert "other.txt" in finding["message"]
    assert PATH in finding["message"], "the words of a plan are its person's"


@pytest.mark.parametrize("path", [PATH, "wiki/90_LOG/x.md"])
def test_a_record_commit_that_deletes_is_found(history: Line, path: str) -> None:
    tree = history.repo.tree(history.repo.branch("x", {path: None}))
    commit = forge(history, 0, tree, (history.main,), "", "Loopwright-Record: 9")
    assert found(history) == [(commit, 9, "record-touches-work")]


def test_a_landing_that_undoes_what_the_mainline_got_is_found(history: Line) -> None:
    """As `git merge -s theirs` would make it of an old branch; its forger even had it judged."""
    base = history.main
    tip = history.repo.branch("old", {"new thing": "x\n"}, base)
    history.repo.write("other.txt", "a later fix\n")
    history.repo.write("tests/test_fix.py", "assert True\n")
    before = history.repo.commit("a person's fix")
    verified = history.hub.git.commit_tree(history.repo.tree(tip), [before, tip], "verified")
    commit = forge(history, 4, history.repo.tree(tip), (before, tip), verified)
    history.keep_record(4, base, Landing(commit, verified, before))
    assert set(found(history)) == {(commit, 4, "not-the-merge"), (commit, 4, "silent-revert")}
    told = next(f for f in check(history)["findings"] if f["rule"] == "silent-revert")
    assert "other.txt, tests/test_fix.py" in told["message"]


def test_a_plan_may_name_what_it_undoes_and_a_rollback_undoes(history: Line) -> None:
    base = history.main
    history.repo.write("other.txt", "a later fix\n")
    before = history.repo.commit("a person's fix")
    old = history.repo.show(base, "other.txt")
    tip = history.repo.branch("back", {"other.txt": old}, before)
    verified = history.hub.git.commit_tree(history.repo.tree(tip), [before, tip], "verified")
    done = history.land(4, verified)
    assert isinstance(done, Landing)
    history.keep_record(4, base, done)
    assert found(history) == [(done.commit, 4, "silent-revert")]
    history.keep_record(4, base, done, kind="rollback")
    assert found(history) == []
    body = records.read(history.hub, 4)
    assert body is not None
    plan = Plan("x", PATH, "X", "# X\n", scope=Scope(("other.txt",)))
    files = {"plan.json": json.dumps(encode(plan)).encode()}
    records.write(history.hub, body | {"kind": "plan"}, files)
    assert found(history) == []


@pytest.mark.parametrize(("checks", "clean"), [("[]", True), ('["make test"]', False), ("]", False)])
def test_a_rollback_without_verdicts_is_sound_where_there_was_nothing_to_ask(
    history: Line, checks: str, clean: bool
) -> None:
    history.repo.write("agents/LOOPS.md", f"---\nchecks: {checks}\n---\n# Loops\n")
    base = history.repo.commit("a configuration")
    done = history.land(4, history.verified(4, {"other.txt": "as it was\n"}))
    assert isinstance(done, Landing)
    nothing: dict[str, Any] = {"checks": [], "goal": [], "reviews": []}

    history.keep_record(4, base, done, kind="rollback", **nothing)

    assert found(history) == ([] if clean else [(done.commit, 4, "no-verdict")])
    history.keep_record(4, base, done, **nothing)
    assert found(history) == [(done.commit, 4, "no-verdict")]


def test_a_record_without_a_landing_or_with_another_is_found(history: Line) -> None:
    done = landing.landed(history.hub, "refs/heads/main", 3, history.root)
    assert done is not None
    base = history.repo.head(f"{done.commit}^1")
    records.write(history.hub, record(3, base=base), {})
    assert found(history) == [(done.commit, 3, "other-landing")]
    history.keep_record(3, base, Landing(done.before, done.verified, done.before))
    assert found(history) == [(done.commit, 3, "other-landing")]
    history.keep_record(3, base, done)
    assert found(history) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"checks": [], "goal": [], "reviews": []}, "no verdict at all"),
        ({"checks": [{"command": "make test", "passed": False}]}, "did not pass: make test"),
        ({"reviews": [{"passed": False, "reasons": "no"}]}, "did not pass: the review"),
        ({"goal": [{"command": "x", "passed": True, "commit": "1" * 40, "tree": "2" * 40}]}, "another commit: x"),
    ],
)
def test_a_record_that_proves_nothing_is_found(history: Line, more: dict[str, Any], words: str) -> None:
    done = landing.landed(history.hub, "refs/heads/main", 3, history.root)
    assert done is not None
    history.keep_record(3, history.repo.head(f"{done.commit}^1"), done, **more)
    (finding,) = check(history)["findings"]
    assert (finding["run"], finding["rule"]) == (3, "no-verdict")
    assert words in finding["message"]


def test_a_record_that_does_not_read_is_no_evidence(history: Line) -> None:
    blob = history.repo.git("hash-object", "-w", "--stdin", data='{"run": 3, "kind": "plan"}')
    tree = history.repo.git("mktree", data=f"100644 blob {blob}\trecord.json\n")
    commit = history.hub.git.commit_tree(tree, [], "x")
    history.repo.git("update-ref", "refs/loopwright/runs/3", commit)
    assert [(run, rule) for _, run, rule in found(history)] == [(3, "no-evidence")]


def test_a_clone_says_what_to_fetch_and_is_clean_when_it_did(history: Line) -> None:
    there = history.repo.path.parent / "clone"
    history.repo.git("clone", "-q", str(history.repo.path), str(there))
    clone = Repository(there)
    line = Line(clone, find(there))
    told = check(line)
    assert {finding["rule"] for finding in told["findings"]} == {"no-evidence"}
    assert {finding["run"] for finding in told["findings"]} == {1, 2, 3}
    (mend,) = {finding["mend"] for finding in told["findings"]}
    clone.git(*mend.replace("'", "").split()[1:])
    assert check(line)["findings"] == []


def test_a_shallow_clone_says_that_it_lacks_the_history(history: Line) -> None:
    there = history.repo.path.parent / "clone"
    history.repo.git("clone", "-q", "--depth=1", f"file://{history.repo.path}", str(there))
    Repository(there).git("fetch", "-q", "--depth=1", "origin", "refs/loopwright/*:refs/loopwright/*")
    findings = check(Line(Repository(there), find(there)))["findings"]
    assert {finding["mend"] for finding in findings} == {"git fetch --unshallow"}
    assert len(findings) == 1


@pytest.mark.parametrize(
    "trailer", ["Loopwright-Run: none", "Loopwright-Run: 0", "Loopwright-Run: 5\nLoopwright-Verified: x"]
)
def test_trailers_that_say_nonsense_are_findings_and_no_crash(history: Line, trailer: str) -> None:
    tip = history.repo.branch("x", {"x": "x\n"})
    tree = history.repo.tree(tip)
    commit = forge(history, 0, tree, (history.main, tip), "", trailer)
    assert {(oid, rule) for oid, _, rule in found(history)} == {(commit, "no-evidence")}


def test_the_number_of_processes_does_not_grow_but_for_the_merges(
    line: Line, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """git is started once for each kind of question, not once for each landing."""
    counter, program = tmp_path / "count", tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$1" >> {counter}\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    counts: list[int] = []
    for number in range(1, 6):
        line.landed(number, {f"{number}.txt": "x\n"})
        counter.write_text("")
        assert check(line)["findings"] == []
        started = counter.read_text().split()
        assert started.count("merge-tree") == number
        counts.append(len(started) - number)
    assert len(set(counts[1:])) == 1


def test_a_landing_that_was_reset_away_is_missed(line: Line) -> None:
    before, done = line.main, line.landed(1, {"a.txt": "one\n2\nthree\n"})
    line.repo.git("reset", "-q", "--hard", before)
    assert found(line) == [(done.commit, 1, "gone")]
    line.repo.git("merge", "-q", "--ff-only", done.commit)
    assert found(line) == []


def test_a_landing_whose_words_were_amended_away_is_missed(line: Line) -> None:
    done = line.landed(1, {"a.txt": "one\n2\nthree\n"})
    line.repo.git("commit", "-q", "--amend", "-m", "tidy")
    assert found(line) == [(done.commit, 1, "gone")]


def test_a_landing_below_a_merge_of_a_person_is_not_missed(line: Line) -> None:
    line.repo.git("checkout", "-qb", "theirs")
    line.repo.write("other.txt", "theirs\n")
    line.repo.commit("theirs")
    line.repo.git("checkout", "-q", "main")
    line.landed(1, {"a.txt": "one\n2\nthree\n"})
    line.repo.git("checkout", "-q", "theirs")
    line.repo.git("merge", "-q", "--no-edit", "main")
    line.repo.git("branch", "-f", "main", "theirs")
    assert found(line) == []


def test_a_plan_that_was_reset_away_and_landed_anew_is_not_missed(line: Line) -> None:
    before = line.main
    line.landed(1, {"a.txt": "one\n2\nthree\n"})
    line.repo.git("reset", "-q", "--hard", before)
    verified = line.verified(2, {"a.txt": "1\ntwo\nthree\n"})
    done = line.land(2, verified)
    line.keep_record(2, before, done, plan="plan-1")
    assert found(line) == []

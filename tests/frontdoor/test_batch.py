"""Runs that wait at once land together: verified once, moved to in one step; who breaks the merge is found and ends."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from loopwright.loops.batching import most
from loopwright.testing.frontdoor import Told, until
from loopwright.vocabulary import Loops

from .conftest import Scripted, Shop, judges, maker, small_maker, small_plan, write
from .test_killing import an_outsider_commits, notes
from .test_queue import landed, met, queued, taken, waiting

MOVED = ("land:moved", "batch:landed")
POINTS = ("batch:gated", "batch:prepared", "land:locked", *MOVED)


def ready(scripted: Scripted, check: str, runs: int) -> Shop:
    """Runs 1 to `runs` met their goals; since then the mainline got a file."""
    shop = scripted([*(small_maker(number) for number in range(1, runs + 1)), *judges()])
    front = f"---\nmainline: main\nmerge: human\nlab: clone\nbatch: 8\nchecks: ['{check}']\n---\n# Loops\n"
    shop.write("agents/LOOPS.md", front)
    shop.commit("a check")
    met(shop, dict.fromkeys(range(1, runs + 1), "P2"))
    shop.write("src/vat.py", "VAT = 20\n")
    shop.commit("meanwhile")
    return shop


def land_all(shop: Shop, runs: int) -> dict[int, Told]:
    with taken(shop):
        started = queued(shop, list(range(1, runs + 1)))
    return {number: one.wait() for number, one in started.items()}


def gates(shop: Shop, runs: int) -> list[str]:
    """Every time that the gates of a landing ran, in all runs."""
    kinds = [
        row["what"] for run in range(1, runs + 1) for row in shop.door("show", str(run), "--json").json["timeline"]
    ]
    return [kind for kind in kinds if kind.startswith(("gates (landing", "gates (batch"))]


def moves(shop: Shop) -> list[str]:
    """What moved the mainline to a landing, oldest first."""
    told = shop.git("reflog", "show", "--format=%gs", "main").splitlines()
    return [words for words in reversed(told) if words.startswith("loopwright: land ")]


def sound(shop: Shop, runs: int) -> None:
    """Each landed once, and nobody has anything to say about it."""
    assert sorted(landed(shop)) == list(range(1, runs + 1))
    assert shop.door("fsck", "--json").json["findings"] == []
    assert shop.git("status", "--porcelain") == ""
    assert shop.git("for-each-ref", "refs/loopwright/claims", "refs/heads/loop") == ""
    assert shop.git("tag").split() == [f"gen-{run}" for run in range(1, runs + 1)]


def test_runs_that_wait_are_verified_once_and_the_mainline_moves_once(scripted: Scripted) -> None:
    shop = ready(scripted, "true", 4)

    told = land_all(shop, 4)

    assert [one.json["landed"] for one in told.values()] == [True] * 4
    assert landed(shop) == [1, 2, 3, 4]
    assert gates(shop, 4).count("gates (batch of 1, 2, 3, 4)") == 1
    assert len(gates(shop, 4)) == 4 + 1  # each once on its own, all once together
    assert moves(shop) == ["loopwright: land gen-1, gen-2, gen-3, gen-4"]
    (verified,) = {one.json["verified"] for one in told.values()}
    assert shop.git("rev-parse", f"{verified}^{{tree}}") == shop.git("rev-parse", "gen-4^{tree}")
    for number, one in told.items():
        commands = [gate for gate in (*one.json["checks"], *one.json["goal"]) if gate["command"]]
        assert {gate["commit"] for gate in commands} == {verified}
        assert [f"made/{number}.txt" in gate["command"] for gate in commands] == [False, True], (
            "its own, and no other's"
        )
    sound(shop, 4)

    back = shop.door("rollback", "2", "--json").json

    assert back["landed"]
    assert not (shop.path / "made/2.txt").exists()
    assert (shop.path / "made/3.txt").exists()
    assert shop.door("fsck", "--json").json["findings"] == []
    shop.git("branch", "-f", "whole", "main")
    shop.git("reset", "-q", "--hard", "gen-2")
    found = shop.door("fsck", "--json").json["findings"]
    assert {(finding["run"], finding["rule"]) for finding in found} >= {(1, "not-verified"), (2, "not-verified")}


@pytest.mark.parametrize(
    ("said", "lab", "together"), [(None, "sandbox", 8), (None, "clone", 1), (1, "sandbox", 1), (3, "clone", 3)]
)
def test_a_lab_without_walls_batches_only_where_a_person_says_so(said: int | None, lab: str, together: int) -> None:
    assert most(Loops(batch=said), lab) == together


def test_in_a_clone_each_is_verified_by_itself(scripted: Scripted) -> None:
    shop = ready(scripted, "true", 3)
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("batch: 8\n", ""))
    shop.commit("one by one")

    land_all(shop, 3)

    assert moves(shop) == [f"loopwright: land p{run}: Write file {run}. (gen-{run})" for run in (1, 2, 3)]
    assert gates(shop, 3) == ["gates (landing)"] * 6
    sound(shop, 3)


def test_the_one_that_breaks_the_merge_is_found_and_the_others_land(scripted: Scripted) -> None:
    shop = ready(scripted, "! test -e made/2.txt || ! test -e src/vat.py", 4)

    told = land_all(shop, 4)

    assert {number: one.json["landed"] for number, one in told.items()} == {1: True, 2: False, 3: True, 4: True}
    assert (told[2].code, told[2].json["outcome"], told[2].json["status"]) == (1, "not-met", "failed")
    assert any("verified by itself: its merge failed where gen-1, gen-3, gen-4" in n for n in told[2].json["notes"])
    assert moves(shop) == ["loopwright: land gen-1", "loopwright: land gen-3, gen-4"]
    assert not (shop.path / "made/2.txt").exists()
    assert shop.door("fsck", "--json").json["findings"] == []


def test_one_whose_line_is_stopped_is_verified_with_nobody(scripted: Scripted) -> None:
    shop = ready(scripted, "true", 3)
    stopped = "refs/loopwright/andon/plan/p2/2-1"
    with taken(shop):
        started = queued(shop, [1, 2, 3])
        shop.git("update-ref", stopped, "main")

    told = {number: one.wait() for number, one in started.items()}

    assert {number: one.json["landed"] for number, one in told.items()} == {1: True, 2: False, 3: True}
    assert gates(shop, 3).count("gates (batch of 1, 3)") == 1
    assert moves(shop) == ["loopwright: land gen-1, gen-3"]
    shop.git("update-ref", "-d", stopped)
    assert shop.door("land", "2", "--json").json["landed"]
    sound(shop, 3)


def test_two_that_don_t_fit_together_don_t_land_both(scripted: Scripted) -> None:
    shop = ready(scripted, "! test -e made/1.txt || ! test -e made/3.txt", 3)

    told = land_all(shop, 3)

    assert {number: one.json["landed"] for number, one in told.items()} == {1: True, 2: True, 3: False}
    assert told[3].json["outcome"] == "not-met"
    assert shop.door("fsck", "--json").json["findings"] == []


def test_a_gate_that_fails_once_over_the_merge_of_all_is_flaky_and_nobody_s_fault(
    scripted: Scripted, tmp_path: Path
) -> None:
    counted = tmp_path / "runs"
    shop = ready(scripted, f"! test -e src/vat.py || ! mkdir {counted}", 3)

    told = land_all(shop, 3)

    assert [one.json["landed"] for one in told.values()] == [True] * 3
    assert moves(shop) == ["loopwright: land gen-1, gen-2, gen-3"]
    assert [one.json["flaky"] for one in told.values()] == [1, 1, 1]
    sound(shop, 3)


def test_one_run_s_leave_to_change_a_test_is_no_other_s(scripted: Scripted) -> None:
    """The second run makes a test pass always; the first one's plan says that tests may change, its own doesn't."""
    lax = maker(write("made/2.txt", "2\n"), write("tests/both.sh", "exit 0\n"), when="# Write file 2.")
    shop = scripted([small_maker(1), lax, *judges()])
    shop.write("tests/both.sh", "! test -e made/1.txt || ! test -e made/2.txt\n")
    front = "---\nmainline: main\nmerge: human\nlab: clone\nbatch: 8\nchecks: ['sh tests/both.sh']\n---\n# Loops\n"
    shop.write("agents/LOOPS.md", front)
    shop.commit("a check")
    for number, more in ((1, "- Tests: `tests/**`\n"), (2, "")):
        text = small_plan(number, merge="human", priority="P2") + f"\n## Scope\n- In: `made/**`, `tests/**`\n{more}"
        assert shop.door("run", shop.plan(f"p{number}", text), "--json").json["outcome"] == "met"
    shop.write("src/vat.py", "VAT = 20\n")
    shop.commit("meanwhile")

    told = land_all(shop, 2)

    assert {number: (one.json["landed"], one.json["outcome"]) for number, one in told.items()} == {
        1: (True, "met"),
        2: (False, "not-met"),
    }
    assert shop.read("tests/both.sh").startswith("!")
    assert shop.door("fsck", "--json").json["findings"] == []


def _tip(home: Path) -> None:
    """Another tip, as the journal's newest line."""
    last = [line for line in (home / "journal.jsonl").read_text().splitlines() if '"candidate"' in line][-1]
    forged = json.loads(last) | {"tip": json.loads(last)["mainline"]}
    with (home / "journal.jsonl").open("a") as file:
        file.write(json.dumps(forged) + "\n")


def _goal(home: Path) -> None:
    """A goal that is easier."""
    text = (home / "plan.json").read_text()
    (home / "plan.json").write_text(text.replace("made/3.txt", "made/1.txt"))


def _half(home: Path) -> None:
    (home / "plan.json").write_text("{")


@pytest.mark.parametrize("edited", [_tip, _goal, _half])
def test_one_whose_files_were_edited_lands_with_nobody_and_holds_nobody_up(
    scripted: Scripted, edited: Callable[[Path], None]
) -> None:
    shop = ready(scripted, "true", 3)
    home = shop.path / ".git/loopwright/runs/3"
    with taken(shop):
        started = queued(shop, [1, 2, 3])
        before = [path.read_bytes() for path in sorted(home.glob("*.json*"))]
        edited(home)
        assert before != [path.read_bytes() for path in sorted(home.glob("*.json*"))]

    told = {number: one.wait() for number, one in started.items()}

    assert (told[1].json["landed"], told[2].json["landed"]) == (True, True)
    assert moves(shop)[0] == "loopwright: land gen-1, gen-2"
    assert shop.door("fsck", "--json").json["findings"] == []


@pytest.mark.parametrize("point", POINTS)
def test_when_the_one_that_verifies_for_all_is_killed_the_others_land_all_the_same(
    scripted: Scripted, point: str
) -> None:
    shop = ready(scripted, "true", 3)
    with taken(shop):
        dies = shop.door.start("land", "1", "--json", crash=point)
        until(lambda: waiting(shop) == [1])
        started = queued(shop, [2, 3])
    assert dies.wait().code == -signal.SIGKILL
    until(lambda: an_outsider_commits(shop))

    told = [one.wait() for one in started.values()]

    assert notes(shop) == 1
    assert [one.json["landed"] for one in told] == [True, True], [one.err for one in told]
    assert (1 in landed(shop)) == (point in MOVED)
    assert shop.door("land", "1", "--json").json["landed"]
    sound(shop, 3)


def test_verdicts_from_before_a_kill_are_about_the_commit_that_landed(scripted: Scripted) -> None:
    shop = ready(scripted, "true", 2)
    with taken(shop):
        dies = shop.door.start("land", "1", "--json", crash="batch:prepared")
        until(lambda: waiting(shop) == [1])
        other = queued(shop, [2])[2]
        other.signal(signal.SIGSTOP)
    assert dies.wait().code == -signal.SIGKILL
    other.kill()

    told = land_all(shop, 2)

    assert moves(shop) == ["loopwright: land gen-1, gen-2"]
    assert gates(shop, 2).count("gates (batch of 1, 2)") == 1
    for one in told.values():
        verdicts = (*one.json["checks"], *one.json["goal"])
        assert {gate["commit"] for gate in verdicts if gate["command"]} == {one.json["verified"]}
    sound(shop, 2)


def test_one_that_is_killed_or_stopped_while_others_verify_it_doesn_t_land_with_them(
    scripted: Scripted, tmp_path: Path
) -> None:
    """The gates of the batch wait on a pipe, so that there is time to end two of its runs."""
    pipe = tmp_path / "gate"
    os.mkfifo(pipe)
    shop = ready(scripted, f"! test -e src/vat.py || ! test -e made/1.txt || ! test -e made/2.txt || cat {pipe}", 4)
    with taken(shop):
        started = queued(shop, [1, 2, 3, 4])
    until(lambda: any(row["together_with"] for row in shop.door("status", "--json").json["landings"]))
    (first, *_) = shop.door("status", "--json").json["landings"]
    text = shop.door("status").out
    started[3].kill()
    started[4].signal(signal.SIGINT)
    assert started[4].wait().code == 130
    pipe.write_text("go on\n")
    until(lambda: landed(shop) == [1], what="gen-1 lands by itself")
    pipe.write_text("go on\n")  # for gen-2, on top of it

    told = [started[number].wait() for number in (1, 2)]

    assert (first["run"], first["together_with"]) == (1, [2, 3, 4])
    assert first["at_gates_since"]
    assert "its turn since" in text
    assert "together with gen-2, gen-3, gen-4" in text
    assert [one.json["landed"] for one in told] == [True, True]
    assert sorted(landed(shop)) == [1, 2]
    assert shop.door("reject", "3").code == 0
    assert shop.door("reject", "4").code == 0
    assert shop.door("fsck", "--json").json["findings"] == []


def test_a_person_s_no_to_one_that_others_are_verifying_holds(scripted: Scripted, tmp_path: Path) -> None:
    """The batch's gates wait on a pipe: the no comes while they run."""
    pipe = tmp_path / "gate"
    os.mkfifo(pipe)
    shop = ready(scripted, f"! test -e src/vat.py || ! test -e made/1.txt || ! test -e made/2.txt || cat {pipe}", 2)
    with taken(shop):
        started = queued(shop, [1, 2])
    until(lambda: any(row["together_with"] for row in shop.door("status", "--json").json["landings"]))
    refused = shop.door("reject", "2")
    started[2].kill()
    rejected = shop.door("reject", "2", "--json")
    pipe.write_text("go on\n")

    told = started[1].wait()

    assert (refused.code, "being worked on by another process" in refused.err) == (2, True)
    assert (rejected.code, rejected.json["status"]) == (0, "rejected")
    assert (told.json["landed"], landed(shop)) == (True, [1])
    assert not (shop.path / "made/2.txt").exists()
    assert shop.git("tag").split() == ["gen-1", "gen-2-failed"]
    assert shop.door("land", "2").code == 2
    assert shop.door("fsck", "--json").json["findings"] == []


def test_a_test_that_only_fails_beside_others_holds_back_its_own_run_alone(scripted: Scripted) -> None:
    """The second run brings it along; by itself it passes, and so does each of the others."""
    trap = "test $(ls made | wc -l) -lt 2\n"
    hostile = maker(write("made/2.txt", "2\n"), write("tests/trap.sh", trap), when="# Write file 2.")
    shop = scripted([small_maker(1), hostile, small_maker(3), *judges()])
    check = "for test in tests/*.sh; do sh $test || exit 1; done"
    shop.write("tests/honest.sh", "true\n")
    shop.write("agents/LOOPS.md", f"---\nmerge: human\nlab: clone\nbatch: 8\nchecks: ['{check}']\n---\n# Loops\n")
    shop.commit("a check")
    met(shop, dict.fromkeys((1, 2, 3), "P2"))
    shop.write("src/vat.py", "VAT = 20\n")
    shop.commit("meanwhile")

    told = land_all(shop, 3)

    assert {number: (one.json["landed"], one.json["outcome"]) for number, one in told.items()} == {
        1: (True, "met"),
        2: (False, "not-met"),
        3: (True, "met"),
    }
    assert landed(shop) == [1, 3]
    assert not (shop.path / "tests/trap.sh").exists()
    assert shop.door("status", "--json").json["line"] == "running"
    assert shop.door("fsck", "--json").json["findings"] == []

"""A git that fails in the middle of a run, as on a disk with errors: a typed end, main old or verified, and the next
start finishes the run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Scripted, Shop, judges, small_maker, small_plan

SHIM = """#!/bin/sh
echo "$1" >>"{state}/calls"
n=$(grep -cx -- "$1" "{state}/calls")
if [ -e "{state}/fault" ] && [ "$1 $n" = "$(cat "{state}/fault")" ]; then
    rm "{state}/fault"
    cat "{state}/words" >&2
    exit 128
fi
exec {git} "$@"
"""


EIO = "fatal: unable to write file: Input/output error"


def shimmed(scripted: Scripted, tmp_path: Path, fault: str = "", words: str = EIO) -> Shop:
    """A shop on whose PATH a git comes first that fails at one call, `SUBCOMMAND N`, with these words."""
    shop = scripted([small_maker(1), *judges()])
    state, real = tmp_path / "shim", shutil.which("git")
    state.mkdir()
    (state / "git").write_text(SHIM.format(state=state, git=real))
    (state / "git").chmod(0o755)
    (state / "words").write_text(f"{words}\n".format(git=shop.path / ".git"))
    if fault:
        (state / "fault").write_text(fault)
    shop.door.env["PATH"] = f"{state}:{shop.door.env['PATH']}"
    shop.plan("small", small_plan(1))
    return shop


# Of a run's calls (counted on one that nobody disturbs): every second one that moves a ref, and one of each other kind.
MOVES = [f"update-ref {n}" for n in range(1, 20, 2)]
OTHERS = {"rev-parse": 9, "for-each-ref": 7, "update-index": 5, "diff-tree": 5, "ls-tree": 4, "read-tree": 5}
OTHERS |= {"ls-files": 4, "hash-object": 3, "commit-tree": 3, "worktree": 3, "symbolic-ref": 2, "cat-file": 2}
OTHERS |= {"write-tree": 2, "add": 1, "merge-base": 1, "checkout-index": 1, "mktree": 1, "clean": 1, "merge-tree": 1}


@pytest.mark.parametrize("fault", [*MOVES, *(f"{name} {n}" for name, n in OTHERS.items())])
def test_a_git_that_fails_once_ends_the_run_in_words_and_the_next_start_finishes_it(
    scripted: Scripted, tmp_path: Path, fault: str
) -> None:
    failed_once(shimmed(scripted, tmp_path, fault), tmp_path)


@pytest.mark.parametrize(("fault", "lock"), [("update-ref 3", "refs/heads/main.lock"), ("read-tree 4", "index.lock")])
def test_a_lock_that_is_in_a_gits_way_for_a_moment_ends_the_run_in_words_or_not_at_all(
    scripted: Scripted, tmp_path: Path, fault: str, lock: str
) -> None:
    words = f"fatal: Unable to create '{{git}}/{lock}': File exists."
    failed_once(shimmed(scripted, tmp_path, fault, words), tmp_path)


def failed_once(shop: Shop, tmp_path: Path) -> None:
    """A run under way of which one call of git fails, and its next start."""
    told = shop.door("run", "small", "--json")

    assert not (tmp_path / "shim/fault").exists(), "the call was never made"
    assert "Traceback" not in told.err
    assert told.code in (0, 1, 2, 3, 4)
    assert shop.git("ls-tree", "main", "made/1.txt") == "" or shop.git("show", "main:made/1.txt") == "1"
    if told.code == 3:  # no lab could be made: that stops the line, and a person looks at the disk
        assert told.json["stop"]["reason"] == "lab"
    else:
        assert shop.door("run", "small", "--json").json["landed"]
        assert shop.labs == []
    assert shop.claims == []
    assert shop.git("fsck", "--strict", "--no-dangling") == ""
    assert shop.door("fsck", "--json").json["findings"] == []
    assert shop.git("status", "--porcelain") == ""

"""A landing while the mainline is checked out: the files follow, and what a person has there stays as it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from loopwright import checkpoints
from loopwright.errors import RefMoved
from loopwright.git import TreeEntry
from loopwright.journal.hub import find
from loopwright.loops.promotion import moving
from loopwright.loops.promotion.moving import Move
from loopwright.testing.repository import Repository
from loopwright.vocabulary import Held, Landing
from tests.promotion.conftest import Line, person

WORK: dict[str, str | None] = {
    "a.txt": "one\n2\nthree\n",
    "gone.txt": None,
    "new.txt": "new\n",
    "deep/er/new.txt": "deep\n",
    "kind": None,
    "kind/part": "a folder now\n",
    "folder/part": None,
    "folder": "a file now\n",
    "sub/in.txt": "below, landed\n",
}


def verified(line: Line) -> str:
    """A run that edits, adds, deletes, changes a mode and a link, and swaps a file with a folder."""
    tip = line.repo.branch("loop/plan-1", WORK)
    blob = line.hub.git.write_blob(b"sub/in.txt")
    more = {"run.sh": TreeEntry("100755", line.repo.files()["run.sh"].split()[2]), "link": TreeEntry("120000", blob)}
    tip = line.hub.git.commit_tree(line.hub.git.edit_tree(tip, more), [tip], "modes")
    line.repo.git("update-ref", "refs/heads/loop/plan-1", tip)
    return line.hub.git.commit_tree(line.repo.tree(tip), [line.main, tip], "candidate")


TOUCHED = (*WORK, "run.sh", "link", "deep", "deep/er", "sub")


def test_a_clean_checkout_follows_whole(line: Line) -> None:
    before = person(line.repo, TOUCHED)
    done = line.land(1, verified(line))
    assert isinstance(done, Landing)
    assert line.main == done.commit
    assert line.repo.status() == ""
    assert line.repo.read("a.txt") == "one\n2\nthree\n"
    assert line.repo.read("deep/er/new.txt") == "deep\n"
    assert line.repo.read("kind/part") == "a folder now\n"
    assert line.repo.read("folder") == "a file now\n"
    assert not (line.repo.path / "gone.txt").exists()
    assert os.access(line.repo.path / "run.sh", os.X_OK)
    assert (line.repo.path / "link").readlink() == Path("sub/in.txt")
    assert person(line.repo, TOUCHED) == before
    assert line.repo.git("diff-files", "--raw") == "", "the index knows its files: the next status reads none"
    assert_nothing_left(line)


def assert_nothing_left(line: Line) -> None:
    left = [
        path.name for path in (line.repo.path / ".git").glob("*") if "lock" in path.name or "loopwright" in path.name
    ]
    assert left == ["loopwright"]
    home = {path.name for path in line.hub.home.iterdir()} - {"landing.lock", "claims.lock", "runs"}
    assert home == set()


def edited(repo: Repository) -> None:
    repo.write("a.txt", "one\ntwo\nthree, mine\n")


def staged(repo: Repository) -> None:
    edited(repo)
    repo.git("add", "a.txt")


def staged_and_put_back(repo: Repository) -> None:
    staged(repo)
    repo.write("a.txt", "one\ntwo\nthree\n")


def deleted(repo: Repository) -> None:
    (repo.path / "a.txt").unlink()


def deleted_in_the_index_alone(repo: Repository) -> None:
    repo.git("rm", "-q", "--cached", "a.txt")


def replaced_by_a_folder(repo: Repository) -> None:
    deleted(repo)
    repo.write("a.txt/mine", "mine")


def replaced_by_an_empty_folder(repo: Repository) -> None:
    deleted(repo)
    (repo.path / "a.txt").mkdir()


def replaced_by_a_link(repo: Repository) -> None:
    deleted(repo)
    repo.link("a.txt", "other.txt")


def replaced_by_a_pipe(repo: Repository) -> None:
    deleted(repo)
    os.mkfifo(repo.path / "a.txt")


def another_mode(repo: Repository) -> None:
    (repo.path / "a.txt").chmod(0o755)


def edited_where_it_is_deleted(repo: Repository) -> None:
    repo.write("gone.txt", "mine\n")


def edited_where_it_becomes_a_folder(repo: Repository) -> None:
    repo.write("kind", "mine\n")


def untracked_in_the_way(repo: Repository) -> None:
    repo.write("new.txt", "mine\n")


def untracked_link_in_the_way(repo: Repository) -> None:
    repo.link("new.txt", "nowhere")


def untracked_folder_in_the_way(repo: Repository) -> None:
    repo.write("new.txt/mine", "mine\n")


def untracked_file_where_a_folder_comes(repo: Repository) -> None:
    repo.write("deep", "mine\n")


def untracked_below_what_becomes_a_file(repo: Repository) -> None:
    repo.write("folder/mine", "mine\n")


def meant_to_be_added(repo: Repository) -> None:
    repo.write("new.txt", "mine\n")
    repo.git("add", "-N", "new.txt")


def a_conflict(repo: Repository) -> None:
    blob = repo.files()["a.txt"].split()[2]
    rows = "".join(f"100644 {blob} {stage}\ta.txt\n" for stage in (1, 2, 3))
    repo.git("update-index", "--index-info", data=f"0 {'0' * 40}\ta.txt\n{rows}")


def a_folder_that_is_a_link_now(repo: Repository) -> None:
    (repo.path / "sub").rename(repo.path / "elsewhere")
    repo.link("sub", "elsewhere")


def another_link(repo: Repository) -> None:
    (repo.path / "link").unlink()
    repo.link("link", "other.txt")


OVERLAPPING: dict[Callable[[Repository], None], set[str]] = {
    edited: {"a.txt"},
    staged: {"a.txt"},
    staged_and_put_back: {"a.txt"},
    deleted: {"a.txt"},
    deleted_in_the_index_alone: {"a.txt"},
    replaced_by_a_folder: {"a.txt"},
    replaced_by_a_link: {"a.txt"},
    replaced_by_a_pipe: {"a.txt"},
    replaced_by_an_empty_folder: {"a.txt"},
    another_mode: {"a.txt"},
    edited_where_it_is_deleted: {"gone.txt"},
    edited_where_it_becomes_a_folder: {"kind"},
    untracked_in_the_way: {"new.txt"},
    untracked_link_in_the_way: {"new.txt"},
    untracked_folder_in_the_way: {"new.txt"},
    untracked_file_where_a_folder_comes: {"deep/er/new.txt"},
    untracked_below_what_becomes_a_file: {"folder"},
    meant_to_be_added: {"new.txt"},
    a_conflict: {"a.txt"},
    a_folder_that_is_a_link_now: {"sub/in.txt"},
    another_link: {"link"},
}


@pytest.mark.parametrize("edit", OVERLAPPING, ids=lambda edit: edit.__name__)
def test_edits_that_overlap_hold_the_landing_until_they_are_gone(
    line: Line, edit: Callable[[Repository], None]
) -> None:
    commit = verified(line)
    edit(line.repo)
    assert set(line.held(1, commit)) == OVERLAPPING[edit]
    assert_nothing_left(line)
    for _ in range(2):
        line.repo.git("clean", "-qfd")
        line.repo.git("reset", "-q", "--hard")
    assert isinstance(line.land(1, commit), Landing)
    assert line.repo.status() == ""


def test_an_edit_that_git_was_told_not_to_look_at_is_an_edit_all_the_same(line: Line) -> None:
    line.repo.git("update-index", "--assume-unchanged", "a.txt")
    edited(line.repo)
    assert line.held(1, verified(line)) == ("a.txt",)


def test_all_overlapping_paths_are_named_at_once(line: Line) -> None:
    commit = verified(line)
    edited(line.repo)
    untracked_in_the_way(line.repo)
    edited_where_it_is_deleted(line.repo)
    assert line.held(1, commit) == ("a.txt", "gone.txt", "new.txt")


def of_theirs(repo: Repository) -> None:
    """Edits of every kind, none of them where the landing is."""
    repo.write("other.txt", "stashed\n")
    repo.git("stash", "push", "-q", "-m", "later")
    repo.write("other.txt", "staged\n")
    repo.git("add", "other.txt")
    repo.write("other.txt", "staged, and edited since\n")
    (repo.path / "other/deep.txt").unlink()
    repo.write("untracked file", "mine\n")
    repo.write("other/nördlich", "mine\n")
    repo.write("added", "mine\n")
    repo.git("add", "added")
    repo.write("meant", "mine\n")
    repo.git("add", "-N", "meant")
    repo.link("a link", "nowhere")
    (repo.path / "empty folder").mkdir()
    os.mkfifo(repo.path / "pipe")
    repo.git("config", "alias.mine", "status")
    repo.write(".git/info/exclude", "ignored*\n")
    repo.write("ignored file", "mine\n")


def test_what_a_person_has_elsewhere_stays_byte_by_byte(line: Line) -> None:
    commit = verified(line)
    of_theirs(line.repo)
    before, status = person(line.repo, TOUCHED), line.repo.status()
    assert isinstance(line.land(1, commit), Landing)
    assert person(line.repo, TOUCHED) == before
    assert line.repo.status() == status


def test_a_file_that_is_already_as_it_will_be_is_no_edit(line: Line) -> None:
    commit = verified(line)
    line.repo.write("new.txt", "new\n")
    line.repo.write("a.txt", "one\n2\nthree\n")
    line.repo.git("add", "a.txt")
    (line.repo.path / "gone.txt").unlink()
    assert isinstance(line.land(1, commit), Landing)
    assert line.repo.status() == ""


def test_an_ignored_file_where_one_lands_is_not_overwritten(line: Line) -> None:
    commit = verified(line)
    line.repo.write(".git/info/exclude", "new.txt\n")
    untracked_in_the_way(line.repo)
    assert line.held(1, commit) == ("new.txt",)


def test_empty_folders_below_what_becomes_a_file_are_no_edit(line: Line) -> None:
    commit = verified(line)
    (line.repo.path / "folder/empty/emptier").mkdir(parents=True)
    assert isinstance(line.land(1, commit), Landing)
    assert line.repo.read("folder") == "a file now\n"
    assert line.repo.status() == ""


def test_touched_files_are_no_edits(line: Line) -> None:
    commit = verified(line)
    for name in ("a.txt", "gone.txt", "other.txt"):
        os.utime(line.repo.path / name, (1, 1))
    assert isinstance(line.land(1, commit), Landing)
    assert line.repo.status() == ""


def test_files_with_crlf_endings_follow_with_them(line: Line) -> None:
    line.repo.git("config", "core.autocrlf", "true")
    (line.repo.path / ".git/index").unlink()
    line.repo.git("reset", "-q", "--hard")
    assert line.repo.read("a.txt") == "one\r\ntwo\r\nthree\r\n"
    done = line.land(1, verified(line))
    assert isinstance(done, Landing)
    assert line.repo.read("a.txt") == "one\r\n2\r\nthree\r\n"
    assert line.repo.status() == ""
    line.repo.write("a.txt", "one\r\nMINE\r\nthree\r\n")
    assert line.held(2, line.verified(2, {"a.txt": "one\n2\n3\n"})) == ("a.txt",)


def test_crlf_in_the_repository_itself_is_no_edit(line: Line) -> None:
    """git leaves such a file as it is, though its bytes would be added with other endings."""
    line.repo.write("dos.txt", "one\r\ntwo\r\n")
    line.repo.commit("endings as they came")
    line.repo.write(".gitattributes", "* text=auto\n")
    line.repo.commit("endings are looked after from now on")
    os.utime(line.repo.path / "dos.txt", (1, 1))
    assert line.repo.status() == ""
    done = line.land(1, line.verified(1, {"dos.txt": "one\r\ntwo\r\nthree\r\n"}))
    assert isinstance(done, Landing)
    assert line.repo.read("dos.txt") == "one\r\ntwo\r\nthree\r\n"
    assert line.repo.status() == ""
    line.repo.write("dos.txt", "mine\r\n")
    assert line.held(2, line.verified(2, {"dos.txt": "one\r\n"})) == ("dos.txt",)


def test_the_person_s_own_filters_are_used(line: Line) -> None:
    rot13 = "tr 'A-Za-z' 'N-ZA-Mn-za-m'"
    line.repo.git("config", "filter.rot13.clean", rot13)
    line.repo.git("config", "filter.rot13.smudge", rot13)
    line.repo.write(".gitattributes", "secret.txt filter=rot13\n")
    line.repo.write("secret.txt", "plain\n")
    line.repo.commit("a filter")
    assert line.repo.show("HEAD", "secret.txt") == "cynva\n"
    assert isinstance(line.land(1, line.verified(1, {"secret.txt": "cynva naq zber\n"})), Landing)
    assert line.repo.read("secret.txt") == "plain and more\n"
    assert line.repo.status() == ""


def test_modes_are_no_edits_where_the_file_system_keeps_none(line: Line) -> None:
    line.repo.git("config", "core.fileMode", "false")
    (line.repo.path / "a.txt").chmod(0o777)
    assert isinstance(line.land(1, verified(line)), Landing)
    assert line.repo.status() == ""


def test_a_sparse_checkout_stays_sparse(line: Line) -> None:
    line.repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/sub/")
    assert not (line.repo.path / "sub/in.txt").exists()
    assert isinstance(line.land(1, verified(line)), Landing)
    assert not (line.repo.path / "sub/in.txt").exists()
    assert line.repo.status() == ""
    assert "S sub/in.txt" in line.repo.git("ls-files", "-t").splitlines()
    line.repo.git("sparse-checkout", "disable")
    assert line.repo.read("sub/in.txt") == "below, landed\n"


@pytest.mark.parametrize("cone", [("--cone", "other"), ("--no-cone", "/*", "!/deep/", "!/new.txt")])
def test_what_is_new_outside_of_a_sparse_checkout_is_kept_off_the_disk(line: Line, cone: tuple[str, ...]) -> None:
    line.repo.git("sparse-checkout", "set", *cone)
    done = line.land(1, line.verified(1, {"deep/er/new.txt": "deep\n", "deep/new.txt": "deep\n", "other/n.txt": "n\n"}))
    assert isinstance(done, Landing)
    assert not (line.repo.path / "deep").exists()
    assert line.repo.read("other/n.txt") == "n\n"
    assert line.repo.status() == ""
    line.repo.git("sparse-checkout", "disable")
    assert line.repo.read("deep/er/new.txt") == "deep\n"


def test_what_a_person_has_outside_of_a_sparse_checkout_is_not_overwritten(line: Line) -> None:
    line.repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/deep/")
    line.repo.write("deep/er/new.txt", "mine\n")
    assert line.held(1, verified(line)) == ("deep/er/new.txt",)


def test_a_file_that_is_skipped_by_hand_is_deleted_with_the_landing_that_deletes_it(line: Line) -> None:
    line.repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/gone.txt")
    assert isinstance(line.land(1, verified(line)), Landing)
    assert line.repo.status() == ""
    assert "gone.txt" not in line.repo.git("ls-files")


def test_a_submodule_is_left_to_its_owner(line: Line, tmp_path: Path) -> None:
    other = Repository.init(tmp_path / "other")
    first, second = other.commit("one"), other.commit("two")
    line.repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "module")
    line.repo.commit("a submodule")
    tip = line.hub.git.edit_tree(line.main, {"module": TreeEntry("160000", first)})
    tip = line.hub.git.commit_tree(tip, [line.main], "back one")
    done = line.land(1, line.hub.git.commit_tree(line.repo.tree(tip), [line.main, tip], "candidate"))
    assert isinstance(done, Landing)
    assert Repository(line.repo.path / "module").head() == second
    assert line.repo.status() == " M module"
    assert line.repo.files()["module"].split()[2] == first


@pytest.mark.parametrize("name", ["with space", "ünï", "new\nline", "-rf", ":(top)x", "*", "a\\b", 'q"uote', "x" * 200])
def test_odd_names_follow_and_hold_as_others_do(line: Line, name: str) -> None:
    assert isinstance(line.land(1, line.verified(1, {name: "1\n", f"in/{name}": "1\n"})), Landing)
    assert line.repo.status() == ""
    assert isinstance(line.land(2, line.verified(2, {name: "2\n"})), Landing)
    assert line.repo.read(name) == "2\n"
    line.repo.write(name, "mine\n")
    assert line.held(3, line.verified(3, {name: "3\n"})) == (name,)
    assert isinstance(line.land(4, line.verified(4, {f"in/{name}": None})), Landing)
    assert not (line.repo.path / "in").exists()


def test_a_mainline_that_nobody_has_checked_out_moves_alone(line: Line) -> None:
    commit = verified(line)
    line.repo.git("checkout", "-qb", "elsewhere")
    edited(line.repo)
    before, index = person(line.repo), (line.repo.path / ".git/index").read_bytes()
    done = line.land(1, commit)
    assert isinstance(done, Landing)
    assert line.main == done.commit
    assert (person(line.repo), (line.repo.path / ".git/index").read_bytes()) == (before, index)


def test_a_detached_head_on_the_mainline_s_commit_stays(line: Line) -> None:
    commit = verified(line)
    line.repo.git("checkout", "-q", "--detach")
    before, head = person(line.repo), line.repo.head()
    assert isinstance(line.land(1, commit), Landing)
    assert (person(line.repo), line.repo.head()) == (before, head)


def test_a_mainline_in_a_linked_worktree_is_followed_there(line: Line, tmp_path: Path) -> None:
    commit = verified(line)
    line.repo.git("checkout", "-qb", "elsewhere")
    line.repo.git("worktree", "add", "-q", str(tmp_path / "with space"), "main")
    there = Repository(tmp_path / "with space")
    there.write("a.txt", "mine\n")
    before = person(line.repo)
    assert line.held(1, commit) == ("a.txt",)
    there.git("checkout", "-q", "a.txt")
    assert isinstance(line.land(1, commit), Landing)
    assert person(line.repo) == before
    assert there.status() == ""
    assert there.read("new.txt") == "new\n"
    assert isinstance(Line(line.repo, find(there.path)).land(2, line.verified(2, {"a.txt": "2\n"})), Landing)
    assert there.read("a.txt") == "2\n"
    assert not list((line.repo.path / ".git/worktrees").glob("*/*.lock"))


def test_a_mainline_that_is_checked_out_twice_is_held(line: Line, tmp_path: Path) -> None:
    """Only one could follow; a commit made in the other one would undo the landing."""
    line.repo.git("worktree", "add", "-q", "--force", str(tmp_path / "second"), "main")
    verified, before = line.verified(1, {"new.txt": "new\n"}), line.main

    held = line.land(1, verified)

    assert isinstance(held, Held)
    assert "checked out more than once" in held.reason
    assert str(tmp_path / "second") in held.reason
    assert line.main == before
    line.repo.git("worktree", "remove", "--force", str(tmp_path / "second"))
    assert isinstance(line.land(1, verified), Landing)


def test_a_worktree_whose_folder_is_gone_is_nobody_s_checkout(line: Line, tmp_path: Path) -> None:
    commit = verified(line)
    line.repo.git("checkout", "-qb", "elsewhere")
    line.repo.git("worktree", "add", "-q", str(tmp_path / "gone"), "main")
    (tmp_path / "gone").rename(tmp_path / "moved")
    assert isinstance(line.land(1, commit), Landing)


@pytest.mark.parametrize("kind", ["merge", "cherry-pick", "revert", "rebase"])
def test_landing_waits_while_a_person_is_in_the_middle_of_something(line: Line, kind: str) -> None:
    commit = verified(line)
    side = line.repo.branch("side", {"other.txt": "theirs\n"})
    line.repo.write("other.txt", "mine\n")
    line.repo.commit("mine")
    words = {"merge": ("merge", "side"), "cherry-pick": ("cherry-pick", side), "rebase": ("rebase", "side")}
    code, _, _ = line.repo.ask(*words.get(kind, ("revert", "--no-edit", "HEAD~1")))
    if kind == "revert":
        line.repo.ask("revert", "--no-commit", "HEAD")
    assert code or kind == "revert"
    found = line.land(1, line.verified(2, {"new.txt": "new\n"}))
    assert isinstance(found, Held), commit
    assert kind in found.reason
    line.repo.git(kind, "--abort")
    assert isinstance(line.land(1, line.verified(3, {"new.txt": "new\n"})), Landing)


def a_move(line: Line, files: dict[str, str | None]) -> Move:
    new = line.repo.branch("next", files)
    return Move("refs/heads/main", line.main, new, "test")


def test_another_git_process_that_keeps_the_index_holds_the_landing(line: Line) -> None:
    wanted = a_move(line, {"a.txt": "landed\n"})
    lock = line.repo.path / ".git/index.lock"
    lock.write_bytes(b"a commit is being written")
    before = person(line.repo)
    found = moving.move(line.hub, wanted, patience=0.05)
    assert isinstance(found, Held)
    assert "index.lock" in found.reason
    assert (line.main, lock.read_bytes(), person(line.repo)) == (wanted.old, b"a commit is being written", before)
    lock.unlink()
    assert moving.move(line.hub, wanted, patience=0.05) is None
    assert line.repo.status() == ""


def test_a_lock_that_another_git_left_is_named_with_its_age(line: Line) -> None:
    lock = line.repo.path / ".git/index.lock"
    lock.touch()
    os.utime(lock, (1_700_000_000, 1_700_000_000))
    held = moving.move(line.hub, a_move(line, {"new.txt": "new\n"}), patience=0.05)
    assert held == Held(f"another git process holds {lock} since 2023-11-14 22:13:20+00:00")
    assert lock.read_bytes() == b""


def test_what_a_person_saves_in_the_moment_of_landing_is_not_overwritten(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(point: str) -> None:
        if point == "land:moved":
            line.repo.write("a.txt", "saved just now\n")
            line.repo.write("new.txt", "made just now\n")
            line.repo.write("gone.txt", "wanted just now\n")

    monkeypatch.setattr(checkpoints, "listener", save)
    assert isinstance(line.land(1, verified(line)), Landing)
    assert line.repo.read("a.txt") == "saved just now\n"
    assert line.repo.read("new.txt") == "made just now\n"
    assert line.repo.read("gone.txt") == "wanted just now\n"
    assert line.repo.status().splitlines() == [" M a.txt", " M new.txt", "?? gone.txt"]


def test_no_commit_can_be_made_from_the_old_index_while_the_mainline_moves(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take back the landing without anybody seeing it."""
    answers: list[int] = []

    def commit(point: str) -> None:
        if point in ("land:locked", "land:moved", "follow:files"):
            answers.append(line.repo.ask("commit", "--allow-empty", "-m", "mine")[0])

    monkeypatch.setattr(checkpoints, "listener", commit)
    done = line.land(1, verified(line))
    assert isinstance(done, Landing)
    assert line.main == done.commit
    assert len(answers) == 3
    assert all(answers)


def test_a_switch_of_branches_before_the_lock_is_seen(line: Line) -> None:
    """The mainline was checked out when it was looked at, and is no longer: those files are another branch's now."""
    wanted = a_move(line, {"a.txt": "landed\n"})
    line.repo.git("branch", "elsewhere")
    lock, waiting = line.repo.path / ".git/index.lock", line.repo.path / ".git/index.loopwright"
    lock.touch()
    ended: list[BaseException | Held | None] = []

    def move() -> None:
        try:
            ended.append(moving.move(line.hub, wanted))
        except RefMoved as problem:
            ended.append(problem)

    thread = threading.Thread(target=move)
    thread.start()
    while not waiting.exists():
        thread.join(0.01)
    line.repo.git("symbolic-ref", "HEAD", "refs/heads/elsewhere")
    lock.unlink()
    thread.join()
    assert isinstance(ended[0], RefMoved)
    assert line.main == wanted.old
    assert line.repo.read("a.txt") == "one\ntwo\nthree\n"
    assert moving.move(line.hub, wanted) is None
    assert line.repo.read("a.txt") == "one\ntwo\nthree\n"
    assert line.main == wanted.new

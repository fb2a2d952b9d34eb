"""git plumbing in the person's repository: what it says about refs, trees, merges and differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.errors import GitFailed, RefMoved
from loopwright.git import Git, TreeEntry, comparing, git_version
from loopwright.git.history import first_parents, trailers
from loopwright.testing.repository import Repository

ODD = ("with space", "ünïcode.txt", "new\nline", "-rf", "--help", ":(top)magic", "*", "tab\tname", 'quo"te', "a\\b")


def test_the_version_of_git_is_numbers() -> None:
    assert git_version() >= (2, 38)


def test_a_ref_is_made_only_where_none_is(git: Git, repo: Repository) -> None:
    git.update_ref("refs/loopwright/x", repo.head(), "")
    with pytest.raises(RefMoved):
        git.update_ref("refs/loopwright/x", repo.head(), "")


def test_a_ref_moves_only_from_what_it_holds(git: Git, repo: Repository) -> None:
    first, second = repo.head(), repo.commit("second")
    git.update_ref("refs/loopwright/x", first, "")
    with pytest.raises(RefMoved):
        git.update_ref("refs/loopwright/x", second, second)
    assert git.resolve("refs/loopwright/x") == first
    git.update_ref("refs/loopwright/x", second, first)
    assert git.resolve("refs/loopwright/x") == second


def test_a_name_that_git_forbids_is_an_error_and_no_lost_race(git: Git, repo: Repository) -> None:
    with pytest.raises(GitFailed):
        git.update_ref("refs/loopwright/a..b", repo.head(), "")


def test_a_lock_held_for_a_moment_loses_no_move(git: Git, repo: Repository) -> None:
    git.update_ref("refs/loopwright/x", repo.head(), "")
    lock = repo.path / ".git/refs/loopwright/x.lock"
    lock.touch()
    second = repo.commit("second")
    import threading

    threading.Timer(0.3, lock.unlink).start()
    git.update_ref("refs/loopwright/x", second, git.resolve("refs/loopwright/x") or "")
    assert git.resolve("refs/loopwright/x") == second


def test_a_ref_is_deleted_only_at_the_value_it_was_seen_with(git: Git, repo: Repository) -> None:
    git.set_ref("refs/loopwright/x", repo.head())
    assert not git.delete_ref("refs/loopwright/x", repo.commit("other"))
    assert git.delete_ref("refs/loopwright/x", git.refs("refs/loopwright")["refs/loopwright/x"])
    assert git.refs("refs/loopwright") == {}


def test_blobs_of_any_size_and_content_come_back_and_missing_ones_are_none(git: Git) -> None:
    contents = [b"", b"\n", b"\0\xff binary \n blob 12\n", b"x" * 3_000_000]
    names = [git.write_blob(data) for data in contents]
    missing = ["0" * 40, "main:no such file", "main:a b 12", "not a name at all 7"]
    found = git.blobs([*names, *missing])
    assert [found[name] for name in names] == contents
    assert [found[name] for name in missing] == [None] * 4


def test_a_name_that_ends_with_half_a_line_break_is_none_and_no_other_file(git: Git) -> None:
    tree = git.edit_tree("HEAD", {"twin": TreeEntry("100644", git.write_blob(b"without"))})
    tree = git.edit_tree(tree, {"twin\r": TreeEntry("100644", git.write_blob(b"with"))})

    assert git.read(tree, "twin\r") is None
    assert git.read(tree, "twin") == b"without"


def test_a_tree_is_no_blob(git: Git) -> None:
    assert git.read("main", "src") is None
    assert git.read("main", "src/app.py") == b"print('hello')\n"


def test_trees_keep_odd_names_through_editing_listing_and_comparing(git: Git, repo: Repository) -> None:
    entries = {f"odd/{name}": TreeEntry("100644", git.write_blob(name.encode())) for name in ODD}
    tree = git.edit_tree("main", entries)
    listed = git.ls_tree(tree)
    assert {path: listed[path] for path in entries} == entries
    assert {change.path for change in git.changes("main", tree)} == set(entries)
    removed = git.edit_tree(tree, dict.fromkeys(entries))
    assert removed == repo.tree()


def test_a_file_becomes_a_folder_and_back(git: Git) -> None:
    blob = git.write_blob(b"x")
    folder = git.edit_tree("main", {"README.md": None, "README.md/part": TreeEntry("100644", blob)})
    assert "README.md/part" in git.ls_tree(folder)
    assert "README.md" not in git.ls_tree(folder)
    file = git.edit_tree(folder, {"README.md/part": None, "README.md": TreeEntry("100755", blob)})
    assert git.ls_tree(file)["README.md"] == ("100755", blob)


def test_changes_tell_kinds_modes_and_blobs(git: Git, repo: Repository) -> None:
    first = repo.head()
    repo.write("new", "n")
    (repo.path / "README.md").unlink()
    repo.link("README.md", "src/app.py")
    (repo.path / "src/app.py").chmod(0o755)
    second = repo.commit("second")
    kinds = {c.path: (c.kind, c.old_mode, c.new_mode) for c in git.changes(first, second)}
    assert kinds == {
        "README.md": ("T", "100644", "120000"),
        "new": ("A", None, "100644"),
        "src/app.py": ("M", "100644", "100755"),
    }


def test_many_differences_at_once_are_the_same_as_one_by_one(git: Git, repo: Repository) -> None:
    trees = [repo.tree()]
    for i, name in enumerate(ODD):
        repo.write(name, f"{i}")
        repo.commit(f"{i}")
        trees.append(repo.tree())
    pairs = [(one, other) for one in trees for other in trees]
    assert git.changes_of(pairs) == {pair: git.changes(*pair) for pair in pairs}
    assert git.changes_of([]) == {}


def test_trees_of_many_commits_with_none_for_the_missing(git: Git, repo: Repository) -> None:
    missing = "12" * 20
    assert git.trees_of([repo.head(), repo.tree(), missing]) == {
        repo.head(): repo.tree(),
        repo.tree(): repo.tree(),
        missing: None,
    }


def test_merging_moves_nothing_and_names_the_conflicts(git: Git, repo: Repository) -> None:
    one = repo.branch("one", {"README.md": "# One\n", "a file": "1"})
    two = repo.branch("two", {"README.md": "# Two\n"})
    three = repo.branch("three", {"ünï\ncode": "3"})
    before = repo.git("for-each-ref"), repo.status(), repo.head()
    assert git.merge(one, two).conflicts == ("README.md",)
    clean = git.merge(one, three)
    assert clean.conflicts == ()
    assert {"a file", "ünï\ncode"} < git.ls_tree(clean.tree).keys()
    assert (repo.git("for-each-ref"), repo.status(), repo.head()) == before


def test_a_merge_runs_no_program_that_attributes_name(git: Git, repo: Repository, tmp_path: Path) -> None:
    """The same merge must come out whoever makes it, and whatever is in the checkout by then."""
    repo.git("config", "merge.mine.driver", f"touch {tmp_path / 'ran'}; true")
    repo.write(".gitattributes", "* merge=mine\n")
    one, two = repo.branch("one", {"README.md": "# One\n"}), repo.branch("two", {"README.md": "# Two\n"})
    assert git.merge(one, two).conflicts == ("README.md",)
    assert not (tmp_path / "ran").exists()


def test_a_diff_is_shown_whatever_attributes_say(git: Git, repo: Repository, tmp_path: Path) -> None:
    repo.git("config", "diff.hide.textconv", f"touch {tmp_path / 'ran'}; echo nothing")
    repo.git("config", "diff.external", f"touch {tmp_path / 'ran'}; true")
    repo.write(".gitattributes", "*.py -diff\n*.md diff=hide\n")
    change = repo.branch("x", {"src/app.py": "import os\n", "README.md": "# Other\n"})
    shown = comparing.diff(git, "main", change)
    assert "+import os" in shown
    assert "+# Other" in shown
    assert "2 files changed" in git.diff_stat("main", change)
    assert not (tmp_path / "ran").exists()


def test_a_diff_too_long_to_be_judged_is_a_hazard_and_not_held_in_memory(
    git: Git, repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "MOST", 1 << 20)
    long = repo.branch("long", {"a.txt": "a\n" * 300_000, "b.txt": "b\n" * 300_000})
    short = repo.branch("short", {"a.txt": "a\n" * 300_000})
    huge = repo.branch("huge", {"a.txt": "a\n" * (17 << 20)})  # git itself would take 700 MB
    changes = [comparing.compared(git, "main", commit, git.tree_of(commit)) for commit in (long, short, huge)]
    assert [[hazard.kind for hazard in change.hazards] for change in changes] == [["too-large"], [], []]
    assert [change.paths for change in changes] == [("a.txt", "b.txt"), ("a.txt",), ("a.txt",)]
    assert [change.diff.count("\n+") for change in changes] == [0, 300_001, 0]
    assert "Binary files /dev/null and b/a.txt differ" in changes[2].diff


def test_a_merge_over_a_base_of_ones_choice(git: Git) -> None:
    def tree(text: str) -> str:
        return git.edit_tree("main", {"f": TreeEntry("100644", git.write_blob(text.encode()))})

    old, ours, theirs = tree("1\n2\n3\n4\n5\n"), tree("1\n2\n3\n4\nfive\n"), tree("one\n2\n3\n4\n5\n")
    assert git.read(git.merge_over(old, ours, theirs).tree, "f") == b"one\n2\n3\n4\nfive\n"


def test_a_hook_s_environment_does_not_lead_git_elsewhere(
    git: Git, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repository.init(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    assert git.resolve("HEAD") == repo.head()


def test_no_hook_runs_whoever_wrote_it(git: Git, repo: Repository, tmp_path: Path) -> None:
    """A lab that is a worktree shares the hooks of the repository, and can write them."""
    for name in ("reference-transaction", "post-index-change", "post-checkout", "update"):
        hook = repo.write(f".git/hooks/{name}", f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
        hook.chmod(0o755)
    git.update_ref("refs/loopwright/x", repo.head(), "")
    git.edit_tree("main", {"README.md": None})
    assert not (tmp_path / "ran").exists()
    repo.git("update-ref", "refs/heads/x", repo.head())
    assert (tmp_path / "ran").exists(), "else this would show nothing"


def test_a_repository_with_sha256_works_as_one_with_sha1(tmp_path: Path) -> None:
    repo = Repository.init(tmp_path / "long", object_format="sha256")
    repo.write("a", "1\n2\n3\n")
    repo.write("b", "1")
    repo.commit("first")
    git = Git(repo.path)
    git.update_ref("refs/loopwright/x", repo.head(), "")
    with pytest.raises(RefMoved):
        git.update_ref("refs/loopwright/x", repo.head(), "")
    assert set(git.ls_tree(git.edit_tree("main", {"b": None}))) == {"a"}
    one, two = repo.branch("one", {"b": None}), repo.branch("two", {"a": "1\n2\nthree\n"})
    assert set(git.ls_tree(git.merge(one, two).tree)) == {"a"}
    assert git.changes("main", one)[0].new_blob is None


def test_trailers_are_read_from_the_last_paragraph_alone() -> None:
    assert trailers("land x: y (gen-1)\n\nLoopwright-Run: 1\nLoopwright-Verified: abc\n") == {
        "Loopwright-Run": "1",
        "Loopwright-Verified": "abc",
    }
    assert trailers("Loopwright-Run: 7") == {}
    assert trailers("a title\n\nLoopwright-Run: 7\n\nand more words\n") == {}


def test_history_follows_first_parents_and_stops_where_it_is_told(repo: Repository) -> None:
    first = repo.head()
    repo.git("checkout", "-qb", "side")
    repo.commit("on the side")
    repo.git("checkout", "-q", "main")
    repo.commit("second")
    repo.git("merge", "-q", "--no-ff", "-m", "joined\n\nLoopwright-Run: 3", "side")
    whole = list(first_parents(repo.path, "main"))
    assert [commit.subject for commit in whole] == ["joined", "second", "first"]
    assert len(whole[0].parents) == 2
    assert whole[0].trailers == {"Loopwright-Run": "3"}
    assert [commit.subject for commit in first_parents(repo.path, "main", since=first)] == ["joined", "second"]
    assert [commit.oid for commit in first_parents(repo.path, "main", saying="^Loopwright-")] == [repo.head()]

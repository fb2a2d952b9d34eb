"""What a lab's files hold at its end is kept, every byte of it; and they come back as they were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loopwright.git import Git, PrivateGit
from loopwright.testing.repository import Repository

NAMES = (
    "ünï çödé.txt",
    "日本語/ファイル",
    "with space ",
    " leading",
    "new\nline",
    "-rf",
    "--help",
    ":(top)magic",
    "*",
    "[a]",
    "!bang",
    "#hash",
    'quo"te',
    "back\\slash",
    "tab\there",
    "returned\r",
    "trailing.",
    "x" * 200,
    os.fsdecode(b"not-utf8-\xff\xfe"),
    "deep/er/and/deeper/file",
)


def on_disk(work: Path) -> dict[str, tuple[str, bytes]]:
    """Every file and link of a folder but those of git dirs: path -> git's mode, bytes."""
    found = {}
    for here, folders, files in os.walk(work):
        folders[:] = [name for name in folders if name != ".git"]
        for name in [*files, *(f for f in folders if Path(here, f).is_symlink())]:
            path = Path(here, name)
            if name == ".git":
                continue
            if path.is_symlink():
                entry = ("120000", os.fsencode(path.readlink()))
            else:
                entry = ("100755" if path.stat().st_mode & 0o100 else "100644", path.read_bytes())
            found[path.relative_to(work).as_posix()] = entry
    return found


def kept(git: Git, tree: str) -> dict[str, tuple[str, bytes | None]]:
    listed = git.ls_tree(tree)
    blobs = git.blobs(entry.blob for entry in listed.values())
    return {path: (entry.mode, blobs[entry.blob]) for path, entry in listed.items()}


def fill(folder: Path) -> None:
    for i, name in enumerate(NAMES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(f"{i} \r\n \0 {name!r}".encode())
    (folder / "empty").touch()
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    (folder / "link to a folder").symlink_to("deep")
    (folder / "dangling").symlink_to("/nowhere/at all")
    (folder / "out").symlink_to("../../../etc/passwd")


def nested(repo: Repository, folder: Path, *, commit: bool = True) -> Repository:
    made = Repository.init(folder)
    made.write("inner.txt", "inner\n")
    if commit:
        made.commit("inner")
    return made


def test_every_byte_is_kept_whatever_it_is_called(lab: PrivateGit, git: Git) -> None:
    fill(lab.work)
    assert kept(git, lab.snapshot_tree()) == on_disk(lab.work)


def test_edits_deletions_modes_and_kinds_are_kept(lab: PrivateGit, git: Git) -> None:
    (lab.work / "src/app.py").chmod(0o755)
    (lab.work / "README.md").unlink()
    (lab.work / "README.md").mkdir()
    (lab.work / "README.md/part").write_text("now a folder")
    assert kept(git, lab.snapshot_tree()) == on_disk(lab.work)
    (lab.work / "README.md/part").unlink()
    (lab.work / "README.md").rmdir()
    (lab.work / "README.md").symlink_to("src")
    assert kept(git, lab.snapshot_tree()) == on_disk(lab.work)


def test_a_second_change_of_the_same_size_and_time_is_seen(lab: PrivateGit, git: Git) -> None:
    """A lab may set any time on a file: it must not be able to hide a change from the snapshot."""
    place = lab.work / "src/app.py"
    lab.snapshot_tree()
    seen = place.stat()
    place.write_text("print('HELLO')\n")
    os.utime(place, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert kept(git, lab.snapshot_tree())["src/app.py"][1] == b"print('HELLO')\n"


def test_nested_repositories_are_kept_as_files_at_any_depth(lab: PrivateGit, git: Git, repo: Repository) -> None:
    inner = nested(repo, lab.work / "vendor/inner")
    fill(inner.path)
    nested(repo, inner.path / "innermost")
    nested(repo, lab.work / "unborn", commit=False)
    (lab.work / "elsewhere").mkdir()
    (lab.work / "elsewhere/.git").write_text(f"gitdir: {inner.path}/.git\n")
    (lab.work / "elsewhere/file").write_text("in a worktree of another")
    assert lab.nested_repositories() == ("elsewhere", "unborn", "vendor/inner")
    found = kept(git, lab.snapshot_tree())
    assert found == on_disk(lab.work)
    assert {mode for mode, _ in found.values()} <= {"100644", "100755", "120000"}


def test_a_file_whose_name_reads_like_a_link_s_entry_is_a_file(lab: PrivateGit, git: Git) -> None:
    (lab.work / "160000 abc 0\tsrc").write_text("no link\n")
    (lab.work / "160000 def").write_text("nor this\n")
    assert lab.nested_repositories() == ()
    assert kept(git, lab.snapshot_tree()) == on_disk(lab.work)


def test_a_folder_of_the_repository_that_becomes_one_itself_is_kept(lab: PrivateGit, git: Git) -> None:
    nested_here = Repository.init(lab.work / "src")
    nested_here.write("app.py", "print('changed')\n")
    nested_here.commit("mine now")
    (lab.work / "src/new.py").write_text("new\n")
    assert kept(git, lab.snapshot_tree()) == on_disk(lab.work)


def test_a_repository_committed_as_a_link_is_kept_as_files(lab: PrivateGit, git: Git, repo: Repository) -> None:
    """`git add` of a nested repository in the lab records a link to a commit that nobody else has."""
    nested(repo, lab.work / "inner")
    lab_git = Repository(lab.work)
    lab_git.git("add", "inner")
    assert kept(git, lab.snapshot_tree())["inner/inner.txt"] == ("100644", b"inner\n")
    assert kept(git, lab.snapshot_tree()) == on_disk(lab.work)


def test_a_submodule_of_the_repository_stays_the_link_that_it_is(repo: Repository, git: Git, tmp_path: Path) -> None:
    other = Repository.init(tmp_path / "other")
    other.commit("other")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    commit = repo.commit("with a submodule")
    lab = PrivateGit.create(tmp_path / "private", tmp_path / "work", repo.path / ".git" / "objects")
    lab.work.mkdir()
    lab.checkout(commit)
    (lab.work / "more").write_text("more")
    changes = git.changes(commit, lab.snapshot_tree())
    assert [(change.kind, change.path) for change in changes] == [("A", "more")]


def test_ignored_files_stay_out(lab: PrivateGit, git: Git) -> None:
    (lab.work / ".gitignore").write_text("*.pyc\n/build/\n")
    for path in ("a.pyc", "src/b.pyc", "build/out", "src/build/kept"):
        (lab.work / path).parent.mkdir(exist_ok=True)
        (lab.work / path).write_text("x")
    tree = kept(git, lab.snapshot_tree())
    assert set(tree) == {".gitignore", "README.md", "src/app.py", "src/build/kept"}


def test_what_setup_made_stays_out_and_what_comes_later_is_kept(lab: PrivateGit, git: Git) -> None:
    names = ("env/lib/x.py", "odd [a]*?/x", "sp ace/x", "!bang", "#hash", "trailing ", "back\\slash", "new\nline")
    for name in names:
        (lab.work / name).parent.mkdir(parents=True, exist_ok=True)
        (lab.work / name).write_text("made by setup")
    lab.exclude_untracked()
    (lab.work / "odd a").mkdir()
    (lab.work / "odd a/x").write_text("the maker's")
    assert set(kept(git, lab.snapshot_tree())) == {"README.md", "src/app.py", "odd a/x"}


def test_files_that_attributes_make_git_choke_on_are_kept(lab: PrivateGit, git: Git) -> None:
    (lab.work / ".gitattributes").write_text("bad.txt text working-tree-encoding=UTF-16\n")
    (lab.work / "bad.txt").write_bytes(b"no utf-16\xff")
    (lab.work / "good.txt").write_text("good")
    assert kept(git, lab.snapshot_tree()) == on_disk(lab.work)


@pytest.mark.parametrize("name", [".GIT/config", "git~1/config", ".git /x", "sub/.Git", ".git\u200c/x"])
def test_names_that_git_refuses_do_not_keep_others_out(lab: PrivateGit, git: Git, name: str) -> None:
    """git takes no path that some file system could read as `.git`; the rest of the work must not be lost for it."""
    (lab.work / name).parent.mkdir(parents=True, exist_ok=True)
    (lab.work / name).write_text("[core]\n")
    (lab.work / "z.txt").write_text("kept")
    assert kept(git, lab.snapshot_tree())["z.txt"] == ("100644", b"kept")
    nested_inner = Repository.init(lab.work / "inner")
    nested_inner.write(name, "x")
    nested_inner.write("z.txt", "kept")
    assert kept(git, lab.snapshot_tree())["inner/z.txt"] == ("100644", b"kept")


def test_a_name_that_reads_like_a_lock_in_git_s_way_has_nobody_try_for_ever(lab: PrivateGit, git: Git) -> None:
    """git refuses the folder, and so says the whole name; nothing of that name is there to be taken away."""
    told = f"Unable to create '{lab.folder}/refs/x.lock': File exists"
    (lab.work / "git~1" / told).parent.mkdir(parents=True)
    (lab.work / "git~1" / told).write_text("x")
    (lab.work / "z.txt").write_text("kept")
    assert kept(git, lab.snapshot_tree())["z.txt"] == ("100644", b"kept")


def test_pipes_and_sockets_are_passed_over(lab: PrivateGit, git: Git, repo: Repository) -> None:
    os.mkfifo(lab.work / "pipe")
    nested(repo, lab.work / "inner")
    os.mkfifo(lab.work / "inner/pipe")
    assert set(kept(git, lab.snapshot_tree())) == {"README.md", "src/app.py", "inner/inner.txt"}


def test_a_lab_is_brought_back_to_a_commit_byte_by_byte(lab: PrivateGit, git: Git, repo: Repository) -> None:
    fill(lab.work)
    commit = git.commit_tree(lab.snapshot_tree(), [repo.head()], "filled")
    before = on_disk(lab.work)
    (lab.work / ".gitignore").write_text("cache/\n")
    (lab.work / "cache").mkdir()
    (lab.work / "cache/kept").write_text("ignored")
    nested(repo, lab.work / "inner")
    (lab.work / "link").unlink()
    (lab.work / "empty").write_text("no more")
    lab.checkout(commit)
    assert (lab.work / "cache/kept").exists(), "ignored by the commit's or the lab's rules: the cache stays"
    (lab.work / "cache/kept").unlink()
    assert on_disk(lab.work) == before


def test_an_unchanged_lab_is_the_commit_s_own_tree(lab: PrivateGit, repo: Repository) -> None:
    assert lab.snapshot_tree() == repo.tree()


def test_a_snapshot_leaves_no_trace_in_the_lab(lab: PrivateGit, repo: Repository) -> None:
    (lab.work / "new").write_text("x")
    inside = Repository(lab.work)
    before = (lab.work / ".git/index").read_bytes(), inside.git("for-each-ref"), inside.git("count-objects")
    lab.snapshot_tree()
    assert before == ((lab.work / ".git/index").read_bytes(), inside.git("for-each-ref"), inside.git("count-objects"))


def test_sha256_repositories_have_snapshots_too(tmp_path: Path) -> None:
    repo = Repository.init(tmp_path / "hub", object_format="sha256")
    repo.write("a", "a")
    commit = repo.commit()
    lab = PrivateGit.create(tmp_path / "private", tmp_path / "work", repo.path / ".git/objects", "sha256")
    lab.work.mkdir()
    lab.checkout(commit)
    nested(repo, lab.work / "inner")
    Repository(lab.work / "inner").write("x", "x")
    assert kept(Git(repo.path), lab.snapshot_tree()) == on_disk(lab.work)

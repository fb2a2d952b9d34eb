from __future__ import annotations

import os
from pathlib import Path

import pytest

from loopwright.errors import BadFile
from loopwright.folders.trees import MAX_BYTES, DiskTree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside.txt").write_text("secret")
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "one.md").write_bytes(b"one")
    (root / "a" / "b" / "two.md").write_bytes(b"two")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("[core]")
    return root


def test_files_are_read_and_listed_at_any_depth_sorted(root: Path) -> None:
    tree = DiskTree(root)
    assert tree.read("a/b/two.md") == b"two"
    assert tree.read("./a//one.md") == b"one"
    assert tree.list("a") == ("a/b/two.md", "a/one.md")
    assert tree.list("") == tree.list(".") == ("a/b/two.md", "a/one.md")


@pytest.mark.parametrize("path", ["nowhere", "a", "a/one.md/x", "", "../outside.txt", "a/../../outside.txt", "x\0y"])
def test_what_is_no_file_in_the_tree_is_none(root: Path, path: str) -> None:
    assert DiskTree(root).read(path) is None


def test_an_absolute_path_is_none(root: Path) -> None:
    assert DiskTree(root).read(str(root / "a" / "one.md")) is None
    assert DiskTree(root).list(str(root)) == ()


def test_no_link_is_followed_neither_for_a_file_nor_on_the_way(root: Path) -> None:
    (root / "file").symlink_to("../outside.txt")
    (root / "within").symlink_to("a/one.md")
    (root / "up").symlink_to("..")
    (root / "a" / "again").symlink_to("b")
    tree = DiskTree(root)
    assert [tree.read(path) for path in ("file", "within", "up/outside.txt", "a/again/two.md")] == [None] * 4
    assert tree.list("") == ("a/b/two.md", "a/one.md")
    assert tree.list("up") == tree.list("a/again") == ()


def test_a_pipe_is_no_file_and_does_not_hold_the_reader(root: Path) -> None:
    os.mkfifo(root / "pipe")
    assert DiskTree(root).read("pipe") is None
    assert "pipe" not in DiskTree(root).list("")


def test_a_file_that_is_too_large_is_said_to_be(root: Path) -> None:
    with (root / "large").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(BadFile, match="larger than 8 MiB"):
        DiskTree(root).read("large")
    with (root / "large").open("wb") as file:
        file.truncate(MAX_BYTES)
    assert len(DiskTree(root).read("large") or b"") == MAX_BYTES


def test_a_name_that_is_not_utf_8_is_passed_over(root: Path) -> None:
    (root / os.fsdecode(b"a/\xff.md")).write_bytes(b"x")
    assert DiskTree(root).list("a") == ("a/b/two.md", "a/one.md")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open descriptors")
def test_reading_leaves_no_descriptor_open(root: Path) -> None:
    tree = DiskTree(root)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("a/b/two.md", "nowhere/x", "a/one.md/x", "a"):
        tree.read(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before

"""What a lab's files hold is told again and again, cheaply, and by their contents alone."""

import os
from pathlib import Path

import pytest

from loopwright.contracts import Lab
from loopwright.labs import looking
from loopwright.testing.frontdoor import until

from .places import FILES, Place


def changed(lab: Lab, before: dict[str, str]) -> set[str]:
    now = dict(lab.state())
    return {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}


def test_every_file_that_a_snapshot_would_take_has_a_digest(place: Place) -> None:
    with place.open() as lab:
        assert set(lab.state()) == {*FILES, "link", "tool.sh"}


def test_a_new_content_a_mode_a_link_and_a_deletion_are_told(place: Place) -> None:
    with place.open() as lab:
        before = dict(lab.state())
        lab.write("src/sums.py", b"def add(a, b):\n    return a + b\n")
        lab.write("new/file.txt", b"new")
        lab.run("rm data.bin; chmod +x README.md; ln -sfn README.md link", seconds=20)
        assert changed(lab, before) == {"src/sums.py", "new/file.txt", "data.bin", "README.md", "link"}


def test_what_is_touched_or_written_anew_with_the_same_bytes_is_as_it_was(place: Place) -> None:
    with place.open() as lab:
        before = dict(lab.state())
        lab.run("touch README.md; cp -p src/sums.py x && cat x > src/sums.py && mv x src/sums.py", seconds=20)
        lab.write("data.bin", bytes(range(256)))
        assert changed(lab, before) == set()
        lab.run("touch README.md", seconds=20)
        assert changed(lab, before) == set()


def test_a_content_that_came_back_has_the_digest_that_it_had(place: Place) -> None:
    with place.open() as lab:
        before = dict(lab.state())
        lab.write("README.md", b"other")
        other = lab.state()["README.md"]
        lab.write("README.md", b"# Sums\n")
        assert changed(lab, before) == set()
        lab.write("README.md", b"other")
        assert lab.state()["README.md"] == other


def test_a_content_of_the_same_size_and_time_is_another_one_all_the_same(place: Place) -> None:
    with place.open() as lab:
        before = dict(lab.state())
        path = lab.root / "README.md"
        known = path.stat()
        path.write_bytes(b"# Summ\n")
        os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
        assert changed(lab, before) == {"README.md"}


def test_ignored_files_the_scratch_folder_and_nested_repositories_are_not_looked_at(place: Place) -> None:
    with place.open() as lab:
        before = dict(lab.state())
        lab.run(
            "echo x > a.log; mkdir cache; echo x > cache/y; echo x > ~/note; git init -q in && echo x > in/z",
            seconds=20,
        )
        assert changed(lab, before) == set()


def test_a_commit_of_the_roles_own_is_told_by_its_tree(place: Place) -> None:
    with place.open() as lab:
        assert ".git" not in lab.state()
        lab.run("git commit -q --allow-empty -m empty", seconds=20)
        assert ".git" not in lab.state()
        lab.run("echo more > README.md; git commit -qam more", seconds=20)
        more = lab.state()[".git"]
        lab.run("git commit -q --allow-empty -m empty", seconds=20)
        assert lab.state()[".git"] == more


def test_a_file_that_is_being_written_is_told_as_it_was_until_it_has_settled(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    settles = looking._SETTLES
    with place.open() as lab:
        before = lab.state()["README.md"]
        monkeypatch.setattr(looking, "_SETTLES", 3600 * 10**9)  # a busy machine may let the writer wait for long
        lab.run("(while [ ! -e ~/over ]; do echo half > README.md; done) &", seconds=20)
        assert {lab.state(settled=True)["README.md"] for _ in range(20)} == {before}
        (lab.scratch / "over").touch()
        monkeypatch.setattr(looking, "_SETTLES", settles)
        until(lambda: lab.state(settled=True)["README.md"] != before, what="it has settled")


def test_what_leads_out_of_the_lab_is_not_read(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "sums.py").write_text("secret")
    with place.open() as lab:
        lab.state()
        lab.run(f"rm -r src && ln -s '{outside}' src && mkfifo pipe", seconds=20)
        state = lab.state()
        assert "src/sums.py" not in state
        assert "pipe" not in state


def test_a_file_too_large_to_be_read_is_told_by_its_size_and_ends(place: Place) -> None:
    with place.open() as lab:
        lab.run("head -c 20000000 /dev/zero > big", seconds=20)
        first = lab.state()["big"]
        lab.run("printf x >> big", seconds=20)
        assert lab.state()["big"] != first


def test_a_lab_whose_folder_is_gone_holds_nothing(place: Place) -> None:
    with place.open() as lab:
        lab.run(f"rm -rf '{lab.root}'", seconds=20)
        assert lab.state() == {}

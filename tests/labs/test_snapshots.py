"""What a snapshot holds where a person's own git files, or odd names, could have a say in it."""

from pathlib import Path

import pytest

from .places import Place


def test_the_persons_own_ignore_and_attributes_files_have_no_say(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "xdg" / "git").mkdir(parents=True)
    (tmp_path / "xdg" / "git" / "ignore").write_text("*.md\nnotes/\n")
    (tmp_path / "xdg" / "git" / "attributes").write_text("*.txt text eol=crlf\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    with place.open() as lab:
        assert lab.read("src/deep/er/one.txt") == b"one\n"
        lab.write("NEW.md", b"1")
        lab.write("notes/x", b"2")
        lab.write("crlf.txt", b"a\r\n")
        change = lab.snapshot(place.head, "x")
    assert change.paths == ("NEW.md", "crlf.txt", "notes/x")
    assert place.repository.show(change.commit, "crlf.txt") == "a\r\n"


def test_what_git_refuses_to_take_is_told(place: Place) -> None:
    with place.open() as lab:
        lab.run("mkdir .GIT && echo 1 > .GIT/x && echo 2 > git~1 && echo 3 > fine", seconds=20)
        change = lab.snapshot(place.head, "x")
    assert change.paths == ("fine",)
    assert [(hazard.kind, hazard.path) for hazard in change.hazards] == [
        ("unreadable", ".GIT/x"),
        ("unreadable", "git~1"),
    ]

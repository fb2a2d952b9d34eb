"""What git itself can't take, or would read for hours, is told, holds nobody up, and is kept before a lab goes."""

import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from loopwright.errors import LabFailed
from loopwright.git import leaving, private
from loopwright.labs import archive

from .conftest import put
from .places import Place
from .test_hazards import AS_ROLE, do, kinds

DEEP = """python3 -c "
import os
for each in range(20):
    os.mkdir('d' * 240); os.chdir('d' * 240)
open('f', 'w').write('deep')
" """

TREES = (  # ten to the power of ten paths in eleven small objects
    "b=$(echo x | git hash-object -w --stdin)"
    "; t=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '100644 blob %s\\tf%s\\n' $b $i; done | git mktree)"
    "; for l in 1 2 3 4 5 6 7 8 9; do"
    " t=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\\td%s\\n' $t $i; done | git mktree); done"
    f"; git update-ref HEAD $({AS_ROLE} commit-tree -p HEAD -m bomb $t)"
)


def archived(place: Place) -> tarfile.TarFile:
    """What was left out of what was saved, once the lab is gone."""
    assert not (place.labs / "gen-1").exists()
    text = place.repository.show(str(place.ref("gen-1/rescued")), archive.NAME)
    data = text.encode(errors="surrogateescape")
    return tarfile.open(fileobj=io.BytesIO(data))


def test_a_file_of_ten_terabytes_full_of_holes_is_told_at_once_and_kept(place: Place) -> None:
    with place.open() as lab:
        do(lab, "echo 1 > fine; truncate -s 10T big; printf end >> big")
        change = lab.snapshot(place.head, "x")
    assert (kinds(change), change.paths) == ([("too-large", "big")], ("fine",))
    (member,) = archived(place).getmembers()
    assert (member.name, member.size) == ("./big", (10 << 40) + 3)


def test_a_tracked_file_that_grew_too_large_keeps_its_old_bytes_in_the_snapshot(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "MOST", 1000)
    with place.open() as lab:
        do(
            lab,
            "head -c 900 /dev/zero > README.md; head -c 300 /dev/zero > new; git init -q in; cp new in/n; echo > in/o",
        )
        change = lab.snapshot(place.head, "x")
    assert kinds(change) == [("nested-repository", "in"), ("too-large", "README.md")]
    assert change.paths == ("in/n", "in/o", "new"), "the largest one alone is left out"
    assert archived(place).getnames() == ["./README.md"]


def test_more_files_than_a_snapshot_takes_are_told_by_their_folder_and_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "MOST_FILES", 50)
    with place.open() as lab:
        do(lab, "mkdir -p many/in some && cd many/in && seq 60 | xargs touch && cd ../../some && seq 40 | xargs touch")
        change = lab.snapshot(place.head, "x")
        do(lab, "git init -q other && cd other && seq 55 | xargs touch")
        again = lab.snapshot(place.head, "x")
    assert (kinds(change), len(change.paths)) == ([("too-large", "many")], 40)
    assert kinds(again)[1:] == [("too-large", "many"), ("too-large", "other")]
    assert again.paths == change.paths
    files = [member.name for member in archived(place).getmembers() if member.isfile() and "/.git/" not in member.name]
    assert len(files) == 60 + 55


def test_folders_deeper_than_git_can_look_are_told_and_kept(place: Place) -> None:
    with place.open() as lab:
        do(lab, f"echo 1 > fine; {DEEP}")
        change = lab.snapshot(place.head, "x")
    ((kind, path),) = kinds(change)
    assert (kind, set(path), change.paths) == ("unreadable", {"d", "/"}, ("fine",))
    kept = archived(place)
    (deepest,) = (member for member in kept.getmembers() if member.isfile())
    assert (deepest.name.count("/d"), kept.extractfile(deepest).read()) == (20, b"deep")  # type: ignore[union-attr]


def test_a_path_that_is_just_too_long_keeps_no_other_file_out(place: Place) -> None:
    folder = "/".join(["a" * 200] * 20)
    with place.open() as lab:
        do(lab, f"mkdir -p {folder} && cd {folder} && echo 1 > {'b' * 70} && echo 1 > {'c' * 75} && echo 2 > s")
        change = lab.snapshot(place.head, "x")
    assert {kind for kind, _ in kinds(change)} == {"unreadable"}
    assert len(change.files) + len(kinds(change)) == 3
    assert sum(member.isfile() for member in archived(place).getmembers()) == 3


def test_names_that_git_refuses_are_kept(place: Place) -> None:
    with place.open() as lab:
        do(lab, "mkdir .GIT && echo 1 > .GIT/x && echo 2 > git~1")
    kept = archived(place)
    assert {name: kept.extractfile(name).read() for name in ("./.GIT/x", "./git~1")} == {  # type: ignore[union-attr]
        "./.GIT/x": b"1\n",
        "./git~1": b"2\n",
    }


def test_a_deep_folder_in_a_nested_repository_is_told_and_kept(place: Place) -> None:
    with place.open() as lab:
        do(lab, f"git init -q in && cd in && echo 1 > fine && {DEEP}")
        change = lab.snapshot(place.head, "x")
    assert [kind for kind, _ in kinds(change)] == ["nested-repository", "unreadable"]
    assert "in/fine" in change.paths
    assert any(member.name.endswith("/f") for member in archived(place).getmembers())


def test_a_commit_of_endless_trees_holds_nobody_up(place: Place) -> None:
    with place.open() as lab:
        do(lab, TREES)
        assert lab.snapshot(place.head, "x").paths == ()
    assert place.repository.git("log", "-1", "--format=%s", str(place.ref("gen-1/own"))) == "bomb"


def test_what_nobody_may_read_is_told_and_kept(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    (tmp_path / "shut").touch(mode=0)
    if os.access(tmp_path / "shut", os.R_OK):  # root reads everything: once more without that right
        weak = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]
        again = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", request.node.nodeid]
        ran = subprocess.run([*weak, *again], cwd=request.config.rootpath, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout
        return
    place = put("clone", tmp_path)
    with place.open() as lab:
        do(lab, "mkdir -p shut/in && echo 1 > shut/in/x && echo 2 > y && chmod 0 y shut/in shut")
        change = lab.snapshot(place.head, "x")
    assert kinds(change) == [("unreadable", "shut"), ("unreadable", "y")]
    saved = str(place.ref("gen-1/rescued"))
    assert place.repository.show(saved, "shut/in/x") + place.repository.show(saved, "y") == "1\n2\n"


def test_what_cannot_be_saved_stays_where_it_is(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST", 512)
    monkeypatch.setattr(leaving, "MOST", 1000)
    with place.open() as lab:
        do(lab, "head -c 5000 /dev/urandom > big")
    assert (place.labs / "gen-1/root/big").stat().st_size == 5000
    assert Path(place.labs / "gen-1/ready").is_file()


@pytest.mark.parametrize(
    ("trap", "told"),
    [
        ("rm .gitignore; mkfifo .gitignore", ".gitignore is a pipe"),
        ("mkfifo src/.gitattributes", "src/.gitattributes is a pipe"),
        ("mkfifo .gitmodules", ".gitmodules is a pipe"),
        ("truncate -s 17M src/.gitignore", "src/.gitignore has 17825792 bytes"),
    ],
)
def test_a_file_that_git_itself_would_wait_for_or_hold_in_memory_is_told_at_once(
    place: Place, trap: str, told: str
) -> None:
    with place.open() as lab:
        do(lab, f"{trap}; echo > new")
        for look in (lab.state, lab.settle, lambda: lab.snapshot(place.head, "x"), lambda: lab.restore(place.head)):
            with pytest.raises(LabFailed, match=re.escape(told)):
                look()
    assert (place.labs / "gen-1" / "root" / "new").exists()  # for a person to look at


def test_pipes_and_long_files_of_other_names_are_nothing_to_git(place: Place) -> None:
    with place.open(throwaway=True) as lab:
        do(lab, "mkfifo gitignore src/.git-attributes; truncate -s 17M src/ignore; mkdir -p x/.gitignore")
        assert lab.snapshot(place.head, "x").paths == ("src/ignore",)


def test_a_pattern_that_git_never_gets_done_with_ends_the_lab_and_not_the_run(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private, "_TO_LOOK", 1.0)
    with place.open() as lab:
        do(lab, "echo '" + "*a" * 12 + "*b' > .gitignore; touch " + "a" * 240 + "0")
        for look in (lab.state, lambda: lab.snapshot(place.head, "x")):
            with pytest.raises(LabFailed, match="git looked at the lab's files for 1 s, and was not done"):
                look()
    assert (place.labs / "gen-1" / "root" / ".gitignore").exists()  # for a person to look at


MANY = "import os\nfor _ in range(14):\n    os.mkdir('d' * 250); os.chdir('d' * 250)\nfor n in range"


@pytest.mark.parametrize(
    ("made", "told"),
    [("(4000): open(str(n), 'w').close()", "in 8 MiB of memory"), ("(200): os.mkdir(str(n))", "beside each other")],
)
def test_more_names_than_can_be_held_end_the_lab_and_not_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str, told: str
) -> None:
    monkeypatch.setattr(private, "_NAMES", 8 << 20)
    monkeypatch.setattr(leaving, "_WAITING", 150)
    place = put("clone", tmp_path)
    with place.open(throwaway=True) as lab:
        assert lab.run(["python3", "-c", MANY + made], seconds=60).code == 0
        for look in (lab.state, lambda: lab.snapshot(place.head, "x")):
            with pytest.raises(LabFailed, match=told):
                look()

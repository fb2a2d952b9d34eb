"""Labs on repositories of every make, and what a person's checkout notes of them: nothing."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from loopwright.testing.repository import Repository

from .places import Place, fill, leave


def works(place: Place) -> None:
    """The whole way of a lab: opened, worked in, committed in, taken, restored, closed."""
    with place.open() as lab:
        assert lab.run("git status --porcelain", seconds=20).output == ""
        lab.write("new.txt", b"new\n")
        lab.run("git add -A && git -c user.name=r -c user.email=r@x commit -q -m own", seconds=20)
        change = lab.snapshot(place.head, "new")
        assert (change.paths, change.hazards) == (("new.txt",), ())
        lab.restore(place.head)
        assert "new.txt" not in lab.listing("")
        lab.write("left.txt", b"left\n")
    assert place.repository.show(change.commit, "new.txt") == "new\n"
    assert place.repository.show(str(place.ref("gen-1/rescued")), "left.txt") == "left\n"
    assert not (place.labs / "gen-1").exists()


def test_a_sha256_repository(place: Place, tmp_path: Path) -> None:
    repository = Repository.init(tmp_path / "sha256", object_format="sha256")
    fill(repository)
    works(replace(place, repository=repository, object_format="sha256"))


def test_a_shallow_repository(place: Place, tmp_path: Path) -> None:
    for i in range(3):
        place.repository.write("README.md", str(i))
        place.repository.commit()
    place.repository.git("clone", "-q", "--depth=1", f"file://{place.top}", str(tmp_path / "shallow"))
    shallow = Repository(tmp_path / "shallow", {"GIT_AUTHOR_NAME": "Ada", "GIT_COMMITTER_NAME": "Ada"})
    works(replace(place, repository=shallow))
    with replace(place, repository=shallow).open() as lab:
        assert lab.run("git log --oneline | wc -l; git fsck", seconds=20).output.startswith("1\n")


def test_a_repository_with_a_sparse_checkout_has_whole_labs(place: Place) -> None:
    place.repository.git("sparse-checkout", "set", "src")
    assert not (place.top / "names with spaces").exists()
    with place.open() as lab:
        assert lab.read("names with spaces/ü 漢.txt") == b"both\n"
        assert lab.run("git reset -q --hard; git status --porcelain", seconds=20).output == ""
        assert lab.snapshot(place.head, "nothing").files == ()
    works(place)
    assert not (place.top / "names with spaces").exists()


def test_a_repository_that_is_reached_from_a_linked_worktree(place: Place, tmp_path: Path) -> None:
    place.repository.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    linked = Repository(tmp_path / "linked")
    linked.write("side.txt", "side")
    linked.commit()
    works(replace(place, repository=linked))
    assert place.worktrees() == 2


def test_paths_with_spaces_unicode_and_signs(place: Place, tmp_path: Path) -> None:
    repository = Repository.init(tmp_path / 'über "alles" $x\' #1')
    fill(repository)
    works(replace(place, repository=repository, labs=tmp_path / "die läbs %s"))


def test_a_labs_folder_that_is_reached_through_a_link(place: Place, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "via").symlink_to("elsewhere")
    works(replace(place, labs=tmp_path / "via" / "labs"))
    assert place.worktrees() == 1


def test_a_repository_whose_objects_are_packed_and_borrowed(place: Place, tmp_path: Path) -> None:
    place.repository.git("clone", "-q", "--shared", str(place.top), str(tmp_path / "borrower"))
    borrower = Repository(tmp_path / "borrower")
    borrower.git("pack-refs", "--all")
    works(replace(place, repository=borrower))


def test_filters_and_line_ends_of_the_persons_configuration_have_no_say(place: Place) -> None:
    place.repository.write(".gitattributes", "*.txt filter=up\n")
    for name, value in {
        "filter.up.smudge": "tr a-z A-Z",
        "filter.up.clean": "tr A-Z a-z",
        "filter.up.required": "true",
        "core.autocrlf": "true",
    }.items():
        place.repository.git("config", name, value)
    place.repository.commit()
    with place.open() as lab:
        assert lab.read("src/deep/er/one.txt") == b"one\n"
        lab.write("src/deep/er/two.txt", b"Two\r\n")
        change = lab.snapshot(place.head, "two")
    assert change.paths == ("src/deep/er/two.txt",)
    assert place.repository.show(change.commit, "src/deep/er/two.txt") == "Two\r\n"


def test_a_person_may_forbid_git_to_find_bare_repositories(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "global").write_text("[safe]\n\tbareRepository = explicit\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    works(place)


def test_called_from_a_hook_the_callers_git_settings_have_no_say(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place.fingerprint()
    for name, value in {
        "GIT_DIR": str(place.common),
        "GIT_INDEX_FILE": str(place.common / "index"),
        "GIT_WORK_TREE": str(place.top),
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "nowhere"),
    }.items():
        monkeypatch.setenv(name, value)
    works(place.with_env(**os.environ))
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.delenv(name)
    assert place.fingerprint() == before


def test_the_persons_other_worktrees_stay_known_even_unplugged(place: Place, tmp_path: Path) -> None:
    place.repository.git("worktree", "add", "-q", "--detach", str(tmp_path / "stick"))
    (tmp_path / "stick").rename(tmp_path / "unplugged")
    works(place)
    assert place.worktrees() == 2
    (tmp_path / "unplugged").rename(tmp_path / "stick")
    assert Repository(tmp_path / "stick").head() == place.head


def test_worktrees_that_a_role_makes_in_its_lab_are_forgotten_with_it(place: Place) -> None:
    with place.open() as lab:
        assert lab.run("git worktree add -q --detach ../home/second", seconds=20).code == 0
    assert place.worktrees() == 1


# ---------------------------------------------------------------- the person's checkout


def trouble(place: Place) -> None:
    """A checkout as people leave it: dirty, with staged, untracked and stashed work."""
    repository = place.repository
    repository.write("README.md", "stashed")
    repository.git("stash", "push", "-q")
    repository.write("src/sums.py", "dirty")
    repository.write("staged.txt", "staged")
    repository.git("add", "staged.txt")
    repository.write("untracked.txt", "untracked")
    repository.git("branch", "other")


def test_a_lab_leaves_no_trace_in_the_persons_checkout(place: Place) -> None:
    trouble(place)
    before = place.fingerprint()
    works(place)
    leave(place, lambda lab: lab.write("x", b"1"), name="gen-2", throwaway=True)
    assert place.fingerprint() == before
    assert place.repository.sound()


_EIGHT = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from loopwright.contracts import LabWish, Site
from loopwright.workshop import LABS
kind, top, common, labs, commit, first = sys.argv[1:]
site = Site(Path(top), Path(common), Path(labs), "sha1", dict(os.environ), {})
def whole(number):
    name = f"gen-{number}"
    with LABS[kind](site, LabWish(name, commit, f"loop/{name}")) as lab:
        lab.write("number", name.encode())
        assert lab.run("cat number", seconds=60).output == name
        return lab.snapshot(commit, name).commit
with ThreadPoolExecutor(8) as pool:
    print("\\n".join(pool.map(whole, range(int(first), int(first) + 8))))
"""


def test_32_labs_at_once_from_processes_and_threads_get_in_nobodys_way(place: Place) -> None:
    trouble(place)
    before = place.fingerprint()
    words = [place.kind, str(place.top), str(place.common), str(place.labs), place.head]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _EIGHT, *words, str(first)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for first in (0, 8, 16, 24)
    ]
    ended = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 4, [err for _, err in ended]
    commits = [commit for out, _ in ended for commit in out.split()]
    found = {place.repository.show(commit, "number") for commit in commits}
    assert found == {f"gen-{number}" for number in range(32)}
    assert place.fingerprint() == before
    assert list(place.labs.iterdir()) == []


def test_32_labs_are_open_at_the_same_time(place: Place) -> None:
    before = place.fingerprint()
    all_open = threading.Barrier(32)

    def whole(number: int) -> str:
        with place.open(f"gen-{number}") as lab:
            all_open.wait(60)
            lab.write("number", str(number).encode())
            return lab.snapshot(place.head, str(number)).tree

    with ThreadPoolExecutor(32) as pool:
        assert len(set(pool.map(whole, range(32)))) == 32
    assert place.fingerprint() == before

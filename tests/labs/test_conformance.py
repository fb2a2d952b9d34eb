"""What every kind of lab promises, held against each kind in turn."""

import signal
import stat
from pathlib import Path

import pytest

from loopwright.contracts import Lab
from loopwright.errors import LabFailed
from loopwright.labs import guarantees
from loopwright.testing.crash import killed
from loopwright.vocabulary import Change

from .places import FILES, Place, answering, leave


def committed(place: Place, change: Change) -> dict[str, str]:
    """Mode by path of all that a change's commit holds."""
    return {path: meta.split()[0] for path, meta in place.repository.files(change.commit).items()}


def some_work(lab: Lab) -> None:
    lab.write("work", b"1")


# ---------------------------------------------------------------- opening


def test_a_lab_opens_with_exactly_the_files_of_its_commit(place: Place) -> None:
    (place.top / "untracked.txt").write_text("the person's own")
    (place.top / "README.md").write_text("dirty")
    with place.open() as lab:
        assert lab.fresh
        assert {path: lab.read(path) for path in FILES} == {
            path: text if isinstance(text, bytes) else text.encode() for path, text in FILES.items()
        }
        assert (lab.root / "link").readlink() == Path("src/sums.py")
        assert stat.S_IMODE((lab.root / "tool.sh").stat().st_mode) & 0o111
        names = {name for name in lab.listing("") if not name.startswith(".git")}
        assert names == {"README.md", "data.bin", "link", "names with spaces/", "src/", "tool.sh"}
        assert lab.run("git status --porcelain", seconds=20).output == ""


def test_the_commit_is_one_of_any_age(place: Place) -> None:
    old = place.head
    place.repository.write("later.txt", "later")
    place.repository.commit()
    with place.open(commit=old) as lab:
        assert "later.txt" not in lab.listing("")
        assert lab.run("git rev-parse HEAD", seconds=20).output.strip() == old


def test_a_commit_that_is_not_there_is_a_lab_that_failed_and_leaves_nothing(place: Place) -> None:
    with pytest.raises(LabFailed, match="gen-1"), place.open(commit="1" * 40):
        pass
    assert not (place.labs / "gen-1").exists()
    assert place.worktrees() == 1
    assert place.repository.git("for-each-ref", "refs/loopwright") == ""


def test_the_scratch_folder_is_beside_the_files_and_in_no_commit(place: Place) -> None:
    with place.open() as lab:
        assert not lab.scratch.is_relative_to(lab.root)
        (lab.scratch / "brief.md").write_text("read me")
        assert lab.run(f"cat '{lab.scratch}/brief.md'", seconds=20).output == "read me"
        assert lab.snapshot(place.head, "nothing").files == ()


# ---------------------------------------------------------------- snapshots


def test_nothing_changed_is_a_change_without_files(place: Place) -> None:
    with place.open() as lab:
        change = lab.snapshot(place.head, "nothing")
    assert (change.base, change.files, change.diff, change.hazards) == (place.head, (), "", ())
    assert change.tree == place.repository.tree()


def test_a_snapshot_is_a_commit_on_the_parent_that_the_hub_has(place: Place) -> None:
    with place.open() as lab:
        lab.write("src/sums.py", b"def add(a, b):\n    return a + b\n")
        change = lab.snapshot(place.head, "sums: add\n\nwith a body")
    assert place.repository.git("rev-parse", f"{change.commit}^") == place.head
    assert place.repository.tree(change.commit) == change.tree
    assert place.repository.git("log", "-1", "--format=%B", change.commit).strip() == "sums: add\n\nwith a body"
    assert (change.paths, change.files[0].kind) == (("src/sums.py",), "M")
    assert "-    return a - b\n+    return a + b\n" in change.diff
    assert place.ref("gen-1/snapshot") == change.commit


def test_every_byte_and_mode_and_odd_name_is_in_it(place: Place) -> None:
    make = r"""
        mkdir -p 'new dir/ü' && printf '\000\377' > 'new dir/ü/漢 字.bin' && printf 1 > '*?[x]' && printf 5 > -dash
        printf 2 > "$(printf 'a\nb')" && printf 3 > "$(printf 'raw\377name')" && printf 4 > ' lead and trail '
        printf 6 > ':(top)x' && ln -s nowhere dangling && ln -sfn names\ with\ spaces link && chmod +x README.md
        rm src/deep/er/one.txt && mkdir empty && mkfifo pipe
    """
    with place.open() as lab:
        ran = lab.run(make, seconds=20)
        assert ran.code == 0, ran.output
        change = lab.snapshot(place.head, "all sorts")
        found = committed(place, change)
        read = place.repository.show(change.commit, "new dir/ü/漢 字.bin")
    assert read.encode(errors="surrogateescape") == b"\0\xff"
    new = {"new dir/ü/漢 字.bin", "*?[x]", "a\nb", "raw\udcffname", " lead and trail ", "-dash", ":(top)x"}
    assert {path: found[path] for path in new} == dict.fromkeys(new, "100644")
    assert (found["dangling"], found["link"], found["README.md"]) == ("120000", "120000", "100755")
    assert set(change.paths) == new | {"dangling", "link", "README.md", "src/deep/er/one.txt"}
    assert place.repository.sound()


def test_ignored_files_are_not_in_it(place: Place) -> None:
    with place.open() as lab:
        assert lab.run("mkdir cache; echo 1 > cache/x; echo 2 > noise.log; echo 3 > kept", seconds=20).code == 0
        assert lab.snapshot(place.head, "kept").paths == ("kept",)


def test_each_snapshot_holds_all_that_differs_from_its_parent(place: Place) -> None:
    with place.open() as lab:
        lab.write("one", b"1")
        first = lab.snapshot(place.head, "one")
        lab.write("two", b"2")
        assert lab.snapshot(first.commit, "two").paths == ("two",)
        assert lab.snapshot(place.head, "both").paths == ("one", "two")


def test_a_file_rewritten_in_the_same_second_at_the_same_size_is_seen(place: Place) -> None:
    with place.open() as lab:
        trees = set()
        for i in range(20):
            lab.write("README.md", b"# Sum%d\n" % (i % 10))
            trees.add(lab.snapshot(place.head, str(i)).tree)
    assert len(trees) == 10


def test_what_the_role_does_to_its_own_git_state_has_no_say(place: Place) -> None:
    with place.open() as lab:
        lab.write("kept", b"1")
        lab.run("git add -A; git update-index --assume-unchanged README.md; echo dirty >> README.md", seconds=20)
        lab.run("echo kept > .git/info/exclude; git config core.fileMode false; chmod +x data.bin", seconds=20)
        assert lab.snapshot(place.head, "x").paths == ("README.md", "data.bin", "kept")


# ---------------------------------------------------------------- restoring and settling


def test_restore_makes_the_files_those_of_a_commit_and_leaves_ignored_ones(place: Place) -> None:
    with place.open() as lab:
        lab.write("src/new.py", b"new")
        change = lab.snapshot(place.head, "new")
        mess = "rm -r src; ln -s /tmp src; echo x > README.md; chmod +x README.md; mkdir -p a/b; echo 1 > a/b/c"
        assert lab.run(f"{mess}; echo 2 > noise.log; mkdir data; rm data.bin; mkdir data.bin", seconds=20).code == 0
        lab.restore(change.commit)
        assert lab.snapshot(place.head, "again").tree == change.tree
        assert lab.read("src/new.py") == b"new"
        assert lab.read("noise.log") == b"2\n"
        assert "a/" not in lab.listing("")
        lab.restore(place.head)
        assert "new.py" not in lab.listing("src")
        assert lab.snapshot(place.head, "nothing").files == ()


def test_restore_writes_no_file_anew_that_is_right_already(place: Place) -> None:
    with place.open() as lab:
        before = {path: (lab.root / path).lstat().st_mtime_ns for path in place.repository.files()}
        assert lab.run("echo x > README.md", seconds=20).code == 0
        lab.restore(place.head)
        written = {path for path, at in before.items() if (lab.root / path).lstat().st_mtime_ns != at}
        assert written == {"README.md"}
        assert lab.read("README.md") == b"# Sums\n"


def test_restore_never_writes_or_deletes_through_a_link(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "sums.py").write_text("not yours")
    with place.open() as lab:
        assert lab.run(f"rm -r src; ln -s '{outside}' src; ln -s '{outside}' extra", seconds=20).code == 0
        lab.snapshot(place.head, "links")
        lab.restore(place.head)
        assert lab.read("src/sums.py").startswith(b"def add")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"sums.py": "not yours"}


def test_what_setup_made_is_in_no_snapshot_and_outlives_restore(place: Place) -> None:
    with place.open() as lab:
        setup = "mkdir -p '.venv/bin' 'odd [x]*'; echo 1 > .venv/bin/python; echo 2 > 'odd [x]*/y'; echo 3 > built.txt"
        assert lab.run(setup, seconds=20).code == 0
        lab.settle()
        lab.write(".venv/lib/more.py", b"installed later")
        lab.write("own.txt", b"work")
        change = lab.snapshot(place.head, "work")
        assert change.paths == ("own.txt",)
        lab.restore(place.head)
        assert "own.txt" not in lab.listing("")
        assert (lab.read(".venv/bin/python"), lab.read("built.txt")) == (b"1\n", b"3\n")
        lab.write("oddly", b"not taken for `odd [x]*`")
        assert lab.snapshot(place.head, "work").paths == ("oddly",)


def test_copied_files_are_there_and_in_no_snapshot(place: Place) -> None:
    with place.open(copy={".env.example": b"A=1\n", "conf/local.toml": b"b = 2\n"}) as lab:
        assert lab.run("cat .env.example conf/local.toml", seconds=20).output == "A=1\nb = 2\n"
        lab.write("conf/mine.toml", b"c = 3\n")
        assert lab.snapshot(place.head, "x").paths == ("conf/mine.toml",)
        lab.restore(place.head)
        assert lab.read("conf/local.toml") == b"b = 2\n"


def test_a_persons_edit_of_a_tracked_file_is_not_copied(place: Place) -> None:
    with place.open(copy={"README.md": b"dirty"}) as lab:
        assert lab.read("README.md") == b"# Sums\n"
        assert lab.snapshot(place.head, "x").files == ()


# ---------------------------------------------------------------- closing


def test_left_clean_it_is_gone_and_without_work_nothing_was_to_rescue(place: Place) -> None:
    with place.open() as lab:
        lab.write("work", b"1")
        lab.snapshot(place.head, "work")
    assert not (place.labs / "gen-1").exists()
    assert place.worktrees() == 1
    assert (place.ref("gen-1/rescued"), place.ref("gen-1/base")) == (None, None)


def test_bytes_beyond_the_last_snapshot_are_rescued_before_it_goes(place: Place) -> None:
    with place.open() as lab:
        lab.write("first", b"1")
        change = lab.snapshot(place.head, "first")
        made = "mkdir -p 'ü x' && echo 2 > 'ü x/ 漢' && ln -s 'ü x' l && echo 3 > run && chmod +x run"
        nested = "git init -q in && echo 4 > in/f && ln -s f in/l && chmod +x in/f"
        assert lab.run(f"{made} && {nested}", seconds=20).code == 0
    rescued = place.ref("gen-1/rescued")
    assert rescued is not None
    modes = {path: meta.split()[0] for path, meta in place.repository.files(rescued).items()}
    new = {"ü x/ 漢": "100644", "l": "120000", "run": "100755", "in/f": "100755", "in/l": "120000"}
    assert {path: modes.get(path) for path in new} == new
    assert place.repository.git("rev-parse", f"{rescued}^") == change.commit
    assert place.repository.show(rescued, "in/f") == "4\n"
    assert not (place.labs / "gen-1").exists()


def test_a_fresh_lab_of_an_old_name_has_nothing_to_rescue(place: Place) -> None:
    with place.open() as lab:
        lab.write("first", b"1")
        lab.snapshot(place.head, "first")
    with place.open() as lab:
        assert lab.fresh
    assert place.ref("gen-1/rescued") is None


def test_a_throwaway_never_stays_and_nothing_is_rescued(place: Place) -> None:
    left = leave(place, some_work, throwaway=True)
    assert not left.exists()
    with place.open(throwaway=True) as lab:
        assert lab.fresh
        assert "work" not in lab.listing("")
        lab.write("work", b"2")
    assert not left.exists()
    assert (place.ref("gen-1/rescued"), place.ref("gen-1/base"), place.worktrees()) == (None, None, 1)


def test_what_an_interrupted_throwaway_left_is_not_opened_again(place: Place) -> None:
    leave(place, some_work)
    with place.open(throwaway=True) as lab:
        assert lab.fresh
        assert "work" not in lab.listing("")


@pytest.mark.parametrize("point", ["lab:over", "lab:saved", "lab:removed"])
def test_killed_while_it_closes_it_is_whole_or_its_bytes_are_in_a_ref(place: Place, point: str) -> None:
    def closes() -> None:
        with place.open() as lab:
            some_work(lab)

    assert killed(closes, point) == -signal.SIGKILL
    assert (place.ref("gen-1/rescued") is None) == (point == "lab:over")
    with place.open() as lab:
        assert lab.fresh == (point == "lab:removed")
    assert place.repository.show(str(place.ref("gen-1/rescued")), "work") == "1"
    assert not (place.labs / "gen-1").exists()


def test_interrupted_it_stays_and_opens_as_it_stood(place: Place) -> None:
    def work(lab: Lab) -> None:
        lab.write(".venv/x", b"environment")
        lab.settle()
        lab.write("first", b"1")
        lab.snapshot(place.head, "first")
        lab.write("second", b"2")

    leave(place, work)
    with place.open() as lab:
        assert not lab.fresh
        assert (lab.read("second"), lab.read(".venv/x")) == (b"2", b"environment")
        assert lab.snapshot(place.head, "both").paths == ("first", "second")


def test_a_lab_that_was_left_half_made_is_made_anew(place: Place) -> None:
    (leave(place, some_work) / "ready").unlink()
    with place.open() as lab:
        assert lab.fresh
        assert "work" not in lab.listing("")


def test_opened_again_for_a_later_commit_it_still_knows_where_it_began(place: Place) -> None:
    made: list[str] = []

    def work(lab: Lab) -> None:
        lab.write("first", b"1")
        made.append(lab.snapshot(place.head, "first").commit)

    leave(place, work)
    first = made[0]
    with place.open(commit=first) as lab:
        lab.write("second", b"2")
        change = lab.snapshot(first, "second")
    assert (change.paths, change.hazards) == (("second",), ())


def test_a_lock_that_a_dead_git_left_is_no_obstacle(place: Place) -> None:
    (leave(place, some_work) / "git" / "index.lock").touch()
    with place.open() as lab:
        assert lab.snapshot(place.head, "x").paths == ("work",)


def test_read_only_folders_go_with_the_rest(place: Place) -> None:
    with place.open(throwaway=True) as lab:
        assert (
            lab.run("mkdir -p a/b/c; touch a/b/c/d; chmod -R a-w a; chmod 0 a/b; chmod a-w . ..", seconds=20).code == 0
        )
    assert not (place.labs / "gen-1").exists()


def test_a_lab_whose_folder_was_removed_or_swapped_for_a_link_says_so(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("1")
    for instead in ("true", f"ln -s '{outside}' '{{root}}'"):
        with place.open() as lab:
            ran = lab.run(f"rm -rf '{lab.root}'; {instead.format(root=lab.root)}", seconds=20)
            if "writes" in guarantees.of(place.kind):  # the folder itself is where its walls stand
                assert "Device or resource busy" in ran.output
                assert lab.run("ls -A", seconds=20).output.strip() in ("", "outside")
                continue
            with pytest.raises(LabFailed, match="gone"):
                lab.snapshot(place.head, "x")
            with pytest.raises(LabFailed, match="gone"):
                lab.restore(place.head)
            with pytest.raises(OSError, match="gen-1"):
                lab.read("precious")
        assert not (place.labs / "gen-1").exists()
    assert (outside / "precious").read_text() == "1"


def test_no_clean_up_of_the_persons_takes_the_borrowed_objects_away(place: Place) -> None:
    place.repository.git("switch", "-q", "-c", "side")
    place.repository.write("README.md", "side\n")
    side = place.repository.commit()
    with place.open(commit=side) as lab:
        place.repository.git("switch", "-q", "main")
        place.repository.git("branch", "-q", "-D", "side")
        place.repository.git("reflog", "expire", "--expire=now", "--all")
        place.repository.git("gc", "-q", "--prune=now")
        assert lab.run("git fsck --connectivity-only && git log -1 --format=%H", seconds=20).output.strip() == side
        lab.write("more", b"1")
        assert lab.snapshot(side, "more").paths == ("more",)


# ---------------------------------------------------------------- reaching what the host offers


def test_a_command_reaches_the_endpoint_that_the_host_opened_for_it(place: Place) -> None:
    with answering("from the host") as endpoint, place.open() as lab:
        url = lab.reach(endpoint)
        ask = f"import urllib.request as u; print(u.build_opener(u.ProxyHandler({{}})).open('{url}/x').read().decode())"
        ran = lab.run(["python3", "-c", ask], seconds=20)
        assert (ran.code, ran.output.strip()) == (0, "from the host")
        assert lab.reach(endpoint) == url
        assert lab.snapshot(place.head, "nothing").files == ()

"""Each kind of lab against its own row of the table of guarantees, seen from inside and from outside."""

import contextlib
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typing_extensions

from loopwright.contracts import Lab
from loopwright.errors import LabFailed
from loopwright.labs import cgroups, guarantees, probing, quota
from loopwright.labs.folder import FolderLab
from loopwright.labs.guarantees import KEPT, PROMISES
from loopwright.testing.frontdoor import until
from loopwright.workshop import ISOLATION, LABS

from .places import Place, answering, is_alive, leave, number_in

needs_groups = pytest.mark.skipif(not cgroups.to_be_had(), reason="this system gives us no control groups")


def test_every_kind_has_a_row_and_every_row_speaks_of_what_there_is() -> None:
    assert set(KEPT) == set(LABS)
    assert set().union(*KEPT.values()) == {promise.name for promise in PROMISES}
    weaker = [KEPT[kind] for kind in ISOLATION]
    assert all(less <= more for less, more in itertools.pairwise(weaker))


def test_what_gets_out_of_a_lab_is_what_its_row_says(place: Place, tmp_path: Path) -> None:
    room = tmp_path / "tried"
    room.mkdir()
    held = probing.tried(place.open_lab, room, {**os.environ, **place.env})
    assert held == {name: name in guarantees.of(place.kind) for name in held}
    assert set(held) == {promise.name for promise in PROMISES} - {"killed", "bounds"}  # which have tests of their own


def test_without_a_bash_nothing_is_told_that_was_not_tried(tmp_path: Path) -> None:
    for name in ("programs", "tried"):
        (tmp_path / name).mkdir()
    for name in ("cat", "env", "git", "kill", "ls", "setsid", "sleep", "true"):
        (tmp_path / "programs" / name).symlink_to(shutil.which(name) or name)
    held = probing.tried(LABS["clone"], tmp_path / "tried", {"PATH": str(tmp_path / "programs")})
    assert held == {name: name in guarantees.of("clone") for name in held}


def test_of_a_lab_in_which_nothing_can_be_run_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "bash").write_text("no program")
    (tmp_path / "bash").chmod(0o755)
    (tmp_path / "tried").mkdir()
    with pytest.raises(LabFailed, match="no command can be run in it"):
        probing.tried(LABS["clone"], tmp_path / "tried", {"PATH": str(tmp_path)})


@pytest.fixture
def library() -> Iterator[Path]:
    """Loopwright and what its labs need, in a folder that everybody can read."""
    names = ("loopwright", "jsonschema", "jsonschema_specifications", "referencing", "rpds", "attr", "attrs")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name in names:
            found = importlib.util.find_spec(name)
            assert found is not None
            assert found.origin is not None
            shutil.copytree(Path(found.origin).parent, Path(folder, name))
        shutil.copy(typing_extensions.__file__, folder)
        yield Path(folder)


def test_an_ordinary_user_has_the_same_walls_as_root(walled: Place, library: Path) -> None:
    """Root drops to a user of its own and shows it what it can't reach; anybody else needs neither."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or "false"
    same = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    if os.geteuid() or subprocess.run([python, "-c", same]).returncode:
        pytest.skip("needs root, to be somebody else, and a Python of this version of the system's for that one")
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, 54321, 54321)
        env = {"HOME": home, "PATH": os.defpath, "PYTHONPATH": str(library)}
        ran = subprocess.run(
            [python, "-c", _TRYING, walled.kind], env=env, cwd=home, user=54321, group=54321, extra_groups=(),
            capture_output=True, text=True,
        )  # fmt: skip
    assert ran.stdout, ran.stderr
    held = json.loads(ran.stdout)
    if lacking := held.get("lacking"):
        pytest.skip(f"an ordinary user can't have a {walled.kind} here: {lacking}")
    assert held == {name: name in guarantees.of(walled.kind) for name in held}


_TRYING = """
import json, os, sys
from pathlib import Path
from loopwright.labs import container, probing, sandbox
kind = {"sandbox": sandbox, "container": container}[sys.argv[1]]
lacking = kind.unavailable()
print(json.dumps({"lacking": lacking} if lacking else probing.tried(kind.open_lab, Path.cwd(), os.environ)))
"""


# ---------------------------------------------------------------- hogs


@pytest.fixture
def sealed(walled: Place) -> Place:
    """Labs with small limits."""
    return replace(walled, limits={"memory": 256 << 20, "processes": 64})


def at_work(place: Place) -> list[str]:
    """The processes of the host's that see the files of one of these labs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            if f" {place.labs}/".encode() in (entry / "mountinfo").read_bytes():
                found.append((entry / "cmdline").read_bytes().decode().replace("\0", " "))
    return found


def nothing_is_left(place: Place) -> None:
    until(lambda: not at_work(place), seconds=5)


@needs_groups
def test_a_fork_bomb_dies_alone(sealed: Place) -> None:
    with sealed.open("gen-1") as bomb, sealed.open("gen-2") as other:
        ran = bomb.run("b() { b | b & }; b; sleep 60", seconds=2)
        assert ran.timed_out
        assert "Resource temporarily unavailable" in ran.output  # the limit was reached
        assert len(at_work(sealed)) <= 64 + 8
        assert other.run("echo well", seconds=20).output == "well\n"
    nothing_is_left(sealed)


@needs_groups
def test_a_memory_hog_dies_alone_and_hears_why(sealed: Place) -> None:
    hog = "x = []\nwhile True: x.append(bytearray(b'1') * (16 << 20))"
    with sealed.open("gen-1") as hogging, sealed.open("gen-2") as other:
        ran = hogging.run(["python3", "-c", hog], seconds=60)
        assert ran.code == 137
        assert "[out of memory: the lab may have 0.2 GiB]" in ran.output
        assert hogging.run("echo again", seconds=20).output == "again\n"
        assert other.run("echo well", seconds=20).output == "well\n"
    nothing_is_left(sealed)


@pytest.fixture
def small(place: Place, tmp_path: Path) -> Iterator[Place]:
    """Labs on a disk of 64 MB."""
    place = replace(place, floor=0)
    place.labs.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m,nr_inodes=4000", "none", str(place.labs)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk can't be mounted here: only root can")
    yield place
    subprocess.run(["umount", "-l", str(place.labs)], check=True)


def test_a_disk_hog_is_ended_before_the_others_have_no_room(small: Place) -> None:
    with small.open("gen-1") as hogging, small.open("gen-2", throwaway=True) as other:
        ran = hogging.run("while head -c 1000000 /dev/zero; do sleep 0.05; done > big", seconds=30)
        assert (ran.code, ran.halted) == (137, False)
        assert "disk quota exceeded" in ran.output
        assert other.run("head -c 5000000 /dev/zero > mine && echo well", seconds=20).output == "well\n"
        hogging.run("rm big", seconds=20)


FILLS = {
    "while no command runs": "head -c 40000000 /dev/zero > big",
    "without a name": "exec 3> big; rm big; head -c 40000000 /dev/zero >&3",
    "with files that hold nothing": "for n in $(seq 100); do mkdir $n; (cd $n; touch $(seq 100)); sleep 0.1; done",
}


@pytest.mark.parametrize("how", sorted(FILLS))
def test_what_fills_the_disk_in_the_background_is_ended(small: Place, how: str) -> None:
    with small.open("gen-1", throwaway=True) as hogging, small.open("gen-2", throwaway=True) as other:
        begun = f"setsid sh -c 'echo $$ > ~/hog; sleep 0.5; {FILLS[how]}; exec sleep 60' >/dev/null 2>&1 &"
        assert hogging.run(f"{begun} until test -s ~/hog; do sleep 0.01; done", seconds=20).code == 0
        hog = number_in(hogging.scratch / "hog")
        until(lambda: not is_alive(hog), seconds=20)
        assert other.run("head -c 5000000 /dev/zero > mine && echo well", seconds=20).output == "well\n"


def test_a_command_whose_end_makes_room_again_hears_why_it_was_ended(small: Place) -> None:
    """A file without a name goes with whoever holds it: when one looks again, nothing is over any more."""
    with small.open("gen-1", throwaway=True) as hogging:
        ran = hogging.run("exec 3> big; rm big; head -c 40000000 /dev/zero >&3; exec sleep 20", seconds=30)
        assert (ran.code, ran.halted) == (137, False)
        assert "disk quota exceeded, the lab may hold" in ran.output


def test_whoever_has_made_room_again_works_on(small: Place) -> None:
    with small.open("gen-1", throwaway=True) as lab:
        assert lab.run("while head -c 1000000 /dev/zero; do sleep 0.01; done > big", seconds=30).code == 137
        (lab.root / "big").unlink()
        assert lab.run("sleep 0.5; echo well", seconds=20).output == "well\n"


def test_the_last_of_a_disk_is_kept_free(small: Place) -> None:
    """Whatever holds it: here it is somebody outside, and nothing in the lab can be measured."""
    with replace(small, floor=20 << 20).open("gen-1", throwaway=True) as lab:
        before = (small.labs / "somebody's").write_bytes(bytes(50_000_000))
        ran = lab.run("sleep 30", seconds=20)
        assert (before, ran.code) == (50_000_000, 137)
        assert "MiB left" in ran.output


def test_a_flood_of_output_is_kept_short(place: Place) -> None:
    with place.open(throwaway=True) as lab:
        ran = lab.run("yes", seconds=1, keep=4096)
        assert ran.timed_out
        assert len(ran.output) < 5000
        assert ran.dropped > 1 << 20


# ---------------------------------------------------------------- walls


@pytest.mark.parametrize(
    "attack",
    [
        "echo x > /proc/1/mem",
        "ls /proc/1/fd/",
        "cat /proc/1/environ",
        "cat /proc/1/maps",
        "unshare -Urm true",
        "mount -t tmpfs none /tmp",
        "echo 1 > /proc/sys/kernel/core_pattern",
        "echo b > /proc/sysrq-trigger",
        "mknod disk b 8 0",
        "touch /usr/bin/x",
        "touch /etc/x",
        "touch /x",
        "touch /dev/x",
        "prlimit --pid 1 --nofile=8",
        "cat /etc/shadow",
        "nsenter -t 1 -m true",
        "chroot / true",
        "python3 -c 'import socket; socket.socket(40, socket.SOCK_STREAM)'",
        'python3 -c \'import fcntl; fcntl.fcntl(open("leased", "w"), fcntl.F_SETLEASE, fcntl.F_WRLCK)\'',
        "python3 -c 'import fcntl, os, signal; fcntl.fcntl(os.open(\".\", 0), fcntl.F_SETSIG, signal.SIGCONT)'",
    ],
)
def test_nothing_of_this_works_behind_walls(walled: Place, attack: str) -> None:
    with walled.open(throwaway=True) as lab:
        assert lab.run(attack, seconds=20).code not in (0, 127)
        assert lab.run("exit 7", seconds=20).code == 7


def test_nothing_inside_ends_the_first_process(walled: Place) -> None:
    with walled.open(throwaway=True) as lab:
        lab.run("sleep 300 & echo $! > ../home/pid", seconds=20)
        lab.run("for signal in KILL TERM INT HUP QUIT USR1 SEGV STOP; do kill -$signal 1; done", seconds=20)
        assert lab.run("kill -0 $(cat ../home/pid)", seconds=20).code == 0


def test_nothing_moves_while_the_host_looks_at_the_files(walled: Place) -> None:
    with walled.open(throwaway=True) as lab:
        assert isinstance(lab, FolderLab)
        assert lab.walls is not None
        busy = lab.root / "busy"
        lab.run("(setsid sh -c 'while :; do echo x >> busy; done' >/dev/null 2>&1 &)", seconds=20)
        until(busy.exists, seconds=10)
        with lab.walls.still():
            before = busy.stat().st_size
            assert {busy.stat().st_size for _ in range(5000)} == {before}
        until(lambda: busy.stat().st_size > before, seconds=10)


_WAKING = """
import ctypes, signal, struct
signal.signal(signal.SIGCONT, lambda number, frame: None)
timer, libc = ctypes.c_void_p(), ctypes.CDLL(None)
assert libc.timer_create(1, struct.pack("Qii48x", 0, signal.SIGCONT, 0), ctypes.byref(timer)) == 0
assert libc.timer_settime(timer, 0, struct.pack("4q", 0, 10**7, 0, 10**7), None) == 0
while True:
    with open("busy", "a") as busy:
        busy.write("x")
"""


def test_what_has_itself_woken_does_not_move_either(walled: Place) -> None:
    """The kernel wakes a stopped process by a timer that the process has set itself, here each 10 ms."""
    with walled.open(throwaway=True) as lab:
        assert isinstance(lab, FolderLab)
        assert lab.walls is not None
        busy = lab.root / "busy"
        lab.write("waking.py", _WAKING.encode())
        lab.run("(setsid python3 waking.py >/dev/null 2>&1 &)", seconds=20)
        until(busy.exists, seconds=10)
        with lab.walls.still():
            before = busy.stat().st_size
            assert {busy.stat().st_size for _ in range(5000)} == {before}


_SPAWNING = """
import os
os.posix_spawn("/bin/true", ["true"], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 5, "pipe", os.O_RDONLY, 0)])
"""


def test_a_program_that_is_being_started_is_waited_for(walled: Place) -> None:
    """Whoever starts one waits for it in the kernel, and can't be stopped before it has begun: here, has its pipe."""
    with walled.open(throwaway=True) as lab:
        assert isinstance(lab, FolderLab)
        assert lab.walls is not None
        lab.write("spawning.py", _SPAWNING.encode())
        lab.run("mkfifo pipe; (setsid python3 spawning.py; touch ../home/spawned) >/dev/null 2>&1 &", seconds=20)
        lab.run("(setsid sh -c 'sleep 1; : > pipe' >/dev/null 2>&1 &)", seconds=20)
        with lab.walls.still():
            pass
        until((lab.scratch / "spawned").exists, seconds=10)


def test_folders_thousands_deep_are_measured_and_removed(place: Place) -> None:
    deep = "import os\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')"
    with place.open(throwaway=True) as lab:
        assert lab.run(["python3", "-c", deep], seconds=60).code == 0
        assert quota.held(lab.root).size > 0
    assert not (place.labs / "gen-1").exists()


def test_a_pipe_in_the_place_of_gits_head_is_not_waited_for(place: Place) -> None:
    with place.open(throwaway=True) as lab:
        lab.run("rm -rf .git && mkdir .git && mkfifo .git/HEAD", seconds=20)
        began = time.monotonic()
        assert "README.md" in lab.state()
        assert time.monotonic() - began < 30  # git, if it were asked, waits until its 60 s are over


def test_a_command_that_was_never_taken_is_begun_again(walled: Place) -> None:
    with walled.open(throwaway=True) as lab:
        assert isinstance(lab, FolderLab)
        assert lab.walls is not None
        lab.walls.enclosure.end()
        assert lab.run("echo here", seconds=20).output == "here\n"


def test_a_home_behind_a_link_stays_hidden_and_odd_links_on_path_are_no_trouble(walled: Place, tmp_path: Path) -> None:
    real = tmp_path / "data/person"
    for name in ("bin", ".ssh"):
        (real / name).mkdir(parents=True)
    (real / ".ssh/id_rsa").write_text("pl4nted")
    (real / "bin/loop").symlink_to("loop")
    (tmp_path / "home").symlink_to(tmp_path / "data")
    home = tmp_path / "home/person"
    with walled.with_env(HOME=str(home), PATH=f"{home}/bin:{os.environ['PATH']}").open(throwaway=True) as lab:
        told = lab.run(["cat", f"{real}/.ssh/id_rsa", f"{home}/.ssh/id_rsa"], seconds=20)
    assert "pl4nted" not in told.output


def test_a_command_gets_three_streams_and_no_other_descriptor(walled: Place) -> None:
    with walled.open(throwaway=True) as lab:
        listed = lab.run(["python3", "-c", "import os; print(os.listdir('/proc/self/fd'))"], seconds=20).output
    assert listed.strip() == "['0', '1', '2', '3']"  # the last one is the folder's that is listed


@needs_groups
def test_what_a_killed_process_left_of_its_limits_is_taken_away(walled: Place) -> None:
    made: list[Path] = []

    def work(lab: Lab) -> None:
        assert isinstance(lab, FolderLab)
        assert lab.walls is not None
        made.extend(lab.walls.group.folders)
        assert all(folder.is_dir() for folder in made)

    leave(walled, work)
    assert made
    until(lambda: not any(folder.exists() for folder in made), seconds=5)
    if walled.kind == "container":  # their names are the engine's, and never come again
        return
    for folder in made:  # as if the power had gone
        folder.mkdir()
    with walled.open():
        pass
    assert not any(folder.exists() for folder in made)


def test_tool_chains_in_a_home_are_shown_and_nothing_else_of_it(walled: Place, tmp_path: Path) -> None:
    home = tmp_path / "home"
    tool = home / ".tools/versions/1.0/bin/tool"
    for file, text in (
        (tool, '#!/bin/sh\ncat "$(dirname "$(readlink -f "$0")")/../lib/word"\n'),
        (home / ".tools/versions/1.0/lib/word", "it works\n"),
        (home / ".cargo/bin/other", "#!/bin/sh\necho other\n"),
        (home / ".cargo/credentials.toml", "pl4nted"),
        (home / ".docker/bin/ship", "#!/bin/sh\necho ship\n"),
        (home / ".docker/config.json", "pl4nted"),
        (home / ".ssh/id_rsa", "pl4nted"),
        (home / ".local/bin/mine", "#!/bin/sh\necho mine\n"),
        (home / ".local/share/keyrings/login", "pl4nted"),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    (home / ".local/bin/linked").symlink_to(tool)
    home.chmod(0o700)
    folders = (".tools/versions/1.0/bin", ".cargo/bin", ".docker/bin", ".local/bin", ".")
    path = ":".join(str(home / place) for place in folders)
    with walled.with_env(HOME=str(home), PATH=f"{path}:{os.environ['PATH']}").open(throwaway=True) as lab:
        ran = lab.run("tool; other; ship; mine; linked", seconds=20)
        assert ran.output == "it works\nother\nship\nmine\nit works\n"
        assert "pl4nted" not in lab.run(f"grep -r pl4nted '{home}'; cat '{home}/.ssh/id_rsa'", seconds=20).output


def test_nobody_there_is_root_and_namespaces_and_temporary_files_are_its_own(walled: Place) -> None:
    names = ("ipc", "mnt", "net", "pid", "uts")
    with tempfile.NamedTemporaryFile(dir="/tmp") as shared, walled.open(throwaway=True) as lab:
        assert lab.run(["cat", shared.name], seconds=20).code == 1
        told = lab.run(
            ["sh", "-c", "id -u; readlink $@", "sh", *(f"/proc/self/ns/{name}" for name in names)], seconds=20
        )
        files = [f"{folder}/{Path(shared.name).name}-mine" for folder in ("/tmp", "/var/tmp", "/run", "/dev/shm")]
        assert lab.run(["touch", *files], seconds=20).code == 0
        assert not any(Path(file).exists() for file in files)
    uid, *inside = told.output.split()
    assert (told.code, int(uid) > 0, len(inside)) == (0, True, len(names))
    assert not {*inside} & {str(Path(f"/proc/self/ns/{name}").readlink()) for name in names}


def test_of_two_services_of_the_host_a_lab_reaches_the_one_that_it_was_let_in_to(walled: Place) -> None:
    with answering("mine") as mine, answering("another's") as other, walled.open(throwaway=True) as lab:
        lab.reach(mine)
        ask = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"
        codes = [lab.run(["python3", "-c", ask, str(one.port)], seconds=20).code for one in (mine, other)]
        by_path = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        codes.append(lab.run(["python3", "-c", by_path, str(other.socket)], seconds=20).code)
    assert codes == [0, 1, 1]


def test_only_a_command_that_may_reaches_the_network(walled: Place) -> None:
    with answering("hello") as endpoint, walled.open(throwaway=True) as lab:
        ask = ["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{endpoint.port}"]
        assert lab.run(ask, seconds=20).code != 0
        assert lab.run(ask, seconds=20, network=True).code == 0
        assert lab.run(ask, seconds=20).code != 0


def test_a_role_that_makes_commits_behind_walls_has_them_brought_out(walled: Place) -> None:
    with walled.open() as lab:
        lab.run("echo 1 > mine && git add mine && git commit -qm own", seconds=20)
        lab.write("theirs", b"1")
        change = lab.snapshot(walled.head, "x")
    assert {"mine", "theirs"} == set(change.paths)
    own = walled.ref("gen-1/own")
    assert own is not None
    assert walled.repository.git("log", "-1", "--format=%s", own) == "own"


def test_a_repository_that_a_lab_has_broken_is_no_trouble_to_the_host(walled: Place) -> None:
    with walled.open() as lab:
        lab.run(
            "git commit -q --allow-empty -m own; echo garbage > .git/config; echo /etc > .git/objects/info/alternates",
            seconds=20,
        )
        lab.write("kept", b"1")
        change = lab.snapshot(walled.head, "x")
    assert change.paths == ("kept",)
    assert [hazard.kind for hazard in change.hazards] == ["rewritten-history"]


def test_a_place_with_an_odd_name_is_shown_behind_walls(walled: Place, tmp_path: Path) -> None:
    odd = replace(walled, labs=tmp_path / "odd # name\\040\t漢" / "labs")
    with odd.open() as lab:
        assert lab.run("echo 1 > made && cat README.md", seconds=20).output == "# Sums\n"
        assert lab.read("made") == b"1\n"

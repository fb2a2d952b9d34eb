"""Commands in a lab: what they are told, and how they end."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from loopwright import shell
from loopwright.checks.gates import GateCheck
from loopwright.contracts import Lab
from loopwright.labs import guarantees
from loopwright.testing.frontdoor import until
from loopwright.vocabulary import Change, Gate

from .places import Place, is_alive, leave, number_in

PLANTED = {
    "ANTHROPIC_API_KEY": "sk-ant-pl4nted",
    "LOOPWRIGHT_LAB_API_KEY": "pl4nted-key",
    "AWS_ACCESS_KEY_ID": "AKIAPL4NTED",
    "AWS_SECRET_ACCESS_KEY": "pl4nted-aws",
    "AWS_SESSION_TOKEN": "pl4nted-session",
    "GITHUB_TOKEN": "ghp_pl4nted",
    "SOME_SECRET": "pl4nted-some",
    "DATABASE_URL": "postgres://pl4nted@host",
    "SSH_AUTH_SOCK": "/pl4nted/agent",
    "PIP_INDEX_URL": "https://pl4nted@index",
    "GIT_DIR": "/pl4nted/git",
    "GIT_CONFIG_PARAMETERS": "'pl4nted.x=1'",
    "PYTHONPATH": "/pl4nted/lib",
    "VIRTUAL_ENV": "/pl4nted/venv",
    "BASH_ENV": "/pl4nted/rc",
    "ENV": "/pl4nted/rc",
    "LD_PRELOAD": "/pl4nted.so",
}


def environment(lab: Lab) -> dict[str, str]:
    out = lab.run(["env", "-0"], seconds=20).output
    return dict(entry.split("=", 1) for entry in out.split("\0") if entry)


# ---------------------------------------------------------------- environment


def test_no_planted_key_or_setting_is_in_a_labs_environment(place: Place) -> None:
    with place.with_env(**PLANTED).open() as lab:
        inside = environment(lab)
        told = lab.run("env; cat /proc/self/environ; export -p", seconds=20).output
    assert not set(PLANTED) & set(inside)
    assert "pl4nted" not in told.lower()


def test_path_is_kept_with_the_labs_own_programs_first_and_home_is_its_own(place: Place) -> None:
    with place.with_env(PATH=f"/opt/tools:{os.defpath}", HOME="/home/person", LANG="C.UTF-8").open() as lab:
        inside = environment(lab)
        assert inside["PATH"].split(":")[0] == f"{lab.root}/.venv/bin"
        assert inside["PATH"].endswith(f":/opt/tools:{os.defpath}")
        assert Path(inside["HOME"]).is_relative_to(place.labs / "gen-1")
        assert inside["LANG"] == "C.UTF-8"
        assert lab.run('touch ~/note "$(mktemp)"', seconds=20).code == 0
        assert lab.snapshot(place.head, "x").files == ()


def test_no_file_of_the_labs_stands_for_a_program_that_a_command_calls(place: Place) -> None:
    path, libraries = f":./tools:{os.defpath}", "/opt/lib:;mine:"
    with place.with_env(PATH=path, LD_LIBRARY_PATH=libraries).open() as lab:
        assert environment(lab)["LD_LIBRARY_PATH"] == "/opt/lib"
        for name in ("id", "tools/id", "tools/ours"):
            lab.write(name, b"#!/bin/sh\necho the labs own\n")
        lab.run("chmod +x id tools/*", seconds=20)
        assert "uid=" in lab.run("id", seconds=20).output
        assert lab.run("ours", seconds=20).output == "the labs own\n"


def test_what_the_caller_adds_is_there_for_one_command(place: Place) -> None:
    with place.open() as lab:
        assert lab.run("echo $EXTRA", seconds=20, env={"EXTRA": "yes"}).output == "yes\n"
        assert lab.run("echo $EXTRA", seconds=20).output == "\n"


def test_limits_hold_in_bytes_and_counts(place: Place) -> None:
    limited = replace(place, limits={"core": 0, "fsize": 8192, "nofile": 64, "cpu": 30, "as": 2 << 30})
    with limited.open() as lab:
        assert lab.run("ulimit -c; ulimit -n; ulimit -t; ulimit -v", seconds=20).output.split() == [
            "0", "64", "30", str((2 << 30) // 1024),
        ]  # fmt: skip
        lab.run("head -c 100000 /dev/zero > big", seconds=20)
        assert len(lab.read("big")) == 8192
        assert lab.run(["sh", "-c", 'echo "$1"', "sh", "a b"], seconds=20).output == "a b\n"
        assert lab.run(["no-such-program-here"], seconds=20).code == 127


def test_an_editable_install_of_the_persons_is_not_what_a_lab_imports(place: Place) -> None:
    """The person's environment lies in the checkout or elsewhere, and its path file leads to the checkout."""
    place.repository.write(".gitignore", ".venv/\n")
    place.repository.commit()
    for where in (place.top / ".venv", place.top.parent / "environments" / "sums"):
        packages = where / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        packages.mkdir(parents=True)
        (packages / "sums.pth").write_text(f"{place.top}/src\n")
        (where / "bin").mkdir()
        (where / "bin" / "python").symlink_to(sys.executable)
        (where / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
        path = f"{where}/bin:{os.environ['PATH']}"
        person = [str(where / "bin" / "python"), "-c", "import sums; print(sums.__file__)"]
        assert subprocess.check_output(person, text=True).strip() == f"{place.top}/src/sums.py"
        with place.with_env(PATH=path).open() as lab:
            ran = lab.run("python -c 'import sums; print(sums.__file__)'", seconds=20)
            assert ran.output.strip() == f"{lab.root}/src/sums.py"


def test_without_such_an_install_the_labs_sources_are_not_laid_over_everything(place: Place) -> None:
    with place.with_env(PATH="/usr/bin:/bin").open() as lab:
        assert "PYTHONPATH" not in environment(lab)


def test_a_shell_among_the_labs_files_is_not_the_shell_of_commands(place: Place) -> None:
    with replace(place, limits={"core": 0}).open() as lab:
        (lab.root / ".venv/bin").mkdir(parents=True)
        for name in ("bash", "sh"):
            (lab.root / ".venv/bin" / name).write_text("#!/bin/false\n")
            (lab.root / ".venv/bin" / name).chmod(0o755)
        assert lab.run("echo mine", seconds=20).output == "mine\n"


# ---------------------------------------------------------------- processes


def test_a_string_is_a_shell_command_in_the_root_and_words_are_not(place: Place) -> None:
    with place.open() as lab:
        assert lab.run("pwd && echo a*d.x || ls | head -n 1", seconds=20).output.startswith(f"{lab.root}\n")
        assert lab.run(["echo", "*", "$HOME;"], seconds=20).output == "* $HOME;\n"
        assert lab.run("exit 3", seconds=20).code == 3
        assert lab.run(["no-such-program-here"], seconds=20).code == 127
        assert lab.run("no-such-program-here", seconds=20).code == 127
        assert lab.run("cat", seconds=20).output == ""


def test_a_child_in_the_background_is_there_for_the_next_command_and_gone_with_the_lab(place: Place) -> None:
    with place.open() as lab:
        assert lab.run("sleep 60 & echo $! > ../home/pid", seconds=20).code == 0
        child = number_in(lab.scratch / "pid")
        assert lab.run("kill -0 $(cat ../home/pid)", seconds=20).code == 0
        assert is_alive(child)
    assert not is_alive(child)


def test_what_left_its_session_or_forked_twice_is_gone_with_the_lab(place: Place) -> None:
    escapes = """
        setsid sh -c 'echo $$ > ../home/a; exec sleep 60' &
        (sh -c 'setsid sh -c "echo \\$\\$ > ../home/b; cd /; exec sleep 60" & exit' &)
        nohup env -u HOME sh -c 'trap "" TERM HUP; echo $$ > ../home/c; while :; do sleep 1; done' > /dev/null 2>&1 &
    """
    with place.open() as lab:
        assert lab.run(escapes, seconds=20).code == 0
        escaped = [number_in(lab.scratch / name) for name in "abc"]
        assert all(is_alive(pid) for pid in escaped)
    assert not any(is_alive(pid) for pid in escaped)
    assert not (place.labs / "gen-1").exists()


def test_they_end_when_the_lab_is_left_by_an_exception_too(place: Place) -> None:
    escaped = []

    def work(lab: Lab) -> None:
        lab.run("setsid sh -c 'echo $$ > ../home/a; exec sleep 60' &", seconds=20)
        escaped.append(number_in(lab.scratch / "a"))
        assert is_alive(escaped[0])

    leave(place, work)
    assert not is_alive(escaped[0])


def test_ending_one_lab_leaves_the_other_at_work(place: Place) -> None:
    with place.open("gen-1") as first:
        first.run("sleep 60 & echo $! > ../home/pid", seconds=20)
        child = number_in(first.scratch / "pid")
        with place.open("gen-1-gates") as second:
            second.run("sleep 60 &", seconds=20)
        with place.open("gen-11") as third:
            third.run("sleep 60 &", seconds=20)
        assert is_alive(child)
    assert not is_alive(child)


NAMELESS = "(env -i setsid sh -c 'echo $$ > ../home/NAME; exec sleep 60' >/dev/null 2>&1 &); true"
on_linux = pytest.mark.skipif(not shell.adopts(), reason="only Linux gives orphans to who asks for them")


@on_linux
def test_a_daemon_that_wiped_its_environment_and_lost_its_parents_ends_with_its_lab(place: Place) -> None:
    with place.open() as lab:
        lab.run(NAMELESS.replace("NAME", "a"), seconds=20)
        daemon = number_in(lab.scratch / "a")
        assert lab.run("true", seconds=20).code == 0
        assert is_alive(daemon)
    assert not Path(f"/proc/{daemon}").exists()


@on_linux
def test_such_a_daemon_of_a_lab_that_is_still_open_stays_at_work_when_another_closes(place: Place) -> None:
    with place.open("gen-1") as lab:
        lab.run(NAMELESS.replace("NAME", "a"), seconds=20)
        first = number_in(lab.scratch / "a")
        with place.open("gen-1-gates", throwaway=True) as gates:
            gates.run(NAMELESS.replace("NAME", "b"), seconds=20)
            second = number_in(gates.scratch / "b")
        assert (is_alive(first), is_alive(second)) == (True, False)
    assert not is_alive(first)


@on_linux
def test_what_wasnt_started_by_a_lab_is_left_alone(place: Place) -> None:
    with place.open() as lab:
        lab.run("true", seconds=20)
        with (
            subprocess.Popen(["sleep", "60"]) as mine,
            shell.beside(["sleep", "60"], cwd=place.top, env={}, line=print) as trusted,
        ):
            lab.end_processes()  # type: ignore[attr-defined]
            assert (mine.poll(), trusted.poll()) == (None, None)
            mine.kill()


def test_a_command_past_its_time_is_ended_with_its_group(place: Place) -> None:
    with place.open() as lab:
        ran = lab.run("echo begun; sleep 60 & echo $! > ../home/pid; wait", seconds=0.5)
        assert (ran.code, ran.timed_out) == (124, True)
        assert ran.output.startswith("begun\n")
        gone = "while grep -q ') [^Z]' /proc/$(cat ../home/pid)/stat 2>/dev/null; do sleep 0.01; done"
        assert lab.run(gone, seconds=5).code == 0


_HOLDER = """
import os, sys
from pathlib import Path
from loopwright.contracts import LabWish, Site
from loopwright.workshop import LABS
kind, top, common, labs, commit, command = sys.argv[1:]
site = Site(Path(top), Path(common), Path(labs), "sha1", dict(os.environ), {})
with LABS[kind](site, LabWish("gen-1", commit, "loop/sums")) as lab:
    lab.write("work", b"1")
    lab.run(command, seconds=300)
"""
_LEAVING = """
setsid sh -c 'echo $$ > ../home/a; exec sleep 300' &
(sh -c 'setsid sh -c "echo \\$\\$ > ../home/b; cd /; exec sleep 300" & exit' &)
echo $$ > ../home/c; sleep 300
"""


def test_after_a_kill_opening_the_lab_again_ends_what_was_left_of_it(place: Place) -> None:
    words = [place.kind, str(place.top), str(place.common), str(place.labs), place.head, _LEAVING]
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(_HOLDER), *words]) as holder:
        left = [number_in(place.labs / "gen-1" / "home" / name) for name in "abc"]
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    if "killed" in guarantees.of(place.kind):
        until(lambda: not any(is_alive(pid) for pid in left), seconds=5)
    else:
        assert all(is_alive(pid) for pid in left)
    with place.open() as lab:
        assert not any(is_alive(pid) for pid in left)
        assert (lab.fresh, lab.read("work")) == (False, b"1")


def test_a_lab_leaves_no_descriptor_open_and_hands_none_to_its_commands(place: Place) -> None:
    def one_round(number: int) -> None:
        with place.open(f"gen-{number}", throwaway=True) as lab:
            lab.run("true", seconds=20)
            lab.listing("")
            lab.write("new", lab.read("README.md"))
            for wrong in ("src", "link", "nowhere", "link/x", ""):
                with pytest.raises((PermissionError, IsADirectoryError, FileNotFoundError)):
                    lab.read(wrong)

    one_round(0)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(1, 11):
        one_round(number)
    with (place.labs / "some.lock").open("a"), place.open() as lab:
        shown = lab.run("ls -l /proc/$$/fd", seconds=20).output
    assert "lock" not in shown
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# ---------------------------------------------------------------- gates that share a lab

# Looks for a word in the memory of every process that it may look into, and writes another one over it.
TAMPERER = r"""
import os, pathlib
wanted, instead = b"the answer is no" + bytes(1), b"the answer is ok"
pathlib.Path(os.environ["HOME"], "tampers").write_text(str(os.getpid()))
while True:
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        if int(place.name) == os.getpid():
            continue
        try:
            rows = [row.split() for row in (place / "maps").read_text().splitlines()]
            memory = open(place / "mem", "r+b", buffering=0)
        except OSError:
            continue
        for row in rows:
            try:
                begin, end = (int(part, 16) for part in row[0].split("-"))
                if not row[1].startswith("rw") or end - begin > 1 << 26:
                    continue
                memory.seek(begin)
                at = memory.read(end - begin).find(wanted)
                if at >= 0:
                    memory.seek(begin + at)
                    memory.write(instead)
            except OSError:
                continue
"""

# Says no, unless somebody changes its mind within a second.
JUDGE = r"""
import sys, time
answer = bytearray(b"the answer is ") + b"no" + bytes(1)
until = time.monotonic() + 1.5
while time.monotonic() < until and answer[14:16] != b"ok":
    time.sleep(0.01)
sys.exit(0 if answer[14:16] == b"ok" else 1)
"""


def tampered(lab: Lab) -> None:
    """A command that passes and leaves who tampers with what comes after it."""
    lab.write("tamperer.py", TAMPERER.encode())
    lab.write("judge.py", JUDGE.encode())


def test_what_a_gate_left_at_work_has_no_hand_in_the_next_one(place: Place) -> None:
    leaves = "setsid python3 tamperer.py > /dev/null 2>&1 & until test -s ~/tampers; do sleep 0.01; done"
    change = Change(place.head, place.head, "", (), "")
    with place.open() as lab:
        tampered(lab)
        assert GateCheck(Gate(leaves)).check(change, lab).passed
        at_work = number_in(lab.scratch / "tampers")
        # A maker's own commands are no gates: what it left lives on, and reaches as far as this kernel lets it.
        assert lab.run("kill -0 $(cat ~/tampers)", seconds=20).code == 0
        reaches = lab.run(["python3", "judge.py"], seconds=20).code == 0

        verdict = GateCheck(Gate("python3 judge.py")).check(change, lab)

        assert (verdict.passed, verdict.exit) == (False, 1), f"reaches: {reaches}"
        assert not is_alive(at_work)


def test_a_service_that_setup_left_stays_for_the_gates_and_what_they_left_goes(place: Place) -> None:
    leaves = "setsid sh -c 'echo $$ > ~/{0}; while :; do sleep 0.1; done' & until test -s ~/{0}; do sleep 0.01; done"
    with place.open() as lab:
        assert lab.run(leaves.format("service"), seconds=20).code == 0
        lab.settle()
        assert lab.run(leaves.format("other"), seconds=20).code == 0
        service, other = (number_in(lab.scratch / name) for name in ("service", "other"))

        lab.alone()

        assert (is_alive(service), is_alive(other)) == (True, False)
        assert lab.run("kill -0 $(cat ~/service)", seconds=20).code == 0
    assert not is_alive(service)

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loopwright import shell
from loopwright.vocabulary import Ran

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="processes are looked at through /proc")


def sh(command: str, folder: Path, seconds: float = 20.0, keep: int = 65536) -> Ran:
    return shell.run(["sh", "-c", command], cwd=folder, seconds=seconds, keep=keep)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def is_gone(pid: int) -> bool:
    """Whether it has ended, or does so within five seconds."""
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.005)
    return not is_alive(pid)


def number_in(file: Path) -> int:
    """The process id that a process writes into a file, as soon as it is there."""
    deadline = time.monotonic() + 10
    while not (file.exists() and file.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.005)
    return int(file.read_text())


def test_short_output_is_kept_whole_and_in_its_order(tmp_path: Path) -> None:
    ran = sh("echo one; echo two >&2; echo three", tmp_path)
    assert (ran.code, ran.output, ran.dropped, ran.timed_out) == (0, "one\ntwo\nthree\n", 0, False)


def test_long_output_keeps_head_and_tail_and_says_how_many_bytes_are_gone(tmp_path: Path) -> None:
    ran = sh("printf begin; head -c 100000 /dev/zero | tr '\\0' x; printf end", tmp_path, keep=1000)
    assert ran.dropped == 100008 - 1000
    assert ran.output.startswith("beginxxx")
    assert ran.output.endswith("xxxend")
    assert f"[... {ran.dropped} bytes left out here ...]" in ran.output


def test_a_cut_inside_of_a_letter_is_no_error(tmp_path: Path) -> None:
    ran = sh("printf 'aü%.0s' $(seq 5000)", tmp_path, keep=101)
    assert ran.dropped == 15000 - 100
    assert ran.output.startswith("aüaü")


def test_output_that_is_no_text_is_shown_as_well_as_it_goes(tmp_path: Path) -> None:
    assert sh("printf 'a\\377b'", tmp_path).output == "a\ufffdb"


def test_a_flood_of_output_takes_bounded_memory() -> None:
    program = """
import json, resource, sys
from pathlib import Path
from loopwright import shell
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ran = shell.run(["sh", "-c", "head -c 200000000 /dev/zero"], cwd=Path("/"), seconds=60)
print(json.dumps([ran.code, ran.dropped, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before]))
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=90).stdout
    code, dropped, kilobytes = json.loads(out)
    assert (code, dropped) == (0, 200_000_000 - 65536)
    assert kilobytes < 8_000


def test_it_returns_when_the_shell_exits_though_a_child_holds_the_output(tmp_path: Path) -> None:
    ran = sh("sleep 60 & echo $! > pid; echo done", tmp_path)
    child = number_in(tmp_path / "pid")
    try:
        assert (ran.code, ran.output, ran.timed_out) == (0, "done\n", False)
        assert ran.seconds < 10
        assert is_alive(child)
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_child_that_floods_the_held_output_does_not_keep_it(tmp_path: Path) -> None:
    ran = sh("sh -c 'echo $$ > pid; exec yes' & while ! test -s pid; do :; done; echo done", tmp_path)
    os.kill(number_in(tmp_path / "pid"), signal.SIGKILL)
    assert ran.code == 0
    assert ran.seconds < 10


def test_past_its_time_the_whole_group_is_ended_and_the_code_is_124(tmp_path: Path) -> None:
    ran = sh("echo begun; sleep 60 & echo $! > pid; wait", tmp_path, seconds=0.5)
    assert (ran.code, ran.timed_out) == (124, True)
    assert ran.output.startswith("begun\n")
    assert ran.output.endswith("[ended after 0.5 s]")
    assert is_gone(number_in(tmp_path / "pid"))


def test_past_its_time_a_child_in_a_session_of_its_own_with_a_wiped_environment_ends_too(tmp_path: Path) -> None:
    ran = sh("env -i setsid sh -c 'echo $$ > pid; exec sleep 60' & wait; sleep 60", tmp_path, seconds=0.7)
    assert ran.code == 124
    assert is_gone(number_in(tmp_path / "pid"))


def test_a_command_that_has_closed_its_output_is_waited_for(tmp_path: Path) -> None:
    ran = sh("exec >&- 2>&-; sleep 0.3; exit 7", tmp_path)
    assert (ran.code, ran.timed_out) == (7, False)
    assert sh("exec >&- 2>&-; sleep 60", tmp_path, seconds=0.3).code == 124


def test_stdin_is_empty_unless_there_is_something_to_say(tmp_path: Path) -> None:
    assert sh("cat; echo over", tmp_path).output == "over\n"
    big = b"0123456789" * 100_000
    ran = shell.run(["wc", "-c"], cwd=tmp_path, seconds=20, data=big)
    assert ran.output.strip() == "1000000"


def test_one_that_does_not_read_its_stdin_is_not_waited_for(tmp_path: Path) -> None:
    ran = shell.run(["true"], cwd=tmp_path, seconds=20, data=b"x" * 1_000_000)
    assert (ran.code, ran.timed_out) == (0, False)


def test_one_that_closes_its_output_first_is_still_fed(tmp_path: Path) -> None:
    command = ["sh", "-c", "exec >&- 2>&-; sleep 0.2; cat > heard"]
    ran = shell.run(command, cwd=tmp_path, seconds=20, data=b"x" * 1_000_000)
    assert (ran.code, (tmp_path / "heard").stat().st_size) == (0, 1_000_000)


def test_a_program_that_is_not_there_is_127_and_one_that_cannot_be_started_126(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no program")
    missing = shell.run(["no-such-program-here"], cwd=tmp_path, seconds=5)
    assert (missing.code, missing.output) == (127, "no-such-program-here: No such file or directory")
    assert shell.run(["./plain"], cwd=tmp_path, seconds=5).code == 126
    assert shell.run(["sh", "-c", "echo a\0b"], cwd=tmp_path, seconds=5).code == 126


def test_a_folder_that_is_not_there_is_called_by_its_name(tmp_path: Path) -> None:
    ran = shell.run(["true"], cwd=tmp_path / "nowhere", seconds=5)
    assert (ran.code, ran.output) == (127, f"{tmp_path}/nowhere: No such file or directory")


def test_the_program_is_looked_for_on_the_path_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "hello").write_text("#!/bin/sh\necho $WHO\n")
    (tmp_path / "hello").chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "WHO": "me"}
    assert shell.run(["hello"], cwd=tmp_path, seconds=5, env=env).output == "me\n"


def test_a_signal_shows_as_128_and_its_number(tmp_path: Path) -> None:
    assert sh("kill -9 $$", tmp_path).code == 128 + 9


def test_fifty_commands_leave_no_descriptor_open(tmp_path: Path) -> None:
    sh("true", tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        shell.run(["cat"], cwd=tmp_path, seconds=5, data=b"x")
        shell.run(["no-such-program-here"], cwd=tmp_path, seconds=5)
    sh("sleep 60", tmp_path, seconds=0.05)
    shell.capture(["true"], cwd=tmp_path, env={}, seconds=5)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_command_gets_none_of_our_descriptors(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = sh("ls -l /proc/$$/fd", tmp_path)
    assert ran.code == 0
    assert "lock" not in ran.output


def test_a_keyboard_interrupt_ends_what_runs(tmp_path: Path) -> None:
    # The command begins with a pause: an interrupt inside of Popen itself is the lab's to clear up, by its mark.
    # In the background of a shell, where a suite may run, SIGINT is ignored from birth.
    program = f"""
import signal
from pathlib import Path
from loopwright import shell
signal.signal(signal.SIGINT, signal.default_int_handler)
shell.run(["sh", "-c", "sleep 0.3; echo $$ > pid; sleep 60"], cwd=Path({str(tmp_path)!r}), seconds=60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as child:
        command = number_in(tmp_path / "pid")
        child.send_signal(signal.SIGINT)
        child.wait(10)
    assert is_gone(command)


def test_captured_output_is_whole_and_apart_from_errors(tmp_path: Path) -> None:
    words = ["sh", "-c", "head -c 300000 /dev/zero; echo no >&2; cat >&2; exit 3"]
    code, out, err = shell.capture(words, cwd=tmp_path, env={"PATH": os.defpath}, seconds=20, data=b"fed")
    assert (code, len(out), err) == (3, 300000, b"no\nfed")


def test_a_captured_program_past_its_time_is_ended(tmp_path: Path) -> None:
    words = ["sh", "-c", "echo $$ > pid; sleep 60"]
    code, _, err = shell.capture(words, cwd=tmp_path, env={"PATH": os.defpath}, seconds=0.3)
    assert (code, err) == (124, b"\n[ended after 0.3 s]")
    assert is_gone(number_in(tmp_path / "pid"))


# ---------------------------------------------------------------- ended by who watches it


@pytest.mark.parametrize(
    "command",
    [
        "while :; do echo on and on; sleep 0.01; done",
        "sleep 60",
        "exec >&- 2>&-; sleep 60",  # nobody holds the output any more
        "yes",
    ],
)
def test_a_command_is_ended_as_soon_as_its_watch_says_so_whatever_it_prints(tmp_path: Path, command: str) -> None:
    begun, words = time.monotonic(), ["sh", "-c", f"echo $$ > pid; {command}"]
    ran = shell.run(words, cwd=tmp_path, seconds=50, halt=lambda: (tmp_path / "pid").exists())
    assert (ran.code, ran.halted, ran.timed_out) == (124, True, False)
    assert "from outside]" in ran.output
    assert time.monotonic() - begun < 10
    assert is_gone(number_in(tmp_path / "pid"))


def test_a_watch_is_asked_all_the_while_and_a_command_that_it_leaves_alone_ends_by_itself(tmp_path: Path) -> None:
    asked: list[float] = []

    def halt() -> bool:
        asked.append(time.monotonic())
        return False

    ran = shell.run(["sh", "-c", "sleep 0.5; echo done; exit 3"], cwd=tmp_path, seconds=20, halt=halt)
    assert (ran.code, ran.output, ran.halted) == (3, "done\n", False)
    assert len(asked) >= 5

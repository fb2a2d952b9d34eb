import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loopwright import shell

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only /proc tells environments")


@contextmanager
def process(command: str, folder: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that isn't one of a lab's own commands, unless `env` says so; it is ended here in any case."""
    words = ["sh", "-c", command]
    with subprocess.Popen(words, cwd=folder, env={"PATH": os.defpath, **env}, start_new_session=True) as child:
        try:
            yield child
        finally:
            child.kill()


def pids(folder: Path, *names: str) -> list[int]:
    deadline = time.monotonic() + 10
    files = [folder / name for name in names]
    while not all(file.exists() and file.read_text().strip() for file in files) and time.monotonic() < deadline:
        time.sleep(0.005)
    return [int(file.read_text()) for file in files]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def test_all_that_hold_the_mark_are_gone_when_it_returns_and_nobody_else(tmp_path: Path) -> None:
    with (
        process("exec sleep 60", tmp_path, LAB=f"{tmp_path}/gen-1") as ours,
        process("exec sleep 60", tmp_path, LAB=f"{tmp_path}/gen-10") as like_named,
        process("exec sleep 60", tmp_path, OTHER=f"{tmp_path}/gen-1") as stranger,
    ):
        assert shell.end_marked(f"LAB={tmp_path}/gen-1") == 1
        assert ours.wait(5) == -signal.SIGKILL
        assert (like_named.poll(), stranger.poll()) == (None, None)
        assert shell.end_marked(f"LAB={tmp_path}/gen-1") == 0


def test_a_lab_within_the_lab_ends_with_it(tmp_path: Path) -> None:
    with process("exec sleep 60", tmp_path, LAB=f"{tmp_path}/gen-1/home/labs/gen-7") as inner:
        assert shell.end_marked(f"LAB={tmp_path}/gen-1") == 1
        assert inner.wait(5) == -signal.SIGKILL


def test_a_child_that_wiped_its_environment_ends_with_its_parent(tmp_path: Path) -> None:
    command = "env -i setsid sh -c 'echo $$ > child; exec sleep 60' & wait"
    with process(command, tmp_path, LAB=f"{tmp_path}/gen-1"):
        (child,) = pids(tmp_path, "child")
        assert shell.end_marked(f"LAB={tmp_path}/gen-1") == 2
        assert not is_alive(child)


def test_a_path_that_is_no_unicode_can_be_a_mark(tmp_path: Path) -> None:
    place = os.fsdecode(b"/labs/\xff")
    with process("exec sleep 60", tmp_path, LAB=place) as ours:
        assert shell.end_marked(f"LAB={place}") == 1
        assert ours.wait(5) == -signal.SIGKILL

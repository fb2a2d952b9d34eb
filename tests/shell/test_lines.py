"""Who may answer on a line that is called."""

import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from loopwright.errors import LabFailed
from loopwright.shell import Called


def test_a_call_of_somebody_else_than_the_first_process_of_a_tree_is_not_taken(tmp_path: Path) -> None:
    line = Called(tmp_path / "door", "/seen", "python3", os.geteuid())

    def call() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
            control.connect(str(line.folder / "line"))

    with subprocess.Popen(["sleep", "60"]) as waiting:
        caller = threading.Thread(target=call)
        caller.start()
        with pytest.raises(LabFailed, match="somebody else"):
            line.meet(waiting)
        caller.join()
        waiting.kill()
    line.over()


def test_nobody_is_waited_for_when_the_walls_program_has_ended(tmp_path: Path) -> None:
    line = Called(tmp_path / "door", "/seen", "python3", os.geteuid())
    ended = subprocess.Popen(["false"])
    ended.wait()
    with pytest.raises(LabFailed, match="has not called"):
        line.meet(ended)
    line.over()
    line.forget()
    assert line.folder.exists()  # nobody knows whether anything stands: the next one looks

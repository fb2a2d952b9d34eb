"""What the host asks of the first process behind walls (here there are none before it: it is a process like others)."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from loopwright.errors import LabFailed
from loopwright.shell import Enclosure
from loopwright.shell.ending import offspring
from loopwright.testing.frontdoor import until


def test_an_answer_that_comes_too_late_is_not_taken_for_that_of_the_next_question() -> None:
    before = offspring({os.getpid()})
    enclosure = Enclosure(lambda line: (["/usr/bin/env"], []))
    enclosure.start()
    assert enclosure._control is not None
    (first,) = offspring({os.getpid()}) - before
    descriptors = len([*Path("/proc/self/fd").iterdir()])
    os.kill(first, signal.SIGSTOP)
    patience = enclosure._control.gettimeout()
    enclosure._control.settimeout(0.2)  # for the question that nobody answers alone: a busy machine takes its time
    with pytest.raises(LabFailed, match="nothing answers"):
        enclosure.listen(0)
    enclosure._control.settimeout(patience)
    os.kill(first, signal.SIGCONT)

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(LabFailed, match="Address already in use"):
        enclosure.listen(taken.getsockname()[1])

    enclosure.listen(0).close()
    assert len([*Path("/proc/self/fd").iterdir()]) == descriptors  # the late answer's is closed, too
    enclosure.end()


def test_what_has_a_dead_enclosures_number_now_is_none_of_its_processes() -> None:
    """Who ends these from a thread of its own would else end somebody else's."""
    enclosure = Enclosure(lambda line: (["/usr/bin/env"], []))
    enclosure.start()
    first = enclosure.listen(0)
    assert enclosure._child is not None
    enclosure._child.kill()
    until(lambda: not enclosure.stands, seconds=10)
    enclosure._child.pid = os.getpid()  # given again, to one with a child
    with subprocess.Popen(["sleep", "60"]) as other:
        found = enclosure.processes()
        other.kill()
    first.close()
    enclosure.end()
    assert found == set()

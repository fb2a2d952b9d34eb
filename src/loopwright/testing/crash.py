"""Ends a process with SIGKILL at a named point of its work, as a power cut would: nothing gets to clean up.

    python -m loopwright.testing.crash POINT[:NTH] -- ARGUMENTS...

runs the command `loopwright ARGUMENTS...` and kills it the NTH time (from 1) that it comes to the point. `POINT` is
one of `loopwright.checkpoints.POINTS`.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Callable, Sequence

from loopwright import checkpoints


def at(where: str) -> Callable[[str], None]:
    """A listener for `checkpoints` that kills its own process at `POINT` or `POINT:NTH`.

    Raises ValueError when there is no such point: a kill that never comes would pass for one that was survived.
    """
    point, _, nth = where.rpartition(":")
    if not nth.isdigit():
        point, nth = where, "1"
    if point not in checkpoints.POINTS or int(nth) < 1:
        raise ValueError(f"{where} is none of {', '.join(checkpoints.POINTS)} (with :NTH, from 1)")
    left = int(nth)

    def listen(reached: str) -> None:
        nonlocal left
        if reached == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return listen


def crashing(where: str) -> None:
    """From now on, this process dies at `POINT` or `POINT:NTH`. For a process that was forked to die."""
    checkpoints.listener = at(where)


def killed(work: Callable[[], object], where: str | None = None) -> int:
    """Do `work` in a forked process that dies at `where`; how it ended (-9: killed, 0: it came through, 70: raised)."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 70
    try:
        if where is not None:
            crashing(where)
        work()
        code = 0
    finally:  # a forked test must never come back into the test that forked it
        if code:
            sys.excepthook(*sys.exc_info())
        os._exit(code)


def main(words: Sequence[str]) -> int:
    """The command line of this module."""
    if len(words) < 2 or words[1] != "--":
        print(__doc__, file=sys.stderr)
        return 2
    crashing(words[0])
    sys.argv = ["loopwright", *words[2:]]
    runpy.run_module("loopwright", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

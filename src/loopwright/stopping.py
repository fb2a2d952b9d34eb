"""A person's stop: at once, or as soon as what is being paid for has come.

The first SIGINT (Ctrl-C) lets a model's answer come, and what that calls for be done: it is paid for either way, and
asked for again if it is lost. Nothing else is waited for: gates, labs and waiting itself can be had again for nothing.
A second one, SIGTERM and SIGHUP wait for nothing at all.

Each is raised as KeyboardInterrupt, which passes the doors that catch whatever an outside program raises: a stop that
was an Exception was taken by the SDK for a connection that broke, and tried again.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PATIENCE = 120.0
"""Seconds that an answer still gets after the first SIGINT: as long as a command that a model runs has by default."""

_WRITING = 10.0
"""Seconds after a stop in which further signals are taken for the same one, while it is written down where a run
stands: who is in a hurry types Ctrl-C twice, and a terminal's goes to all processes."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


@dataclass
class _Stop:
    """What this process knows of being stopped. Signals go to a process as a whole, and so there is one of these."""

    heeded: bool = False
    led: bool = False  # a supervisor tells a second wish from a terminal's signal that came to all of them
    finishing: str = ""  # what is being paid for at this moment
    asked: bool = False
    raised: float | None = None

    def on_signal(self, number: int, frame: object) -> None:
        del frame
        if self.raised is not None and time.monotonic() < self.raised + _WRITING:
            return
        if number == signal.SIGINT and self.finishing and (self.led or not self.asked):
            if not self.asked:
                self.asked = True
                signal.setitimer(signal.ITIMER_REAL, PATIENCE)
                self._say(f"loopwright: stops once {self.finishing} is there; Ctrl-C again stops now\n")
            return
        self.now()

    def now(self) -> None:
        """Stop. Raises KeyboardInterrupt."""
        self.raised = time.monotonic()
        raise KeyboardInterrupt

    def _say(self, text: str) -> None:
        if not self.led:  # past Python's streams, which may be in the middle of a line
            os.write(2, text.encode())


_stop = _Stop()


@contextmanager
def heeding(*, led: bool = False) -> Iterator[None]:
    """Take signals as a person's stop while the block runs; in a block within another one, the outer one's way.

    `led`: a supervisor started this process, asks it to finish by SIGINT and to stop now by SIGTERM. A signal that is
    ignored here from birth (`nohup`) stays so.
    """
    if _stop.heeded or threading.current_thread() is not threading.main_thread():
        yield
        return
    _stop.heeded, _stop.led, _stop.asked, _stop.raised = True, led, False, None
    mine = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _stop.on_signal) for number in mine}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _stop.heeded, _stop.asked = False, False  # it was for this block: whatever runs here later isn't stopped by it


@contextmanager
def finishing(what: str) -> Iterator[None]:
    """Something that is being paid for: the first SIGINT lets it come, and stops right after. `what`: in a person's
    words. Raises KeyboardInterrupt then, or once `PATIENCE` is over. Within another one, the outer one's end counts."""
    if not _stop.heeded:
        yield
        return
    before, _stop.finishing = _stop.finishing, what
    try:
        yield
    finally:
        _stop.finishing = before
        if not before:
            signal.setitimer(signal.ITIMER_REAL, 0)
    if _stop.asked and not before:
        _stop.now()


@contextmanager
def waiting() -> Iterator[None]:
    """Nothing is being paid for while this runs, in the middle of what is: a stop counts at once."""
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    before, _stop.finishing = _stop.finishing, ""
    try:
        if _stop.asked:
            _stop.now()
        yield
    finally:
        _stop.finishing = before

"""Holds a run so that a model that can't be reached, or a person's stop, makes it stand still and not fail."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from loopwright.errors import Interrupted, Unreachable
from loopwright.loops import execution, reports
from loopwright.loops.desk import Desk
from loopwright.vocabulary import Outcome


def carry_out(desk: Desk, *, decided: bool = False) -> dict[str, Any]:
    """Execute, and give the object that `run --json` prints; a run that stands still says `paused` or `interrupted`."""
    try:
        with _interruptible():
            return reports.result(desk, execution.execute(desk, decided=decided))
    except Unreachable as problem:
        desk.note(f"paused: {problem.problem} (mend: {problem.mend})")
        return _standing(desk, Outcome.PAUSED)
    except (KeyboardInterrupt, Interrupted):
        desk.journal.write("interrupted", {})
        return _standing(desk, Outcome.INTERRUPTED)


def _standing(desk: Desk, outcome: Outcome) -> dict[str, Any]:
    run = execution.begin(desk)
    desk.tell("end", f"{outcome}: `loopwright resume {desk.number}` goes on", outcome=str(outcome))
    return {**reports.result(desk, run), "outcome": str(outcome)}


@contextmanager
def _interruptible() -> Iterator[None]:
    """Take SIGTERM as a person's stop, as SIGINT is, where this process may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        del number, frame
        raise Interrupted("stopped by a signal")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

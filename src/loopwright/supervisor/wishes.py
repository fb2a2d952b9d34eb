"""What a person, or a service manager, asks of a watcher by signals: to finish, or to stop now."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_NOW = 2


@dataclass
class Wish:
    """How urgent it is: the first SIGINT asks to finish; a second one, SIGTERM or SIGHUP to stop now. A handler that
    raised could leave a process that was just started without anybody who knows of it."""

    wake: Callable[[], None]
    urgency: int = 0

    @property
    def asked(self) -> bool:
        return self.urgency > 0

    @property
    def now(self) -> bool:
        return self.urgency >= _NOW

    def heard(self, number: int, frame: object) -> None:
        del frame
        self.urgency = self.urgency + 1 if number == signal.SIGINT else _NOW
        self.wake()


@contextmanager
def heeding(wake: Callable[[], None]) -> Iterator[Wish]:
    """Take signals as wishes while the block runs; `wake` has who waits look at them.

    SIGIO, which `watcher.is_being_written` may get, would end a process by default. What is ignored here from birth
    (`nohup`) stays so.
    """
    wish = Wish(wake)
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    heard = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    mine = [number for number in heard if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, wish.heard) for number in mine}
    before[signal.SIGIO] = signal.signal(signal.SIGIO, signal.SIG_IGN)
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

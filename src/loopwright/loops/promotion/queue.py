"""The merge queue: verified runs that wait to land, in their order. Who died holds nobody up.

Each that waits has a file in `.git/loopwright/queue/`, which its process keeps locked from before it can be seen until
it leaves: a file that nobody holds is a dead one's, and counts for nothing. Whose turn it is holds `queue.lock`; all
others sleep in the kernel until the one before them is gone, and look again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from loopwright.checkpoints import reached
from loopwright.contracts.schemas import problems, validate
from loopwright.journal.hub import Hub
from loopwright.vocabulary import Landing

HEADSTART = 1800.0
"""Seconds that one priority counts for: who has waited half an hour longer goes before the next better one, so that no
run waits for ever. Among those that came within that time, P1 goes before P2 and P2 before P3."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run in the queue: since when (UTC), and with what its plan wants to be served."""

    run: int
    plan: str
    kind: str
    base: str
    priority: str
    since: str
    pid: int

    @property
    def place(self) -> tuple[float, int]:
        """What the queue is ordered by. It never changes, so nobody is overtaken twice by the same."""
        behind = (int(self.priority[1:]) - 1) * HEADSTART
        return datetime.fromisoformat(self.since).timestamp() + behind, self.run


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose gates run now: the run that has the turn, first, and those that are verified together with it."""

    runs: tuple[int, ...]
    since: str


@contextlib.contextmanager
def turn(
    hub: Hub, mine: Waiting, waits: Callable[[Waiting | None], None], over: Callable[[], Landing | None]
) -> Iterator[Landing | None]:
    """Wait for one's turn, and have it: None. Or the landing that `over` found: another run brought this one along.

    `waits` is called once, when somebody is before, with who that is, as far as it is known. `over` is asked after each
    time of waiting.
    """
    with _standing(hub, mine):
        reached("queue:entered")
        told = False

        def wait(whom: Waiting | None = None) -> None:
            nonlocal told
            if not told:
                now = now_at_gates(hub)
                waits(whom or next((one for one in line(hub) if now and one.run == now.runs[0]), None))
            told = True

        while True:
            if ahead := _ahead(hub, mine):
                wait(ahead)
                _until_gone(_file(hub, ahead.run))
            else:
                with hub.turn("queue", wait):
                    if told and (found := over()):
                        yield found
                        return
                    if not _ahead(hub, mine):  # one with a better place may have come while this one waited
                        yield None
                        return
            if found := over():
                yield found
                return


def line(hub: Hub) -> tuple[Waiting, ...]:
    """Who waits at this moment, in order; whose turn it is stands among them."""
    files = (hub.home / "queue").glob("[0-9]*.json")
    found = (told for path in files if _is_held(path) and (told := _read(path)))
    return tuple(sorted(found, key=lambda one: one.place))


def is_waiting(hub: Hub, number: int) -> bool:
    """Whether run N's process stands in the queue, and so does nothing else."""
    return _is_held(_file(hub, number))


def say_turn(hub: Hub, now: Turn) -> None:
    """Write down whose gates run, for `now_at_gates`."""
    _write(hub.home / "queue" / "turn", {"runs": list(now.runs), "since": now.since})


def now_at_gates(hub: Hub) -> Turn | None:
    """Whose gates run, as the one said that has the turn; None where that one has gone."""
    try:
        told = json.loads((hub.home / "queue" / "turn").read_bytes())
        found = Turn(tuple(map(int, told["runs"])), str(told["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.runs and is_waiting(hub, found.runs[0]) else None


def set_apart(hub: Hub, number: int, why: str) -> None:
    """Say that run N is to be verified by itself, and why: together with others it failed, or didn't fit."""
    _write(hub.home / "queue" / f"{number}.apart", {"why": why})


def apart(hub: Hub, number: int) -> str:
    """Why run N is to be verified by itself; '' where it may be together with others."""
    try:
        return str(json.loads(_apart(hub, number).read_bytes())["why"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _apart(hub: Hub, number: int) -> Path:
    return hub.home / "queue" / f"{number}.apart"


def _file(hub: Hub, number: int) -> Path:
    return hub.home / "queue" / f"{number}.json"


def _ahead(hub: Hub, mine: Waiting) -> Waiting | None:
    """The first of those that go before this one."""
    first = next(iter(line(hub)), mine)
    return first if first.place < mine.place else None


@contextlib.contextmanager
def _standing(hub: Hub, mine: Waiting) -> Iterator[None]:
    """Stand in the queue. What a process of the same run left there, when it died, is replaced."""
    body = asdict(mine)
    validate("waiting", body)
    place = _file(hub, mine.run)
    place.parent.mkdir(exist_ok=True)
    _apart(hub, mine.run).unlink(missing_ok=True)
    fresh = place.with_suffix(f".{os.getpid()}")
    with fresh.open("w") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        json.dump(body, file)
        file.flush()
        fresh.replace(place)
        try:
            yield
        finally:
            clear(hub, mine.run)


def clear(hub: Hub, number: int) -> None:
    """Take run N's files away, which it has left or died over."""
    for path in (_file(hub, number), _apart(hub, number)):
        path.unlink(missing_ok=True)


def _until_gone(path: Path) -> None:
    """Sleep until nobody holds a file."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_SH)


def _is_held(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # left meanwhile
        return False
    return False


def _read(path: Path) -> Waiting | None:
    """What a file says; None for one that left meanwhile, or that nobody of ours wrote."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return None if any(problems("waiting", told)) else Waiting(**told)


def _write(path: Path, body: dict[str, object]) -> None:
    """A small file, whole or not at all."""
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(body))
    fresh.replace(path)

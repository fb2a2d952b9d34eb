"""All drills, some at a time: first an honest maker, which must land, then every adversary."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from loopwright import shell
from loopwright.drill import aftermath, left, trial
from loopwright.drill.field import Field, lay_out
from loopwright.drill.trial import Trial
from loopwright.journal.hub import Hub
from loopwright.labs.environment import MARK
from loopwright.labs.folder import remove
from loopwright.running import Host
from loopwright.supervisor import children
from loopwright.testing.adversaries import HONEST, HONEST_PLAN, Adversary

AT_ONCE = 3
"""Drills at a time: two keep two idle cores busy for 60 % of the time, as each often waits for the disk."""

_HONEST = "loopwright-drill-honest"


@dataclass(frozen=True)
class Drill:
    """What the whole drill came to. `honest`: what became of the honest maker; `not_held`: for want of a program."""

    gates: str
    tests: str
    honest: str
    trials: tuple[Trial, ...]
    not_held: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.honest == "landed" and all(trial.caught for trial in self.trials)


def hold(person: Hub, adversaries: Sequence[Adversary], tell: Callable[[Trial], None]) -> Drill:
    """Hold the drill in throwaway clones of a repository; `tell` hears of each adversary when its drill is over."""
    able = [adversary for adversary in adversaries if not adversary.needs or shutil.which(adversary.needs)]
    missing = tuple(f"{one.name}: there is no `{one.needs}` here" for one in adversaries if one not in able)
    with _throwaway(person) as folder:
        field = lay_out(person, folder)
        with _labs_gone(field):
            children.warm(Host.here(field.hub, field.environ, lambda event: None))
            honest = _honest(field)
            field = replace(field, unsound=aftermath.unsound(field))
        tests = f"planted ones in {field.ground.suite.language}, and {field.ground.test}"
        trials = tuple(_trials(field, able, folder, tell)) if honest == "landed" else ()
        return Drill(field.gates, tests, honest, trials, missing)


def _honest(field: Field) -> str:
    """Have the honest maker land its work: what the adversaries' drills then have as their past."""
    told = trial.run(field, HONEST, HONEST_PLAN, _HONEST, threading.Event())
    if told.get("landed"):
        return "landed"
    stop = told.get("stop") or {"reason": "", "detail": ""}
    ended = f"{told.get('outcome')} {stop['reason']} {stop['detail']}".strip()
    return str(told.get("problem") or ended)


def _trials(
    field: Field, adversaries: Sequence[Adversary], folder: Path, tell: Callable[[Trial], None]
) -> Iterator[Trial]:
    over = threading.Event()

    def one(numbered: tuple[int, Adversary]) -> Trial:
        number, adversary = numbered
        place = folder / str(number)
        place.mkdir()
        mine = field.copy(place, number)
        with _labs_gone(mine):
            held = trial.hold(mine, adversary, over)
        remove(place)
        if not over.is_set():  # what was cut off came to nothing
            tell(held)
        return held

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            yield from pool.map(one, enumerate(adversaries, 1))
        finally:
            over.set()  # on an interrupt, what is under way ends, and what isn't yet is not begun
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _throwaway(person: Hub) -> Iterator[Path]:
    """A folder beside the person's labs, outside of any repository. It is gone in the end."""
    left.place(person).mkdir(parents=True, exist_ok=True)
    left.clear(person)
    with shell.temporary(left.PREFIX, left.place(person), remove) as folder:
        yield folder


@contextmanager
def _labs_gone(field: Field) -> Iterator[None]:
    try:
        yield
    finally:
        shell.end_marked(f"{MARK}={field.hub.labs}")  # an interrupted run's are still at work
        remove(field.hub.labs)

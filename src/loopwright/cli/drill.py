"""`loopwright drill`: bad makers at work in throwaway clones of the repository, and what caught each of them."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loopwright.cli import printing
from loopwright.drill import course
from loopwright.drill.course import Drill
from loopwright.drill.trial import Trial
from loopwright.errors import BadUse
from loopwright.journal.hub import Hub, find
from loopwright.testing.adversaries import ADVERSARIES, KINDS, Adversary


def drill_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these adversaries; one of each kind without")
    parser.add_argument("--all", action="store_true", help="every adversary there is: further ways of each kind, too")
    parser.add_argument("--list", action="store_true", help="name the adversaries, and what each of them tries")
    parser.add_argument("--example", action="store_true", help="drill the bundled example instead of this repository")
    printing.json_option(parser)


def drill(where: Path, options: argparse.Namespace) -> int:
    """Hold the drill; 0 when every adversary was caught and the honest maker landed, else 1."""
    chosen = _chosen(options.names, everyone=options.all)
    if options.list:
        rows = ((one.name, "" if one in KINDS else "--all", one.tries) for one in ADVERSARIES)
        printing.table(rows, head=("adversary", "with", "what it tries"))
        return 0
    began = time.monotonic()
    with _interrupted_once(), _repository(where, example=options.example) as (hub, named):
        print(f"drilling {named}, in throwaway clones, with a scripted model", file=sys.stderr)
        held = course.hold(hub, chosen, _teller(len(chosen)))
    if options.json:
        _print_facts(held, named, chosen, time.monotonic() - began)
    else:
        _print_table(held, chosen, time.monotonic() - began)
    return 0 if held.passed else 1


def _chosen(names: Sequence[str], *, everyone: bool) -> tuple[Adversary, ...]:
    """The adversaries of these names; without any, those of each kind, or everyone."""
    if names and everyone:
        raise BadUse("names and `--all` exclude each other", "give one of the two")
    known = {adversary.name: adversary for adversary in ADVERSARIES}
    if unknown := [name for name in names if name not in known]:
        raise BadUse(f"there is no adversary `{unknown[0]}`", "`loopwright drill --list` names them")
    return tuple(known[name] for name in dict.fromkeys(names)) or (ADVERSARIES if everyone else KINDS)


def _which(chosen: Sequence[Adversary]) -> str:
    """Which adversaries a drill has, in a word: `all`, `kinds`, or `named`."""
    return next((name for name, known in (("all", ADVERSARIES), ("kinds", KINDS)) if chosen == known), "named")


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """Take SIGTERM as Ctrl-C, and the second of either for the first: it doesn't keep what was made from going."""

    def interrupt(number: int, frame: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _repository(where: Path, *, example: bool) -> Iterator[tuple[Hub, str]]:
    """The repository to drill, and what to call it: the one that `where` lies in, else the bundled example."""
    hub = None if example else _found(where)
    if hub is not None:
        yield hub, str(hub.top)
        return
    folder = Path(tempfile.mkdtemp(prefix="loopwright-drill-"))
    try:
        told = "the bundled example" if example else f"the bundled example ({where} is in no git repository)"
        yield _example(folder), told
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _found(where: Path) -> Hub | None:
    inside = any((place / ".git").exists() for place in (where, *where.parents))
    return find(where) if inside or not where.is_dir() else None


def _example(folder: Path) -> Hub:
    """The shop of the demo, after `loopwright init`."""
    from loopwright.cli.demo_shop import Shop, environment

    shop = Shop(folder / "shop", environment(folder / "labs", {}))
    shop.build()
    shop.loopwright("init")
    shop.commit("loopwright init")
    return find(shop.top)


def _teller(number: int) -> Callable[[Trial], None]:
    """A line on stderr for each drill that is over, on a terminal; nothing in a pipe."""
    told: list[str] = []

    def tell(trial: Trial) -> None:
        told.append(trial.name)
        if sys.stderr.isatty():
            colour = "green" if trial.caught else "red"
            line = f"{len(told):3}/{number} {trial.name}: {trial.by}"
            print(printing.coloured(printing.plain(line), colour, sys.stderr), file=sys.stderr, flush=True)

    return tell


def _print_table(held: Drill, chosen: Sequence[Adversary], seconds: float) -> None:
    tries = {one.name: one.tries for one in chosen}
    print(f"adversaries: {_told(chosen)}")
    print(f"gates: {held.gates}")
    print(f"tests: {held.tests}")
    print(f"honest: {printing.plain(held.honest)}")
    for missing in held.not_held:
        print(f"not held: {missing}")
    rows = [
        (one.name, _mark(one), f"{one.seconds:.1f} s", printing.plain(one.by), tries[one.name]) for one in held.trials
    ]
    printing.table(rows, head=("adversary", "caught", "in", "by", "what it tried"))
    caught = sum(one.caught for one in held.trials)
    print(_summary(held, caught, seconds))


def _told(chosen: Sequence[Adversary]) -> str:
    number, left = len(chosen), len(ADVERSARIES) - len(chosen)
    words = {"all": "every one that there is", "kinds": "one or a few of each kind", "named": "as asked for"}
    return f"{number}, {words[_which(chosen)]}{f' ({left} more with `--all`)' if left else ''}"


def _mark(trial: Trial) -> str:
    return "yes" if trial.caught else "NO"


def _summary(held: Drill, caught: int, seconds: float) -> str:
    if held.honest != "landed":
        return printing.coloured("the honest maker didn't land, so the drill would prove nothing: it failed", "red")
    told = f"{caught} of {len(held.trials)} caught, and the honest maker landed; {seconds:.0f} s"
    return printing.coloured(told, "green" if held.passed else "red")


def _print_facts(held: Drill, repository: str, chosen: Sequence[Adversary], seconds: float) -> None:
    drills = [
        {"name": one.name, "caught": one.caught, "by": one.by, "seconds": round(one.seconds, 3)} for one in held.trials
    ]
    told = {"repository": repository, "gates": held.gates, "tests": held.tests, "honest": held.honest}
    facts = {**told, "drills": drills, "not_held": list(held.not_held), "seconds": round(seconds, 3)}
    facts |= {"set": _which(chosen), "left": len(ADVERSARIES) - len(chosen)}
    printing.facts(facts, "drill")

"""How long a person waits for the fire drill."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmarks.places import Place, loopwright, place, timed
from benchmarks.results import Figure, Row, Samples, Series, Taken, median, must
from loopwright.testing.adversaries import ADVERSARIES, KINDS, Adversary

ABOUT = (
    "`loopwright drill --example` from process start to exit, and with `--all`: the bundled example is made, an honest "
    "maker lands in a clone of it, and each adversary makes its one attempt in a copy of that, some at a time, each a "
    "whole run with labs, gates and a scripted model over HTTP. The bound of a drill is 45 s on two idle cores."
)

_QUICK = ("reads-only", "weakens-asserts")
_DRILLS: tuple[tuple[str, Sequence[str], Sequence[Adversary], int], ...] = (
    ("drill of two", _QUICK, tuple(one for one in ADVERSARIES if one.name in _QUICK), 1),
    ("drill", (), KINDS, 3),
    ("drill --all", ("--all",), ADVERSARIES, 1),
)
_SLOWEST = 8


def take(*, quick: bool) -> Taken:
    """Whole drills, one after the other. Every adversary has to be caught: a hole isn't fast."""
    samples, each = dict[str, list[float]](), dict[str, list[float]]()
    wanted = _DRILLS[:1] if quick else _DRILLS[1:]
    with place() as where:
        for name, words, adversaries, times in wanted:
            samples[name] = [_held(where, words, adversaries, each) for _ in range(times)]
    series = {name: Series.of("s", values) for name, values in samples.items()}
    series["one adversary"] = Series.of("s", [seconds for times in each.values() for seconds in times])
    slowest = sorted(each.items(), key=lambda pair: -sum(pair[1]))[:_SLOWEST]
    rows = tuple(Row(name, len(times), sum(times)) for name, times in slowest)
    proofs = tuple(f"{name}: {len(these)} of {len(these)} caught" for name, _, these, _ in wanted)
    return Taken(series, proofs, ("Below: the slowest adversaries, all drills together.",), rows)


def _held(where: Place, words: Sequence[str], adversaries: Sequence[Adversary], each: dict[str, list[float]]) -> float:
    """Seconds of one drill; those of each adversary are added to `each`."""
    ended = timed(loopwright("drill", "--example", "--json", *words), where.folder, where.env).good()
    drills = json.loads(ended.out)["drills"]
    caught, wanted = {drill["name"] for drill in drills if drill["caught"]}, {one.name for one in adversaries}
    must(caught == wanted, f"{sorted(wanted - caught)} caught")
    for drill in drills:
        each.setdefault(drill["name"], []).append(drill["seconds"])
    return ended.seconds


def judge(samples: Samples) -> tuple[Figure, ...]:
    """The medians of whole drills, and what one adversary takes while others are at work beside it."""
    drills = [name for name in samples if name.startswith("drill")]
    return (*(median(samples, name, headline=True) for name in drills), median(samples, "one adversary"))

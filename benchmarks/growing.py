"""How throughput grows with `max-parallel`, with a model that takes its time as real ones do."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.places import Place, content_judges, loopwright, model, place, timed
from benchmarks.results import Figure, Samples, Series, Taken, median, must, paired
from loopwright.testing.repository import Repository

SECONDS = 4.0
"""What the model takes for each of the maker's two answers; a real one takes some 2 to 60."""

WAVES = 2
"""Plans for each place at work."""

_RATE = " at once: plans a minute"

ABOUT = (
    f"Plans landed a minute through `watch --once` with 1, 2, 4 and 8 at work at once (`max-parallel`; {WAVES} plans "
    f"for each place), on a small repository. The model takes {SECONDS:g} s for each of a maker's two answers and none "
    "for the judges' three; one check."
)

PLAN = "---\nstatus: ready\n---\n# {name} is there\n\n## Goal\n- file `{name}` exists\n"


def take(*, quick: bool) -> Taken:
    """Rounds in which each number takes its turn, each in a repository of its own."""
    sizes, rounds = ((1, 2), 1) if quick else ((1, 2, 4, 8), 3)
    rates: dict[str, list[float]] = {}
    landed = 0
    for _ in range(rounds):
        for at_once in sizes:
            with place() as where:
                rate = _watched(where, at_once, SECONDS / 8 if quick else SECONDS)
            rates.setdefault(f"{at_once}{_RATE}", []).append(rate)
            landed += WAVES * at_once
    proof = f"{landed} of {landed} plans landed, once each, every file there"
    note = "The watcher's start and the SDK's import, once for each number, are in the rate."
    return Taken({name: Series.of("1/min", values) for name, values in rates.items()}, (proof,), (note,))


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Plans a minute for each number, and beside one at a time."""
    alone, *others = samples
    more = {name: f"{name.removesuffix(_RATE)} at once to one at a time" for name in others}
    return (
        *(median(samples, name, headline=True) for name in samples),
        *(paired(samples, told, name, alone, headline=True) for name, told in more.items()),
    )


def _watched(where: Place, at_once: int, seconds: float) -> float:
    """Plans a minute."""
    count = WAVES * at_once
    repository = where.repository("growing", 'checks: ["true"]', f"max-parallel: {at_once}")
    for number in range(count):
        repository.write(f"plans/plan-{number:02}.md", PLAN.format(name=_file(number)))
    makers = [_maker(_file(number), seconds) for number in range(count)]
    with model(where, makers + content_judges()) as asked:
        words = loopwright("watch", "--once", "--quiet", "--json")
        ended = timed(words, repository.path, {**where.env, **asked.env}).good()
    runs = json.loads(ended.out)["runs"]
    must(len(runs) == count and all(run["landed"] for run in runs), f"{count} landed: {runs}")
    _proved(repository, count)
    return 60 * count / ended.seconds


def _proved(repository: Repository, count: int) -> None:
    told = repository.git("log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly)", "main")
    must(sorted(map(int, told.split())) == list(range(1, count + 1)), f"{count} landings, once each: {told.split()}")
    files = repository.files("main")
    must(all(_file(number) in files for number in range(count)), f"{count} files on the mainline")


def _file(number: int) -> str:
    return f"made/{number:02}.txt"


def _maker(name: str, seconds: float) -> dict[str, Any]:
    slow = [{"kind": "slow", "seconds": seconds}]
    write = {"calls": [{"tool": "write_file", "input": {"path": name, "content": f"{name}\n"}}], "faults": slow}
    done = {"say": f"Deliverables: {name}\nEvidence: `test -f {name}`", "faults": slow}
    return {"role": "maker", "when": name, "turns": [write, done]}

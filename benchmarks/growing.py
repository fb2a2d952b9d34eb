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

ABOUT = (
    f"Plans landed a minute through `watch --once` with 1, 2, 4 and 8 at work at once (`max-parallel`; {WAVES} plans "
    f"for each place), on a small repository. The model takes {SECONDS:g} s for each of a maker's two answers and none "
    "for the judges' three; one check."
)

PLAN = "---\nstatus: ready\n---\n# {name} is there\n\n## Goal\n- file `{name}` exists\n"


def take(*, quick: bool) -> Taken:
    """Rounds in which each number takes its turn, each in a repository of its own."""
    sizes, rounds = ((1, 2), 1) if quick else ((1, 2, 4, 8), 3)
    samples: dict[str, Series] = {}
    landed = 0
    for _ in range(rounds):
        for at_once in sizes:
            with place() as where:
                rate, cpu = _watched(where, at_once, SECONDS / 8 if quick else SECONDS)
            landed += WAVES * at_once
            _add(samples, _rate(at_once), "1/min", rate)
            _add(samples, f"{at_once} at once: cpu per plan", "s", cpu)
    proof = f"{landed} of {landed} plans landed, once each, every file there"
    note = "The watcher's start and the SDK's import, once for each number, are in the rate and in cpu per plan."
    return Taken(samples, (proof,), (note,))


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Plans a minute for each number, and beside one at a time."""
    alone, *others = [name for name in samples if name.endswith(_RATE)]
    return (
        *(median(samples, name, headline=name.endswith(_RATE)) for name in samples),
        *(paired(samples, f"{_number(name)} to one at a time", name, alone, headline=True) for name in others),
    )


_RATE = " at once: plans a minute"


def _rate(at_once: int) -> str:
    return f"{at_once}{_RATE}"


def _number(name: str) -> str:
    return name.removesuffix(_RATE) + " at once"


def _add(samples: dict[str, Series], name: str, unit: str, value: float) -> None:
    before = samples[name].values if name in samples else ()
    samples[name] = Series.of(unit, [*before, value])


def _watched(where: Place, at_once: int, seconds: float) -> tuple[float, float]:
    """Plans a minute, and processor time for each."""
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
    return 60 * count / ended.seconds, ended.cpu / count


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

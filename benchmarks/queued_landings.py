"""How many verified runs a second get through the merge queue when their gates must be held again."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

from benchmarks.places import Place, loopwright, place, started, timed
from benchmarks.results import Figure, Samples, Series, Taken, median, must, paired
from loopwright.testing.repository import Repository

GATE = 1.0
"""Seconds that the check takes."""

ABOUT = (
    "Landings per second of 8 runs that are told to land at the same moment (8 processes, `loopwright land N`), after "
    f"the mainline moved, so that each merge must be verified anew by a check that sleeps {GATE:g} s: up to 8 verified "
    "together, and one by one (`batch: 1`), turn by turn. From the first process's start to the last one's end."
)

TOGETHER, ALONE = "landings, verified together", "landings, one by one"

PLAN = "---\nstatus: ready\n---\n# File {number} is there\n\n## Goal\n- file `made/{number}.txt` exists\n"


def take(*, quick: bool) -> Taken:
    """Both ways in each round, each in a repository of its own."""
    runs, rounds = (2, 1) if quick else (8, 3)
    samples: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, most in ((TOGETHER, runs), (ALONE, 1)):
            with place() as where:
                repository = _verified(where, runs, most)
                samples.setdefault(name, []).append(runs / _landed(where, repository, runs))
                samples.setdefault(f"{name}: verifications", []).append(_verifications(repository, runs))
    kept = {key: Series.of("count" if ":" in key else "1/s", values) for key, values in samples.items()}
    proof = f"{runs} of {runs} landed in each round and way, once each, `loopwright fsck` finds nothing"
    return Taken(
        kept, (proof,), ("Start-up of the processes and the runs' pages are in it: eight at once on all cores.",)
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Both rates, their ratio in one round, and how often gates were held."""
    return (
        median(samples, TOGETHER, headline=True),
        median(samples, ALONE, headline=True),
        paired(samples, "together to one by one", TOGETHER, ALONE, headline=True),
        median(samples, f"{TOGETHER}: verifications"),
        median(samples, f"{ALONE}: verifications"),
    )


def _verified(where: Place, runs: int, most: int) -> Repository:
    """A repository with runs that met their goals and wait for a person, on a mainline that moved since."""
    settings = (f'checks: ["sleep {GATE:g}"]', f"batch: {most}", "max-parallel: 4")
    nobody = dict.fromkeys(("checker", "goal-checker", "reviewer", "documenter", "analyst"), "backend: none")
    maker = 'backend: command\ncommand: "mkdir -p made && echo {run} > made/{run}.txt"'
    repository = where.repository("queue", *settings, roles={"maker": maker, **nobody})
    loops = repository.read("agents/LOOPS.md").replace("merge: auto", "merge: human")
    repository.write("agents/LOOPS.md", loops)
    repository.commit("a person decides")
    for number in range(1, runs + 1):
        repository.write(f"plans/plan-{number}.md", PLAN.format(number=number))
        timed(loopwright("run", f"plan-{number}", "--quiet"), repository.path, where.env).good()
    repository.write("src/meanwhile.txt", "moved\n")
    repository.commit("meanwhile")
    return repository


def _landed(where: Place, repository: Repository, runs: int) -> float:
    """Seconds until all have landed that were told to at once."""
    began = time.monotonic()
    with ExitStack() as stack:
        words = (loopwright("land", str(number), "--quiet") for number in range(1, runs + 1))
        for process in [stack.enter_context(started(word, repository.path, where.env)) for word in words]:
            process.wait().good()
    seconds = time.monotonic() - began
    told = repository.git("log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly)", "main")
    must(sorted(map(int, told.split())) == list(range(1, runs + 1)), f"{runs} landings, once each: {told.split()}")
    timed(loopwright("fsck"), repository.path, where.env).good()
    must(repository.status() == "", "the checkout followed")
    return seconds


def _verifications(repository: Repository, runs: int) -> float:
    """How often gates were held for the landings; not those that each run held before."""
    journals = [repository.show(f"refs/loopwright/runs/{run}", "journal.jsonl") for run in range(1, runs + 1)]
    labels = (
        fact["label"] for text in journals for fact in map(json.loads, text.splitlines()) if fact["kind"] == "gates"
    )
    return float(sum(label.startswith(("landing", "batch")) for label in labels) - runs)

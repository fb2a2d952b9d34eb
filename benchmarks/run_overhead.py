"""What a landed run costs beside its model, its check commands and the git work that nobody can spare."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import Any

from benchmarks import git_floor
from benchmarks.places import Model, Place, content_judges, loopwright, model, place, timed
from benchmarks.results import Figure, Row, Samples, Series, Taken, figure, median, must, ratio
from loopwright.testing.repository import Repository

ABOUT = (
    "A landed one-chunk run, all roles played by an instant model over HTTP (maker 2 requests, checker, goal-checker "
    "and reviewer 1 each), with `true` as the check; in the foreground from process start to exit, and through "
    "`watch --once` with 1, 4 and 16 plans. The floor is the least that git has to do for the same outcome: "
    "clone --shared, add, commit, fetch, merge-tree, commit-tree, update-ref."
)

PARALLEL = 2
REQUESTS = 5

PLAN = """\
---
status: ready
---
# {name} is there
## Chunks
### 1. Write {name}
Write {name}.
## Goal
- file `{name}` exists
"""


@dataclass
class Measured:
    """Samples as they come in; `made`: how many plans were written so far."""

    where: Place
    repository: Repository
    asked: Model
    samples: dict[str, list[float]] = field(default_factory=dict)
    made: int = 0

    def add(self, name: str, value: float) -> None:
        self.samples.setdefault(name, []).append(value)

    @property
    def env(self) -> dict[str, str]:
        return {**self.where.env, **self.asked.env}


def take(*, quick: bool) -> Taken:
    """Rounds that take turns: a run in the foreground, `watch --once` for each number of plans, the floor."""
    rounds, sizes = (1, (1, 2)) if quick else (9, (1, 4, 16))
    most = rounds * (1 + sum(sizes)) + 2
    with place() as where, model(where, _script(most)) as asked:
        measured = Measured(
            where, where.repository("repository", 'checks: ["true"]', f"max-parallel: {PARALLEL}"), asked
        )
        _foreground(measured, "warm-up")
        for i in range(rounds):
            _floor(measured, i)
            _foreground(measured, "run")
            for size in sizes:
                _watched(measured, size)
        rows = _traced(measured)
        proofs = _proofs(measured)
    counted = {key: values for key, values in measured.samples.items() if not key.startswith("warm-up")}
    kept = {key: Series.of("s", values) for key, values in counted.items()}
    kept["git processes of one run"] = Series.of("count", [sum(row.count for row in rows)])
    kept["seconds in git of one run"] = Series.of("s", [sum(row.seconds or 0.0 for row in rows)])
    return Taken(kept, proofs, _notes(), rows)


def _notes() -> tuple[str, ...]:
    return (
        "overhead = wall - seconds inside model requests (the endpoint's own clock) - seconds of check and goal "
        "commands (the journal's) - the git floor of the same round.",
        f"With n plans on {PARALLEL} lanes the overhead is lane-seconds per plan: (wall x lanes - model - commands) / "
        "n - floor, so that waiting for the other lane counts as overhead, too. Start-up of the watcher is in it.",
        "The foreground run imports the model's SDK in its own process: its import alone was measured in each round.",
        "Below: git's processes of one foreground run, by git's own trace (seconds without fork and exec).",
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Walls and overheads beside the floor, as seconds and ratios."""
    floor = median(samples, "git floor")
    found = [floor, *_one(samples, "run", 1, floor)]
    imported = median(samples, "import of the SDK")
    found += [imported, median(samples, "git processes of one run"), median(samples, "seconds in git of one run")]
    for size in _sizes(samples):
        found += _one(samples, f"watch --once, {size} plans", size, floor)
    return tuple(found)


def _sizes(samples: Samples) -> list[int]:
    names = (key.removeprefix("watch --once, ").removesuffix(" plans: wall") for key in samples)
    return sorted(int(name) for name in names if name.isdigit())


def _one(samples: Samples, name: str, plans: int, floor: Figure) -> list[Figure]:
    """The figures of one way to run: wall per plan, overhead per plan, and both by the floor."""
    lanes = min(plans, PARALLEL)
    parts = (samples[f"{name}: {part}"].values for part in ("wall", "model", "commands"))
    rows = list(zip(*parts, samples["git floor"].values, strict=True))
    over = [(wall * lanes - model - commands) / plans - least for wall, model, commands, least in rows]
    made = {
        f"{name}: wall per plan": Series.of("s", [row[0] / plans for row in rows]),
        f"{name}: overhead per plan": Series.of("s", over),
    }
    wall, overhead = (median(made, key, headline=True) for key in made)
    shares = [
        figure(f"{name}: {what} per plan", "s", sum(row[i] for row in rows) / len(rows) / plans)
        for i, what in ((1, "model"), (2, "commands"))
    ]
    return [
        wall,
        *shares,
        overhead,
        ratio(f"{name}: wall per plan to git floor", wall, floor),
        ratio(f"{name}: overhead to git floor", overhead, floor, headline=True),
    ]


# ---------------------------------------------------------------- the work


def _script(plans: int) -> list[dict[str, Any]]:
    """A maker for each plan, found by the name of its file, and judges that are content."""
    return [_maker(_file(number)) for number in range(plans)] + content_judges()


def _maker(name: str) -> dict[str, Any]:
    write = {"calls": [{"tool": "write_file", "input": {"path": name, "content": f"{name}\n"}}]}
    done = {"say": f"Deliverables: {name}\nEvidence: `test -f {name}`"}
    return {"role": "maker", "when": f"Write {name}.", "turns": [write, done]}


def _file(number: int) -> str:
    return f"made-{number:03}.txt"


def _plans(measured: Measured, count: int) -> list[str]:
    """Write plans for files that nobody made yet; their names."""
    names = []
    for number in range(measured.made, measured.made + count):
        measured.repository.write(f"plans/plan-{number:03}.md", PLAN.format(name=_file(number)))
        names.append(f"plan-{number:03}")
    measured.made += count
    return names


def _foreground(measured: Measured, name: str) -> None:
    (plan,) = _plans(measured, 1)
    before = measured.asked.seconds()
    ended = timed(loopwright("run", plan, "--quiet", "--json"), measured.repository.path, measured.env).good()
    _keep(measured, name, ended.seconds, before, [json.loads(ended.out)])


def _watched(measured: Measured, size: int) -> None:
    names = _plans(measured, size)
    before = measured.asked.seconds()
    words = loopwright("watch", "--once", "--quiet", "--json")
    ended = timed(words, measured.repository.path, measured.env).good()
    results = json.loads(ended.out)["runs"]
    must({result["plan"] for result in results} == set(names), f"runs of {names}")
    _keep(measured, f"watch --once, {size} plans", ended.seconds, before, results)


def _keep(measured: Measured, name: str, wall: float, before: float, results: list[dict[str, Any]]) -> None:
    for result in results:
        must(result["landed"], f"{result['plan']} landed: {result['outcome']} {result['stop']}")
    measured.add(f"{name}: wall", wall)
    measured.add(f"{name}: model", measured.asked.seconds() - before)
    measured.add(f"{name}: commands", sum(_commands(measured.repository, result["run"]) for result in results))


def _commands(repository: Repository, run: int) -> float:
    """Seconds that a run's check and goal commands took, each time that they were run."""
    lines = repository.show(f"refs/loopwright/runs/{run}", "journal.jsonl").splitlines()
    gates = (fact for fact in map(json.loads, lines) if fact["kind"] == "gates")
    return sum(verdict.get("seconds") or 0.0 for fact in gates for verdict in fact["verdicts"])


def _floor(measured: Measured, number: int) -> None:
    """The git floor and the SDK's import, in the same round as what is held against them."""
    folder, env = measured.where.folder, measured.where.env
    hub = git_floor.clone(measured.repository.path, folder / "floor", env)
    measured.add("git floor", git_floor.least(hub, folder / "floor-lab", env, f"floor-{number}.txt"))
    must((hub / ".git/refs/heads/work" / f"floor-{number}.txt").exists(), "the floor's work was fetched")
    imported = timed([sys.executable, "-c", "import anthropic"], folder, env).good().seconds
    bare = timed([sys.executable, "-c", "pass"], folder, env).good().seconds
    measured.add("import of the SDK", imported - bare)


def _traced(measured: Measured) -> tuple[Row, ...]:
    """One more run, whose git processes are counted; its time isn't."""
    traces = measured.where.folder / "traces"
    git_floor.traced(measured.where.home, traces)
    _foreground(measured, "warm-up")
    git_floor.untraced(measured.where.home)
    return git_floor.processes(traces)


def _proofs(measured: Measured) -> tuple[str, ...]:
    """Every file is on the mainline and in its checkout, and no run asked the model more or less than it had to."""
    made = {_file(number) for number in range(measured.made)}
    files = set(measured.repository.files("main"))
    must(made <= files, f"on the mainline: {sorted(made - files)}")
    must(measured.repository.status() == "", "the checkout followed")
    asked = len(measured.asked.requests())
    must(asked == REQUESTS * measured.made, f"{REQUESTS} requests per run, not {asked} in {measured.made}")
    return (f"{measured.made} of {measured.made} runs landed, {asked} requests answered, the checkout is clean",)

"""What a landed run costs beside its model, its check commands and the git work that nobody can spare."""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import dataclass
from typing import Any

from benchmarks import git_floor
from benchmarks.places import Model, Place, content_judges, loopwright, model, place, timed
from benchmarks.results import Figure, Row, Samples, Series, Taken, figure, median, must, paired
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
class Round:
    """One round, in a repository of its own. `made`: how many plans were written in it so far."""

    where: Place
    repository: Repository
    asked: Model
    samples: dict[str, list[float]]
    made: int = 0

    def add(self, name: str, value: float) -> None:
        self.samples.setdefault(name, []).append(value)

    @property
    def env(self) -> dict[str, str]:
        return {**self.where.env, **self.asked.env}


def take(*, quick: bool) -> Taken:
    """Rounds in which these take turns: the floor, a run in the foreground, `watch --once` for each number of plans."""
    rounds, sizes = (1, (1, 2)) if quick else (5, (1, 4, 16))
    samples: dict[str, list[float]] = {}
    landed = 0
    with place() as where, model(where, _script(sum(sizes) + 3)) as asked:
        for i in range(rounds):
            repository = where.repository(f"round-{i}", 'checks: ["true"]', f"max-parallel: {PARALLEL}")
            now = Round(where, repository, asked, samples)
            _foreground(now, "warm-up")
            _floor(now)
            _foreground(now, "run")
            for size in sizes:
                _watched(now, size)
            rows = _traced(now)
            landed += _proved(now)
        requests = len(asked.requests())
    must(requests == REQUESTS * landed, f"{REQUESTS} requests per run, not {requests} in {landed}")
    kept = {key: Series.of("s", values) for key, values in samples.items() if not key.startswith("warm-up")}
    kept["git processes of one run"] = Series.of("count", [sum(row.count for row in rows)])
    kept["seconds in git of one run"] = Series.of("s", [sum(row.seconds or 0.0 for row in rows)])
    proof = f"{landed} of {landed} runs landed, {requests} requests answered, the checkouts followed and are clean"
    return Taken(kept, (proof,), _notes(), rows)


def _notes() -> tuple[str, ...]:
    return (
        "overhead = wall - seconds inside model requests (the endpoint's own clock) - seconds of check and goal "
        "commands (the journal's) - the git floor of the same round.",
        f"With n plans on {PARALLEL} lanes the overhead is lane-seconds per plan: (wall x lanes - model - commands) / "
        "n - floor, so that waiting for the other lane counts as overhead, too. Start-up of the watcher is in it.",
        "The foreground run imports the model's SDK in its own process: its import alone was measured in each round.",
        "cpu: of the process and all that it waited for. It says the same on a busy machine, where walls don't.",
        "Each round has a repository of its own, so that no history grows under the later ones.",
        "Below: git's processes of one foreground run, by git's own trace (seconds without fork and exec).",
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Walls and overheads beside the floor, as seconds and ratios."""
    floor = median(samples, "git floor")
    found = [floor, *_one(samples, "run", 1)]
    imported = median(samples, "import of the SDK")
    cpu, least = median(samples, "run: cpu"), median(samples, "git floor: cpu")
    found += [
        imported,
        cpu,
        least,
        paired(samples, "run: cpu to git floor's", "run: cpu", "git floor: cpu", headline=True),
    ]
    found += [median(samples, "git processes of one run"), median(samples, "seconds in git of one run")]
    for size in _sizes(samples):
        found += _one(samples, f"watch --once, {size} plans", size)
    return tuple(found)


def _sizes(samples: Samples) -> list[int]:
    names = (key.removeprefix("watch --once, ").removesuffix(" plans: wall") for key in samples)
    return sorted(int(name) for name in names if name.isdigit())


def _one(samples: Samples, name: str, plans: int) -> list[Figure]:
    """The figures of one way to run: wall per plan, overhead per plan, and both by the floor."""
    lanes = min(plans, PARALLEL)
    parts = (samples[f"{name}: {part}"].values for part in ("wall", "model", "commands"))
    rows = list(zip(*parts, samples["git floor"].values, strict=True))
    over = [(wall * lanes - model - commands) / plans - least for wall, model, commands, least in rows]
    wall_of, overhead_of = f"{name}: wall per plan", f"{name}: overhead per plan"
    made = {
        wall_of: Series.of("s", [row[0] / plans for row in rows]),
        overhead_of: Series.of("s", over),
        "git floor": samples["git floor"],
    }
    wall, overhead = (median(made, key, headline=True) for key in (wall_of, overhead_of))
    shares = [
        figure(f"{name}: {what} per plan", "s", sum(row[i] for row in rows) / len(rows) / plans)
        for i, what in ((1, "model"), (2, "commands"))
    ]
    return [
        wall,
        *shares,
        overhead,
        paired(made, f"{name}: wall per plan to git floor", wall_of, "git floor"),
        paired(made, f"{name}: overhead to git floor", overhead_of, "git floor", headline=True),
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


def _plans(now: Round, count: int) -> list[str]:
    """Write plans for files that nobody made yet; their names."""
    names = []
    for number in range(now.made, now.made + count):
        now.repository.write(f"plans/plan-{number:03}.md", PLAN.format(name=_file(number)))
        names.append(f"plan-{number:03}")
    now.made += count
    return names


def _foreground(now: Round, name: str) -> None:
    (plan,) = _plans(now, 1)
    before = now.asked.seconds()
    ended = timed(loopwright("run", plan, "--quiet", "--json"), now.repository.path, now.env).good()
    now.add(f"{name}: cpu", ended.cpu)
    _keep(now, name, ended.seconds, before, [json.loads(ended.out)])


def _watched(now: Round, size: int) -> None:
    names = _plans(now, size)
    before = now.asked.seconds()
    words = loopwright("watch", "--once", "--quiet", "--json")
    ended = timed(words, now.repository.path, now.env).good()
    results = json.loads(ended.out)["runs"]
    must({result["plan"] for result in results} == set(names), f"runs of {names}")
    _keep(now, f"watch --once, {size} plans", ended.seconds, before, results)


def _keep(now: Round, name: str, wall: float, before: float, results: list[dict[str, Any]]) -> None:
    for result in results:
        must(result["landed"], f"{result['plan']} landed: {result['outcome']} {result['stop']}")
    now.add(f"{name}: wall", wall)
    now.add(f"{name}: model", now.asked.seconds() - before)
    now.add(f"{name}: commands", sum(_commands(now.repository, result["run"]) for result in results))


def _commands(repository: Repository, run: int) -> float:
    """Seconds that a run's check and goal commands took, each time that they were run."""
    lines = repository.show(f"refs/loopwright/runs/{run}", "journal.jsonl").splitlines()
    gates = (fact for fact in map(json.loads, lines) if fact["kind"] == "gates")
    return sum(verdict.get("seconds") or 0.0 for fact in gates for verdict in fact["verdicts"])


def _floor(now: Round) -> None:
    """The git floor and the SDK's import, in the same round as what is held against them."""
    folder, env = now.where.folder, now.where.env
    hub = git_floor.clone(now.repository.path, folder / "floor", env)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    now.add("git floor", git_floor.least(hub, folder / "floor-lab", env, "floor.txt"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    now.add("git floor: cpu", after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    imported = timed([sys.executable, "-c", "import anthropic"], folder, env).good().seconds
    bare = timed([sys.executable, "-c", "pass"], folder, env).good().seconds
    now.add("import of the SDK", imported - bare)


def _traced(now: Round) -> tuple[Row, ...]:
    """One more run, whose git processes are counted; its time isn't."""
    traces = now.where.folder / f"{now.repository.path.name}-traces"
    git_floor.traced(now.where.home, traces)
    _foreground(now, "warm-up")
    git_floor.untraced(now.where.home)
    return git_floor.processes(traces)


def _proved(now: Round) -> int:
    """How many runs landed: every file that was asked for is on the mainline, and the checkout followed."""
    made = {_file(number) for number in range(now.made)}
    files = set(now.repository.files("main"))
    must(made <= files, f"on the mainline: {sorted(made - files)}")
    must(now.repository.status() == "", "the checkout followed")
    return now.made

"""From the drop of a plan file to its claim: what a person waits before anything happens."""

from __future__ import annotations

import json
import time

from benchmarks.places import JUDGES, LIMIT, Place, Started, observing, place, until, watching
from benchmarks.results import Figure, Samples, Series, Taken, figure, median, must, p99, ratio
from loopwright.testing.repository import Repository
from loopwright.watcher import SETTLE

ABOUT = (
    "Seconds from the rename of a plan into plans/ to the existence of its claim's ref, with `loopwright watch` "
    "running; the floor is a bare watchdog observer in a process of its own that sees the very same drops."
)

PLAN = "---\nstatus: ready\n---\n# Something is made\n## Goal\n- `true`\n"
_POLL = 0.0002
_REST = 0.15  # seconds between the end of a run and the next drop: the watcher has gone back to sleep by then


def take(*, quick: bool) -> Taken:
    """Drop plans one by one into an idle line, then a handful at once."""
    drops, burst = (4, 2) if quick else (200, 16)
    with place() as where:
        repository = _repository(where, burst)
        with observing(repository, where.env) as observer, watching(repository, where.env):
            alone = [_dropped(repository, [f"drop-{i:03}"]) for i in range(drops)]
            together = _dropped(repository, [f"burst-{i:02}" for i in range(burst)])
            time.sleep(0.2)
            seen = _seen(observer)
        proofs = _proofs(repository, drops, burst)
    missed = {f"drop-{i:03}.md" for i in range(drops)} - set(seen)
    must(not missed, f"the bare observer saw every drop, too: {sorted(missed)}")
    claims = [next(iter(drop.values())) for drop in alone]
    at_once = [claimed - dropped for dropped, claimed in together.values()]
    floor = [seen[f"drop-{i:03}.md"] - dropped for i, (dropped, _) in enumerate(claims)]
    samples = {
        "claim": Series.of("s", (claimed - dropped for dropped, claimed in claims)),
        "bare watchdog event": Series.of("s", floor),
        "claim in a burst": Series.of("s", sorted(at_once)),
        "settle time": Series.of("s", [SETTLE]),
    }
    return Taken(samples, proofs, _notes(burst))


def _notes(burst: int) -> tuple[str, ...]:
    return (
        f"The settle time ({SETTLE * 1000:g} ms without a further event) is part of every claim: it is what keeps a "
        "half-written file from being claimed.",
        "Drops into an idle line: each waits until the run before has ended. The history grows by a landed run each.",
        f"In the burst, {burst} plans are dropped within a millisecond or so and run at once (max-parallel {burst}): "
        "the later claims wait for processors.",
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Medians and p99, beside the floor and the floor with the settle time."""
    claim, floor, settle = median(samples, "claim"), median(samples, "bare watchdog event"), samples["settle time"]
    least = None if floor.value is None else floor.value + settle.values[0]
    settled = figure("bare watchdog event and settle time, median", "s", least)
    quarter = max(len(samples["claim"].values) // 4, 1)
    parts = {
        "claim, first quarter": Series("s", samples["claim"].values[:quarter]),
        "claim, last quarter": Series("s", samples["claim"].values[-quarter:]),
    }
    first, last = (median(parts, name) for name in parts)
    return (
        median(samples, "claim", headline=True),
        p99(samples, "claim", headline=True),
        floor,
        p99(samples, "bare watchdog event"),
        settled,
        ratio("claim to bare event", claim, floor),
        ratio("claim to bare event and settle time", claim, settled, headline=True),
        median(samples, "claim in a burst"),
        p99(samples, "claim in a burst"),
        first,
        last,
        ratio("growth with the history: last quarter to first", last, first),
    )


def _repository(where: Place, parallel: int) -> Repository:
    roles = {"maker": 'backend: command\ncommand: "echo made > made-{run}.txt"'}
    roles |= dict.fromkeys(JUDGES, "backend: none")
    return where.repository("repository", f"max-parallel: {parallel}", roles=roles)


def _dropped(repository: Repository, names: list[str]) -> dict[str, tuple[float, float]]:
    """Drop plans; (when, claimed when) of each on the monotonic clock. Returns when all their runs have ended."""
    drafts = repository.path.parent / "drafts"
    drafts.mkdir(exist_ok=True)
    for name in names:
        (drafts / f"{name}.md").write_text(PLAN)
    dropped: dict[str, float] = {}
    claimed: dict[str, float] = {}
    claims = repository.path / ".git/refs/loopwright/claims"
    for name in names:
        dropped[name] = time.monotonic()
        (drafts / f"{name}.md").rename(repository.path / "plans" / f"{name}.md")
    while len(claimed) < len(names):
        claimed |= {name: time.monotonic() for name in names if name not in claimed and (claims / name).exists()}
        must(time.monotonic() - dropped[names[0]] < LIMIT, f"claims of {names}; there are {sorted(claimed)}")
        time.sleep(_POLL)
    until(lambda: not any((claims / name).exists() for name in names), f"runs of {names} end", seconds=LIMIT)
    time.sleep(_REST)
    return {name: (dropped[name], claimed[name]) for name in names}


def _seen(observer: Started) -> dict[str, float]:
    """When the bare observer was told of each plan file first."""
    lines = [line.split() for line in observer.text("out").splitlines()[1:]]
    return {name: float(seconds) for name, seconds in reversed(lines) if name.endswith(".md")}


def _proofs(repository: Repository, drops: int, burst: int) -> tuple[str, ...]:
    """Every plan was claimed once under a number of its own, and its run landed."""
    total = drops + burst
    numbers = repository.git("for-each-ref", "--format=%(refname)", "refs/loopwright/generations").splitlines()
    must(len(numbers) == total, f"{total} run numbers, not {len(numbers)}")
    records = [json.loads(repository.show(f"refs/loopwright/runs/{n}", "record.json")) for n in range(1, total + 1)]
    must(len({record["plan"] for record in records}) == total, f"{total} distinct plans claimed")
    landed = sum(record["landed"] for record in records)
    must(landed == total, f"{total} runs landed, not {landed}")
    return (f"{total} of {total} plans claimed, each once under a number of its own; {landed} landed",)

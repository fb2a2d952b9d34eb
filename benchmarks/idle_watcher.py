"""What a watcher costs while nothing happens: memory, and processor time."""

from __future__ import annotations

import time

from benchmarks import processes
from benchmarks.places import JUDGES, KEY, Place, observing, place, watching
from benchmarks.processes import Use
from benchmarks.results import Figure, Samples, Series, Taken, median, must, ratio
from loopwright.testing.repository import Repository

ABOUT = (
    "Memory and processor time of `loopwright watch`, with all its processes, on a repository of 10,000 files in which "
    "nothing happens; beside it, over the same seconds, a bare watchdog observer over the same folders and one over "
    "the whole repository."
)
FILES = 10_000
_SETTLED = 0.02
"""CPU seconds in two seconds under which a process counts as idle: what it does at its start is over."""

WATCHER, COMMANDS = "watcher (model roles)", "watcher (command roles)"
BARE, WHOLE = "bare watchdog", "bare watchdog, whole repository"


def take(*, quick: bool) -> Taken:
    """All watchers at once, so that they see the same seconds."""
    seconds, files = (10.0, 300) if quick else (30.0, FILES)
    with place() as where:
        first, second = (_repository(where, name, files, commands=name == "commands") for name in ("model", "commands"))
        env = where.env | {"ANTHROPIC_API_KEY": KEY}
        with (
            watching(first, env) as watcher,
            watching(second, env) as commands,
            observing(first, env, "plans", "agents", "skills") as bare,
            observing(first, env, ".") as whole,
        ):
            pids = {WATCHER: watcher.child.pid, COMMANDS: commands.child.pid}
            pids |= {BARE: bare.child.pid, WHOLE: whole.child.pid}
            _settle(list(pids.values()))
            uses, took = _over(pids, seconds)
        proofs = _proofs(first, files, uses, took)
    return Taken(_samples(uses, took), proofs, _notes())


def _notes() -> tuple[str, ...]:
    return (
        "rss adds up what each process holds, shared pages each time; pss divides shared pages among those who share "
        "them, which is what would come free.",
        f"`{WATCHER}`: with the built-in roles the process that runs are forked from has the model's SDK in it; with "
        f"command roles (`{COMMANDS}`) it doesn't.",
        "CPU is counted in nanoseconds for what lives, in hundredths of a second for children that ended. It has the "
        "look in it that the watcher takes every 15 s even without an event, with its git processes.",
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Memory and CPU of each, and the watchers by the bare observer."""
    found = [median(samples, name, headline=name.startswith(WATCHER)) for name in samples]
    figures = {figure.name: figure for figure in found}
    for who in (WATCHER, COMMANDS):
        for what in ("rss", "pss", "cpu per minute"):
            over, under = figures[f"{who}: {what}, median"], figures[f"{BARE}: {what}, median"]
            found.append(ratio(f"{who}: {what} to bare", over, under, headline=who == WATCHER and what != "pss"))
    return tuple(found)


def _repository(where: Place, name: str, files: int, *, commands: bool) -> Repository:
    """Small files in 100 folders."""
    roles = {"maker": 'backend: command\ncommand: "true"', **dict.fromkeys(JUDGES, "backend: none")} if commands else {}
    made = where.repository(name, roles=roles)
    for number in range(files):
        made.write(f"src/part-{number % 100:02}/file-{number:05}.txt", f"{number}\n")
    made.write("skills/README.md", "# Skills\n")
    made.commit("files")
    return made


def _settle(pids: list[int]) -> None:
    """Wait until nothing is done at the start any more."""
    deadline = time.monotonic() + 60
    while True:
        before = sum(processes.use(pid).cpu for pid in pids)
        time.sleep(2)
        if sum(processes.use(pid).cpu for pid in pids) - before <= _SETTLED:
            return
        must(time.monotonic() < deadline, "the watchers come to rest")


def _over(pids: dict[str, int], seconds: float) -> tuple[dict[str, tuple[Use, Use]], float]:
    """What each used before and after, and the seconds between."""
    before, began = {name: processes.use(pid) for name, pid in pids.items()}, time.monotonic()
    time.sleep(seconds)
    after = {name: processes.use(pid) for name, pid in pids.items()}
    return {name: (before[name], after[name]) for name in pids}, time.monotonic() - began


def _samples(uses: dict[str, tuple[Use, Use]], took: float) -> dict[str, Series]:
    found = {}
    for name, (before, after) in uses.items():
        found[f"{name}: processes"] = Series.of("count", [after.processes])
        found[f"{name}: rss"] = Series.of("MB", [after.rss])
        found[f"{name}: pss"] = Series.of("MB", [after.pss])
        found[f"{name}: cpu per minute"] = Series.of("s", [(after.cpu - before.cpu) / took * 60])
    return found


def _proofs(repository: Repository, wanted: int, uses: dict[str, tuple[Use, Use]], took: float) -> tuple[str, ...]:
    """The files were there, nothing ran, and everybody was still watching at the end."""
    files = len(repository.files())
    must(files > wanted, f"{wanted} files, not {files}")
    runs = repository.git("for-each-ref", "refs/loopwright/generations")
    must(runs == "", "nothing ran")
    must(all(after.processes and after.rss for _, after in uses.values()), "all were alive at the end")
    return (f"{files} files; {len(uses)} watchers alive for {took:.0f} s, and no run began",)

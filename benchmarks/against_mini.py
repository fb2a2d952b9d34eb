"""The same ten steps by the smallest well-known agent and by ours, on the same endpoint."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import ten_steps
from benchmarks.places import Ended, Model, Place, loopwright, model, place, timed
from benchmarks.results import Figure, Samples, Series, Taken, median, must, paired
from loopwright.testing.repository import Repository

PINNED = ("mini-swe-agent==2.4.6", "litellm==1.106.2", "mcp==2.3.0")
"""mini needs `mcp` without saying so: litellm imports it."""

ABOUT = (
    f"A scripted ten-step task ({ten_steps.REQUESTS} requests) by {PINNED[0].replace('==', ' ')} and by loopwright: "
    "its maker alone (the same backend, brief and tools, in a process started the same way), and the whole line "
    "through the front door (`loopwright run`: claim, lab, maker, gates, checker, goal-checker, reviewer, landing, "
    "page)."
)
MODEL = "claude-opus-5-5"
MINI, MAKER, LINE = "mini-swe-agent", "maker session", "front door"
_CACHED = "share read from the cache"
_WHATS = {
    "wall": "s",
    "cpu": "s",
    "imports alone": "s",
    "requests": "count",
    "bytes sent": "B",
    "bytes per request": "B",
    "first request": "B",
    "last request": "B",
    _CACHED: "share",
    "peak rss": "MB",
}
_OF_LINE = ("wall", "cpu", "requests", "bytes sent", "peak rss")
"""What is held against mini for the whole line; its first and last request are different roles'."""

_ROOT = Path(__file__).resolve().parent.parent
_VENV = _ROOT / ".bench" / f"mini-{PINNED[0].partition('==')[2]}"
_MINI_ENV = {
    "CI": "1",
    "MSWEA_CONFIGURED": "true",
    "MSWEA_SILENT_STARTUP": "1",
    "MSWEA_COST_TRACKING": "ignore_errors",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


@dataclass
class Race:
    """One repository, one endpoint, and what was measured so far."""

    where: Place
    repository: Repository
    asked: Model
    samples: dict[str, list[float]] = field(default_factory=dict)
    cold: dict[str, float] = field(default_factory=dict)  # what the cache had in a client's first round
    proofs: dict[str, int] = field(default_factory=dict)

    def fresh(self, name: str) -> Path:
        """A clone in which one client does the task."""
        into = self.where.folder / name
        shutil.rmtree(into, ignore_errors=True)
        self.repository.git("clone", "-q", str(self.repository.path), str(into))
        return into

    def keep(self, who: str, ended: Ended, before: int) -> None:
        """What a client took, and what it sent since the endpoint had heard `before` requests."""
        requests = self.asked.requests()[before:]
        sizes = [request["size"] for request in requests]
        self.cold.setdefault(f"{who}: {_CACHED}", _cached(request["spent"] for request in requests))
        told = [ended.seconds, ended.cpu, len(sizes), sum(sizes), sum(sizes) / len(sizes), sizes[0], sizes[-1]]
        told.append(ended.rss)
        names = [what for what in _WHATS if what not in ("imports alone", _CACHED)]
        for what, value in zip(names, told, strict=True):
            self.samples.setdefault(f"{who}: {what}", []).append(value)
        self.proofs[who] = self.proofs.get(who, 0) + 1


def take(*, quick: bool) -> Taken:
    """Rounds in which each client does the task once, after a first one that doesn't count."""
    rounds = 1 if quick else 7
    missing = _install(quick=quick)
    clients: list[Callable[[Race], None]] = [_maker, _line] if missing else [_maker, _line, _mini]
    with place() as where, model(where, ten_steps.sessions()) as asked:
        race = Race(where, ten_steps.repository(where), asked)
        for i in range(rounds + 1):
            for client in clients:
                client(race)
            _imports(race, mini=not missing)
            if i == 0:
                race.samples.clear()
    race.samples |= {name: [share] for name, share in race.cold.items() if not name.startswith(LINE)}
    kept = {f"{who}: {what}": unit for who in (MINI, MAKER, LINE) for what, unit in _WHATS.items()}
    kept = {name: unit for name, unit in kept.items() if name in race.samples or not name.startswith(LINE)}
    samples = {name: Series.of(unit, race.samples.get(name, ())) for name, unit in kept.items()}
    proofs = tuple(
        f"{who}: did the task {times} of {times} times, the mended tree committed" for who, times in race.proofs.items()
    )
    return Taken(samples, proofs, (*missing, *_notes()))


def _notes() -> tuple[str, ...]:
    return (
        "Bytes are those of request bodies. Wall and CPU are from process start to exit, imports in them; CPU has the "
        "commands of the task in it. Peak rss is the largest process's.",
        "share read from the cache: of all prompt tokens, by the API's rule for `cache_control` as the endpoint plays "
        "it (bytes / 4, floor 1,024 tokens), in the first round, when the cache was empty.",
        f"`{LINE}` asks three judges on top ({ten_steps.REQUESTS} + 3 requests), runs the check in fresh labs, lands "
        "and writes the page; mini does nothing of that: this ratio is what verified landing costs.",
        f"imports alone: `import litellm` for {MINI}, `import anthropic` for ours, in the same rounds.",
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Medians of each client, and ours by mini's."""
    found = [median(samples, name) for name in samples if samples[name].values]
    for who, whats in ((MAKER, tuple(_WHATS)), (LINE, _OF_LINE)):
        for what in whats:
            over, under = f"{who}: {what}", f"{MINI}: {what}"
            headline = what in ("wall", "bytes sent", "peak rss")
            found.append(paired(samples, f"{who} to mini: {what}", over, under, headline=headline))
    return tuple(found)


def _cached(usages: Iterable[Mapping[str, int]]) -> float:
    """The share of all prompt tokens that was read from the cache."""
    told = list(usages)
    read = sum(usage["cache_read_input_tokens"] for usage in told)
    return read / (read + sum(usage["input_tokens"] + usage["cache_creation_input_tokens"] for usage in told))


# ---------------------------------------------------------------- the clients


def _mini(race: Race) -> None:
    folder, before = race.fresh("mini"), len(race.asked.requests())
    words = [_VENV / "bin" / "mini", "-y", "--exit-immediately", "-m", f"anthropic/{MODEL}", "-l", "5"]
    words += ["-t", ten_steps.TASK, "-o", race.where.folder / "trajectory.json"]
    key = {"ANTHROPIC_API_BASE": race.asked.url, "ANTHROPIC_API_KEY": race.asked.env["ANTHROPIC_API_KEY"]}
    ended = timed([str(word) for word in words], folder, race.where.env | _MINI_ENV | key)
    ten_steps.must_be_done(folder)
    race.keep(MINI, ended, before)


def _maker(race: Race) -> None:
    folder = race.where.folder / "maker"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    clone, before = race.fresh("maker/files"), len(race.asked.requests())
    race.repository.git("-C", str(clone), "config", "user.name", "Ada")
    race.repository.git("-C", str(clone), "config", "user.email", "ada@example.org")
    words = [sys.executable, "-m", "benchmarks.maker_session", str(folder), ten_steps.TASK]
    ended = timed(words, _ROOT, race.where.env | race.asked.env | {"LOOPWRIGHT_LAB_MODEL": MODEL}).good()
    ten_steps.must_be_done(clone)
    race.keep(MAKER, ended, before)


def _line(race: Race) -> None:
    folder, before = race.fresh("line"), len(race.asked.requests())
    (folder / "plans").mkdir(exist_ok=True)
    (folder / "plans" / "mend.md").write_text(ten_steps.PLAN)
    env = race.where.env | race.asked.env | {"LOOPWRIGHT_LAB_MODEL": MODEL}
    ended = timed(loopwright("run", "mend", "--quiet", "--json"), folder, env).good()
    must(json.loads(ended.out)["landed"], "the run landed")
    ten_steps.must_be_done(folder)
    race.keep(LINE, ended, before)


def _imports(race: Race, *, mini: bool) -> None:
    """What each client's import of its model library takes alone."""
    commands: dict[str, Sequence[str]] = {MAKER: [sys.executable, "-c", "import anthropic"]}
    commands |= {MINI: [str(_VENV / "bin" / "python"), "-c", "import litellm"]} if mini else {}
    for who, words in commands.items():
        env: Mapping[str, str] = race.where.env | _MINI_ENV
        seconds = timed(words, race.where.folder, env).good().seconds
        race.samples.setdefault(f"{who}: imports alone", []).append(seconds)


# ---------------------------------------------------------------- the other one


def _install(*, quick: bool) -> tuple[str, ...]:
    """mini in a venv of its own; a note that says why not when it can't be had."""
    ready = _VENV / "ready"
    if ready.exists():
        return ()
    if quick:
        return (f"{MINI} was not measured: --quick installs nothing, and no earlier run did",)
    pip = [str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED]
    for words in ([sys.executable, "-m", "venv", "--clear", str(_VENV)], pip):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            return (f"{MINI} was not measured, for it could not be installed: {_seen(done.stderr or done.stdout)}",)
    ready.touch()
    return ()


def _seen(text: str) -> str:
    """The errors that were printed, without addresses and paths."""
    lines = [line for line in text.splitlines() if "error" in line.lower()] or text.splitlines()[-2:]
    return re.sub(r"\w+://\S+|(?<!\w)/\S+", "(...)", " ".join(lines))[:600]

"""The least that git has to do for a landed run, and what git really did: both to hold a run's time against."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.results import Row, must


def least(hub: Path, lab: Path, env: Mapping[str, str], name: str) -> float:
    """Seconds for a landing with nothing around it: clone, commit, fetch, merge, commit the merge, move the ref.

    `name`: the file that is made, and the branch that the work is fetched to. The lab is gone afterwards.
    """

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], env=dict(env), capture_output=True, text=True, check=False)
        must(done.returncode == 0, f"git {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    began = time.monotonic()
    git("clone", "-q", "--shared", str(hub), str(lab))
    (lab / name).write_text(f"{name}\n")
    git("-C", str(lab), "add", name)
    git("-C", str(lab), "commit", "-qm", name)
    git("-C", str(hub), "fetch", "-q", str(lab), f"HEAD:refs/heads/work/{name}")
    main, tip = (Path(hub, ".git/refs/heads", ref).read_text().strip() for ref in ("main", f"work/{name}"))
    tree = git("-C", str(hub), "merge-tree", "--write-tree", main, tip)
    commit = git("-C", str(hub), "commit-tree", tree, "-p", main, "-p", tip, "-m", f"land {name}")
    git("-C", str(hub), "update-ref", "refs/heads/main", commit, main)
    shutil.rmtree(lab)
    return time.monotonic() - began


def traced(home: Path, into: Path) -> None:
    """From now on, each git process with this home leaves a trace in `into`: git itself offers that (trace2)."""
    into.mkdir()
    with (home / ".gitconfig").open("a") as file:
        file.write(f"[trace2]\n\teventTarget = {into}\n\teventNesting = 0\n\tmaxFiles = 0\n")


def untraced(home: Path) -> None:
    """End tracing."""
    text = (home / ".gitconfig").read_text()
    (home / ".gitconfig").write_text(text.partition("[trace2]")[0])


def processes(traces: Path) -> tuple[Row, ...]:
    """git's processes by command, the costliest first. Seconds are between git's own first and last event."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for place in traces.iterdir():
        name, took = _process(json.loads(line) for line in place.read_text().splitlines())
        seconds[f"git {name}"].append(took)
    rows = (Row(name, len(took), round(sum(took), 6)) for name, took in seconds.items())
    return tuple(sorted(rows, key=lambda row: -(row.seconds or 0.0)))


def _process(events: Iterable[Mapping[str, object]]) -> tuple[str, float]:
    """A process's command and seconds."""
    name, took = "?", 0.0
    for event in events:
        if event["event"] == "cmd_name":
            name = str(event["name"])
        elif event["event"] in ("exit", "atexit"):
            took = float(str(event["t_abs"]))
    return name, took


def clone(hub: Path, into: Path, env: Mapping[str, str]) -> Path:
    """A clone of its own in which the floor is measured, so that the product's repository stays as it is."""
    shutil.rmtree(into, ignore_errors=True)
    words = ["git", "clone", "-q", "--no-hardlinks", os.fspath(hub), os.fspath(into)]
    subprocess.run(words, env=dict(env), check=True, capture_output=True)
    return into

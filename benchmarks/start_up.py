"""What it takes to get an answer from the command at all, and what it imports for that."""

from __future__ import annotations

import importlib.util
import re
import sys

from benchmarks.places import Ended, Place, loopwright, place, timed
from benchmarks.results import Figure, Row, Samples, Series, Taken, median, must, paired
from loopwright.testing.repository import Repository

ABOUT = (
    "`loopwright --help`, `status` and `check` from process start to exit, and what they import; the floor is the same "
    "interpreter with nothing to do (`python -c pass`)."
)
SDK = "anthropic"
_PLAN = "---\nstatus: draft\n---\n# Something is made\n## Goal\n- `true`\n"
_COMMANDS = (("--help",), ("status",), ("check",))
_LARGEST = 8


def take(*, quick: bool) -> Taken:
    """Rounds that take turns: the floor, another command-line library, and each command."""
    rounds = 2 if quick else 25
    with place() as where:
        repository = where.repository()
        repository.write("plans/something.md", _PLAN)
        repository.commit("a plan")
        words = _compared()
        samples: dict[str, list[float]] = {name: [] for name in words}
        for _ in range(rounds):
            for name, command in words.items():
                samples[name].append(timed(command, repository.path, where.env).good().seconds)
        proofs, imported, rows = _imports(where, repository, samples)
    kept = {name: Series.of("s", values) for name, values in samples.items()}
    return Taken(kept | imported, proofs, _notes(), rows)


def _compared() -> dict[str, list[str]]:
    python = [sys.executable, "-c"]
    click = {"python -c 'import click'": [*python, "import click"]} if importlib.util.find_spec("click") else {}
    ours = {f"loopwright {' '.join(words)}": loopwright(*words) for words in _COMMANDS}
    return {"python -c pass": [*python, "pass"], **click, **ours}


def _notes() -> tuple[str, ...]:
    return (
        "modules: what `-X importtime` lists beyond `python -c pass`; import time is its own sum for these, in "
        "seconds, and is slower than without that option.",
        "Below: the modules of `loopwright status` that take longest by themselves.",
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Medians, each by the bare interpreter's."""
    floor = median(samples, "python -c pass")
    found = [floor]
    for name in samples:
        if name.startswith("python -c 'import") or (name.startswith("loopwright") and ":" not in name):
            wall = median(samples, name, headline=name == "loopwright --help")
            found.append(wall)
            found.append(
                paired(samples, f"{name} to python -c pass", name, "python -c pass", headline="--help" in name)
            )
        elif ":" in name:
            found.append(median(samples, name))
    return tuple(found)


def _imports(
    where: Place, repository: Repository, samples: dict[str, list[float]]
) -> tuple[tuple[str, ...], dict[str, Series], tuple[Row, ...]]:
    """Proof that the SDK stays out, how many modules come in, and which of them are slow."""
    bare = _listed(timed([sys.executable, "-X", "importtime", "-c", "pass"], repository.path, where.env))
    found: dict[str, Series] = {}
    slow: dict[str, float] = {}
    for words in _COMMANDS:
        command = [sys.executable, "-X", "importtime", "-m", "loopwright", *words]
        slow = {
            name: took for name, took in _listed(timed(command, repository.path, where.env)).items() if name not in bare
        }
        must("loopwright.cli" in slow, f"the list of imports of {words}")
        guilty = [name for name in slow if name.split(".")[0] == SDK]
        must(not guilty, f"{' '.join(words)} imports no {SDK}: {guilty[:3]}")
        if "status" in words:
            largest = sorted(slow.items(), key=lambda item: -item[1])[:_LARGEST]
        found[f"loopwright {' '.join(words)}: modules"] = Series.of("count", [len(slow)])
        found[f"loopwright {' '.join(words)}: import time"] = Series.of("s", [sum(slow.values())])
    names = ", ".join(" ".join(words) for words in _COMMANDS)
    rows = tuple(Row(name, 1, round(took, 6)) for name, took in largest)
    return (f"none of {names} imports {SDK}, by -X importtime",), found, rows


def _listed(ended: Ended) -> dict[str, float]:
    """Module -> seconds of its own, from what -X importtime writes."""
    lines = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)$", ended.good().err, re.MULTILINE)
    return {name: int(took) / 1e6 for took, name in lines}

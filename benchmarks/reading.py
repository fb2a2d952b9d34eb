"""The written form of a result: one JSON file per benchmark, held against `result.schema.json`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.results import Benchmark, Figure, Samples, Series, Taken

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
SCHEMA = HERE / "result.schema.json"


def written(name: str, bench: Benchmark, taken: Taken, *, quick: bool, load: float, seconds: float) -> dict[str, Any]:
    """The object that is kept. `load`: the machine's load average before it began."""
    return {
        "benchmark": name,
        "about": bench.ABOUT,
        "quick": quick,
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "commit": commit(),
        "machine": machine(),
        "load": {"before": round(load, 2), "after": round(os.getloadavg()[0], 2)},
        "figures": [_figure(figure) for figure in bench.judge(taken.samples)],
        "proofs": list(taken.proofs),
        "notes": list(taken.notes),
        "profile": [{"name": row.name, "count": row.count, "seconds": row.seconds} for row in taken.profile],
        "samples": {key: {"unit": series.unit, "values": list(series.values)} for key, series in taken.samples.items()},
    }


def _figure(figure: Figure) -> dict[str, Any]:
    told: dict[str, Any] = {"name": figure.name, "unit": figure.unit, "value": figure.value}
    told |= {"over": list(figure.over)} if figure.over else {}
    return told | ({"headline": True} if figure.headline else {})


def samples(result: Mapping[str, Any]) -> Samples:
    """The samples out of a written result."""
    return {key: Series(value["unit"], tuple(value["values"])) for key, value in result["samples"].items()}


def judged_again(result: Mapping[str, Any], bench: Benchmark) -> dict[str, Any]:
    """The same result with its figures computed anew from its samples."""
    return {**result, "figures": [_figure(figure) for figure in bench.judge(samples(result))]}


def validate(result: Mapping[str, Any]) -> None:
    """Raise ValueError, naming every breach, unless a result fits the schema."""
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(dict(result))
    found = [f"{error.json_path}: {error.message}" for error in errors]
    if found:
        raise ValueError("no valid result: " + "; ".join(found))


def write(result: Mapping[str, Any], folder: Path) -> Path:
    """Write a result that fits its schema; where it is."""
    validate(result)
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{result['benchmark']}.json"
    place.write_text(_json(result), encoding="utf-8")
    return place


def _json(result: Mapping[str, Any]) -> str:
    """Readable, with each series of numbers on a line of its own."""
    rows = {key: json.dumps(value) for key, value in result["samples"].items()}
    text = json.dumps({**result, "samples": {key: f"@{key}@" for key in rows}}, indent=1)
    for key, row in rows.items():
        text = text.replace(f'"@{key}@"', row)
    return f"{text}\n"


def read(folder: Path) -> list[dict[str, Any]]:
    """All results of a folder, each held against the schema, by name."""
    found: list[dict[str, Any]] = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    for result in found:
        validate(result)
    return found


def machine() -> dict[str, Any]:
    """What the figures were measured on, without a name that would tell whose it is."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "git": _git("version").removeprefix("git version "),
    }


def commit() -> dict[str, Any]:
    """The commit that was measured, and whether there were changes on top of it."""
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "src", "pyproject.toml")
    return {"id": _git("rev-parse", "HEAD") or None, "changed": bool(changed)}


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "--no-optional-locks", *words], cwd=HERE.parent, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()

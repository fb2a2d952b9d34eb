"""Failed commands whose causes are known, and the command that says causes, in a folder that is no repository."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parent / "failures.jsonl"

Andon = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def andon(tmp_path: Path) -> Andon:
    """`loopwright andon WORD...` with something on stdin."""

    def run(*words: str, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        command = [sys.executable, "-m", "loopwright", "andon", *words]
        done = subprocess.run(command, cwd=tmp_path, input=given, capture_output=True, check=False, timeout=120)
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@dataclass(frozen=True)
class Known:
    """A row of the corpus. `again`: what the same failure printed in another run, where that was something else."""

    id: str
    part: str
    command: str
    exit_code: int
    output: str
    again: str | None


def corpus(*parts: str) -> list[Known]:
    rows: Sequence[dict[str, Any]] = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    return [
        Known(row["id"], row["part"], row["command"], row["exit_code"], row["output"], row.get("again"))
        for row in rows
        if not parts or row["part"] in parts
    ]


def line(output: str, command: str = "./run", code: int | None = 1, **more: object) -> str:
    return json.dumps({"id": "x", "command": command, "exit_code": code, "output": output, **more}) + "\n"

"""Which coding agents `doctor` finds on PATH, and their versions."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from loopwright import shell
from loopwright.cli.lab_table import row

_SECONDS = 5.0
"""The slowest of them takes three to say its version."""


def found() -> dict[str, Any]:
    """One row for all of them: one that isn't there is missed only by a role that names it."""
    from loopwright import workshop
    from loopwright.backends.agents import AGENTS

    env = {name: value for name, value in os.environ.items() if name not in workshop.secret_names(os.environ)}
    there = [name for name, agent in AGENTS.items() if shutil.which(agent.definition.program)]
    absent = ", ".join(name for name in AGENTS if name not in there)
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor() as pool:
        own = {**env, "HOME": home, "CI": "1", "NO_COLOR": "1", "DISABLE_AUTOUPDATER": "1"}  # they write where HOME is
        programs = [AGENTS[name].definition.program for name in there]
        versions = list(pool.map(lambda program: _version(program, own, Path(home)), programs))
    known = ", ".join(f"{name} {version}".strip() for name, version in zip(there, versions, strict=True))
    told = f"{known or 'none'} (not on PATH: {absent})" if absent else known
    return row("agents", True if there else None, told)


def _version(program: str, env: Mapping[str, str], home: Path) -> str:
    """The first thing that it prints which looks like a version; '' where it prints none in time."""
    ran = shell.run([program, "--version"], cwd=home, seconds=_SECONDS, env=env, keep=8192)
    number = re.search(r"\d+\.\d+(\.\d+)?", ran.output) if ran.code == 0 else None
    return number[0] if number else ""

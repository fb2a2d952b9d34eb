"""Which git is there."""

from __future__ import annotations

import re
from pathlib import Path

from loopwright import shell
from loopwright.git.environment import environment
from loopwright.git.plumbing import SECONDS


def git_version() -> tuple[int, ...]:
    """The version of the `git` program, e.g. (2, 39, 5); empty when there is none."""
    try:
        code, out, _ = shell.capture(["git", "version"], cwd=Path("/"), env=environment({}), seconds=SECONDS)
    except OSError:
        return ()
    found = re.search(rb"(\d+)\.(\d+)(?:\.(\d+))?", out)
    return tuple(int(part) for part in found.groups() if part) if found and code == 0 else ()

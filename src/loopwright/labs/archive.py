"""Keeps what git can't: names that are a danger elsewhere, paths longer than git can look at, files full of holes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from loopwright import shell
from loopwright.errors import LabFailed
from loopwright.git.leaving import MOST, LeftOut

NAME = "left-out-by-git.tar"
"""Where the archive lies in the tree of what was saved of a lab."""

_SECONDS = 300.0


def made(root: Path, left_out: Iterable[LeftOut], archive: Path) -> None:
    """Write what was left out below `root` into `archive`, holes as holes. Raises LabFailed when it can't be.

    By the system's `tar`, which goes as deep as folders go, follows no link and runs nothing of what it reads.
    """
    names = sorted({name for one in left_out for name in _named(root, one)})
    bounded = ("/bin/sh", "-c", f'ulimit -f {MOST // 512}; exec "$@"', "sh")
    words = ("tar", "-c", "-S", "-f", str(archive), "-C", str(root), "--null", "-T", "-")
    data = b"".join(os.fsencode(name) + b"\0" for name in names)
    env = {"PATH": os.defpath, "LC_ALL": "C"}
    code, _, said = shell.capture([*bounded, *words], cwd=Path("/"), env=env, seconds=_SECONDS, data=data)
    if code:
        told = said.decode(errors="replace").strip()[-500:] or f"tar ended with {code}"
        raise LabFailed(f"{len(names)} things in the lab can't be saved ({names[0]}, ...): {told}")


def _named(root: Path, one: LeftOut) -> list[str]:
    """What is archived for it. A path that can't be opened is neither: what lies at its top is taken as a whole, or
    everything but the lab's own git dir, where git has spelled it otherwise."""
    # No --exclude: tar tries a pattern at each "/" of each path, which for 2,100 folders in each other takes an hour.
    name = one.path if one.kind == "too-large" else one.path.partition("/")[0]
    if os.path.lexists(root / name):
        return [f"./{name}"]
    return [f"./{entry.name}" for entry in root.iterdir() if entry.name != ".git"]

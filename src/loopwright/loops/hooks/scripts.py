"""The text of the hooks: small POSIX shell out of a few parts, because a push or a commit can't wait for a Python."""

from __future__ import annotations

import functools
import re
import shlex
from importlib import resources
from pathlib import Path

from loopwright.vocabulary import OWNED

MARK = "# loopwright: this hook was put here by `loopwright init --hooks`; `loopwright init --no-hooks` takes it off."
"""The second line of each hook of ours, by which it is known wherever another tool has moved it."""

GUARDS = {
    "pre-push": ("chain", "line", "owned", "pre-push"),
    "reference-transaction": ("chain", "line", "reference-transaction"),
}
"""The hooks that guard the mainline, and the parts that each consists of."""

_ASIDE = re.compile(rb"^kept=\$\{0%/\*\}/([\w.-]+)$", re.MULTILINE)


def guard(name: str, kept: str) -> bytes:
    """A guarding hook. `kept`: shell words for the path of the hook that runs after it, which need not be there."""
    return _hook(kept, *(_part(part) for part in GUARDS[name]))


def forward(kept: str) -> bytes:
    """A hook that only hands over to another one."""
    return _hook(kept, _part("chain"), 'pass "$@"\n')


def pre_receive(mainline: str) -> str:
    """The server-side hook, for a repository whose mainline has this name."""
    text = _part("pre-receive").replace("@MAINLINE@", shlex.quote(mainline))
    return text.replace("@OWNED_ONLY@\n", _part("owned"))


def beside(name: str) -> str:
    """Shell words for a file in the folder of the hook itself, by a name without signs that a shell reads."""
    return "${0%/*}/" + name


def is_ours(path: Path) -> bool:
    """Whether a file is a hook of ours."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return MARK.encode() in file.read(300)


def is_present(path: Path) -> bool:
    """Whether a guarding hook of ours has the text that this version writes, whatever it hands over to."""
    wanted = guard(path.name, "").partition(b"kept=\n")[2]
    return path.read_bytes().endswith(wanted)


def aside(data: bytes) -> str:
    """The file beside a hook of ours to which it hands over; '' for one that hands over to another place."""
    found = _ASIDE.search(data)
    return found[1].decode() if found else ""


def _hook(kept: str, *parts: str) -> bytes:
    return "\n".join(("#!/bin/sh", MARK, f"kept={kept}", "", *parts)).encode(errors="surrogateescape")


@functools.cache
def _part(name: str) -> str:
    text = resources.files(__package__).joinpath("parts", f"{name}.sh").read_text(encoding="utf-8")
    return text.replace("@OWNED@", " | ".join(pattern.replace("**", "*") for pattern in OWNED))

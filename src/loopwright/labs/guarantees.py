"""What each kind of lab keeps from what runs in it: the table that `doctor` prints and that probes hold it to.

A kind promises what stands in its row on every machine on which it can be opened. What a machine must have for a
promise is with it; where that is missing, `doctor` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """One thing that doesn't happen, in the words of a person who wants to know what they can rely on."""

    name: str
    text: str


PROMISES: tuple[Promise, ...] = (
    Promise("keys", "no key of yours is in the environment of a command"),
    Promise("ends", "when a lab is closed, every process that was started in it is gone"),
    Promise("refs", "nothing in it can share your branches, configuration, hooks and stash"),
    Promise("reads", "nothing in it can read your files: only the system's programs and the tool chains on PATH"),
    Promise("writes", "nothing in it can write outside its own files and its own home"),
    Promise("repository", "nothing in it can change your repository's refs, configuration or objects"),
    Promise("labs", "nothing in it can see another lab"),
    Promise("processes", "nothing in it can see or signal a process of yours"),
    Promise(
        "network", "nothing in it reaches the network or a service of this machine; a model over the gateway alone"
    ),
    Promise("privileges", "nothing in it can gain rights: no capabilities, no set-user-id, dangerous calls refused"),
    Promise("killed", "when loopwright is killed, every process in it is gone within 5 s"),
    Promise("bounds", "it has a limit of memory and processes of its own, and dies alone when it passes them"),
)

_FOLDER = frozenset({"keys", "ends"})
_WALLED = _FOLDER | {
    "refs",
    "reads",
    "writes",
    "repository",
    "labs",
    "processes",
    "network",
    "privileges",
    "killed",
    "bounds",
}

KEPT: Mapping[str, frozenset[str]] = {
    "worktree": _FOLDER,
    "clone": _FOLDER | {"refs"},
    "sandbox": _WALLED,
    "container": _WALLED,
}
"""By kind: the names of what it promises. What isn't there must be expected to happen."""


def of(kind: str) -> frozenset[str]:
    """What a kind promises; nothing for one that isn't ours."""
    return KEPT.get(kind, frozenset())

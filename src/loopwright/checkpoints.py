"""The named points of a run at which a kill must lose nothing. In production nobody listens.

`loopwright.testing.crash` sets the listener in a process of its own, and ends that process at a point of choice.
"""

from __future__ import annotations

from collections.abc import Callable

POINTS = (
    "claim:numbered",
    "claim:claimed",
    "claim:recorded",
    "lab:made",
    "lab:opened",
    "lab:over",
    "lab:saved",
    "lab:removed",
    "role:begins",
    "role:ended",
    "pool:reserved",
    "pool:paid",
    "gateway:admitted",
    "gateway:answered",
    "gateway:metered",
    "chunk:made",
    "chunk:committed",
    "chunk:checked",
    "verify:merged",
    "gates:kept",
    "verify:gated",
    "verify:judged",
    "queue:entered",
    "batch:gated",
    "batch:prepared",
    "batch:landed",
    "land:prepared",
    "land:locked",
    "land:moved",
    "follow:staged",
    "follow:half",
    "follow:files",
    "follow:index",
    "wall:seen",
    "andon:noted",
    "andon:stopped",
    "andon:opened",
    "andon:earned",
    "andon:closed",
    "close:tagged",
    "close:recorded",
    "close:released",
    "meta:noted",
    "meta:stopped",
    "meta:opened",
    "meta:drafted",
    "pull:noted",
    "pull:stopped",
    "pull:opened",
    "supervisor:found",
    "supervisor:started",
    "supervisor:ended",
    "supervisor:reaped",
    "janitor:found",
    "janitor:saved",
    "janitor:removed",
)


def _nobody(point: str) -> None:
    """What production does at a point: nothing."""
    del point


listener: Callable[[str], None] = _nobody


def reached(point: str) -> None:
    """Say that a point is reached."""
    listener(point)

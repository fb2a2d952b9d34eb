"""Clears away what a drill has left that was killed: its throwaway folder, the labs of the repositories in it, and
the sockets of its gateways."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from loopwright import shell
from loopwright.errors import LoopwrightError
from loopwright.journal import claims
from loopwright.journal.hub import Hub, find
from loopwright.labs.environment import MARK
from loopwright.labs.folder import remove
from loopwright.models import gateway

PREFIX = "drill-"


def place(person: Hub) -> Path:
    """Where drills are held: beside the person's labs, outside of any repository."""
    return person.labs.parent


def clear(person: Hub) -> None:
    """Clear away dead drills. One whose runs are still at work, which need no supervisor, is left until they have
    ended."""
    shell.clear_dead(PREFIX, place(person), _remove)
    gateway.clear_dead()


def _remove(folder: Path) -> None:
    hubs = tuple(_repositories(folder))
    if not any(claims.is_alive(hub, int(run.name)) for hub in hubs for run in (hub.home / "runs").glob("[0-9]*")):
        for hub in hubs:
            shell.end_marked(f"{MARK}={hub.labs}")
            remove(hub.labs)
        remove(folder)


def _repositories(folder: Path) -> Iterator[Hub]:
    for top in (folder / "ground", *folder.glob("[0-9]*/repository")):
        if (top / ".git" / "HEAD").is_file():  # else it was killed before it was one
            with contextlib.suppress(LoopwrightError, OSError):
                hub = find(top)
                if hub.common.samefile(top / ".git"):  # and not one that all of this lies in
                    yield hub

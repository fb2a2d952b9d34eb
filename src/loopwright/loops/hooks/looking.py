"""What is to be said of the hooks: whether they are where git looks and as they should be, and what they can't stop."""

from __future__ import annotations

import os
from pathlib import Path

from loopwright.journal.hub import Hub
from loopwright.loops.hooks import places, scripts

CANT = (
    "`git push --no-verify`",
    "`git -c core.hooksPath=/dev/null`",
    "a push from another clone",
    "a merge button of the server",
    "a hand in `.git` itself: a ref's file written, the incident's ref deleted",
    "a lab's process that runs as you (clone, worktree), drops LOOPWRIGHT_LAB from its environment and does the same",
)
"""What passes the hooks by. Each is tried in tests/frontdoor/test_hooks_bypassed.py."""

OUTSIDE = "what is run from outside of the working tree (`--git-dir`), where the relative core.hooksPath leads nowhere"


def wanted(hub: Hub) -> bool:
    """Whether hooks were installed and not taken off by us, whatever became of them."""
    return places.value(hub, places.MAINLINE) != ""


def wrong(hub: Hub, mainline: str) -> tuple[str, ...]:
    """What keeps the installed hooks from guarding the mainline of now; nothing when all is well."""
    folder = places.present(hub).folder
    found = [said for name in scripts.GUARDS if (said := _amiss(folder / name))]
    known = places.value(hub, places.MAINLINE)
    if known != mainline:
        found.append(f"they guard `{known}`, and the mainline is `{mainline}`")
    return tuple(found)


def _amiss(hook: Path) -> str:
    if not os.path.lexists(hook):
        return f"{hook.name} isn't in {hook.parent}, where git looks"
    if not scripts.is_ours(hook):
        return f"{hook} was overwritten by another tool"
    if not os.access(hook, os.X_OK):
        return f"{hook} isn't executable, so git leaves it out"
    return "" if scripts.is_present(hook) else f"{hook} is not as this version of loopwright writes it"


def cant(hub: Hub) -> tuple[str, ...]:
    """What the hooks here can't stop."""
    relative = not Path(places.present(hub).setting or "/").is_absolute()
    return (*CANT, OUTSIDE) if relative else CANT

"""Where git looks for the hooks of a repository, and where ours can be put so that they are this repository's alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loopwright.journal.hub import Hub

SETTING = "core.hooksPath"
MAINLINE = "loopwright.mainline"
"""The setting by which the hooks know the mainline's name; it is there as long as hooks are wanted."""


@dataclass(frozen=True)
class Place:
    """The folder in which git finds the hooks of this working tree, and the setting that leads there, '' for none.

    A relative setting counts from where a hook is run: mostly the top of the working tree.
    """

    folder: Path
    setting: str


def settings(hub: Hub) -> Any:
    """git as the person's own reads its settings; our door's hooks path of none is taken off. It starts no hook."""
    return replace(hub.git, extra={"GIT_CONFIG_COUNT": "0"})


def value(hub: Hub, name: str, *where: str) -> str:
    """A setting, '' when there is none."""
    code, out = settings(hub).ask("config", *where, "--get", name, ok=(0, 1))
    return out.decode(errors="surrogateescape").rstrip("\n") if code == 0 else ""


def present(hub: Hub) -> Place:
    """Where git looks now."""
    setting = value(hub, SETTING, "--type=path")
    return Place(hub.top / setting if setting else hub.common / "hooks", setting)


def own(hub: Hub) -> Path:
    """The folder of ours, for where git looks in a place that isn't this repository's alone."""
    return hub.common / "loopwright" / "hooks"


def leads_to_ours(hub: Hub) -> bool:
    """Whether the repository's setting names our folder, be it where that was before the repository was moved."""
    return value(hub, MAINLINE) != "" and value(hub, SETTING, "--local").endswith("/loopwright/hooks")


def is_private(hub: Hub, place: Place) -> bool:
    """Whether files in it stay in this repository: in the git dir, or ignored in the working tree (as husky's are).

    A folder that git tracks would bring our hooks to everybody; one elsewhere may serve all of a person's repositories.
    """
    folder, top = place.folder.resolve(), hub.top.resolve()
    if folder.is_relative_to(hub.common.resolve()):
        return True
    if not folder.is_relative_to(top):
        return False
    probe = (folder / "pre-push").relative_to(top).as_posix()
    return hub.ignores(probe)

"""Puts the hooks in and takes them off. What was there before is kept, runs after ours, and comes back as it was.

Ours come first: what is refused is refused before a hook of the person's runs its tests for minutes, or uploads.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from loopwright.errors import BadUse
from loopwright.journal.hub import Hub
from loopwright.loops.hooks import places, scripts
from loopwright.loops.hooks.places import MAINLINE, SETTING, Place

_ASIDE = ".before-loopwright"

_FORWARDED = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg"),
    *("commit-msg", "post-commit", "pre-rebase", "post-checkout", "post-merge", "post-rewrite", "pre-auto-gc"),
    *("pre-receive", "update", "post-receive", "post-update", "sendemail-validate"),
)
"""What is handed on from a folder of ours, whether it is there yet or not."""

_BY_BEING_THERE = ("push-to-checkout", "proc-receive", "post-index-change")
"""Hooks that change what git does, or how fast it is, by being there at all: handed on when they are."""


@dataclass(frozen=True)
class Installed:
    """Where the hooks went, and the hooks of the person's that run after them (paths)."""

    folder: Path
    chained: tuple[str, ...]


def install(hub: Hub, mainline: str) -> Installed:
    """Put the hooks where git looks. Done twice, it is as done once. Raises BadUse where that can't be."""
    remove(hub)
    place = places.present(hub)
    try:
        _set(hub, MAINLINE, mainline)
        if not places.is_private(hub, place):
            return _apart(hub, place)
        place.folder.mkdir(parents=True, exist_ok=True)
        return Installed(place.folder, tuple(filter(None, [_put(place.folder, name) for name in scripts.GUARDS])))
    except OSError as problem:
        with contextlib.suppress(OSError):
            remove(hub)
        mend = f"see that you can write there, and that {SETTING} names a folder; then again"
        raise BadUse(f"the hooks can't be put into {place.folder}: {problem}", mend) from problem


def _put(folder: Path, name: str) -> str:
    """Put one hook in, what was there being moved aside; where that is now, or ''."""
    hook, aside = folder / name, _free(folder, name)
    if there := os.path.lexists(hook):
        # Kept, then replaced: in no moment is there no hook, and a crash between leaves the person's own in place.
        _twin(hook, folder / aside)
    _write(hook, scripts.guard(name, scripts.beside(aside)))
    return str(folder / aside) if there else ""


def _twin(hook: Path, other: Path) -> None:
    """The same file under a second name; a copy where the file system has no links."""
    try:
        os.link(hook, other, follow_symlinks=False)
    except OSError:
        shutil.copy2(hook, other, follow_symlinks=False)


def _free(folder: Path, name: str) -> str:
    names = (f"{name}{_ASIDE}{number}" for number in ("", *(f"-{n}" for n in range(2, 100))))
    return next(aside for aside in names if not os.path.lexists(folder / aside))


def _apart(hub: Hub, place: Place) -> Installed:
    """Hooks in a folder of ours, to which git is led, and which hands all others on to where git looked before."""
    folder, before = places.own(hub), place.setting or str(place.folder)
    folder.mkdir(parents=True, exist_ok=True)
    known = (*_FORWARDED, *(name for name in _BY_BEING_THERE if (place.folder / name).exists()))
    for name in known:
        _write(folder / name, scripts.forward(shlex.quote(f"{before}/{name}")))
    for name in scripts.GUARDS:
        _write(folder / name, scripts.guard(name, shlex.quote(f"{before}/{name}")))
    if local := places.value(hub, SETTING, "--local"):
        _set(hub, _BEFORE, local)
    _set(hub, SETTING, str(folder))
    if places.present(hub).folder != folder:
        remove(hub)
        mend = f"`git config --show-origin --get-all {SETTING}` says where; take it out there, then again"
        raise BadUse(f"{SETTING} of this working tree outdoes the repository's own: hooks have no say here", mend)
    there = (str(place.folder / name) for name in (*scripts.GUARDS, *known))
    return Installed(folder, tuple(path for path in there if os.access(path, os.X_OK)))


_BEFORE = "loopwright.hooksPathBefore"


def remove(hub: Hub) -> tuple[str, ...]:
    """Take our hooks off and put the former ones back; the paths of what was taken off. Twice is as once."""
    taken = []
    if places.leads_to_ours(hub):
        _set(hub, SETTING, places.value(hub, _BEFORE, "--local"))
        taken = [str(places.own(hub) / name) for name in scripts.GUARDS]
    _set(hub, _BEFORE, "")
    _set(hub, MAINLINE, "")
    shutil.rmtree(places.own(hub), ignore_errors=True)
    folders = dict.fromkeys((places.present(hub).folder, hub.common / "hooks"))
    return (*taken, *(str(path) for folder in folders for name in scripts.GUARDS for path in _off(folder, name)))


def _off(folder: Path, name: str) -> list[Path]:
    """Take one of ours out of a folder, also where another tool moved it, as pre-commit does to `pre-push.legacy`."""
    ours = [path for path in sorted(folder.glob(f"{name}*")) if scripts.is_ours(path)]
    for path in ours:
        aside = scripts.aside(path.read_bytes())
        if aside and os.path.lexists(folder / aside):
            (folder / aside).replace(path)
        else:
            path.unlink()
    for left in folder.glob(f"{name}{_ASIDE}*"):  # left by a crash, or by a tool that wrote its own hook anew
        if _same(left, folder / name):
            left.unlink()
    return ours


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _write(hook: Path, data: bytes) -> None:
    fresh = hook.with_name(f"{hook.name}.loopwright-new")
    fresh.write_bytes(data)
    fresh.chmod(0o755)
    fresh.replace(hook)


def _set(hub: Hub, name: str, value: str) -> None:
    """Write a setting of the repository's; '' takes it out."""
    git = places.settings(hub)
    if value:
        git.run("config", "--local", name, value)
    else:
        git.ask("config", "--local", "--unset", name, ok=(0, 1, 5))

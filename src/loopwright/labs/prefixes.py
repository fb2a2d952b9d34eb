"""What of the host's files a walled lab may read: the programs on PATH and what they are installed with.

A tool chain in a home (pyenv, nvm, uv, rustup) consists of more than its folder of programs. Of a folder `X/bin` on
PATH all of `X` is shown, unless `X` holds more than tool chains: a home, `~/.local`, `~/.cargo` (which keeps the
registry's key), `~/.docker` and the like (which keep whoever is logged in). Of those only the folder on PATH is shown,
and what its links lead to.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""What every walled lab sees of the system, read-only."""

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin"

_PROGRAMS = ("bin", "sbin", "shims", ".bin")
_MIXED = (".local", ".cargo", ".config", ".cache")
_LOGGED_IN = (
    *(".aws", ".azure", ".claude", ".codex", ".docker", ".doppler", ".fly", ".gemini"),
    *(".gnupg", ".kube", ".oci", ".platformsh", ".pulumi", ".railway", ".ssh", ".supabase"),
)  # their programs are installed into a `bin` beside the key that logging in has left
_MOST = 4096  # links of one folder that are looked at

KEYS = ("credentials", "credentials.toml", ".netrc", ".npmrc", ".pypirc", ".git-credentials", ".env", "auth.json")
"""Files that are covered where a shown folder has them at its top: keys of registries lie beside some tool chains."""


@functools.lru_cache(maxsize=16)
def program(name: str) -> str:
    """A program of the system's: never one that a PATH of somebody's names first. The bare name where there is none."""
    return shutil.which(name, path=SYSTEM_PATH) or name


@functools.lru_cache(maxsize=16)
def of_path(path: str, home: Path, private: tuple[Path, ...] = ()) -> tuple[Path, ...]:
    """The folders (and single files) to show for a PATH, none within another one.

    Nothing is shown that holds the home or one of the `private` folders.
    """
    closed = tuple({place for one in (home, *private, *_homes()) for place in (one, one.resolve())})
    found: dict[Path, None] = {}
    seen: set[Path] = set()
    ahead = [Path(entry) for entry in path.split(os.pathsep) if entry.startswith("/")]
    while ahead:
        entry = ahead.pop(0)
        if entry in seen or is_system(entry) or not os.access(entry, os.R_OK | os.X_OK) or not entry.is_dir():
            continue
        if _holds(entry, closed):
            continue
        seen.add(entry)
        shown = prefix(entry, closed)
        found[shown] = None
        for target in _behind(entry, shown):
            if target.is_dir() or target.parent.name in _PROGRAMS:
                ahead.append(target if target.is_dir() else target.parent)
            elif not is_system(target):
                found[target] = None
    return _outermost(found)


@functools.lru_cache(maxsize=1)
def _homes() -> tuple[Path, ...]:
    """The homes of this machine's people, and of its services where these have any of their own."""
    folders = {Path(user.pw_dir) for user in pwd.getpwall()} - {Path("/")}
    return tuple(folder for folder in folders if folder.is_absolute() and not is_system(folder))


def prefix(entry: Path, closed: tuple[Path, ...]) -> Path:
    """What is shown for one folder of programs; `closed`: homes, and other folders that aren't to be seen."""
    above = entry.parent
    mixed = any(above == home / name for home in closed for name in (*_MIXED, *_LOGGED_IN))
    return entry if entry.name not in _PROGRAMS or mixed or _holds(above, closed) else above


def _holds(folder: Path, closed: tuple[Path, ...]) -> bool:
    return any(place.is_relative_to(folder) for place in closed)


def is_system(path: Path) -> bool:
    """Whether a path lies in what is shown anyway."""
    return any(path.is_relative_to(folder) for folder in SYSTEM)


def _behind(entry: Path, shown: Path) -> Iterator[Path]:
    """What a folder of programs leads to outside of what is shown of it: by its links, and as a Python environment."""
    if (resolved := entry.resolve()) != entry:
        yield resolved
    with os.scandir(entry) as files:
        links = [file.path for _, file in zip(range(_MOST), files, strict=False) if file.is_symlink()]
    for link in links:
        with contextlib.suppress(OSError, RuntimeError):  # it leads to itself, or where this user may not look
            target = Path(link).resolve()
            if target.exists() and not target.is_relative_to(shown):
                yield target
    for line in _lines(shown / "pyvenv.cfg"):
        name, _, value = line.partition("=")
        if name.strip() == "home" and value.strip().startswith("/"):
            yield Path(value.strip())


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines() if file.stat().st_size < 65536 else []
    except OSError:
        return []


def _outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    every = sorted(set(paths))
    return tuple(path for path in every if not any(path != other and path.is_relative_to(other) for other in every))

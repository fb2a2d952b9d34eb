"""The environment of a lab's commands: chosen name by name, so that no key of the host's comes along."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from loopwright import shell

KEPT = (
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "USER",
    "LOGNAME",
    "SHELL",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "LD_LIBRARY_PATH",
    "JAVA_HOME",
    "GOROOT",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "NVM_DIR",
    "VOLTA_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SOURCE_DATE_EPOCH",
)
"""What a lab gets of the host's environment beside PATH. Settings of tool chains; nothing that could be a secret."""

MARK = "LOOPWRIGHT_LAB"
"""Names the lab in the environment of every process that was started in it, so that all of them can be ended."""

_MOST = 1 << 20


def of_lab(host: Mapping[str, str], *, top: Path, root: Path, home: Path, mark: str) -> dict[str, str]:
    """The environment for commands in the lab at `root` with its own `home`; `top` is the person's checkout."""
    env = {name: host[name] for name in KEPT if name in host}
    rustup = Path(host.get("HOME", "/nonexistent"), ".rustup")
    if "RUSTUP_HOME" not in env and rustup.is_dir():
        env["RUSTUP_HOME"] = str(rustup)  # cargo's proxies look for it under HOME, which is the lab's own
    if "LD_LIBRARY_PATH" in env:  # often ends with a colon, which stands for the working folder
        env["LD_LIBRARY_PATH"] = shell.fixed(env["LD_LIBRARY_PATH"].replace(";", ":"))
    env |= {
        "PATH": os.pathsep.join([f"{root}/.venv/bin", f"{root}/node_modules/.bin", *_path(host)]),
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "TERM": "dumb",
        "NO_COLOR": "1",
        "CI": "1",
        # Byte code beside the sources would be in every snapshot of a repository that doesn't ignore it.
        "PYTHONPYCACHEPREFIX": str(home / "pycache"),
        "GIT_TERMINAL_PROMPT": "0",
        MARK: mark,
    }
    if _imports_from(top, host.get("PATH", "")):
        env["PYTHONPATH"] = os.pathsep.join(str(place) for place in (root / "src", root) if place.is_dir())
    return env


def _path(host: Mapping[str, str]) -> Iterator[str]:
    """The person's PATH. What depends on the working folder comes last: no file that a maker leaves there is to stand
    for the program that a gate calls."""
    path = host.get("PATH", os.defpath)
    yield from filter(None, [shell.fixed(path)])
    yield from (entry or "." for entry in path.split(os.pathsep) if not entry.startswith("/"))


@functools.lru_cache(maxsize=64)
def _imports_from(top: Path, path: str) -> bool:
    """Whether a Python on PATH would import the person's sources, and the lab's commands so verify those.

    It does so from an environment in the checkout, or with an editable install of the checkout wherever it lies.
    """
    places = [Path(entry) for entry in path.split(os.pathsep) if entry]
    if any(place.is_relative_to(top) for place in places):
        return True
    needle = os.fsencode(top)
    return any(needle in data for place in places for data in _editable(place.parent / "lib"))


def _editable(lib: Path) -> Iterator[bytes]:
    """The small files by which editable installs add folders to the module search path."""
    for pattern in ("python*/*-packages/*.pth", "python*/*-packages/__editable__*.py"):
        for file in lib.glob(pattern):
            with contextlib.suppress(OSError):
                if file.is_file() and file.stat().st_size < _MOST:
                    yield file.read_bytes()

"""The environment of a lab's commands: chosen name by name, so that no key of the host's comes along."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

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


def of_lab(host: Mapping[str, str], *, top: Path, root: Path, home: Path, mark: str) -> dict[str, str]:
    """The environment for commands in the lab at `root` with its own `home`; `top` is the person's checkout."""
    env = {name: host[name] for name in KEPT if name in host}
    rustup = Path(host.get("HOME", "/nonexistent"), ".rustup")
    if "RUSTUP_HOME" not in env and rustup.is_dir():
        env["RUSTUP_HOME"] = str(rustup)  # cargo's proxies look for it under HOME, which is the lab's own
    env |= {
        "PATH": os.pathsep.join([f"{root}/.venv/bin", f"{root}/node_modules/.bin", host.get("PATH", os.defpath)]),
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
    if _uses_environment_in(top, host):
        # An editable install in the person's .venv would import the person's sources and verify those.
        env["PYTHONPATH"] = os.pathsep.join(str(place) for place in (root / "src", root) if place.is_dir())
    return env


def _uses_environment_in(top: Path, host: Mapping[str, str]) -> bool:
    return any(Path(entry).is_relative_to(top) for entry in host.get("PATH", "").split(os.pathsep) if entry)

"""The one door to a container engine's command line: podman's or docker's, whichever is there.

By its command line, not by a library: docker's Python package takes 0.35 s a run, podman's lost output. podman's
double-forking monitor would come to this process as an orphan and be taken for a lab's; its client therefore adopts its
own. A call that doesn't answer in its time has failed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from loopwright import shell
from loopwright.errors import LabFailed
from loopwright.labs import prefixes

LABEL = "loopwright.lab"
"""Names the lab (its place) of a container, so that what a dead process left of it can be found."""

_SECONDS = 60.0  # for a call; measured: 0.04 to 0.4
_NAMES = ("podman", "docker")
_KEPT = (
    "HOME",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
)
"""What an engine's client gets of our environment: enough to find its service and its images. An engine may be
configured to pass its environment on."""

_OWN_CONF = Path(__file__).with_name("containers.conf")
_ADOPTING = "import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"
_FOLDERS = ("usr", "etc", "proc", "sys", "dev", "tmp", "run", "var", "var/tmp", "home", "root", "opt", "mnt", "srv")
_FOR_ALL = ("tmp", "run", "var/tmp")  # runc gives what is mounted there the folder's own mode, whatever was asked for


@dataclass(frozen=True)
class Image:
    """An image as it is configured: its environment, and the folders that it wants to have written."""

    name: str
    env: Mapping[str, str] = field(default_factory=dict, compare=False)
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Engine:
    """A program that runs containers, and the environment in which it does."""

    name: str
    program: str
    env: Mapping[str, str] = field(hash=False)

    @property
    def start(self) -> tuple[str, ...]:
        """The words that a call begins with."""
        if self.name != "podman":
            return (self.program,)
        return (str(Path(sys.executable).resolve()), "-I", "-S", "-c", _ADOPTING, self.program)

    def ask(self, *words: str, data: bytes = b"") -> str:
        """What the engine says to a call. Raises LabFailed."""
        line = [*self.start, *words]
        code, out, err = shell.capture(line, cwd=Path("/"), env=self.env, seconds=_SECONDS, data=data)
        if code:
            said = err.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise LabFailed(f"{self.name} {words[0]} failed (exit {code}): {said[0][:500]}")
        return out.decode(errors="replace")

    def has(self, image: str) -> bool:
        """Whether an image is there, on this machine."""
        try:
            self.ask("image", "inspect", "--format", "{{.Id}}", image)
        except LabFailed:
            return False
        return True

    def image(self, name: str) -> Image:
        """How an image is configured. Raises LabFailed where it isn't there."""
        found = json.loads(self.ask("image", "inspect", "--format", "{{json .Config}}", name))
        env = dict(line.split("=", 1) for line in found.get("Env") or () if "=" in line)
        return Image(name, env, tuple(sorted(found.get("Volumes") or ())))

    def has_network(self, name: str) -> bool:
        """Whether the engine has a network of this name."""
        try:
            self.ask("network", "inspect", "--format", "{{.Name}}", name)
        except LabFailed:
            return False
        return True

    def skeleton(self) -> Image:
        """An image of links and empty folders, into which the host's system is shown; made where it isn't there."""
        data = _skeleton()
        name = f"localhost/loopwright-host:{hashlib.sha256(data).hexdigest()[:12]}"
        if not self.has(name):
            self.ask("import", "-", name, data=data)
        return Image(name)

    def reap(self, lab: Path) -> None:
        """End and remove every container of a lab. Raises LabFailed."""
        if found := self.ask("ps", "-aq", "--filter", f"label={LABEL}={lab}").split():
            at_once = ("-t", "0") if self.name == "podman" else ()  # docker doesn't ask first
            self.ask("rm", "-f", "-v", *at_once, *found)


def installed() -> Iterator[Engine]:
    """The engines whose programs are there, in the order in which they are to be tried: podman with the machine's
    configuration, podman with ours, docker."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept["PATH"] = prefixes.SYSTEM_PATH
    for name in _NAMES:
        if (program := prefixes.program(name)) == name:
            continue
        yield Engine(name, program, kept)
        if name == "podman" and "CONTAINERS_CONF" not in kept:
            yield Engine(name, program, {**kept, "CONTAINERS_CONF": str(_OWN_CONF)})


@lru_cache(maxsize=1)
def _skeleton() -> bytes:
    """The tar of an image in which /bin and its like lead where the host's lead."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name in _FOLDERS:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name in _FOR_ALL else 0o755
            tar.addfile(entry)
        for folder in map(Path, prefixes.SYSTEM):
            if folder.is_symlink():
                entry = tarfile.TarInfo(folder.name)
                entry.type, entry.linkname = tarfile.SYMTYPE, str(folder.readlink())
                tar.addfile(entry)
    return made.getvalue()


def bound(source: Path | str, target: Path | str, *, written: bool = False) -> Sequence[str]:
    """The words that show a file or folder of the host's in a container. Two forms, each for what the other can't."""
    if ":" not in f"{source}{target}":
        return ("-v", f"{source}:{target}" + ("" if written else ":ro"))
    return ("--mount", f"type=bind,src={source},dst={target}" + ("" if written else ",ro"))

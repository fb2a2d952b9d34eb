"""The words that put a program into a container: what is seen there, what it may have, and what it may not do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loopwright import shell
from loopwright.labs import etc, prefixes, profile
from loopwright.labs.bubblewrap import Shown
from loopwright.labs.cgroups import Bounds
from loopwright.labs.engine import LABEL, Engine, Image, bound

INSIDE = "/run/loopwright"
"""Where the folder with the line to the host is seen."""

_TMP = 1 << 30
"""Bytes of each of the private temporary folders. They are memory, and count as the lab's."""

_SPARED = 0.25
"""Processors that a lab leaves to the rest of the machine, whatever it does."""


@dataclass(frozen=True)
class Box:
    """A container that is to be had. `place`: its lab's. `user`: who works there; None: whoever this process is."""

    engine: Engine
    image: Image
    shown: Shown
    place: Path
    bounds: Bounds
    user: int | None
    hosts: bool  # whether the host's own system is shown in it: the image is a skeleton
    network: str = ""  # the engine's network that it joins; "": none

    @property
    def uid(self) -> int:
        return os.geteuid() if self.user is None else self.user


def words(box: Box, line: shell.Called, *, network: bool) -> list[str]:
    """The words that start a container and its first process on `line`, up to that process's own words."""
    found = ["run", "--rm", "--pull=never", "--log-driver=none", "--no-healthcheck", "--init=false", "--entrypoint="]
    found += ["--label", f"{LABEL}={box.place}"]
    found += ["--network=host"] if network else [f"--network={box.network or 'none'}", "--hostname=lab"]
    networked = network or bool(box.network)
    found += [*_rights(box, line), *_limits(box.bounds), *_private(box), *_seen(box, line, network=networked)]
    return [*box.engine.start, *found, "--workdir=/", box.image.name]


def _rights(box: Box, line: shell.Called) -> Iterator[str]:
    filtered = line.folder / "profile.json"
    filtered.write_text(profile.text())
    yield from ("--cap-drop=ALL", "--security-opt=no-new-privileges", f"--security-opt=seccomp={filtered}")
    yield "--security-opt=label=disable"  # else what is shown would have to be labelled anew, the host's /usr for one
    yield f"--user={box.uid}:{os.getegid() if box.user is None else box.user}"
    if box.engine.name == "podman":
        yield from ("--http-proxy=false", "--image-volume=ignore")
        yield from ("--userns=keep-id",) if os.geteuid() else ()
    else:
        yield "--userns=host"


def _limits(bounds: Bounds) -> Iterator[str]:
    yield from (f"--memory={bounds.memory}", f"--memory-swap={bounds.memory}", f"--pids-limit={bounds.processes}")
    yield f"--cpus={(os.cpu_count() or 1) - _SPARED}"


def _private(box: Box) -> Iterator[str]:
    yield "--read-only"
    if box.engine.name == "podman":
        yield "--read-only-tmpfs=false"  # these would have no limit
    for folder in ("/tmp", "/var/tmp", "/run", *box.image.volumes):
        yield f"--tmpfs={folder}:rw,exec,nosuid,nodev,mode=1777,size={_TMP}"
    for folder in ("/home", "/root"):  # a lab may lie below it, and an image's may be closed
        yield f"--tmpfs={folder}:rw,nosuid,nodev,mode=755,size=1048576"
    yield f"--shm-size={_TMP}"
    if box.engine.name == "podman":  # around the lab's files and home, as in a sandbox: whoever works there owns it
        yield f"--mount=type=tmpfs,dst={box.place},tmpfs-size={_TMP},U=true"
    else:
        yield f"--tmpfs={box.place}:rw,exec,nosuid,nodev,mode=755,size={_TMP},uid={box.uid}"


def _seen(box: Box, line: shell.Called, *, network: bool) -> Iterator[str]:
    yield from bound(line.folder, INSIDE)
    shown = box.shown
    for path in shown.written:
        yield from bound(path, path, written=True)
    for path in dict.fromkeys(Path(os.path.normpath(path)) for path in shown.read):  # docker takes none twice
        yield from bound(path, path)
        for inner in _mounted_in(path):
            yield from bound(inner, inner)
    nothing = line.folder / "nothing"
    nothing.touch()
    for path in shown.covered:
        yield from bound(nothing, path)
    yield from _system(network=network) if box.hosts else ()
    for name, text in etc.written(box.uid, shown.home, network=network).items():
        if box.hosts or name == "hosts":
            (line.folder / name).write_text(text)
            yield from bound(line.folder / name, f"/etc/{name}")


def _system(*, network: bool) -> Iterator[str]:
    for folder in map(Path, prefixes.SYSTEM):
        if folder.is_dir() and not folder.is_symlink():
            yield from bound(folder, folder)
            for inner in _mounted_in(folder):
                yield from bound(inner, inner)
    for path, source in etc.shown(network=network).items():
        if not (network and path.name in ("resolv.conf", "hosts")):  # the engine shows the host's
            yield from bound(source, path)
    if etc.KEYS.is_dir():
        yield f"--tmpfs={etc.KEYS}:ro,size=4096"


def _mounted_in(folder: Path) -> list[Path]:
    """What is mounted below a folder: an engine that binds it read-only may leave these writable."""
    places = mount_points(Path("/proc/self/mountinfo").read_bytes())
    return [place for place in places if place != folder and place.is_relative_to(folder)]


def mount_points(table: bytes) -> list[Path]:
    """The folders in a mount table, of whatever bytes: spaces, breaks and backslashes are octal there."""
    named = (line.split(b" ")[4] for line in table.split(b"\n") if line)
    return [
        Path(os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), name))) for name in named
    ]

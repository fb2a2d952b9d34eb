"""A person's repository and the labs that are opened on it."""

from __future__ import annotations

import hashlib
import os
import socketserver
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from loopwright.contracts import Endpoint, Lab, LabWish, OpenLab, Site
from loopwright.testing.repository import Repository
from loopwright.workshop import LABS

FILES: Mapping[str, str | bytes] = {
    "README.md": "# Sums\n",
    "src/sums.py": "def add(a, b):\n    return a - b\n",
    "src/deep/er/one.txt": "one\n",
    "data.bin": bytes(range(256)),
    "names with spaces/ü 漢.txt": "both\n",
    ".gitignore": "*.log\n/cache/\n",
}


@dataclass(frozen=True)
class Place:
    """A repository with one commit, and one kind of labs on it."""

    repository: Repository
    labs: Path
    open_lab: OpenLab
    object_format: str = "sha1"
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    limits: Mapping[str, int] = field(default_factory=dict)
    floor: int = 256 << 20

    @property
    def top(self) -> Path:
        return self.repository.path

    @property
    def common(self) -> Path:
        return Path(self.repository.git("rev-parse", "--path-format=absolute", "--git-common-dir"))

    @property
    def kind(self) -> str:
        """The name of this kind of lab."""
        return next(name for name, open_lab in LABS.items() if open_lab is self.open_lab)

    @property
    def head(self) -> str:
        return self.repository.head()

    @property
    def site(self) -> Site:
        return Site(self.top, self.common, self.labs, self.object_format, self.env, self.limits, self.floor)

    def open(
        self, name: str = "gen-1", *, throwaway: bool = False, commit: str = "", copy: Mapping[str, bytes] | None = None
    ) -> AbstractContextManager[Lab]:
        pieces = tuple((copy or {}).items())
        return self.open_lab(self.site, LabWish(name, commit or self.head, "loop/sums", throwaway, pieces))

    def with_env(self, **env: str) -> Place:
        return replace(self, env={**self.env, **env})

    def ref(self, name: str) -> str | None:
        """The commit at `refs/loopwright/labs/NAME`."""
        code, out, _ = self.repository.ask("rev-parse", "-q", "--verify", f"refs/loopwright/labs/{name}")
        return out.strip() if code == 0 else None

    def worktrees(self) -> int:
        return self.repository.git("worktree", "list", "--porcelain").count("worktree ")

    def fingerprint(self) -> dict[str, object]:
        """All of a person's checkout that no lab may touch."""
        git, top = self.common, self.top
        own = {"HEAD", "index", "config", "refs/stash", "packed-refs", "info/exclude"}
        state: dict[str, object] = {name: (git / name).read_bytes() for name in own if (git / name).exists()}
        state |= {"worktrees": self.worktrees(), "stash": self.repository.git("stash", "list")}
        state["branches"] = self.repository.git("for-each-ref", "refs/heads", "refs/tags", "refs/remotes")
        for path in sorted(top.rglob("*")):
            if ".git" not in path.parts and path.is_file():
                known = path.lstat()
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                state[path.relative_to(top).as_posix()] = (digest, known.st_mode, known.st_mtime_ns)
        return state


def fill(repository: Repository, files: Mapping[str, str | bytes] = FILES) -> None:
    for path, text in files.items():
        repository.write(path, text)
    repository.link("link", "src/sums.py")
    (repository.write("tool.sh", "#!/bin/sh\necho tool\n")).chmod(0o755)
    repository.commit("first")


def leave(place: Place, work: Callable[[Lab], None], *, name: str = "gen-1", throwaway: bool = False) -> Path:
    """Work in a lab, and be interrupted; where the lab was."""
    with pytest.raises(KeyboardInterrupt):
        _broken_off(place, work, name, throwaway)
    return place.labs / name


def _broken_off(place: Place, work: Callable[[Lab], None], name: str, throwaway: bool) -> None:
    with place.open(name, throwaway=throwaway) as lab:
        work(lab)
        raise KeyboardInterrupt


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def number_in(file: Path) -> int:
    """The process id that a process in a lab writes into a file of its home, as soon as it is there: as the host has it
    while the process lives, for a lab may have numbers of its own."""
    deadline = time.monotonic() + 10
    while not (file.exists() and file.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.005)
    return _on_the_host(int(file.read_text()), f" {file.parent} ".encode())


def _on_the_host(number: int, home: bytes) -> int:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            numbers = (entry / "status").read_text().partition("NSpid:")[2].split("\n")[0].split()
            if len(numbers) > 1 and int(numbers[-1]) == number and home in (entry / "mountinfo").read_bytes():
                return int(entry.name)
        except OSError:  # ended meanwhile
            continue
    return number


@contextmanager
def answering(text: str) -> Iterator[Endpoint]:
    """A web server of the host's that says one thing to every GET, on a loopback port and on a unix socket."""

    class Talk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with tempfile.TemporaryDirectory(prefix="lw-") as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "socket")
        by_port = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        by_path = socketserver.ThreadingUnixStreamServer(str(path), Talk)
        path.chmod(0o666)
        with by_port, by_path:
            for server in (by_port, by_path):
                threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            yield Endpoint(by_port.server_address[1], path)
            by_port.shutdown()
            by_path.shutdown()

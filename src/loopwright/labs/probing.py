"""Tries out, in real labs, what a kind keeps from what runs in it, one try for each promise that can be tried quickly.

Each try is made from inside, by a command of the lab, on bait that lies outside; whether it got through is seen from
outside. Nothing of a person's is touched: the repository, the bait and the neighbour are made for it.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from loopwright import shell
from loopwright.contracts import Lab, LabWish, OpenLab, Site
from loopwright.errors import LabFailed
from loopwright.git import Git
from loopwright.labs import environment

_SECONDS = 20.0


@dataclass(frozen=True)
class Bait:
    """What lies outside a lab for a try: a secret file in a folder, a service, a process, and another lab."""

    site: Site
    outside: Path
    word: str  # what is in the secret file, in the other lab, and in a key of the host's environment
    served: socket.socket
    victim: subprocess.Popen[str]
    other: Lab


def tried(open_lab: OpenLab, folder: Path, env: Mapping[str, str]) -> dict[str, bool]:
    """By promise whether it held, in labs of one kind that are opened below `folder`, which is empty and ours.

    Raises LabFailed where such a lab can't be opened at all, or no command be run in it.
    """
    with _bait(open_lab, folder, env) as bait:
        wish = LabWish("probe", _head(bait.site), "loop/probe", throwaway=True)
        with open_lab(bait.site, wish) as lab:
            if (ran := lab.run("echo here", seconds=_SECONDS)).output != "here\n":  # it would seem to keep everything
                raise LabFailed(f"no command can be run in it: {ran.output.strip()[:500] or f'exit {ran.code}'}")
            held = {name: try_it(bait, lab) for name, try_it in _TRIES.items()}
            lab.run("(setsid sleep 60 >/dev/null 2>&1 &); true", seconds=_SECONDS)
    held["ends"] = not shell.marked_alive(f"{environment.MARK}={bait.site.labs / wish.name}")
    return held


def _keys(bait: Bait, lab: Lab) -> bool:
    return bait.word not in lab.run("env; export -p", seconds=_SECONDS).output


def _reads(bait: Bait, lab: Lab) -> bool:
    return bait.word not in lab.run(["cat", str(bait.outside / "secret")], seconds=_SECONDS).output


def _writes(bait: Bait, lab: Lab) -> bool:
    lab.run(f"echo x > '{bait.outside}/written'", seconds=_SECONDS)
    return not (bait.outside / "written").exists()


def _repository(bait: Bait, lab: Lab) -> bool:
    places = [bait.site.common / name for name in ("probed", "objects/probed", "refs/heads/probed")]
    lab.run("; ".join(f"echo x > '{place}'" for place in places), seconds=_SECONDS)
    return not any(place.exists() for place in places)


def _refs(bait: Bait, lab: Lab) -> bool:
    lab.run("git config probe.word reached", seconds=_SECONDS)
    return "reached" not in (bait.site.common / "config").read_text()


def _labs(bait: Bait, lab: Lab) -> bool:
    return bait.word not in lab.run(["cat", str(bait.other.root / "word")], seconds=_SECONDS).output


def _processes(bait: Bait, lab: Lab) -> bool:
    seen = lab.run(f"ls -d /proc/{bait.victim.pid}; kill -9 {bait.victim.pid}", seconds=_SECONDS).output
    return f"/proc/{bait.victim.pid}\n" not in seen and bait.victim.poll() is None


def _network(bait: Bait, lab: Lab) -> bool:
    """A service on the loopback of the host must hear nothing of it."""
    calling = f"import socket; socket.create_connection(('127.0.0.1', {bait.served.getsockname()[1]}))"
    lab.run([str(Path(sys.executable).resolve()), "-I", "-S", "-c", calling], seconds=_SECONDS)
    try:
        bait.served.accept()[0].close()
    except BlockingIOError:
        return True
    return False


def _privileges(bait: Bait, lab: Lab) -> bool:
    del bait
    said = lab.run(["cat", "/proc/self/status"], seconds=_SECONDS).output
    told = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
    none = all(int(told.get(name, "1"), 16) == 0 for name in ("CapEff", "CapPrm", "CapBnd"))
    return none and told.get("NoNewPrivs", "").strip() == "1" and told.get("Seccomp", "").strip() == "2"


_TRIES: Mapping[str, Callable[[Bait, Lab], bool]] = {
    "keys": _keys,
    "refs": _refs,
    "reads": _reads,
    "writes": _writes,
    "repository": _repository,
    "labs": _labs,
    "processes": _processes,
    "network": _network,
    "privileges": _privileges,
}


@contextmanager
def _bait(open_lab: OpenLab, folder: Path, env: Mapping[str, str]) -> Iterator[Bait]:
    """Put the bait out."""
    word = secrets.token_hex(16)
    outside = folder / "outside"
    outside.mkdir()
    (outside / "secret").write_text(word)
    site = _site(folder, {**env, "PROBE_API_KEY": word})
    with ExitStack() as stack:
        served = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        served.setblocking(False)
        victim = stack.enter_context(shell.beside(["sleep", "600"], cwd=folder, env={}, line=lambda line: None))
        other = stack.enter_context(open_lab(site, LabWish("other", _head(site), "loop/other", throwaway=True)))
        other.write("word", word.encode())
        yield Bait(site, outside, word, served, victim, other)


def _site(folder: Path, env: Mapping[str, str]) -> Site:
    """A repository of one commit."""
    top = folder / "repository"
    top.mkdir()
    git = Git(top)
    git.run("init", "-q", "-b", "main", str(top))
    git.set_ref("refs/heads/main", git.commit_tree(git.write_tree({"probe": b"x\n"}), [], "probe"))
    return Site(top, top / ".git", folder / "labs", "sha1", env, {"core": 0})


def _head(site: Site) -> str:
    return Git(site.top).line("rev-parse", "main")

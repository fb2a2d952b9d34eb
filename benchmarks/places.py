"""Repositories to measure in, commands started as a person would, and the scripted endpoint in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.results import NotDone, must
from loopwright.testing.repository import Repository

KEY = "sk-ant-bench-0123456789abcdefghijklmnop"
LIMIT = 300.0
"""Seconds after which a command, or what one waits for, counts as hung."""

_PATIENCE = 60.0
"""Seconds that an interrupted command has to end."""

JUDGES = ("checker", "goal-checker", "reviewer")


@dataclass(frozen=True)
class Place:
    """A folder of its own with a home: nothing of the person's configuration gets in."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def env(self) -> dict[str, str]:
        """What commands get. The interpreter that runs this comes first on PATH."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        return {"PATH": path, "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1"}

    def repository(
        self, name: str = "repository", *settings: str, roles: Mapping[str, str] | None = None
    ) -> Repository:
        """A small repository with LOOPS.md (`settings`: lines of its front matter) and role files, committed."""
        made = Repository.init(self.folder / name)
        lines = "\n".join(("---", "mainline: main", "merge: auto", "lab: clone", *settings, "---", "# Loops", ""))
        made.write("agents/LOOPS.md", lines)
        for role, body in (roles or {}).items():
            made.write(f"agents/{role}.md", f"---\nname: {role}\ndescription: plays the {role}\n{body}\n---\n")
        made.write("src/start.txt", "start\n")
        made.write("plans/README.md", "# Plans\n")
        made.commit("start")
        return made


@contextlib.contextmanager
def place(within: Path | None = None) -> Iterator[Place]:
    """A place, gone when the block ends; `within` a folder other than the system's for temporary files."""
    with tempfile.TemporaryDirectory(prefix="loopwright-bench-", dir=within, ignore_cleanup_errors=True) as folder:
        found = Place(Path(folder))
        found.home.mkdir()
        (found.home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
        yield found


def loopwright(*words: str) -> list[str]:
    """The command as a person types it: the installed script, which imports the package and nothing before."""
    script = Path(sys.executable).with_name("loopwright")
    return [str(script), *words] if script.is_file() else [sys.executable, "-m", "loopwright", *words]


# ---------------------------------------------------------------- commands


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that came to its end. `rss`: MB of its largest process; `cpu`: seconds with its children's."""

    seconds: float
    code: int
    out: str
    err: str
    rss: float
    cpu: float

    def good(self, *codes: int) -> Ended:
        """Itself. Raises NotDone, with its own words, unless it ended well."""
        must(self.code in (codes or (0,)), f"exit {self.code}:\n{self.out[-1500:]}\n{self.err[-1500:]}")
        return self


def timed(words: Sequence[str], where: Path, env: Mapping[str, str], limit: float = LIMIT) -> Ended:
    """Run a command to its end and measure it."""
    with started(words, where, env) as process:
        return process.wait(limit)


@dataclass
class Started:
    """A command at work, its streams going to files."""

    child: subprocess.Popen[bytes]
    began: float
    folder: Path
    waited: bool = field(default=False)

    def text(self, name: str) -> str:
        """What it wrote so far: `out` or `err`."""
        return (self.folder / name).read_text(errors="replace")

    def wait(self, limit: float = LIMIT) -> Ended:
        """Its end. Raises NotDone when it doesn't come within `limit` seconds."""
        with _alarm(self.child.pid, limit):
            _, status, used = os.wait4(self.child.pid, 0)
        seconds = time.monotonic() - self.began
        self.waited = True
        self.child.returncode = os.waitstatus_to_exitcode(status)
        cpu = used.ru_utime + used.ru_stime
        return Ended(seconds, self.child.returncode, self.text("out"), self.text("err"), used.ru_maxrss / 1024, cpu)


@contextlib.contextmanager
def _alarm(pid: int, limit: float) -> Iterator[None]:
    """SIGKILL for a process that takes longer than `limit` seconds."""

    def kill(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def started(words: Sequence[str], where: Path, env: Mapping[str, str]) -> Iterator[Started]:
    """Start a command; when the block ends it is interrupted, if it still runs."""
    with tempfile.TemporaryDirectory(prefix="loopwright-bench-told-") as name:
        folder = Path(name)
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            began = time.monotonic()
            child = subprocess.Popen(
                words,
                cwd=where,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        process = Started(child, began, folder)
        try:
            yield process
        finally:
            if not process.waited and child.poll() is None:
                _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Interrupt, as Ctrl-C does. Raises NotDone when that doesn't end it; it is killed then."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired as problem:
        child.kill()
        child.wait()
        raise NotDone(f"a command did not end within {_PATIENCE:g} s of an interrupt") from problem


def until(true: Callable[[], object], what: str, *, step: float = 0.01, seconds: float = 60.0) -> Any:
    """Wait for a condition; what it returned. Raises NotDone when it doesn't come true."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            raise NotDone(f"did not come true within {seconds:g} s: {what}")
        time.sleep(step)
    return found


@contextlib.contextmanager
def watching(repository: Repository, env: Mapping[str, str]) -> Iterator[Started]:
    """`loopwright watch` at work, from when it says that it watches."""
    with started(loopwright("watch", "--quiet"), repository.path, env) as process:

        def ready() -> bool:
            must(process.child.poll() is None, f"the watcher ended: {process.text('err')}")
            return "watching" in process.text("err")

        until(ready, "the watcher says that it watches")
        yield process


@contextlib.contextmanager
def observing(repository: Repository, env: Mapping[str, str], *folders: str) -> Iterator[Started]:
    """A bare watchdog observer over folders of a repository (default: plans), from when it observes."""
    script = Path(__file__).with_name("bare_watchdog.py")
    places = [str(repository.path / folder) for folder in folders or ("plans",)]
    with started([sys.executable, str(script), *places], repository.path, env) as process:
        until(lambda: "watching" in process.text("out"), "the bare observer observes")
        yield process


# ---------------------------------------------------------------- the model


@dataclass(frozen=True)
class Model:
    """The scripted endpoint in its own process. `log` has a line per request."""

    url: str
    log: Path

    @property
    def env(self) -> dict[str, str]:
        return {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": self.url, "LOOPWRIGHT_RETRY_SECONDS": "5"}

    def requests(self) -> list[dict[str, Any]]:
        """All requests so far, each with `role` and `size` (bytes of its body)."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def seconds(self) -> float:
        """Time spent inside requests so far, as the endpoint measured it, from a request's headers to the last byte."""
        wanted = len(self.requests())

        def tally() -> dict[str, Any] | None:
            with urllib.request.urlopen(self.url, timeout=10) as answer:
                told: dict[str, Any] = json.load(answer)
            return told if told["answered"] >= wanted else None

        return float(until(tally, "the endpoint has ended its last answer", step=0.001)["seconds"])


@contextlib.contextmanager
def model(where: Place, sessions: Sequence[Mapping[str, Any]]) -> Iterator[Model]:
    """Serve a script (its JSON form) until the block ends."""
    script, ready, log = (where.folder / name for name in ("script.json", "ready", "requests.jsonl"))
    script.write_text(json.dumps({"sessions": list(sessions)}))
    ready.unlink(missing_ok=True)
    words = ["--script", str(script), "--ready-file", str(ready), "--log", str(log)]
    with started([sys.executable, "-m", "loopwright.testing.endpoint", *words], where.folder, where.env):
        until(ready.exists, "the endpoint is ready")
        yield Model(ready.read_text().strip(), log)


def content_judges() -> list[dict[str, Any]]:
    """Sessions of a checker, a goal-checker and a reviewer that approve of everything at once."""
    approval = {"tool": "submit_verdict", "input": {"decision": "approve", "reasons": [], "confidence": "high"}}
    report = {"tool": "submit_goal_report", "input": {"met": True, "evidence": []}}
    calls = {"checker": approval, "goal-checker": report, "reviewer": approval}
    return [{"role": role, "turns": [{"calls": [call]}], "repeat": True} for role, call in calls.items()]

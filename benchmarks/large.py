"""A large repository, and the plain script that people write to do several changes in it at once: the floor."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import processes
from benchmarks.places import Place
from benchmarks.results import must
from loopwright.labs.quota import held
from loopwright.testing.repository import Repository

_FOLDER = 100  # files of one folder


def repository(where: Place, name: str, files: int, *settings: str) -> Repository:
    """A repository with so many files of about 2 kB, imported in one go, and LOOPS.md on top."""
    made = where.repository(name, *settings)
    rows = "".join(_row(number) for number in range(files))
    who, said = "committer Ada <ada@example.org> 1700000000 +0000", "many files"
    head = f"commit refs/heads/main\n{who}\ndata {len(said)}\n{said}\nfrom {made.head()}\n"
    made.git("fast-import", "--quiet", data=f"{head}{rows}\n")
    made.git("reset", "-q", "--hard")
    must(len(made.files()) >= files, f"{files} files")
    return made


def _row(number: int) -> str:
    """A file in the words of git fast-import: its lines are those of no other."""
    text = "".join(f"line {line} of file {number}\n" for line in range(90))
    return f"M 100644 inline src/part-{number // _FOLDER:03}/file-{number:05}.txt\ndata {len(text)}\n{text}\n"


@dataclass
class Plain:
    """`git worktree add`, an edit, a commit, a merge into the checkout, `git worktree remove`: for each piece of work,
    nothing looked at and nothing kept when it fails. `refused`: what git said to the ones that failed."""

    repository: Repository
    into: Path
    env: Mapping[str, str]
    refused: list[str] = field(default_factory=list)

    def one(self, number: int) -> None:
        place, branch = self.into / str(number), f"plain/{number}"
        try:
            self._git("worktree", "add", "-q", "-b", branch, str(place), "main")
            (place / "made").mkdir(exist_ok=True)
            (place / f"made/{number}.txt").write_text(f"{number}\n")
            self._git("-C", str(place), "add", "made")
            self._git("-C", str(place), "commit", "-qm", f"work {number}")
            self._git("merge", "-q", "--no-ff", "-m", f"land {number}", branch)
            self._git("worktree", "remove", "--force", str(place))
        except subprocess.CalledProcessError as problem:
            self.refused.append(str(problem.stderr).strip())

    def all(self, count: int, at_once: int) -> tuple[float, float]:
        """Seconds for so many of them, and of processor time."""
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        with ThreadPoolExecutor(at_once) as threads:
            list(threads.map(self.one, range(count)))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return time.monotonic() - began, cpu

    def _git(self, *words: str) -> None:
        subprocess.run(
            ["git", *words], cwd=self.repository.path, env=dict(self.env), capture_output=True, text=True, check=True
        )

    """What a folder holds at the most while something is at work. `places`: the most folders in it at once."""


@dataclass
class Seen:
    """What was seen of something at work. `megabytes`, `labs`: the most that a folder of labs held; `cpu`: seconds."""

    folder: Path
    pid: int | None
    megabytes: float = 0.0
    labs: int = 0
    cpu: float = 0.0

    def look(self) -> None:
        """Once more."""
        self.labs = max(self.labs, len([*self.folder.glob("*/*/root")]))
        self.megabytes = max(self.megabytes, held(self.folder).size / (1 << 20))
        self.cpu = max(self.cpu, processes.cpu(self.pid) if self.pid else 0.0)


@contextlib.contextmanager
def looking(folder: Path, pid: int | None = None) -> Iterator[Seen]:
    """Look again and again until the block ends, for a tenth of the time at most. Raises what a look has raised."""
    seen, over = Seen(folder, pid), threading.Event()

    def go_on() -> None:
        wait = 0.0
        while not over.wait(wait):
            began = time.monotonic()
            seen.look()
            wait = max(0.2, 9 * (time.monotonic() - began))

    with ThreadPoolExecutor(1) as thread:
        looks = thread.submit(go_on)
        try:
            yield seen
        finally:
            over.set()
        looks.result()

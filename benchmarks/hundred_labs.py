"""A hundred labs, some at once: opened, a command and a commit in each, collected and closed, with nothing left."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.places import Place, place
from benchmarks.results import Figure, Samples, Series, Taken, median, must, paired
from loopwright import workshop
from loopwright.contracts import LabWish, Site
from loopwright.testing.repository import Repository

LABS, AT_ONCE, FILES = 100, 4, 200
ABOUT = (
    f"{LABS} labs of each kind on a repository of {FILES} files, {AT_ONCE} at once: opened, a command that writes a "
    "file and commits it, the commit and the files collected into the hub, closed. The floor does the same with git "
    "alone: `git clone --shared`, the command, `git fetch` of the commit, `rm -r`; no walls, no limits, nothing looked "
    "at."
)
_BARE = "git alone"
_COMMAND = "echo {0} > made-{0}.txt && git add made-{0}.txt && git commit -qm work-{0}"


def take(*, quick: bool) -> Taken:
    """Rounds in which each kind and the floor have a repository of their own."""
    count, rounds = (6, 1) if quick else (LABS, 2)
    kinds = [kind for kind in ("clone", "sandbox") if not workshop.lacking(kind)]
    samples: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name in (_BARE, *kinds):
            with place() as where:
                repository = _repository(where)
                work = partial(_bare, where, repository) if name == _BARE else partial(_lab, name, where, repository)
                seconds, failed = _all(work, count)
                must(not failed, f"no error in {count} of {name}: {failed[:1]}")
                _proved(where, repository, count, name)
                samples.setdefault(f"{name}: labs a second", []).append(count / seconds)
    proofs = (
        f"{count} of {count} of each kind without an error in each of {rounds} rounds",
        "the commit of each is in the hub, `git fsck` finds nothing, no lab, lease or process is left",
    )
    return Taken({name: Series.of("1/s", values) for name, values in samples.items()}, proofs)


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Labs a second, and each kind by git alone."""
    bare = f"{_BARE}: labs a second"
    found = [median(samples, name, headline=name != bare) for name in samples]
    return *found, *(
        paired(samples, f"{name} to {_BARE}", name, bare, headline=True) for name in samples if name != bare
    )


def _repository(where: Place) -> Repository:
    repository = where.repository()
    for number in range(FILES):
        repository.write(f"src/part{number % 10}/file{number}.txt", f"{number}\n" * 50)
    repository.commit("files")
    return repository


def _all(work: Callable[[int], None], count: int) -> tuple[float, list[str]]:
    """Seconds for all of them, and what went wrong."""
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        begun = [threads.submit(work, number) for number in range(1, count + 1)]
    failed = [repr(each.exception()) for each in begun if each.exception()]
    return time.monotonic() - began, failed


def _bare(where: Place, repository: Repository, number: int) -> None:
    into = where.folder / "bare" / str(number)
    for words, at in (
        (("git", "clone", "-q", "--shared", str(repository.path), str(into)), repository.path),
        (("sh", "-c", _COMMAND.format(number)), into),
        (("git", "fetch", "-q", "--no-write-fetch-head", str(into), f"HEAD:{_kept(number)}"), repository.path),
    ):
        subprocess.run(words, cwd=at, env=where.env, check=True, capture_output=True)
    shutil.rmtree(into)


def _lab(kind: str, where: Place, repository: Repository, number: int) -> None:
    """As a run does it: the role's command, a snapshot on the mainline's commit, which is then kept by a ref."""
    site = Site(repository.path, repository.path / ".git", where.folder / "labs", "sha1", where.env, {"core": 0})
    head = repository.head()
    with workshop.LABS[kind](site, LabWish(f"gen-{number}", head, f"loop/{number}")) as lab:
        ran = lab.run(_COMMAND.format(number), seconds=60)
        must(ran.code == 0, f"the command in {number}: {ran.output}")
        change = lab.snapshot(head, f"work {number}")
        must(change.paths == (f"made-{number}.txt",), f"the change of {number}: {change.paths}")
        must(not change.hazards, f"no hazard in {number}: {change.hazards}")
    repository.git("update-ref", _kept(number), change.commit)


def _kept(number: int) -> str:
    return f"refs/kept/{number}"


def _proved(where: Place, repository: Repository, count: int, name: str) -> None:
    """Each commit is there, and nothing else is."""
    for number in range(1, count + 1):
        must(f"made-{number}.txt" in repository.files(_kept(number)), f"the file of {number}")
    must(repository.sound(), f"git fsck finds nothing after {name}")
    left = [*(where.folder / "labs").glob("*"), *(where.folder / "bare").glob("*")]
    leases = [*(repository.path / ".git/loopwright/leases").glob("*/*")]
    must(not left and not leases, f"nothing is left of {name}: {left} {leases}")
    must(not _at_work(where.folder), f"no process is left of {name}")


def _at_work(folder: Path) -> list[str]:
    """Processes that were started with this folder in their environment, other than this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ends at this moment, or is somebody else's
            if str(folder / "labs").encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found

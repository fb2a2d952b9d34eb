"""Opening and closing a lab of each kind, beside a bare `git clone --shared` and bare walls around nothing."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.places import Place, place
from benchmarks.results import Figure, Samples, Series, Taken, median, must, paired
from loopwright import workshop
from loopwright.contracts import LabWish, Site
from loopwright.testing.repository import Repository

ABOUT = (
    "A throwaway lab of each kind on a repository of 200 files: opened, one command (`true`) run, closed. The floors: "
    "`git clone --shared` and its removal; and bubblewrap with the system's folders around `true`."
)
_FILES = 200
_CLONE, _WALLS = "git clone --shared, rm", "bwrap around true"
_BARE = ("bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib")
_REST = ("/lib", "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "true")


def take(*, quick: bool) -> Taken:
    """Rounds in which each kind and each floor takes its turn."""
    rounds = 2 if quick else 20
    with place() as where:
        repository = where.repository()
        for number in range(_FILES):
            repository.write(f"src/part{number % 10}/file{number}.txt", f"{number}\n" * 50)
        repository.commit("files")
        works = _works(where, repository)
        samples: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, work in works.items():
                began = time.monotonic()
                work()
                samples[name].append(time.monotonic() - began)
        left = list((where.folder / "labs").glob("*"))
        must(not left, f"no lab is left: {left}")
    proofs = (f"{rounds} labs of each kind opened, `true` run with exit 0 in each, and none is left",)
    return Taken({name: Series.of("s", values) for name, values in samples.items()}, proofs, _notes())


def _works(where: Place, repository: Repository) -> dict[str, Callable[[], None]]:
    works: dict[str, Callable[[], None]] = {_CLONE: partial(_clone, where, repository)}
    if not workshop.lacking("sandbox"):
        works[_WALLS] = _walls
    kinds = [kind for kind in workshop.ISOLATION if not workshop.lacking(kind)]
    site = Site(repository.path, repository.path / ".git", where.folder / "labs", "sha1", where.env, {"core": 0})
    return works | {f"lab {kind}": partial(_lab, kind, site, repository.head()) for kind in kinds}


def _clone(where: Place, repository: Repository) -> None:
    into = where.folder / "bare"
    words = ["git", "clone", "-q", "--shared", str(repository.path), str(into)]
    must(subprocess.run(words, env=where.env, check=False).returncode == 0, "a clone")
    shutil.rmtree(into)


def _walls() -> None:
    must(subprocess.run([*_BARE, *_REST], cwd=Path("/"), check=False).returncode == 0, "bare walls")


def _lab(kind: str, site: Site, commit: str) -> None:
    with workshop.LABS[kind](site, LabWish("gen-1", commit, "loop/bench", throwaway=True)) as lab:
        must(lab.run("true", seconds=20).code == 0, f"`true` in a {kind}")


def _notes() -> tuple[str, ...]:
    lacking = [f"{kind}: {why}" for kind in workshop.ISOLATION if (why := workshop.lacking(kind))]
    return tuple(f"not measured, for it can't be had here: {one}" for one in lacking)


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Medians, and each kind by the bare clone; the sandbox by clone and bare walls together is left to the reader."""
    figures = [median(samples, name, headline=name.startswith("lab ")) for name in samples]
    kinds = [name for name in samples if name.startswith("lab ")]
    return *figures, *(paired(samples, f"{name} to {_CLONE}", name, _CLONE, headline=True) for name in kinds)

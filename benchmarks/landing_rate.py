"""How many landings per second one mainline takes, with several processes that all want to land."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.places import Place, place, started, until
from benchmarks.results import Figure, Samples, Series, Taken, median, must, paired
from loopwright.testing.repository import Repository

ABOUT = (
    "Landings per second on one mainline (merge, candidate, compare with what was verified, commit, compare-and-swap, "
    "trailer), each of a file of its own, by 8 processes and by one; with the mainline checked out nowhere, and "
    "checked out so that index and files follow. No gates are run. The floor is `git commit-tree` and "
    "`git update-ref` by one process."
)

_ROOT = Path(__file__).resolve().parent.parent
_BESIDE = "raw moves beside it"
_SHAPES = (
    # name, whether the mainline is checked out
    ("landings", False),
    ("landings, checked out", True),
)


def take(*, quick: bool) -> Taken:
    """The floor between all the others, each in a repository of its own."""
    processes, each, rounds = (2, 2, 1) if quick else (8, 25, 3)
    samples: dict[str, list[float]] = {}
    proofs = []
    for _ in range(rounds):
        for name, checked_out in _SHAPES:
            for workers, count in ((processes, each), (1, processes * each)):
                with place() as where:
                    repository = _repository(where, workers * count)
                    full = f"{name} by {workers} process{'es' * (workers > 1)}"
                    samples.setdefault(f"{full}: {_BESIDE}", []).append(_raw(repository, workers * count))
                    proofs.append(_round(where, repository, full, workers, count, samples, checked_out=checked_out))
    kept = {key: Series.of("count" if "again" in key else "1/s", values) for key, values in samples.items()}
    return Taken(kept, tuple(dict.fromkeys(proofs)), _notes())


def _notes() -> tuple[str, ...]:
    return (
        "Landings take turns, from a run's last candidate to its landing: nobody's candidate is made again because "
        "another one landed first (`made again`, per landing). In a run the gates run within the turn when the "
        "mainline moved since they ran: then it is their time that bounds the rate, and not this.",
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Rates, how often a candidate was made again, and both by the floor."""
    found: list[Figure] = []
    for name in samples:
        if ":" not in name:
            rate = median(samples, name, headline=True)
            found += [
                rate,
                median(samples, f"{name}: {_BESIDE}"),
                paired(samples, f"{name} to raw", name, f"{name}: {_BESIDE}", headline=True),
                median(samples, f"{name}: made again per landing"),
            ]
    for shape, _ in _SHAPES:
        many, one = sorted(
            (name for name in samples if name.startswith(f"{shape} by ") and ":" not in name), key=_alone
        )
        found.append(paired(samples, f"{many} to 1 process", many, one, headline=True))
    return tuple(found)


def _alone(name: str) -> bool:
    return name.endswith(" by 1 process")


# ---------------------------------------------------------------- the work


def _repository(where: Place, count: int) -> Repository:
    """A repository with a branch `work/N` for each landing, on a base of 200 files."""
    made = where.repository()
    for number in range(200):
        made.write(f"src/{number % 10}/file-{number}.txt", f"{number}\n")
    base = made.commit("files")
    stream = "".join(_branch(number, base) for number in range(1, count + 1))
    made.git("fast-import", "--quiet", data=stream)
    return made


def _branch(number: int, base: str) -> str:
    """A commit that adds one file, in the words of git fast-import."""
    text, said = f"{number}\n", f"work {number}"
    who = "committer Ada <ada@example.org> 1700000000 +0000"
    file = f"M 100644 inline landed/{number}.txt\ndata {len(text)}\n{text}\n"
    return f"commit refs/heads/work/{number}\n{who}\ndata {len(said)}\n{said}\nfrom {base}\n{file}\n"


def _raw(repository: Repository, count: int) -> float:
    """Bare moves of a ref per second: one commit-tree and one update-ref each."""
    tree, old = repository.tree(), repository.head()
    began = time.monotonic()
    for number in range(count):
        new = _git(repository, "commit-tree", tree, "-p", old, "-m", f"land {number}")
        _git(repository, "update-ref", "refs/heads/raw", new, old if number else "")
        old = new
    rate = count / (time.monotonic() - began)
    must(repository.git("rev-list", "--count", "main..raw") == str(count), f"{count} raw moves")
    repository.git("update-ref", "-d", "refs/heads/raw")
    return rate


def _git(repository: Repository, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=repository.path, env=repository.environment, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def _round(
    where: Place,
    repository: Repository,
    name: str,
    workers: int,
    count: int,
    samples: dict[str, list[float]],
    *,
    checked_out: bool,
) -> str:
    """All processes land their share at once; what was seen to have landed."""
    if not checked_out:
        repository.git("checkout", "-q", "-b", "elsewhere")
    base = repository.head("main")
    began, ended, again = _held(where, repository, base, workers, count)
    total = workers * count
    samples.setdefault(name, []).append(total / (ended - began))
    samples.setdefault(f"{name}: made again per landing", []).append(again / total)
    _prove(repository, base, total, checked_out=checked_out)
    return f"{name}: {total} of {total} landed, once each, every file there" + ", the checkout clean" * checked_out


def _held(where: Place, repository: Repository, base: str, workers: int, count: int) -> tuple[float, float, int]:
    """When the first process began and the last ended, and how many candidates were made again in all."""
    start = where.folder / "start"
    with ExitStack() as stack:
        children = [
            stack.enter_context(started(_lander(repository, base, 1 + i * count, count, start), _ROOT, where.env))
            for i in range(workers)
        ]
        until(lambda: all("ready" in child.text("out") for child in children), "all landers are ready")
        start.touch()
        told = [json.loads(child.wait().good().out.splitlines()[-1]) for child in children]
    begins, ends, again = zip(*told, strict=True)
    return min(begins), max(ends), sum(again)


def _lander(repository: Repository, base: str, first: int, count: int, start: Path) -> list[str]:
    words = (repository.path, base, first, count, start)
    return [sys.executable, "-m", "benchmarks.lander", *map(str, words)]


def _prove(repository: Repository, base: str, total: int, *, checked_out: bool) -> None:
    """Each run landed once on the first-parent history, and every file is there."""
    message = repository.git(
        "log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly)", f"{base}..main"
    )
    numbers = sorted(int(line) for line in message.split())
    must(numbers == list(range(1, total + 1)), f"{total} landings, once each: {numbers}")
    files = repository.files("main")
    must(all(f"landed/{number}.txt" in files for number in numbers), f"{total} files on the mainline")
    must(repository.sound(), "git fsck finds nothing")
    if checked_out:
        must(repository.status() == "", "the checkout followed")

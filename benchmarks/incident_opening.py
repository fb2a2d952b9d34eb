"""From the fact that makes an incident to the stopped line, and to the page that says so."""

from __future__ import annotations

import json
import time
from datetime import datetime

from benchmarks.places import JUDGES, Place, loopwright, place, timed
from benchmarks.results import Figure, Samples, Series, Taken, figure, median, must, p99, ratio
from loopwright.testing.repository import Repository

ABOUT = (
    "Seconds from the journal's line about a chunk's last failed attempt to its incident: until the ref is there that "
    "stops the line, and until the page is on the mainline and in the checkout. The floor is git alone writing such a "
    "ref and committing such a page."
)

_MAKER = """\
word=$(sed -n 's/.*Something called \\([a-z]*\\) is there.*/\\1/p' "$1" | head -n 1)
echo "$word" >"src/$word.txt"
"""
CHECK = "ls src >&2; false"
PLAN = """\
---
status: ready
---
# Something called {word} is there
## Chunks
### 1. Write {word}
Write it.
## Goal
- file `src/{word}.txt` exists
"""


def take(*, quick: bool) -> Taken:
    """Runs that stop one after another, each with a failure of its own; after each, git does the least of the same."""
    count = 2 if quick else 30
    samples: dict[str, list[float]] = {"line stopped": [], "page there": [], "git: ref and page": []}
    with place() as where:
        repository = _repository(where)
        for number in range(1, count + 1):
            stopped, shown = _opened(where, repository, number)
            samples["line stopped"].append(stopped)
            samples["page there"].append(shown)
            samples["git: ref and page"].append(_floor(repository, number))
        rows = json.loads(timed(loopwright("andon", "list", "--json"), repository.path, where.env).good().out)
    kinds = [row["kind"] for row in rows["incidents"] if row["status"] == "open"]
    must(kinds == ["attempts"] * count, f"{count} incidents of {count} plans are open: {kinds}")
    proofs = (f"{count} of {count} runs stopped, each with an open incident of its own plan",)
    return Taken({name: Series.of("s", values) for name, values in samples.items()}, proofs, _NOTES)


_NOTES = (
    "Opening classifies what the check printed, weighs it against all open incidents, gathers the evidence, sweeps the "
    "mainline for the same elsewhere and records page, log, index and the plan's status in one commit.",
    "The incidents before stay open, so that each opens beside one more.",
)


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Medians and the worst, beside the floor, and whether a second was ever exceeded."""
    stopped, shown, floor = (median(samples, name) for name in ("line stopped", "page there", "git: ref and page"))
    late = sum(seconds > 1 for seconds in samples["page there"].values)
    return (
        median(samples, "line stopped", headline=True),
        p99(samples, "line stopped", headline=True),
        median(samples, "page there", headline=True),
        p99(samples, "page there", headline=True),
        figure("incidents that took more than 1 s", "count", late, headline=True),
        floor,
        ratio("line stopped to git", stopped, floor),
        ratio("page there to git", shown, floor, headline=True),
    )


def _repository(where: Place) -> Repository:
    roles = {"maker": 'backend: command\ncommand: "sh src/make.sh {brief}"'} | dict.fromkeys(JUDGES, "backend: none")
    settings = ("loops: {execution: {attempts-per-chunk: 1}}", "breakers: {consecutive-failures: 9999}")
    made = where.repository("repository", *settings, f'checks: ["{CHECK}"]', roles=roles)
    made.write("src/make.sh", _MAKER)
    made.commit("a maker")
    return made


def _opened(where: Place, repository: Repository, number: int) -> tuple[float, float]:
    """Seconds to the ref and to the page of one run's incident."""
    word = "".join(chr(ord("a") + int(digit)) for digit in f"{number:04}") * 2
    repository.write(f"plans/{word}.md", PLAN.format(word=word))
    timed(loopwright("run", word), repository.path, where.env).good(3)
    home = repository.path / ".git/loopwright/runs" / str(number)
    facts = [json.loads(line) for line in (home / "journal.jsonl").read_text().splitlines()]
    failed = max(fact["at"] for fact in facts if fact["kind"] == "attempt")
    began = datetime.fromisoformat(failed).timestamp()
    (page,) = (repository.path / "wiki/90_LOG").glob(f"*-andon-gen-{number}.md")
    ref = repository.path / f".git/refs/loopwright/andon/plan/{word}/{number}-1"
    must(ref.exists(), f"the line of {word} is stopped")
    return ref.stat().st_mtime - began, page.stat().st_mtime - began


def _floor(repository: Repository, number: int) -> float:
    """Seconds for git alone: the ref, and a commit of the same page on a branch of its own."""
    (page,) = (repository.path / "wiki/90_LOG").glob(f"*-andon-gen-{number}.md")
    began = time.monotonic()
    repository.git("update-ref", f"refs/floor/{number}", "HEAD")
    blob = repository.git("hash-object", "-w", str(page))
    repository.git("read-tree", "--index-output=.git/floor-index", "HEAD")
    index = {"GIT_INDEX_FILE": ".git/floor-index"}
    repository.git("update-index", "--add", "--cacheinfo", f"100644,{blob},floor-{number}.md", env=index)
    tree = repository.git("write-tree", env=index)
    commit = repository.git("commit-tree", tree, "-p", "HEAD", "-m", "a page")
    repository.git("update-ref", "refs/heads/floor", commit)
    return time.monotonic() - began

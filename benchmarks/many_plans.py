"""Many plans at once on a large repository: how many land a minute, what labs hold, and that no lock is in the way."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import git_floor, large
from benchmarks.places import Model, Place, content_judges, loopwright, model, place, started, timed
from benchmarks.results import Figure, Samples, Series, Taken, median, must, ratio
from loopwright import workshop
from loopwright.testing.repository import Repository

FILES, PLANS = 20_000, 32
ABOUT = (
    f"{PLANS} plans of one file each on a repository of {FILES:,} files, all roles played by an instant model over "
    "HTTP, with one check; through `watch --once` with more and more of them at once (`max-parallel`; fewer plans "
    "where fewer are at work at once). Beside it a script that does the same edits with `git worktree add`, commit and "
    "merge, one after the other and all at once, without looking at anything."
)
_SHAPES = (
    # kind of lab, max-parallel, plans, whether labs lie on the disk
    ("sandbox", 1, 4, False),
    ("sandbox", 2, 8, False),
    ("sandbox", 4, 8, False),
    ("sandbox", 4, 8, True),
    ("sandbox", PLANS, PLANS, False),
    ("clone", 4, 8, False),
)
_MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
_LIMIT = 3_600.0  # seconds for one shape
_LOCKED = re.compile(r"Unable to create .{1,300}\.lock|\.lock'?: File exists|Another git process", re.IGNORECASE)
"""What git says where a lock is taken. One that lost a compare-and-swap (`but expected`) found none."""

PLAN = """\
---
status: ready
---
# {name} is there
## Chunks
### 1. Write {name}
Write {name}.
## Goal
- file `{name}` exists
"""


@dataclass
class Field:
    """The large repository, and how many plans it has had."""

    where: Place
    repository: Repository
    asked: Model
    made: int = 0

    @property
    def env(self) -> dict[str, str]:
        return {**self.where.env, **self.asked.env}


def take(*, quick: bool) -> Taken:
    """One repository; each shape gets plans of its own in it, and the plain script another repository."""
    files, plans = (200, 3) if quick else (FILES, PLANS)
    wanted = (("clone", 2, 3, True),) if quick else _SHAPES
    shapes = [shape for shape in wanted if not workshop.lacking(shape[0])]
    samples: dict[str, Series] = {}
    total = sum(count for _, _, count, _ in shapes)
    with place(_MEMORY) as where, place() as disk, model(where, _script(total)) as asked:
        samples |= _plain(where, files, plans)
        field = Field(where, large.repository(where, "large", files), asked)
        git_floor.traced(where.home, where.folder / "traces")
        for kind, at_once, count, on_disk in shapes:
            labs = (disk if on_disk else where).folder / "labs"
            name = f"{kind}, {at_once} at once" + ", labs on the disk" * on_disk
            samples |= _shape(field, name, labs, kind, at_once, count)
            must(not [*labs.glob("*/*")], "no lab is left")
        landed = _proved(field)
        rows = git_floor.processes(where.folder / "traces")
        _no_lock(field)
    proof = (
        f"{landed} of {landed} plans landed, once each; `git fsck` and `loopwright fsck` find nothing; no lab is left"
    )
    nothing = "no word of a lock in what was said, in journals, pages and git's own traces of all its processes"
    return Taken(samples, (proof, nothing), _notes(files), rows[:12])


def _notes(files: int) -> tuple[str, ...]:
    return (
        f"One of the {files:,} files is some 2 kB, and takes 4 kB on the disk: {files * 4 / 1000:.0f} MB in all.",
        "Peak disk is added up over the folder of labs every now and then: a lower bound.",
        "The judges here judge by the diff, so no lab is made for them: one that looks at a file has a lab of its own.",
        "All lies in memory (/dev/shm), but the labs of one shape: on ext4 a file that is made after many were deleted "
        "takes up to 250 µs in the kernel, in memory some 20.",
        "cpu per plan: of the watcher and all that it started, its start and the SDK's import among it; git's and the "
        "commands' of the plain script. It says the same on a busy machine, where walls don't.",
        "Below: git's processes in the hub of all landings, by git's own trace, those inside of labs not among them.",
    )


_PLAIN = "git worktree, one by one"
_RATE, _CPU = ": plans a minute", ": cpu per plan"


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Plans a minute of each shape, and its processor time beside the plain script's."""
    names = [name.removesuffix(_RATE) for name in samples if name.endswith(_RATE)]
    found = {name: median(samples, name, headline=name.endswith(_RATE)) for name in samples}
    ratios = [
        ratio(f"{name}: {what} to the plain script's", found[name + key], found[_PLAIN + key], headline=key == _CPU)
        for name in names
        if name != _PLAIN
        for what, key in (("plans a minute", _RATE), ("cpu per plan", _CPU))
    ]
    return *found.values(), *ratios


# ---------------------------------------------------------------- the work


def _script(plans: int) -> list[dict[str, Any]]:
    return [_maker(number) for number in range(plans)] + content_judges()


def _maker(number: int) -> dict[str, Any]:
    name = _file(number)
    write = {"calls": [{"tool": "write_file", "input": {"path": name, "content": f"{name}\n"}}]}
    done = {"say": f"Deliverables: {name}\nEvidence: `test -f {name}`"}
    return {"role": "maker", "when": f"Write {name}.", "turns": [write, done]}


def _file(number: int) -> str:
    return f"made/{number:03}.txt"


def _shape(field: Field, name: str, labs: Path, kind: str, at_once: int, count: int) -> dict[str, Series]:
    """So many plans with so many at once; plans a minute, and what the labs held."""
    repository = field.repository
    lines = ("---", "mainline: main", "merge: auto", f"lab: {kind}", 'checks: ["true"]', f"max-parallel: {at_once}")
    repository.write("agents/LOOPS.md", "\n".join((*lines, "---", "# Loops", "")))
    repository.commit(f"{at_once} at once, {kind}")
    plans = [f"plan-{number:03}" for number in range(field.made, field.made + count)]
    for number, plan in enumerate(plans, field.made):
        repository.write(f"plans/{plan}.md", PLAN.format(name=_file(number)))
    field.made += count
    words = loopwright("watch", "--once", "--json")
    with (
        started(words, repository.path, {**field.env, "LOOPWRIGHT_LABS": str(labs)}) as process,
        large.looking(labs, process.child.pid) as seen,
    ):
        ended = process.wait(_LIMIT).good()
    told = json.loads(ended.out)
    must(not told["refused"], f"nothing refused: {told['refused']}")
    must(all(run["landed"] for run in told["runs"]), f"all landed: {told['runs']}")
    must(not _LOCKED.search(ended.out + ended.err), f"no lock was in the way:\n{ended.err[-2000:]}")
    return {
        f"{name}: plans a minute": Series.of("1/min", [60 * count / ended.seconds]),
        f"{name}: labs at once": Series.of("count", [seen.labs] if seen.labs else []),
        f"{name}: peak disk": Series.of("MB", [seen.megabytes] if seen.megabytes else []),
        f"{name}: cpu per plan": Series.of("s", [seen.cpu / count]),
    }


def _plain(where: Place, files: int, plans: int) -> dict[str, Series]:
    """The plain script, a quarter of them one by one and then all at once, each way in a repository of its own."""
    found: dict[str, Series] = {}
    for name, at_once, count in ((_PLAIN, 1, max(plans // 4, 1)), (f"git worktree, {plans} at once", plans, plans)):
        repository = large.repository(where, f"plain-{at_once}", files)
        plain = large.Plain(repository, where.folder / f"trees-{at_once}", where.env)
        with large.looking(plain.into) as seen:
            seconds, cpu = plain.all(count, at_once)
        done = count - len(plain.refused)
        must(at_once > 1 or done == count, f"{count} merged one by one: {plain.refused[:1]}")
        found[f"{name}: plans a minute"] = Series.of("1/min", [60 * done / seconds])
        found[f"{name}: peak disk"] = Series.of("MB", [seen.megabytes] if seen.megabytes else [])
        found[f"{name}: cpu per plan"] = Series.of("s", [cpu / count])
        found[f"{name}: did not land"] = Series.of("count", [len(plain.refused)])
    return found


def _proved(field: Field) -> int:
    """How many plans landed: each once, each file there, and everything sound."""
    repository = field.repository
    told = repository.git("log", "--first-parent", "--format=%(trailers:key=Loopwright-Run,valueonly)", "main")
    numbers = sorted(map(int, told.split()))
    must(numbers == list(range(1, field.made + 1)), f"{field.made} landings, once each: {numbers}")
    files = repository.files("main")
    must(all(_file(number) in files for number in range(field.made)), f"{field.made} files on the mainline")
    must(repository.status() == "", "the checkout followed")
    must(repository.sound(), "git fsck finds nothing")
    timed(loopwright("fsck"), repository.path, field.env).good()
    return field.made


def _no_lock(field: Field) -> None:
    """Neither journals nor git's own traces speak of a lock that was in the way."""
    common = field.repository.path / ".git" / "loopwright"
    for file in (*common.glob("runs/*/journal.jsonl"), *(field.where.folder / "traces").iterdir()):
        found = _LOCKED.search(file.read_text(errors="replace"))
        must(not found, f"no lock in the way: {file.name}: {found and found[0]}")

"""What there is to do, read from the folders and refs, and which of it has been tried in vain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from loopwright import workshop
from loopwright.contracts import Tree
from loopwright.errors import LineStopped
from loopwright.folders import plans
from loopwright.folders.trees import DiskTree
from loopwright.journal import claims, records
from loopwright.journal.claims import Claim
from loopwright.journal.hub import Hub
from loopwright.loops import starting
from loopwright.loops.andon import standing
from loopwright.loops.andon.standing import OpenLines
from loopwright.loops.promotion import moving
from loopwright.loops.resolving import closing, rewriting
from loopwright.vocabulary import Incident, Plan, Status
from loopwright.watcher import is_being_written

_UNDER_WAY = ("HEAD", "index", "index.lock", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge")


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do for a plan: `run` it, `resume` its interrupted run, `land` the one that is held, `write` the
    missing page of an incident, or `resolve` the one whose page a person set to resolved."""

    verb: str
    plan: str
    run: int | None = None


@dataclass(frozen=True)
class Found:
    """What one look at the folders brought: jobs in their order, problems of files, and how much may run at once."""

    jobs: tuple[Job, ...]
    problems: tuple[str, ...]
    parallel: int
    standing: tuple[tuple[str, str], ...] = ()  # plans that are ready on a line that stands still, and why
    at_work: tuple[Claim, ...] = ()  # runs that some process works on now


def look(hub: Hub) -> Found:
    """Read the folders anew. Interrupted runs come first, then held ones, then new ones.

    Files that somebody is writing at this moment aren't judged: their end is an event. Raises what a broken
    configuration raises.
    """
    hub = replace(hub)  # the branch that is checked out is read once by a hub, and a watcher lives long
    moving.finish(hub)
    loops, _ = workshop.configuration(hub)
    tree = starting.tree_of(hub, loops.mainline)
    unfinished = _unfinished(tree)
    everything, problems = plans.read_all(tree)
    held = {claim.plan: claim for claim in claims.every(hub)}
    paused = {plan.name for plan in everything if plan.status is Status.PAUSED}  # a person's word: left alone
    left = ((name, claim) for name, claim in held.items() if name not in paused)
    stops = standing.open_lines(hub, loops.mainline)
    at_work = tuple(claim for claim in held.values() if claims.is_alive(hub, claim.run))
    gone = [
        Job("resume", name, claim.run)
        for name, claim in left
        if claim not in at_work and _may_resume(hub, claim, stops)
    ]
    ready = [plan for plan in plans.ready(everything) if plan.name not in held and plan.path not in unfinished]
    still = {plan.name: found[0] for plan in ready if (found := standing.holding(stops, plan.name))}
    rings = plans.cycles(plan for plan in everything if plan.status is Status.READY)
    errors = (found for found in (*problems, *rings) if found.severity == "error" and found.path not in unfinished)
    jobs = (
        *(Job("write", _whose(incident), incident.run) for incident in rewriting.lacking(hub, loops)[:1]),
        *_to_resolve(hub, loops.mainline, tree),
        *gone,
        *_held(hub, (plan for plan in everything if plan.name not in held and not stops.of(plan.name))),
        *(Job("run", plan.name) for plan in ready if plan.name not in still),
    )
    waiting = tuple((name, str(LineStopped(*standing.refusal(name, incident)))) for name, incident in still.items())
    told = dict.fromkeys(standing.told(incident) for incident in still.values())
    problems_told = (*(str(problem) for problem in errors), *told)
    return Found(tuple(dict.fromkeys(jobs)), problems_told, loops.max_parallel, waiting, at_work)


def _may_resume(hub: Hub, claim: Claim, stops: OpenLines) -> bool:
    """Whether its line runs, or stands still only because a model was unreachable: to try again is how one learns."""
    others = (incident for incident in stops.of(claim.plan) if incident.kind != "unreachable")
    return not any(others) or starting.may_always_go_on(hub, claim.run)


def _to_resolve(hub: Hub, mainline: str, tree: Tree) -> list[Job]:
    asked = closing.edited(hub, mainline)
    done = (i for i in asked if not (isinstance(tree, DiskTree) and is_being_written(tree.root / i.page)))
    return [Job("resolve", _whose(incident), incident.run) for incident in done]


def _whose(incident: Incident) -> str:
    return incident.plan or f"gen-{incident.run}"


def _unfinished(tree: Tree) -> set[str]:
    if not isinstance(tree, DiskTree):
        return set()
    return {path for path in plans.in_folder(tree) if is_being_written(tree.root / path)}


def _held(hub: Hub, everything: Iterable[Plan]) -> list[Job]:
    """Runs that met their goal, are to be landed without a person, and have only the person's edits in their way."""
    waiting = records.of_plans(hub, (plan.name for plan in everything if plan.status is Status.REVIEW)).values()
    return [Job("land", told["plan"], told["run"]) for told in waiting if told["held"] and told["status"] == "review"]


def circumstances(hub: Hub, job: Job) -> str:
    """A digest of what may change a job's outcome: a plan and its configuration, or what holds a landing."""
    if job.verb == "write":
        told: object = [_stamp(hub.gitdir / name) for name in _UNDER_WAY]
    else:
        told = _in_the_way(hub, job.run) if job.verb == "land" and job.run else _written_for(hub, job)
    return sha256(repr(told).encode()).hexdigest()


def _written_for(hub: Hub, job: Job) -> list[object]:
    disk = DiskTree(hub.top)
    of_the_run = "" if job.run is None else job.run  # a plan that a person said no to may be any run's
    named = (f"-andon-gen-{of_the_run}", f"-meta-gen-{of_the_run}")
    pages = [path for path in disk.list("wiki/90_LOG") if any(name in path for name in named)]
    paths = (starting.plan_path(job.plan), ".env", *disk.list("agents"), *disk.list("skills"))
    return [*((path, disk.read(path)) for path in paths), *((path, _stamp(hub.top / path)) for path in pages)]


def _in_the_way(hub: Hub, number: int) -> list[object]:
    """The person's files where the run would land, and what git is in the middle of."""
    record: Mapping[str, Any] = records.read(hub, number) or {"files": []}
    files = (hub.top / file["path"] for file in record["files"])
    return [_stamp(path) for path in (*files, *(hub.gitdir / name for name in _UNDER_WAY))]


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.lstat()
    except OSError:  # not there, or a file where a folder should be
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode


@dataclass
class Tries:
    """Jobs that brought nothing: under which circumstances, and until when they rest while those stay the same."""

    resting: dict[Job, tuple[str, float]] = field(default_factory=dict)

    def rest(self, hub: Hub, job: Job, until: float) -> None:
        """Leave a job until `until` (monotonic seconds), or until its circumstances change."""
        self.resting[job] = circumstances(hub, job), until

    def rests(self, hub: Hub, job: Job, now: float) -> bool:
        if job not in self.resting:
            return False
        before, until = self.resting[job]
        if now < until and before == circumstances(hub, job):
            return True
        del self.resting[job]
        return False

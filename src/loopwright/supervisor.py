"""Works off what is ready: one process for each run, several at once, started by the folders and by nothing else."""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing import connection
from pathlib import Path
from typing import Any

from loopwright import running, workshop
from loopwright.errors import BadUse, LoopwrightError
from loopwright.folders import plans
from loopwright.journal import claims, records
from loopwright.journal.hub import find
from loopwright.loops import starting
from loopwright.loops.promotion import moving
from loopwright.running import Host
from loopwright.vocabulary import Event, Status
from loopwright.watcher import Waker, waking

RESCAN = 15.0
"""Seconds after which one looks even without an event: on a queue overflow events are lost silently."""

HELD_AGAIN = 2.0
"""Seconds between two tries to land what is held: a person's edits that go away make no event in our folders."""


@dataclass
class Child:
    """One run in a process of its own."""

    name: str
    process: Any
    reports: connection.Connection


@dataclass
class Supervisor:
    """Scans, starts, listens. State is in the folders and refs; what is here can be lost at any moment."""

    host: Host
    children: dict[str, Child] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def scan(self) -> list[tuple[str, str]]:
        """What there is to do now, in order: (verb, name). Interrupted runs first, then held ones, then new ones."""
        hub = self.host.hub
        moving.finish(hub)
        loops, _ = workshop.configuration(hub)
        tree = starting.tree_of(hub, loops.mainline)
        everything, problems = plans.read_all(tree)
        self._complain(str(problem) for problem in problems if problem.severity == "error")
        held = {claim.plan: claim for claim in claims.every(hub)}
        gone = [("run", name) for name, claim in held.items() if not claims.is_alive(hub, claim.run)]
        waiting = [("land", str(number)) for number in self._landable(everything)]
        ready = [("run", plan.name) for plan in plans.ready(everything) if plan.name not in held]
        return [(verb, name) for verb, name in (*gone, *waiting, *ready) if self._is_new(tree, verb, name)]

    def _is_new(self, tree: Any, verb: str, name: str) -> bool:
        """Not at work already, and not refused in the very same words before."""
        key = f"{verb} {name}"
        return key not in self.children and self.refused.get(key) != _fingerprint(tree, name)

    def _landable(self, everything: Iterable[Any]) -> list[int]:
        """Runs that are held: met, to be landed without a person, and only in the way of the person's edits."""
        reviewed = {plan.name for plan in everything if plan.status is Status.REVIEW}
        if not reviewed:
            return []
        newest = {record["plan"]: record for record in records.every(self.host.hub)}
        return [newest[name]["run"] for name in reviewed if name in newest and newest[name]["held"]]

    def _complain(self, problems: Iterable[str]) -> None:
        """Say each problem of a file once, and again when it comes back."""
        now = {problem: problem for problem in problems}
        for problem in now:
            if problem not in self.broken:
                self.host.tell(Event("note", problem))
        self.broken = now

    def start(self, verb: str, name: str) -> None:
        context = multiprocessing.get_context("forkserver")
        mine, theirs = context.Pipe(duplex=False)
        top, environ = str(self.host.hub.top), dict(self.host.environ)
        process = context.Process(
            target=_work, args=(top, environ, verb, name, theirs), name=f"loopwright {verb} {name}"
        )
        process.start()
        theirs.close()
        self.children[f"{verb} {name}"] = Child(name, process, mine)

    def listen(self, wake: int | None, seconds: float) -> bool:
        """Wait for a report, an end, or the folders; whether the folders called."""
        sources: list[Any] = [child.reports for child in self.children.values()]
        sources += [child.process.sentinel for child in self.children.values()]
        ready = connection.wait([*sources, *([wake] if wake is not None else [])], seconds)
        for key, child in list(self.children.items()):
            if child.reports in ready or child.process.sentinel in ready:
                self._hear(key, child)
        return wake in ready

    def _hear(self, key: str, child: Child) -> None:
        try:
            while child.reports.poll():
                kind, fact = child.reports.recv()
                if kind == "event":
                    self.host.tell(fact)
                elif kind == "result":
                    self.outcomes[key] = fact
                else:
                    self._refuse(key, child, fact)
        except (EOFError, OSError):
            pass
        if child.process.is_alive():
            return
        child.process.join()
        child.reports.close()
        del self.children[key]

    def _refuse(self, key: str, child: Child, told: str) -> None:
        loops, _ = workshop.configuration(self.host.hub)
        tree = starting.tree_of(self.host.hub, loops.mainline)
        self.refused[key] = _fingerprint(tree, child.name)
        self.host.tell(Event("note", f"{child.name}: {told}"))


def _fingerprint(tree: Any, name: str) -> str:
    """What a plan file says now, for comparing; '' when there is none."""
    return repr(tree.read(starting.plan_path(name)))


def _work(top: str, environ: dict[str, str], verb: str, name: str, reports: connection.Connection) -> None:
    """The life of a run's process: report what happens to the supervisor, and go on without one when it is gone."""

    def send(kind: str, fact: object) -> None:
        try:
            reports.send((kind, fact))
        except OSError:
            return  # the supervisor died; the run does not need it

    host = Host.here(find(Path(top)), environ, lambda event: send("event", event))
    try:
        result = running.run(host, name) if verb == "run" else running.decide(host, verb, int(name))
    except LoopwrightError as error:
        send("refused", f"{running.problem_of(error)}")
        return
    send("result", result)


def watch(host: Host, *, once: bool, at_start: Callable[[], None] = lambda: None) -> list[dict[str, Any]]:
    """Watch the folders and work off what is ready, up to `max-parallel` runs at once. `once`: until nothing is left.

    Raises BadUse when another watcher is at work in this repository.
    """
    workshop.must_be_on_a_branch(host.hub)
    alone = host.hub.try_lock("watch")
    if alone is None:
        raise BadUse(
            "another watcher is at work in this repository", "end that one first; one per repository is enough"
        )
    _warm(host)
    supervisor = Supervisor(host)
    try:
        with waking(host.hub.top) as waker:
            at_start()
            _round(supervisor, waker, once=once)
    finally:
        _end(supervisor)
        os.close(alone)
    return list(supervisor.outcomes.values())


def _round(supervisor: Supervisor, waker: Waker, *, once: bool) -> None:
    looked = 0.0
    while True:
        waker.drain()
        waker.look()
        todo, parallel = _todo(supervisor)
        for verb, name in todo[: max(parallel - len(supervisor.children), 0)]:
            supervisor.start(verb, name)
        if once and not supervisor.children and not [job for job in todo if job[0] == "run"]:
            return
        looked = time.monotonic()
        before = len(supervisor.children)
        pause = HELD_AGAIN if any(verb == "land" for verb, _ in todo) else RESCAN
        while not supervisor.listen(waker.descriptor, max(looked + pause - time.monotonic(), 0)):
            if time.monotonic() >= looked + pause or len(supervisor.children) < before:
                break


def _todo(supervisor: Supervisor) -> tuple[list[tuple[str, str]], int]:
    """What to start, and how much may run at once; nothing while LOOPS.md doesn't read."""
    try:
        loops, _ = workshop.configuration(supervisor.host.hub)
        return supervisor.scan(), loops.max_parallel
    except LoopwrightError as error:
        supervisor._complain([str(error)])
        return [], 0


def _warm(host: Host) -> None:
    """Start the process that runs are forked from, with what every run imports already in it."""
    context = multiprocessing.get_context("forkserver")
    modules = ["__main__", "loopwright.supervisor", "jsonschema", "markdown_it", "yaml"]
    if any(host.shop().role(name).backend == "anthropic" for name in workshop.WORKING):
        modules.append("anthropic")  # 1.1 s and 76 MB, paid once instead of in each run
    context.set_forkserver_preload(modules)
    multiprocessing.forkserver.ensure_running()


def _end(supervisor: Supervisor) -> None:
    """Interrupt the runs at work and wait for them: each can be gone on with."""
    for child in supervisor.children.values():
        if child.process.is_alive():
            child.process.terminate()
    for child in supervisor.children.values():
        child.process.join(30)

"""The processes in which runs are at work: one for each, forked from a warm one, reporting through a pipe."""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import connection
from typing import Any

from loopwright import running, shell, stopping, workshop
from loopwright.errors import BadUse, LoopwrightError
from loopwright.journal.hub import Hub
from loopwright.running import Host
from loopwright.supervisor.jobs import Job

PATIENCE = 30.0
"""Seconds that interrupted runs get to write down where they stand."""


@dataclass
class Child:
    """One job in a process of its own. `ended`: it said itself what came of it."""

    job: Job
    process: Any
    reports: connection.Connection
    ended: bool = False

    @property
    def sources(self) -> tuple[Any, ...]:
        """What one can wait on."""
        return self.reports, self.process.sentinel

    def heard(self) -> Iterator[tuple[str, Any]]:
        """The reports that are there now: (event | result | written | resolved | refused | stopped, what)."""
        try:
            while self.reports.poll():
                kind, fact = self.reports.recv()
                self.ended = self.ended or kind != "event"
                yield kind, fact
        except (EOFError, OSError):
            return

    def is_gone(self) -> bool:
        """Whether the process has ended; what it said last may still be in the pipe."""
        return not self.process.is_alive()

    def take_down(self) -> None:
        self.process.join()
        self.reports.close()

    def finish(self) -> None:
        """Ask it to end once its model's current answer is there."""
        if self.process.is_alive():
            os.kill(self.process.pid, signal.SIGINT)

    def interrupt(self) -> None:
        """Ask it to end now."""
        if self.process.is_alive():
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Wait for the end. Past `until` (monotonic seconds) it is killed with all that came of it: a run survives
        that as well."""
        while self.process.is_alive() and (left := until - time.monotonic()) > 0:
            connection.wait(self.sources, left)
            for _ in self.heard():  # nobody listens any more, but a full pipe would hold it up
                pass
        if self.process.is_alive():
            shell.end_tree(self.process.pid)
            self.process.kill()
            self.process.join()


def start(host: Host, job: Job) -> Child:
    """Begin a job."""
    context = multiprocessing.get_context("forkserver")
    mine, theirs = context.Pipe(duplex=False)
    hub, environ = replace(host.hub, trees={}), dict(host.environ)  # found already; what it has read stays here
    process = context.Process(target=_work, args=(hub, environ, job, theirs), name=f"loopwright {job.verb} {job.plan}")
    process.start()
    theirs.close()
    return Child(job, process, mine)


def _work(hub: Hub, environ: dict[str, str], job: Job, reports: connection.Connection) -> None:
    """The life of a run's process: report what happens to the supervisor, and go on without one when it is gone."""

    def send(kind: str, fact: object) -> None:
        try:
            reports.send((kind, fact))
        except OSError:
            return  # the supervisor died; the run does not need it

    try:
        with stopping.heeding(led=True):
            send(*_done(Host.here(hub, environ, lambda event: send("event", event)), job))
    except LoopwrightError as error:
        send("refused", {"plan": job.plan, "problem": str(error), "exit": error.exit_code})
    except KeyboardInterrupt:  # before there was a run to write down, or after
        send("stopped", None)


def _done(host: Host, job: Job) -> tuple[str, Any]:
    """Do the job; what to report of it."""
    if job.verb == "write":
        problems = "\n".join(running.write_pages(host))
        told = {"plan": job.plan, "problem": problems, "exit": BadUse.exit_code}
        return ("refused", told) if problems else ("written", None)
    if job.run is None:
        return "result", running.run(host, job.plan, words=False)
    if job.verb == "resolve":
        return "resolved", running.take_word(host, job.run)
    return "result", running.decide(host, job.verb, job.run, words=False)


def warm(host: Host) -> None:
    """Start the process that runs are forked from, with what every run imports already in it."""
    context = multiprocessing.get_context("forkserver")
    modules = ["__main__", "loopwright.supervisor", "jsonschema", "markdown_it", "yaml"]
    if any(host.shop().role(name).backend == "anthropic" for name in workshop.WORKING):
        modules.append("loopwright.supervisor.preloaded")  # 1.1 s and 76 MB, paid once instead of in each run
    context.set_forkserver_preload(modules)
    with _without_keys():
        multiprocessing.forkserver.ensure_running()


@contextmanager
def _without_keys() -> Iterator[None]:
    """What starts now isn't given what must be written nowhere: /proc shows a program's first environment to all
    programs of the same user. Each run gets it through its pipe."""
    held = {name: os.environ.pop(name) for name in workshop.secret_names(os.environ)}
    try:
        yield
    finally:
        os.environ.update(held)

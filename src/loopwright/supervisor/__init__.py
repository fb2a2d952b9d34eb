"""Works off what is ready: one process for each run, several at once, started by the folders and by nothing else."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import Any

from loopwright import running, shell, workshop
from loopwright.andon import breakers
from loopwright.checkpoints import reached
from loopwright.errors import BadUse, LineStopped, LoopwrightError, NoRoom
from loopwright.journal import claims, deaths, records
from loopwright.journal.claims import Claim
from loopwright.journal.deaths import Death
from loopwright.loops import decisions, tidying
from loopwright.running import Host
from loopwright.supervisor import children, wishes
from loopwright.supervisor.children import Child
from loopwright.supervisor.jobs import Found, Job, Tries, circumstances, look
from loopwright.supervisor.wishes import Wish
from loopwright.vocabulary import Event
from loopwright.watcher import Waker, waking

RESCAN = 15.0
"""Seconds after which one looks even without an event: on a queue overflow events are lost silently."""

SOON = 2.0
"""Seconds between two looks at what makes no event in our folders: a person's edits that go away and held a landing,
and runs at work elsewhere."""

UNREACHABLE_AGAIN = 60.0
"""Seconds before a run that paused or that git or the disk stood in the way of, or a landing that is held in another
checkout, is tried again all the same."""

REFUSED_AGAIN = 600.0
"""Seconds before what was refused is tried again although nothing changed: a day's budget comes back by itself."""

TIDY_AGAIN = 600.0
"""Seconds between two sweeps of dead labs: one takes some milliseconds, and a lab stays for an hour after its death."""

DEATHS = 3
"""How often the processes of a plan may die without a word before the plan is left."""

GITS_END = 1.0
"""Seconds that what a dead run left gets to end by itself: a git that is killed leaves its locks."""

REMEMBERED = 86_400.0
"""Seconds for which a plan's deaths count: by then a person has been there, and the machine may be another."""

MOST_DEATHS, WITHIN = 4, 600.0
"""More of any plan within so many seconds stop the whole line. One plan is left after three, so these are of two at
least; and a run that takes all memory comes to its end every few minutes, and not seconds."""


@dataclass(frozen=True)
class Worked:
    """What a watch came to: each run's object, and what was refused: plan, problem, exit (the code it calls for)."""

    runs: list[dict[str, Any]]
    refused: list[dict[str, Any]]


@dataclass
class Supervisor:
    """Looks, starts, listens. State is in the folders and refs; what is here can be lost at any moment."""

    host: Host
    working: dict[Job, Child] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    standing: tuple[tuple[str, str], ...] = ()  # plans that are ready on a line that stands still, and why
    tries: Tries = field(default_factory=Tries)
    before: dict[Job, dict[str, Any]] = field(default_factory=dict)  # what a watcher before this one had left, and why
    begun: dict[Job, str] = field(default_factory=dict)  # under which circumstances each job began
    tidied: float = -math.inf  # when dead labs were cleared away last
    strays: shell.Strays = field(default_factory=shell.Strays)  # what comes to this process when its parents die
    left: tuple[str, ...] = ()  # what was told of them then
    others: dict[int, str] = field(default_factory=dict)  # the plans of runs at work that this watcher didn't start
    soon: bool = False  # whether something is waited for that makes no event in our folders

    def fill(self) -> list[Job]:
        """Start what may be started now, in order; what is left waits for a process to end."""
        found = self._found()
        now = self.host.clock.monotonic()
        self._see(found.at_work)
        self.soon = bool(self.others) or any(job.verb == "land" for job in found.jobs)
        wanted = [job for job in found.jobs if job not in self.working]
        todo = [job for job in wanted if not self.tries.rests(self.host.hub, job, now)]
        for job in (job for job in wanted if job in self.before and job not in todo):
            self.refused.setdefault(job.plan, self.before[job])
        if todo and (why := running.crowded(self.host)):
            for job in todo:
                self._refuse(job, {"plan": job.plan, "problem": why, "exit": NoRoom.exit_code}, RESCAN)
            return []
        room = max(found.parallel - len(self.working) - len(self.others), 0)
        for job in todo[:room]:
            self.begun[job] = circumstances(self.host.hub, job)
            reached("supervisor:found")
            self.working[job] = children.start(self.host, job)
            reached("supervisor:started")
        return todo[room:]

    def _found(self) -> Found:
        """What there is to do; nothing while the configuration doesn't read."""
        try:
            found = look(self.host.hub)
        except LoopwrightError as error:
            found = Found((), (str(error),), 0)
        for problem in found.problems:
            if problem not in self.complaints:  # each is said once, and again when it comes back
                self.note(problem)
        self.complaints, self.standing = found.problems, found.standing
        return found

    def _see(self, at_work: tuple[Claim, ...]) -> None:
        """Runs that others work on, such as those of a watcher that was killed: waited for, counted, and told of."""
        hub, mine = self.host.hub, {child.process.pid for child in self.working.values()}
        own = {job.plan for job in self.working}
        pids = {claim: decisions.pid_of(hub, claim) for claim in at_work if claim.plan not in own}
        others = {claim.run: claim.plan for claim, pid in pids.items() if pid not in mine}
        for claim, pid in pids.items():
            if claim.run in others and claim.run not in self.others:
                self.note(f"gen-{claim.run} of {claim.plan} is at work in another process ({pid}), and is waited for")
        for run, plan in self.others.items():
            record = None if run in others or claims.read(hub, plan) else records.read(hub, run)
            if record:
                self.runs[plan] = decisions.as_result(record)
        self.others = others

    def tidy(self) -> None:
        """Clear away dead labs, every now and then. What had to be left is told once."""
        now = self.host.clock.monotonic()
        if now - self.tidied < TIDY_AGAIN:
            return
        self.tidied, found = now, tuple(tidying.tidy(self.host.hub, self.host.clock, whole=True))
        for text in found:
            if text not in self.left:
                self.note(text)
        self.left = found

    def listen(self, wake: int) -> None:
        """Wait until the folders call, a process ends, or it is time to look all the same."""
        end = self.host.clock.monotonic() + (SOON if self.soon else RESCAN)
        while (left := end - self.host.clock.monotonic()) > 0:
            sources = [source for child in self.working.values() for source in child.sources]
            ready = connection.wait([*sources, wake], left)
            over = [self._hear(child) for child in list(self.working.values()) if set(child.sources) & set(ready)]
            if wake in ready or any(over):
                return

    def _hear(self, child: Child) -> bool:
        """Take a process's reports; whether it is over."""
        over, began = child.is_gone(), self.begun[child.job]
        for kind, fact in child.heard():
            if kind == "event":
                self.host.tell(fact)
            elif kind == "result":
                self._ended(child.job, fact)
            elif kind == "resolved":
                self._resolved(child.job, fact)
            elif kind == "refused":
                self._refuse(child.job, fact)
        if over:
            reached("supervisor:ended")
            child.take_down()
            reached("supervisor:reaped")
            del self.working[child.job], self.begun[child.job]
            if not child.ended:
                self._died(child, began)
        return over

    def _ended(self, job: Job, result: dict[str, Any]) -> None:
        self.runs[job.plan] = result
        self.refused.pop(job.plan, None)
        now = self.host.clock.monotonic()
        again = {"paused": now + UNREACHABLE_AGAIN, "interrupted": math.inf}  # a person who says stop means it
        if result["held"] and job.verb == "land":  # what held it may be gone since: only as it began, it rests
            self.tries.resting[job] = self.begun[job], now + UNREACHABLE_AGAIN
        elif result["outcome"] in again:
            self.tries.rest(self.host.hub, Job("resume", job.plan, result["run"]), again[result["outcome"]])

    def _resolved(self, job: Job, result: dict[str, Any]) -> None:
        """A page that a person set to resolved: closed, or set back with what is missing in it. One that couldn't be
        set back isn't asked about again before somebody changes it."""
        if result["resolved"]:
            self.note(f"gen-{result['run']}'s incident is resolved")
        else:
            self.note(f"gen-{result['run']}'s incident isn't resolved yet: {'; '.join(result['missing'])}")
            self.tries.rest(self.host.hub, job, self.host.clock.monotonic() + REFUSED_AGAIN)

    def _refuse(self, job: Job, told: dict[str, Any], seconds: float | None = None) -> None:
        """Leave what can't be done now. What a person has to mend rests for longer than what git or the disk said."""
        if seconds is None:
            seconds = REFUSED_AGAIN if told["exit"] in (BadUse.exit_code, LineStopped.exit_code) else UNREACHABLE_AGAIN
        if self.refused.get(job.plan) != told:
            self.note(f"{job.plan}: {told['problem']}")
        self.refused[job.plan] = told
        self.tries.rest(self.host.hub, job, self.host.clock.monotonic() + seconds)

    def _died(self, child: Child, began: str) -> None:
        job, plan, hub, now = child.job, child.job.plan, self.host.hub, self.host.clock.now()
        told = f"the process died (exit {child.process.exitcode})"
        deaths.note(hub, Death(job.verb, plan, job.run, now.isoformat(timespec="milliseconds"), began))
        self._end_what_it_left()
        known = deaths.within(hub, now, REMEMBERED)
        if why := breakers.deaths((-deaths.ago(death, now) for death in known), 0.0, MOST_DEATHS, WITHIN):
            self._stop_the_line(plan, f"{why}, at last one of {plan}: {told}")
            return
        if sum(death.plan == plan for death in known) < DEATHS:
            self.note(f"{plan}: {told}; its run is gone on with")
            return
        self._refuse(job, _left_alone(job, f"{told}, as {DEATHS - 1} others did before"), math.inf)

    def _end_what_it_left(self) -> None:
        """End what the labs of a dead run are still at, also what bears no name any more. Runs that live have their own
        orphans."""
        for text in tidying.tidy(self.host.hub, self.host.clock):
            self.note(text)
        self.strays.outlast(GITS_END)

    def remember(self) -> None:
        """Leave the plans that a watcher before this one had left because of their processes' deaths."""
        known = deaths.within(self.host.hub, self.host.clock.now(), REMEMBERED)
        for plan, count in Counter(death.plan for death in known).items():
            last = next(death for death in reversed(known) if death.plan == plan)
            if count >= DEATHS:
                job = Job(last.verb, plan, last.run)
                self.tries.resting[job] = last.circumstances, math.inf
                self.before[job] = _left_alone(job, f"its process died {count} times within a day")

    def _stop_the_line(self, plan: str, why: str) -> None:
        """Pull the cord: nothing is begun or gone on with before a person has looked. What was counted begins anew.
        Raises LineStopped where that can't be done: then this watcher ends, and begins nothing either."""
        deaths.forget(self.host.hub)
        try:
            number = running.pull(self.host, why, "deaths")
        except LoopwrightError as problem:  # such as a mainline that is gone
            raise LineStopped(
                why, f"see what the runs printed; the line couldn't be stopped, as {problem}"
            ) from problem
        told = LineStopped(f"the line is stopped (deaths, gen-{number}): {why}", f"`loopwright andon show {number}`")
        self._refuse(Job("resume", plan), {"plan": plan, "problem": str(told), "exit": told.exit_code})

    def note(self, text: str) -> None:
        """Say something that no run says."""
        self.host.tell(Event("note", text))

    def finish(self, waker: Waker, wish: Wish) -> None:
        """Let the runs at work come to where nothing is lost, and wait for them, unless a person can't."""
        if self.working:
            plans = ", ".join(dict.fromkeys(job.plan for job in self.working))
            self.note(f"begins nothing more, and lets the models' answers to {plans} come; Ctrl-C again stops now")
        for child in self.working.values():
            child.finish()
        while self.working and not wish.now:
            waker.drain()
            self.listen(waker.descriptor)

    def end(self) -> None:
        """Interrupt the runs at work and wait for them: each can be gone on with."""
        for child in self.working.values():
            child.interrupt()
        until = time.monotonic() + children.PATIENCE
        for child in self.working.values():
            child.wait(until)


def _left_alone(job: Job, why: str) -> dict[str, Any]:
    """What a plan is refused with whose processes die."""
    command = f"andon resolve {job.run}" if job.verb in ("resolve", "write") else f"run {job.plan}"
    mend = f"look at what it printed, and run it in the foreground: `loopwright {command}`"
    return {"plan": job.plan, "problem": f"{why}\n  mend: {mend}", "exit": 1}


def watch(host: Host, *, once: bool, at_start: Callable[[], None] = lambda: None) -> Worked:
    """Watch the folders and work off what is ready, up to `max-parallel` runs at once. `once`: until nothing is left.

    Raises BadUse when another watcher is at work in this repository.
    """
    shell.hide_environment()
    workshop.must_be_on_a_branch(host.hub)
    alone = host.hub.try_lock("watch")
    if alone is None:
        mend = "end that one first; one per repository is enough"
        raise BadUse("another watcher is at work in this repository", mend)
    supervisor = Supervisor(host)
    supervisor.remember()
    try:
        children.warm(host)
        with (
            shell.adopting() as supervisor.strays,
            waking(host.hub.top, supervisor.note) as waker,
            wishes.heeding(waker.wake) as wish,
        ):
            at_start()
            _go_round(supervisor, waker, wish, once=once)
    finally:
        supervisor.end()
        os.close(alone)
    still = [{"plan": plan, "problem": why, "exit": LineStopped.exit_code} for plan, why in supervisor.standing]
    return Worked(list(supervisor.runs.values()), [*supervisor.refused.values(), *still])


def _go_round(supervisor: Supervisor, waker: Waker, wish: Wish, *, once: bool) -> None:
    """Until nothing is left (`once`), or a person says stop, which is raised as KeyboardInterrupt."""
    while not wish.asked:
        waker.drain()
        waker.look()
        supervisor.tidy()
        left = supervisor.fill()
        if once and not (supervisor.working or supervisor.others or left):
            return
        supervisor.listen(waker.descriptor)
    supervisor.finish(waker, wish)
    supervisor.end()
    raise KeyboardInterrupt

"""One run from its name to its result: what the command line does in the foreground and the supervisor in a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from loopwright import shell, workshop
from loopwright.clocks import SystemClock
from loopwright.contracts import Clock, Tree, Workshop
from loopwright.contracts.schemas import validate
from loopwright.errors import BadFiles, BadUse, LoopwrightError, NoRoom, Problem
from loopwright.folders import agents, findings
from loopwright.folders.trees import DiskTree
from loopwright.journal import claims, line
from loopwright.journal.hub import Hub
from loopwright.loops import decisions, pausing, reconciling, starting, tidying
from loopwright.loops.andon import pulling
from loopwright.loops.promotion import moving
from loopwright.loops.resolving import closing, rewriting
from loopwright.loops.starting import Finished
from loopwright.vocabulary import Event, Plan

EXIT = {"met": 0, "not-met": 1, "stopped": 3, "paused": 4, "interrupted": 130}
"""The exit code of a run by its outcome."""


@dataclass(frozen=True)
class Host:
    """Where and for whom runs are held."""

    hub: Hub
    environ: Mapping[str, str]
    tell: Callable[[Event], None]
    clock: Clock

    @classmethod
    def here(cls, hub: Hub, environ: Mapping[str, str], tell: Callable[[Event], None]) -> Host:
        return cls(hub, environ, tell, SystemClock())

    def shop(self, plan: Plan | None = None, configured: workshop.Configuration | None = None) -> Workshop:
        found = configured or workshop.configuration(self.hub)
        return workshop.assemble(self.hub, self.environ, found, clock=self.clock, tell=self.tell, plan=plan)


def run(host: Host, name: str, *, words: bool = True) -> dict[str, Any]:
    """Run a plan, or go on with its interrupted run, or tell its finished one again. The object of `run --json`.

    `words`: what a person wrote into the pages that hold this plan is taken first, and dead labs are cleared away; a
    watcher does that by itself.
    """
    shell.hide_environment()
    workshop.must_be_on_a_branch(host.hub)
    moving.finish(host.hub)
    if words:
        for text in tidying.tidy(host.hub, host.clock):
            host.tell(Event("note", text))
    with _in_one_pass(host.hub, starting.plan_path(name)):
        configured = workshop.configuration(host.hub)
        plan, _ = starting.read_plan(starting.tree_of(host.hub, configured[0].mainline), name)
        shop = host.shop(plan, configured)
        if plan.status in ("ready", "running"):
            workshop.preflight(shop)
            workshop.must_have_room(shop, starting.mainline_tip(host.hub, shop.loops.mainline))
    rewriting.write(host.hub, shop)
    if words:
        _take_words(host, shop, plan.name)
    if (claim := claims.read(host.hub, plan.name)) and reconciling.settle(host.hub, shop, claim):
        return checked(decisions.as_result(decisions.record_of(host.hub, claim.run)))
    with starting.desk_for(host.hub, shop, name, typed=words) as desk:
        if isinstance(desk, Finished):
            return checked(decisions.as_result(desk.record))
        return checked(pausing.carry_out(desk))


def _take_words(host: Host, shop: Workshop, plan: str) -> None:
    """What a person wrote since into the pages that hold this plan: it counts without a watcher, too. One that can't be
    taken now leaves its line as it is, which is what the run is then told."""
    if not line.standing(host.hub).of(plan):
        return
    for incident in closing.edited(host.hub, shop.loops.mainline):
        if incident.scope == "line" or incident.plan == plan:
            try:
                take_word(host, incident.run)
            except LoopwrightError as problem:
                host.tell(Event("note", f"gen-{incident.run}'s page: {problem}"))


def crowded(host: Host) -> str:
    """Why no lab could be opened now, in words that stay the same while that is so; '' when there is room."""
    try:
        shop = host.shop()
        workshop.must_have_room(shop, starting.mainline_tip(host.hub, shop.loops.mainline))
    except NoRoom as problem:
        return f"waits: {problem.lacks}\n  mend: make room there; it goes on by itself"
    return ""


def decide(host: Host, verb: str, number: int, *, words: bool = True) -> dict[str, Any]:
    """`resume`, `land`, `reject`, `rollback` or `stop` on run N; the same object as `run --json`.

    `words`: as for `run`.
    """
    shell.hide_environment()
    moving.finish(host.hub)
    if verb == "stop":
        return decisions.stop(host.hub, number)
    workshop.must_be_on_a_branch(host.hub)
    decision = getattr(decisions, verb)
    plan = starting.readable_plan(host.hub, number)
    shop = host.shop(plan)
    if words and plan and verb in ("resume", "land"):
        _take_words(host, shop, plan.name)
    return checked(decision(host.hub, shop, number))


def resolve(host: Host, number: int, branch: str | None = None, *, typed: bool = True) -> dict[str, Any]:
    """Close run N's incident if that has been earned, else say what is missing: `andon resolve --json`."""
    shell.hide_environment()
    moving.finish(host.hub)
    workshop.must_be_on_a_branch(host.hub)
    shop = host.shop()
    rewriting.write(host.hub, shop)
    result = closing.resolve(host.hub, shop, number, branch, typed=typed)
    validate("andon-resolve", result)
    return result


def take_word(host: Host, number: int) -> dict[str, Any]:
    """Close an incident whose page a person set to resolved; or set it back, with what is missing in it."""
    result = resolve(host, number, typed=False)
    if not result["resolved"]:
        closing.refuse(host.hub, host.shop(), result)
    return result


def pull(host: Host, reason: str, kind: str = "pull") -> int:
    """Stop the whole line, because a person saw something; the number of the incident. From wherever they look."""
    moving.finish(host.hub)
    shop = host.shop()
    number = pulling.pull(host.hub, shop, reason, kind)
    rewriting.write(host.hub, shop)
    return number


def write_pages(host: Host) -> tuple[str, ...]:
    """Write the pages that open incidents lack; what kept some from being written."""
    shell.hide_environment()
    return rewriting.write(host.hub, host.shop())


def checked(result: dict[str, Any]) -> dict[str, Any]:
    """The object held against its schema."""
    validate("run-result", result)
    return result


@contextmanager
def _in_one_pass(hub: Hub, plan: str) -> Iterator[None]:
    """Let a refusal tell all that is wrong with the plan, its roles and LOOPS.md, and not the first problem alone."""
    try:
        yield
    except (BadFiles, BadUse) as refusal:
        paths = (plan, agents.LOOPS, *(f"agents/{name}.md" for name in workshop.WORKING))
        names = (*workshop.BACKENDS, workshop.LEFT_OUT)
        _, found = findings.check(_where_read(hub), ("plans", "agents"), backends=names, labs=workshop.KINDS)
        telling = tuple(problem for problem in found if problem.path in paths and _stops(problem))
        if isinstance(refusal, BadFiles):
            raise BadFiles(tuple(sorted({*refusal.problems, *telling}))) from refusal
        if any(problem.rule in ("backend", "lab") for problem in telling):  # the same refusal, with its line
            raise BadFiles(telling) from refusal
        raise


def _where_read(hub: Hub) -> Tree:
    try:
        return starting.tree_of(hub, workshop.configuration(hub)[0].mainline)
    except LoopwrightError:
        return DiskTree(hub.top)


def _stops(problem: Problem) -> bool:
    return problem.severity == "error" or problem.rule == "depends-on"  # what isn't there yet is waited for

"""Where the line stands: plans, claims and records of a repository as plain facts, for people and for `--json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from loopwright import shell, workshop
from loopwright.clocks import SystemClock
from loopwright.contracts.schemas import validate
from loopwright.errors import BadUse, Problem
from loopwright.folders import plans
from loopwright.journal import claims, records
from loopwright.journal.book import NANO, Account, Book, nano
from loopwright.journal.facts import Lines
from loopwright.journal.hub import Hub
from loopwright.journal.pool import Pool
from loopwright.loops import decisions, starting
from loopwright.loops.andon import standing
from loopwright.loops.andon.standing import OpenLines
from loopwright.loops.promotion import queue
from loopwright.vocabulary import Incident, Loops, Plan, Status


def status(hub: Hub) -> dict[str, Any]:
    """The line, its plans with what they wait for, the runs at work, and the queue in its order: the runs that wait to
    land, then the plans that wait to be run."""
    loops, notes = workshop.configuration(hub)
    tree = starting.tree_of(hub, loops.mainline)
    claimed = {claim.plan for claim in claims.every(hub)}  # before and after: a run may end while plans are read
    everything, problems = plans.read_all(tree)
    held = {claim.plan: claim for claim in claims.every(hub)}
    newest = records.newest(hub)
    stops = standing.open_lines(hub, loops.mainline)
    budget, unread = _budget(hub, loops, held.values())
    reviewed = records.of_plans(hub, (plan.name for plan in everything if plan.status is Status.REVIEW))
    line = {
        "line": "stopped" if stops.whole else "running",
        "incidents": [incident_row(incident, "open") for incident in stops.by_reach],
        "mainline": loops.mainline,
        "plans": [
            {
                **_plan(plan, everything, stops),
                "run": held[plan.name].run if plan.name in held else newest.get(plan.name),
                "held": reviewed.get(plan.name, {}).get("held"),
            }
            for plan in everything
        ],
        "runs": [_at_work(hub, claim) for claim in held.values()],
        "queue": [
            *(one.plan for one in queue.line(hub)),
            *(
                plan.name
                for plan in plans.ready(everything)
                if plan.name not in held and not standing.holding(stops, plan.name)
            ),
        ],
        "budget": budget,
        "landings": _landings(hub),
        "problems": [*map(str, _problems(everything, problems, claimed | held.keys())), *unread],
        "notes": [*notes, *_about_labs(loops)],
    }
    validate("status", line)
    return line


def _budget(hub: Hub, loops: Loops, claimed: Iterable[claims.Claim]) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """What is left of the day's dollars, and of those of each run that isn't over; or why that can't be told. None
    where there is no such ceiling."""
    today = SystemClock().now().date().isoformat()
    try:
        book = Pool(hub).seen(today)
    except BadUse as problem:
        return None, (str(problem),)
    totals = {claim.run: starting.ceiling(hub, claim.run, loops) for claim in claimed}
    day = _day(book, today, loops)
    runs = [{"run": n, **_dollars(book.of(n, nano(total)))} for n, total in totals.items() if total is not None]
    return {"day": today, "usd": day, "runs": runs}, ()


def dollars_today(hub: Hub, loops: Loops) -> dict[str, float] | None:
    """What is free, set aside and committed of today's dollars; None where there is no ceiling. Raises BadUse for a
    pool that doesn't read."""
    today = SystemClock().now().date().isoformat()
    return _day(Pool(hub).seen(today), today, loops)


def _day(book: Book, today: str, loops: Loops) -> dict[str, float] | None:
    return None if loops.usd_per_day is None else _dollars(book.on(today, nano(loops.usd_per_day)))


def _dollars(account: Account) -> dict[str, float]:
    names = ("total", "free", "reserved", "committed")
    return {name: getattr(account, name) / NANO for name in names}


def _problems(everything: tuple[Plan, ...], found: Iterable[Problem], claimed: Set[str]) -> Iterator[Problem]:
    """What keeps plans from being worked off until somebody mends it."""
    yield from (problem for problem in found if problem.severity == "error")
    yield from plans.cycles(plan for plan in everything if plan.status is Status.READY)
    yield from plans.lost(everything, claimed)


def _about_labs(loops: Loops) -> tuple[str, ...]:
    try:
        return workshop.lab_kind(loops)[1]
    except BadUse as problem:
        return (problem.problem,)


def _plan(plan: Plan, everything: tuple[Plan, ...], stops: OpenLines) -> dict[str, Any]:
    waits = list(plans.waiting_for(plan, everything)) if plan.status is Status.READY else []
    if plan.status is Status.READY:
        held = standing.holding(stops, plan.name)
        waits += [f"gen-{incident.run}'s incident" if incident.run else incident.summary for incident in held]
    told = {"name": plan.name, "status": str(plan.status), "title": plan.title, "priority": plan.priority}
    return {**told, "waits_for": waits}


def incidents(hub: Hub) -> list[dict[str, Any]]:
    """Every incident of which the mainline has a page, and those whose page is still to come; the newest last."""
    loops, _ = workshop.configuration(hub)
    stops = standing.open_lines(hub, loops.mainline).incidents
    tip, still = starting.mainline_tip(hub, loops.mainline), {incident.name for incident in stops}
    pages = (page.incident for page in standing.pages(hub, tip))
    ended = [incident for incident in pages if incident and incident.name not in still]
    rows = [incident_row(incident, "resolved") for incident in ended]
    rows += [incident_row(incident, "open") for incident in stops]
    return sorted(rows, key=lambda row: (row["run"], row["ordinal"]))


def page_text(hub: Hub, path: str) -> str:
    """An incident's page as people edit it: in the working tree when the mainline is checked out."""
    loops, _ = workshop.configuration(hub)
    return (starting.tree_of(hub, loops.mainline).read(path) or b"").decode(errors="replace")


def incident_row(incident: Incident, status: str) -> dict[str, Any]:
    """An incident at a glance, with what a person does to go on."""
    return {
        "run": incident.run,
        "ordinal": incident.ordinal,
        "plan": incident.plan,
        "status": status,
        "kind": incident.kind,
        "scope": incident.scope,
        "level": incident.level,
        "category": incident.category,
        "confidence": incident.confidence,
        "summary": incident.summary,
        "opened": incident.opened,
        "page": incident.page,
        "way_on": standing.way_on(incident) if status == "open" else None,
    }


def _at_work(hub: Hub, claim: claims.Claim) -> dict[str, Any]:
    facts = Lines(hub.run_home(claim.run) / "journal.jsonl").entries()
    alive = claims.is_alive(hub, claim.run)
    last = facts[-1] if facts else None
    return {
        "run": claim.run,
        "plan": claim.plan,
        "alive": alive,
        "since": claim.at,
        "pid": claim.pid,
        "at": _stage(last) if last else "claimed",
    }


def _landings(hub: Hub) -> list[dict[str, Any]]:
    """The runs that wait to land, in order, and whose gates run now: since when each."""
    now = queue.now_at_gates(hub)
    runs = now.runs if now else ()
    waiting = sorted(queue.line(hub), key=lambda one: (one.run not in runs, one.place))
    rows = []
    for one in waiting:
        its_turn = now.since if now and one.run in runs else None
        told = {"run": one.run, "plan": one.plan, "priority": one.priority, "pid": one.pid, "since": one.since}
        together = [run for run in runs if run != one.run] if its_turn else []
        stopped = shell.is_stopped(one.pid)
        rows.append({**told, "at_gates_since": its_turn, "together_with": together, "stopped": stopped})
    return rows


def _stage(fact: Mapping[str, Any]) -> str:
    """A fact in a few words: what happened, or how far a run is."""
    match fact["kind"]:
        case "session":
            return f"{fact['role']}: {fact['report'].get('ended', 'done')}, {fact['report'].get('turns', 0)} turns"
        case "made" | "attempt" as kind:
            return f"{kind} chunk {fact['chunk']} attempt {fact['number']}"
        case "gates":
            return f"gates ({fact['label']})"
        case "canary":
            return "the gates, tried with a planted failing test"
        case "meaning":
            return "new tests, tried on other code"
        case "setup":
            return "the lab is set up" if fact["done"] else "the lab is being set up"
        case "interrupted" if fact["outcome"] == "interrupted":
            return "interrupted"
        case "candidate":
            return f"merged with the mainline as {fact['commit'][:10]}"
        case "landed":
            return f"landed as {fact['landing']['commit'][:10]}"
        case "held":
            return " ".join(("held:", fact["held"]["reason"], *fact["held"].get("paths", ())))
        case "interrupted":
            return f"{fact['outcome']}: {fact['why']}"
        case kind:
            told = next((fact[name] for name in ("outcome", "status", "decision", "text") if name in fact), "")
            return f"{kind}: {told}" if told else str(kind)


def runs(hub: Hub) -> list[dict[str, Any]]:
    """Every recorded run, newest first, with what a person wants to see at a glance."""
    keys = (
        "run",
        "plan",
        "title",
        "kind",
        "outcome",
        "status",
        "landed",
        "commit",
        "started",
        "seconds",
        "usd",
        "page",
    )
    return [{key: record.get(key) for key in keys} for record in reversed(records.every(hub))]


def show(hub: Hub, number: int) -> dict[str, Any]:
    """One run with its evidence: the record, the timeline of its journal, and the diff stat."""
    record = decisions.record_of(hub, number)
    journal = records.file(hub, number, "journal.jsonl") or b""
    base, tip = record["base"], record["tip"]
    return {
        **record,
        "timeline": [_timeline(line) for line in journal.decode(errors="replace").splitlines()],
        "diff_stat": hub.git.diff_stat(base, tip) if tip else "",
    }


def _timeline(line: str) -> dict[str, Any]:
    fact = json.loads(line)
    told: dict[str, Any] = {"at": fact["at"], "what": _stage(fact)}
    judged = fact["attempt"].get("verdicts", [{"passed": False}]) if fact["kind"] == "attempt" else fact.get("verdicts")
    return told if judged is None else {**told, "passed": all(verdict["passed"] for verdict in judged)}


def log(hub: Hub) -> list[dict[str, str]]:
    """The timeline of wiki/log.md on the mainline, oldest first: date, verb, title."""
    loops, _ = workshop.configuration(hub)
    data = hub.tree(starting.mainline_tip(hub, loops.mainline)).read("wiki/log.md") or b""
    found = re.findall(r"^## \[(\d{4}-\d\d-\d\d)\] (\S+) \| (.*?)\s*$", data.decode(errors="replace"), re.MULTILINE)
    return [{"date": date, "verb": verb, "title": title} for date, verb, title in found]

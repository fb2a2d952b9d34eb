"""A run's facts in the forms that others read: the object that `--json` prints, the record, the page in 90_LOG."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from loopwright.errors import BadUse
from loopwright.journal.codec import encode
from loopwright.loops.desk import Desk, seconds_at_work
from loopwright.loops.verification import RECORD
from loopwright.markdown import fenced, flat, scalar
from loopwright.vocabulary import Attempt, Outcome, Run, Status, Usage, Verdict

STATUS = {
    Outcome.NOT_MET: Status.FAILED,
    Outcome.STOPPED: Status.STOPPED,
    Outcome.OPEN: Status.RUNNING,
    Outcome.PAUSED: Status.RUNNING,
    Outcome.INTERRUPTED: Status.RUNNING,
}

_ENDED = frozenset({Outcome.MET, Outcome.NOT_MET, Outcome.STOPPED})


def status(run: Run) -> Status:
    """The plan's status that follows from a run."""
    if run.decision:
        return Status.REJECTED
    if run.outcome is Outcome.MET:
        return Status.DONE if run.landing else Status.REVIEW
    return STATUS[run.outcome]


def page_path(desk: Desk) -> str:
    """The run's page: one run, one file. Dated by its claim, so that a resumed run writes the same one."""
    return f"wiki/90_LOG/{desk.claim.at[:10]}-{desk.plan.name}-gen-{desk.number}.md"


def result(desk: Desk, run: Run) -> dict[str, Any]:
    """The object that `run --json`, `resume`, `land` and `rollback` print."""
    spent, flaky = desk.spent(), _flaky(run)
    return {
        "run": run.number,
        "plan": run.plan.name,
        "kind": run.kind,
        "outcome": str(run.outcome),
        "status": str(status(run)),
        "landed": run.landing is not None,
        "held": _held(run),
        "branch": run.branch,
        "commit": run.landing.commit if run.landing else run.tip,
        "verified": run.landing.verified if run.landing else None,
        "stop": encode(run.stop) if run.stop else None,
        "chunks": [_chunk(run, chunk.number, chunk.title) for chunk in run.plan.chunks],
        "checks": [_gate(verdict, flaky) for verdict in run.checks],
        "goal": [_gate(verdict, flaky) for verdict in run.goal],
        "flaky": len(flaky),
        "reviews": [{"passed": v.passed, "reasons": v.evidence} for v in run.reviews],
        "incident": _incident(desk),
        "tokens": tokens(spent),
        "usd": None if spent.usd is None else round(spent.usd, 6),
        "unpriced": spent.unpriced,
        **_charged(desk),
        "seconds": seconds(desk),
        "page": page_path(desk),
        "notes": list(desk.notes),
    }


def _charged(desk: Desk) -> dict[str, dict[str, float]]:
    """What the pool holds against the run beside what was measured; nothing where that is nothing."""
    with contextlib.suppress(BadUse):  # a pool that doesn't read, which everything says that would spend
        charges = desk.purse.charges()
        if charges.tokens or charges.usd:
            return {"charged": {"tokens": charges.tokens, "usd": charges.usd or 0.0}}
    return {}


def tokens(spent: Usage) -> dict[str, int]:
    return {
        "input": spent.input,
        "output": spent.output,
        "cache_read": spent.cache_read,
        "cache_write": spent.cache_write,
    }


def _incident(desk: Desk) -> str | None:
    """The page of the run's newest incident, whether it is open still or not."""
    fact = desk.journal.last("incident")
    return str(fact["incident"]["page"]) if fact else None


def _held(run: Run) -> str | None:
    return None if run.held is None else ": ".join(filter(None, (run.held.reason, ", ".join(run.held.paths))))


def _chunk(run: Run, number: int, title: str) -> dict[str, Any]:
    mine = [attempt for attempt in run.attempts if attempt.chunk == number]
    return {"number": number, "title": title, "attempts": len(mine), "passed": any(a.passed for a in mine)}


def _flaky(run: Run) -> set[str]:
    """The commands that disagreed with themselves on some commit of the run."""
    tried = (verdict for attempt in run.attempts for verdict in attempt.verdicts)
    return {verdict.command or verdict.check for verdict in (*tried, *run.checks, *run.goal) if verdict.flaky}


def _gate(verdict: Verdict, flaky: set[str]) -> dict[str, Any]:
    return {
        "name": verdict.check,
        "command": verdict.command,
        "passed": verdict.passed,
        "exit": verdict.exit,
        "flaky": verdict.command in flaky,
        "commit": verdict.commit,
        "tree": verdict.tree,
    }


def seconds(desk: Desk) -> float:
    """From the claim to the judging's end, and the landing; not the time in which it waited for a person or stood."""
    facts = desk.journal.facts()
    if not facts:
        return 0.0
    last = next((fact for fact in facts if fact["kind"] == "ended"), facts[-1])
    return round(seconds_at_work(facts, facts[0]["at"], last["at"]) + phases(desk).get("land", 0.0), 3)


def phases(desk: Desk) -> dict[str, float]:
    """Seconds by phase, of those that took place: work, verify, land (not the time that a person took to decide)."""
    facts = desk.journal.facts()
    first = {fact["kind"]: fact["at"] for fact in reversed(facts)}
    last = {fact["kind"]: fact["at"] for fact in facts}
    spans = {
        "work": (first.get("opened"), first.get("candidate") or first.get("ended")),
        "verify": (first.get("candidate"), first.get("ended")),
        "land": (max(filter(None, (last.get("candidate"), first.get("ended"))), default=None), last.get("landed")),
    }
    whole = {name: (start, end) for name, (start, end) in spans.items() if start and end}
    return {name: round(seconds_at_work(facts, start, end), 3) for name, (start, end) in whole.items()}


def record(desk: Desk, run: Run) -> dict[str, Any]:
    """The run record: all that `--json` prints, and what later rooms learn from."""
    tip = run.tip or run.base
    changed = desk.hub.change(run.base, tip).files if tip != run.base else ()
    return {
        **result(desk, run),
        "title": run.plan.title,
        "plan_hash": desk.claim.plan_hash,
        "base": run.base,
        "continues": run.continues,
        "started": desk.claim.at,
        "ended": _moment(desk, "ended") if run.outcome in _ENDED else None,
        "landed_at": _moment(desk, "landed") if run.landing else None,
        "decided": _moment(desk, "decided"),
        "source": "person",
        "lab": desk.shop.lab_kind,
        "phases": phases(desk),
        "roles": _roles(desk),
        "attempts": [_attempt(attempt) for attempt in run.attempts],
        "files": [{"path": file.path, "kind": file.kind} for file in changed],
        "diff": desk.hub.git.diff_numbers(run.base, tip) if changed else None,
        "tip": run.tip,
        "landing": encode(run.landing) if run.landing else None,
    }


def _moment(desk: Desk, kind: str) -> str | None:
    """When the newest fact of a kind was written, or None."""
    fact = desk.journal.last(kind)
    return str(fact["at"]) if fact else None


def _roles(desk: Desk) -> dict[str, Any]:
    """Tokens, dollars, turns and tool calls per role; what no one measured is absent."""
    found: dict[str, Any] = {}
    for role, report in desk.sessions():
        row = found.setdefault(role, {"sessions": 0, "turns": 0, "tools": {}, "tool_errors": 0, "usage": Usage()})
        row["sessions"] += 1
        row["turns"] += report.turns
        row["tool_errors"] += report.tool_errors
        row["usage"] += report.usage
        row["model"] = report.model
        for tool, calls in report.tools.items():
            row["tools"][tool] = row["tools"].get(tool, 0) + calls
    return {role: {**row, "usage": encode_usage(row["usage"])} for role, row in found.items()}


def encode_usage(usage: Usage) -> dict[str, Any]:
    return {**tokens(usage), "usd": usage.usd, "unpriced": usage.unpriced, "requests": usage.requests}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    verdicts = [encode(verdict) for verdict in attempt.verdicts]
    told = {"chunk": attempt.chunk, "number": attempt.number, "commit": attempt.commit, "passed": attempt.passed}
    return {**told, "ended": attempt.report.ended, "summary": attempt.report.summary[:2000], "verdicts": verdicts}


# ---------------------------------------------------------------- the page


def page(desk: Desk, run: Run) -> str:
    """The run's page in wiki/90_LOG, written for the person who slept meanwhile."""
    summary = headline(run)
    head = (
        "---",
        f"title: {_yaml(f'{run.plan.title} (gen-{run.number})')}",
        f"summary: {_yaml(summary)}",
        f"sources: [{_yaml(f'{run.plan.path}@{run.base[:10]}')}]",
        f"updated: {desk.claim.at[:10]}",
        f"run: {run.number}",
        f"plan: {_yaml(run.plan.name)}",
        f"outcome: {run.outcome}",
        f"status: {status(run)}",
        "---",
    )
    return "\n".join((*head, "", f"# {run.plan.title}", "", summary, "", *_body(desk, run))) + "\n"


def headline(run: Run) -> str:
    """One sentence: what came of it."""
    if run.decision:
        return f"{run.decision.capitalize()} by a person."
    if run.landing:
        return f"Landed on the mainline as {run.landing.commit[:10]}."
    if run.held:
        return f"Met its goal; the landing is held: {_held(run)}."
    if run.outcome is Outcome.MET:
        return (
            f"Met its goal and waits for a person: `loopwright land {run.number}` or `loopwright reject {run.number}`."
        )
    if run.stop:
        return f"Stopped ({run.stop.reason}): {run.stop.detail.splitlines()[0][:300]}"
    refused = next((v for v in (*run.checks, *run.goal, *run.reviews) if not v.passed), None)
    why = f"{refused.check} said no ({refused.reason or 'rejected'})" if refused else "its goal was not shown"
    return f"Did not meet its goal: {why}."


def _body(desk: Desk, run: Run) -> Iterator[str]:
    spent = desk.spent()
    cost = f"${spent.usd:.4f}" if spent.usd is not None else f"unknown ({spent.unpriced})"
    yield from ("| what | |", "|---|---|")
    yield f"| plan | `{run.plan.path}`, sha256 {desk.claim.plan_hash[:12]} |"
    yield f"| base | {run.base[:10]} |"
    yield f"| lab | {desk.shop.lab_kind} |"
    yield f"| time | {seconds(desk):.1f} s |"
    if spent.requests or spent.usd is not None:
        yield f"| tokens | {spent.tokens} in {spent.requests} requests |"
    yield f"| cost | {cost} |"
    if charged := _charged(desk).get("charged"):
        told = f"${charged['usd']:.4f}, {charged['tokens']} tokens"
        yield f"| charged beside it | {told} at most: of calls whose end nobody saw |"
    if run.continues:
        yield f"| continues | gen-{run.continues} |"
    yield from _chunks(run)
    yield from _verdicts("Gates on the tree that would land", run.checks)
    yield from _verdicts("Goal", run.goal)
    yield from _verdicts("Review", run.reviews)
    if run.stop:
        yield from ("", "## Stop", "", f"**{run.stop.reason}**", "", *_quoted(run.stop.detail))
    if tip := run.tip:
        yield from ("", "## What changed", "", "```text", desk.hub.git.diff_stat(run.base, tip), "```")
    if desk.notes:
        yield from ("", "## Notes", "", *(f"- {note}" for note in desk.notes))
    yield from ("", "## Where to look", "", f"- `loopwright show {run.number}`: the timeline, verdicts and costs")
    yield f"- `git show refs/loopwright/runs/{run.number}:record.json`: the record, with transcripts beside it"


_DOUBTS = {"canary": "a planted failing test turns the gates red", "meaning": "new tests mean something"}


def _chunks(run: Run) -> Iterator[str]:
    for chunk in run.plan.chunks:
        mine = [attempt for attempt in run.attempts if attempt.chunk == chunk.number]
        yield from ("", f"## Chunk {chunk.number}: {chunk.title}", "")
        if not mine:
            yield "- not attempted in this run"
        for attempt in mine:
            mark = "passed" if attempt.passed else "refused"
            yield f"- attempt {attempt.number}: {mark}, {(attempt.commit or 'no commit')[:10]}"
            for verdict in attempt.verdicts:
                if verdict.passed and verdict.source in _DOUBTS:
                    yield f"  - {_DOUBTS[verdict.source]} (passed)"
                    yield from (f"    {line}" for line in _quoted(verdict.evidence))
            for verdict in attempt.failed:
                yield f"  - {verdict.check} ({verdict.reason or 'rejected'})"
                yield from (f"    {line}" for line in _quoted(verdict.evidence))


def _verdicts(title: str, verdicts: tuple[Verdict, ...]) -> Iterator[str]:
    if not verdicts:
        return
    yield from ("", f"## {title}", "")
    for verdict in verdicts:
        bound = f" ({_standard(verdict)})" if _standard(verdict) else ""
        bound += f" on {verdict.commit[:10]}" if verdict.commit else ""
        bound += ", with the mainline's tests laid over" if verdict.check.endswith(RECORD) else ""
        bound += ", flaky" if verdict.flaky else ""
        yield f"- {'passed' if verdict.passed else 'FAILED'}: `{verdict.command or verdict.check}`{bound}"
        if not verdict.passed or verdict.flaky or verdict.command is None:
            yield from (f"  {line}" for line in _quoted(verdict.evidence))


def _standard(verdict: Verdict) -> str:
    """The standard whose check a verdict is of; '' for a gate that bears no name of its own."""
    name = verdict.check.removesuffix(RECORD)
    return name if verdict.command and name == verdict.source else ""


def _quoted(text: str) -> list[str]:
    """Evidence as a block of its own."""
    return fenced(text.strip() or "(nothing said)")


def _yaml(text: str) -> str:
    """A sentence for front matter."""
    return scalar(flat(text))

"""A plan that is ready again goes on from its last run: passed chunks are kept, the failure is told to the maker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from loopwright.journal import records
from loopwright.journal.codec import decode
from loopwright.journal.hub import Hub
from loopwright.loops.desk import Desk
from loopwright.vocabulary import Attempt, Chunk, Plan, Verdict


@dataclass(frozen=True)
class Before:
    """The run before: its plan, its attempts, and what it had kept itself from the one before that."""

    number: int
    plan: Plan
    attempts: tuple[Attempt, ...]
    kept: tuple[int, ...]
    kept_tip: str | None
    refused: tuple[Verdict, ...]  # gates, goal and reviews that said no at its end

    @property
    def passed(self) -> dict[int, str]:
        """The chunks that passed there, with the commit that holds them (and all before them)."""
        carried = {self.kept[-1]: self.kept_tip} if self.kept and self.kept_tip else {}
        made = {tried.chunk: tried.commit for tried in self.attempts if tried.passed}
        return {chunk: commit for chunk, commit in (carried | made).items() if commit}


def opening(desk: Desk) -> dict[str, Any]:
    """What a new run begins with: which run it continues, the tip, the kept chunks, what was seen of the failure."""
    record = records.of_plan(desk.hub, desk.plan.name)
    if record is None or record["status"] not in ("failed", "stopped"):
        return {}
    before = read(desk.hub, int(record["run"]))
    told = {"continues": before.number, "seen": _seen(before)}
    kept = _kept(desk.plan, before)
    if not kept:
        return told
    tip = _carried(desk, before, kept[-1])
    if tip is None:
        desk.note(f"gen-{before.number}'s chunks no longer merge with the mainline: begun anew")
        return told
    return {**told, "kept": kept, "tip": tip}


def read(hub: Hub, number: int) -> Before:
    """Run N as its record tells it."""
    plan = records.file(hub, number, "plan.json") or b"{}"
    facts = [json.loads(line) for line in (records.file(hub, number, "journal.jsonl") or b"").splitlines()]
    last = {fact["kind"]: fact for fact in facts}
    opened, ended = last.get("opened", {}), last.get("ended", {})
    verdicts = [decode(Verdict, v) for name in ("checks", "goal", "reviews") for v in ended.get(name, ())]
    return Before(
        number,
        decode(Plan, json.loads(plan)),
        tuple(decode(Attempt, fact["attempt"]) for fact in facts if fact["kind"] == "attempt"),
        tuple(opened.get("kept", ())),
        opened.get("tip"),
        tuple(verdict for verdict in verdicts if not verdict.passed),
    )


def _kept(plan: Plan, before: Before) -> list[int]:
    """Numbers of the first chunks that passed and whose words are still the same.

    When all had passed, it was the goal or the review that said no: the last chunk is done again.
    """
    passed = {*before.kept, *before.passed}
    kept: list[int] = []
    for chunk in plan.chunks:
        if chunk.number not in passed or not any(_same(chunk, other) for other in before.plan.chunks):
            break
        kept.append(chunk.number)
    kept = kept[:-1] if len(kept) == len(plan.chunks) else kept
    while kept and kept[-1] not in before.passed:  # of these, no commit is known that holds them and nothing more
        kept.pop()
    return kept


def _same(one: Chunk, other: Chunk) -> bool:
    return (one.number, one.title, one.text.split()) == (other.number, other.title, other.text.split())


def _carried(desk: Desk, before: Before, chunk: int) -> str | None:
    """The kept chunks' work merged onto this run's base, as one commit on it; None when that conflicts."""
    merged = desk.hub.git.merge(desk.base, before.passed[chunk])
    if merged.conflicts:
        return None
    message = f"{desk.plan.name}: chunks kept from gen-{before.number}\n"
    tip = desk.hub.git.commit_tree(merged.tree, [desk.base], message)
    desk.hub.keep(f"attempts/{desk.number}/kept", tip)
    return tip


def _seen(before: Before) -> list[str]:
    """Evidence of the run before, for the first attempt of this one."""
    last = before.attempts[-1].failed if before.attempts else ()
    refused = (*last, *before.refused)
    return [f"In the run before, {v.check} refused ({v.reason or 'rejected'}):\n{v.evidence}" for v in refused]

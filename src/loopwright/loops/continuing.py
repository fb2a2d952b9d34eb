"""A plan that is ready again goes on from its last run: passed chunks are kept, the failure is told to the maker."""

from __future__ import annotations

import json
from typing import Any

from loopwright.journal import records
from loopwright.journal.codec import decode
from loopwright.loops.desk import Desk
from loopwright.vocabulary import Chunk, Plan


def opening(desk: Desk) -> dict[str, Any]:
    """What a new run begins with: which run it continues, the tip, the kept chunks, what was seen of the failure."""
    before = records.of_plan(desk.hub, desk.plan.name)
    if before is None or before["status"] not in ("failed", "stopped") or not before.get("tip"):
        return {}
    kept = _kept(desk, before)
    if not kept:
        return {"continues": before["run"], "seen": _seen(before)}
    tip = _carried(desk, before, kept[-1])
    if tip is None:
        desk.note(f"gen-{before['run']}'s chunks no longer merge with the mainline: begun anew")
        return {"continues": before["run"], "seen": _seen(before)}
    return {"continues": before["run"], "kept": kept, "tip": tip, "seen": _seen(before)}


def _kept(desk: Desk, before: dict[str, Any]) -> list[int]:
    """Numbers of the first chunks that passed and whose words are still the same.

    When all had passed, it was the goal or the review that said no: the last chunk is done again.
    """
    data = records.file(desk.hub, int(before["run"]), "plan.json")
    old = decode(Plan, json.loads(data)).chunks if data else ()
    passed = {attempt["chunk"] for attempt in before["attempts"] if attempt["passed"]}
    kept: list[int] = []
    for chunk in desk.plan.chunks:
        if chunk.number not in passed or not any(_same(chunk, other) for other in old):
            break
        kept.append(chunk.number)
    return kept[:-1] if len(kept) == len(desk.plan.chunks) else kept


def _same(one: Chunk, other: Chunk) -> bool:
    return (one.number, one.title, one.text.split()) == (other.number, other.title, other.text.split())


def _carried(desk: Desk, before: dict[str, Any], chunk: int) -> str | None:
    """The kept chunks' work merged onto this run's base, as one commit on it; None when that conflicts."""
    commit = next(a["commit"] for a in reversed(before["attempts"]) if a["chunk"] == chunk and a["passed"])
    merged = desk.hub.git.merge(desk.base, commit)
    if merged.conflicts:
        return None
    message = f"{desk.plan.name}: chunks kept from gen-{before['run']}\n"
    tip = desk.hub.git.commit_tree(merged.tree, [desk.base], message)
    desk.hub.keep(f"attempts/{desk.number}/kept", tip)
    return tip


def _seen(before: dict[str, Any]) -> list[str]:
    """Evidence of the run before, for the first attempt of this one."""
    refused = [verdict for attempt in before["attempts"][-1:] for verdict in attempt["verdicts"]]
    verdicts = [v for v in refused if not v["passed"]]
    said = [
        f"In the run before, {v['check']} refused ({v.get('reason', '')}):\n{v.get('evidence', '')}" for v in verdicts
    ]
    for name in ("goal", "reviews"):
        said += [f"In the run before, this {name} was not met: {v}" for v in before[name] if not v["passed"]]
    return said

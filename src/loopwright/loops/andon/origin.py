"""What an incident was when it opened: what its page says since can't make it another one, nor let its line go."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from loopwright.andon import page, plan_mode
from loopwright.andon.page import Page
from loopwright.errors import GitFailed
from loopwright.journal import claims, line, records
from loopwright.journal.codec import decode
from loopwright.journal.facts import Lines
from loopwright.journal.hub import Hub
from loopwright.vocabulary import Incident

_KNOWN: dict[tuple[str, str], Incident] = {}
"""Incidents by repository and page: what one opened as never changes, and a watcher asks again and again."""


def name_of(path: str) -> str:
    """The incident whose page this is, as its ref ends: the page's own front matter has no say in that."""
    run, ordinal = page.named(path)
    return f"{plan_mode.run_of(path)}-meta" if run is None else f"{run}-{ordinal}"


def as_opened(hub: Hub, tip: str, found: Page, ref: str | None) -> Incident | None:
    """The incident of a page: as its run's journal has it, else as the page came to the mainline, else as it stands.

    `ref`: what stops its line, whose commit is older than the page. A clone has the page alone.
    """
    key = str(hub.home), found.path
    if key not in _KNOWN and (told := _journalled(hub, found.path) or _first(hub, tip, found.path, ref)):
        _KNOWN[key] = told
    told = _KNOWN.get(key, found.incident)
    return replace(told, page=found.path) if told else None


def unwritten(hub: Hub, ref: str) -> Incident:
    """An incident that has no page on the mainline: as its run's journal has it, else as its ref tells it.

    Its page is still to come, or somebody deleted it. `way_on` says how there will be one.
    """
    if (named := line.named(ref)) is None:
        return foreign(ref)
    run, which = named
    known = _of_journal(hub, run, f"{run}-{which}")
    if known and line.ref_of(known) != ref:
        return foreign(ref)
    begun = any(claim.run == run for claim in claims.every(hub))
    way_on = f"`loopwright {'resume' if begun else 'andon resolve'} {run}` writes its page"
    return replace(known or _of_ref(ref, run, which), way_on=way_on)


def _of_ref(ref: str, run: int, which: str) -> Incident:
    """What little a ref tells of an incident, all else at its strictest."""
    plan = None if ref.startswith(line.WHOLE) else line.plan_of(ref)
    told = "what stopped it isn't known here: there is no page of it, no journal and no record"
    if which == "meta":
        return plan_mode.incident(run, plan, told, "", "")
    return Incident(
        run, "unwritten", "line" if plan is None else "plan", 4, "unknown", None, told, plan, ordinal=int(which)
    )


def foreign(ref: str) -> Incident:
    """What stands still because of a ref that loopwright didn't make: it is called after no incident, or after one
    that has another ref. Run 0 is none's."""
    plan = None if ref.startswith(line.WHOLE) else line.plan_of(ref)
    way_on = f"`git update-ref -d {shlex.quote(ref)}`, once you know who made it"
    told = f"`{ref}` is the ref of no incident"
    return Incident(0, "unwritten", "line" if plan is None else "plan", 4, "unknown", None, told, plan, way_on=way_on)


def _journalled(hub: Hub, path: str) -> Incident | None:
    name = name_of(path)
    return _of_journal(hub, int(name.partition("-")[0]), name)


def _of_journal(hub: Hub, run: int, name: str) -> Incident | None:
    """The incident as its run wrote it down when it opened: in the record, or what came after it in the journal."""
    journal = Lines(hub.home / "runs" / str(run) / "journal.jsonl")  # to look makes no folder
    return _told_in(_recorded(hub, run), name) or _told_in(journal.entries(), name)


def _told_in(facts: Iterable[Mapping[str, Any]], name: str) -> Incident | None:
    told = (decode(Incident, fact["incident"]) for fact in facts if fact["kind"] in ("incident", "meta"))
    return next((found for found in told if found.name == name), None)


def _recorded(hub: Hub, run: int) -> list[dict[str, Any]]:
    return [json.loads(entry) for entry in (records.file(hub, run, "journal.jsonl") or b"").splitlines()]


def _first(hub: Hub, tip: str, path: str, ref: str | None) -> Incident | None:
    """As the oldest version of the page tells it that the mainline has."""
    words = ("log", "--full-history", "--no-renames", "--diff-filter=A", "--format=%H")
    try:
        since = hub.git.line(*words, f"{ref}..{tip}", "--", path) if ref else ""
        born = (since or hub.git.line(*words, tip, "--", path)).split("\n")[-1]
        data = hub.git.read(born, path) if born else None
    except GitFailed:  # a shallow clone, or a history too long to read in time
        return None
    read = plan_mode.read if plan_mode.is_page(path) else page.read
    return read(path, data).incident if data is not None else None

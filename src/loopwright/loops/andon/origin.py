"""What an incident was when it opened: what its page says since can't make it another one, nor let its line go."""

from __future__ import annotations

from dataclasses import replace

from loopwright.andon import page, plan_mode
from loopwright.andon.page import Page
from loopwright.errors import GitFailed
from loopwright.journal import line
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
    """An incident whose page isn't on the mainline yet, as its run's journal has it; else as its ref tells it."""
    number, _, ordinal = ref.rpartition("/")[2].partition("-")
    if known := _of_journal(hub, int(number), ref.rpartition("/")[2]):
        return known
    scope = "line" if ref.startswith(line.WHOLE) else "plan"
    plan = None if scope == "line" else line.plan_of(ref)
    told = f"its page isn't written yet: `loopwright resume {number}` goes on with that"
    place = int(ordinal) if ordinal.isdigit() else 1
    return Incident(int(number), "unwritten", scope, 4, "unknown", None, told, plan, ordinal=place)


def _journalled(hub: Hub, path: str) -> Incident | None:
    name = name_of(path)
    return _of_journal(hub, int(name.partition("-")[0]), name)


def _of_journal(hub: Hub, run: int, name: str) -> Incident | None:
    for fact in Lines(hub.run_home(run) / "journal.jsonl").entries():
        if fact["kind"] in ("incident", "meta") and (found := decode(Incident, fact["incident"])).name == name:
            return found
    return None


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

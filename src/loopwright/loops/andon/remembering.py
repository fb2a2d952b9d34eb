"""What earlier incidents tell a maker before it begins: read from their pages on the mainline, as data."""

from __future__ import annotations

import re
from functools import lru_cache

from loopwright.andon import known
from loopwright.andon.known import Failure
from loopwright.andon.page import Page
from loopwright.journal import line
from loopwright.journal.hub import Hub
from loopwright.loops.andon import standing
from loopwright.loops.desk import Desk
from loopwright.loops.verification import house_gates
from loopwright.vocabulary import Chunk, Incident

_NOT_A_MAKERS = frozenset({"unreachable", "unwritten", "meta", "pull", "deaths"})
"""Kinds that no maker's work has brought about, or that tell of others."""

_PATHS = 12  # of those that a page names
_ELSEWHERE = "\n## Horizontal sweep"
"""From here on a page names files that only look alike."""

_OURS = ("wiki/", "plans/", "agents/")
_PATH = re.compile(r"[\w@+-][\w.@+-]*(?:/[\w@+.-]+)*")


def warnings(desk: Desk, chunk: Chunk) -> tuple[str, ...]:
    """At most five lines for a maker's brief. They are of the commit that its run began on, so that a resumed run says
    the same; where that has no incident, nothing is asked of git."""
    pages = [page for page in standing.pages(desk.hub, desk.base) if page.incident]
    if not pages:
        return ()
    refs = set(line.standing(desk.hub).refs)
    files = _named(desk.hub, desk.base, tuple(page.path for page in pages))
    commands = {gate.command for gate in house_gates(desk, desk.base)}
    found = (_failure(page, page.incident, files[page.path], refs, commands) for page in pages if page.incident)
    return known.warnings((failure for failure in found if failure), desk.plan, chunk)


def _failure(
    page: Page, incident: Incident, paths: tuple[str, ...], refs: set[str], commands: set[str]
) -> Failure | None:
    """What a page tells: open, or resolved by a person, who has said why. What closed itself has no root cause."""
    is_open = page.status == "open" or line.ref_of(incident) in refs
    cause = "" if is_open else page.analysis.root_cause.text
    if incident.kind in _NOT_A_MAKERS or not (is_open or cause):
        return None
    analysis = page.analysis
    its = {*commands, incident.command or ""}
    its |= {one.check for one in analysis.countermeasures} | {why.command for why in analysis.whys}
    return Failure(
        run=incident.run,
        kind=known.said(incident.kind, ())[:40],
        category=known.said(incident.category, ())[:40],
        summary=known.said(incident.summary, its),
        plan=incident.plan,
        cause=known.said(cause, its),
        open=is_open,
        paths=paths,
        signature=incident.signature,
    )


@lru_cache(maxsize=4)
def _named(hub: Hub, commit: str, pages: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The files of a commit that each page names, in the order in which it does."""
    there, read = hub.entries(commit), hub.reading(commit, pages)
    found = {}
    for page in pages:
        told = (read(page) or b"").decode(errors="replace").partition(_ELSEWHERE)[0]
        words = dict.fromkeys(_PATH.findall(told))
        files = (word for word in words if word in there and not word.startswith(_OURS))
        found[page] = tuple(file for file, _ in zip(files, range(_PATHS), strict=False))
    return found

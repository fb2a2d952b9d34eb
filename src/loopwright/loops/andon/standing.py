"""Which incidents are open, as pages and refs tell; and that nothing begins while its line stands still."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from loopwright.andon import page, plan_mode
from loopwright.andon.page import Page
from loopwright.errors import LineStopped
from loopwright.journal import line
from loopwright.journal.hub import Hub
from loopwright.loops.andon import origin
from loopwright.vocabulary import Incident

_NAMED = re.compile(r"^wiki/90_LOG/\d{4}-\d\d-\d\d-(?:andon|meta)-gen-\d+(?:-\d+)?\.md$")
_READ: dict[tuple[str, str], Page] = {}
"""Pages by path and blob: they hardly ever change, and a watcher looks at all of them again and again."""

_CLOSED: set[tuple[str, str]] = set()
"""Those of which nothing more was asked than whether they are closed: they are."""


@dataclass(frozen=True)
class OpenLines:
    """The open incidents, in the order in which their runs were numbered."""

    incidents: tuple[Incident, ...]

    @property
    def whole(self) -> tuple[Incident, ...]:
        """Those that stop the whole line."""
        return tuple(incident for incident in self.incidents if incident.scope == "line")

    @property
    def by_reach(self) -> tuple[Incident, ...]:
        """All of them, what stops the whole line first."""
        return (*self.whole, *(incident for incident in self.incidents if incident.scope != "line"))

    def of(self, plan: str) -> tuple[Incident, ...]:
        """Those that stop a plan, the whole line's first."""
        own = (incident for incident in self.incidents if incident.scope != "line" and incident.plan == plan)
        return (*self.whole, *own)


def pages(hub: Hub, commit: str) -> tuple[Page, ...]:
    """Every incident's page that a commit has, the oldest first."""
    listed = _listed(hub, commit)
    _read(hub, listed)
    return tuple(_READ[key] for key in listed)


def _open_pages(hub: Hub, commit: str, stopped: Container[str]) -> dict[str, Page]:
    """By name, the pages that are open, or whose incident's ref is in `stopped`.

    What closing has closed is told by one line of its front matter: to read 200 whole pages takes 0.4 s.
    """
    listed = [key for key in _listed(hub, commit) if key not in _CLOSED or origin.name_of(key[0]) in stopped]
    texts = hub.git.blobs({key[1] for key in listed if key not in _READ})
    _CLOSED.update(key for key in listed if page.is_closed(texts.get(key[1]) or b""))
    wanted = [key for key in listed if key not in _CLOSED or origin.name_of(key[0]) in stopped]
    _read(hub, wanted, texts)
    return {origin.name_of(path): _READ[path, blob] for path, blob in wanted}


def _listed(hub: Hub, commit: str) -> list[tuple[str, str]]:
    return sorted((path, entry.blob) for path, entry in hub.entries(commit).items() if _NAMED.match(path))


def _read(hub: Hub, listed: Iterable[tuple[str, str]], known: Mapping[str, bytes | None] | None = None) -> None:
    new = [key for key in listed if key not in _READ]
    texts = {**(known or {})}
    texts |= hub.git.blobs({blob for _, blob in new} - texts.keys())
    for path, blob in new:
        read = plan_mode.read if plan_mode.is_page(path) else page.read
        _READ[path, blob] = read(path, texts[blob] or b"")


def open_lines(hub: Hub, mainline: str) -> OpenLines:
    """What stands still now. An incident is open while its ref is there, or its page says so: a clone has the pages
    without the refs, which are made up for here."""
    refs, tip = line.standing(hub).refs, hub.tip(mainline)
    told = _open_pages(hub, tip, {"-".join(map(str, line.named(ref) or ())) for ref in refs}) if tip else {}
    stops = [_stopping(hub, tip, told, ref) for ref in refs]
    for name in told.keys() - {incident.name for incident in stops}:
        if told[name].status == "open" and tip and (incident := origin.as_opened(hub, tip, told[name], None)):
            stops.append(incident)
            line.stop(hub, incident, tip)
    return OpenLines(tuple(sorted(stops, key=lambda incident: (incident.run, incident.ordinal, incident.summary))))


def _stopping(hub: Hub, tip: str | None, told: Mapping[str, Page], ref: str) -> Incident:
    """The incident whose ref this is."""
    named = line.named(ref)
    page = told.get("-".join(map(str, named))) if named else None
    incident = origin.as_opened(hub, tip or "", page, ref) if page else None
    if incident is None:
        return origin.unwritten(hub, ref)
    return incident if line.ref_of(incident) == ref else origin.foreign(ref)


def admit(hub: Hub, mainline: str, plan: str, but: Iterable[str] = ()) -> None:
    """Refuse what would begin or land on a line that stands still; incidents whose kind is in `but` are no reason.

    Raises LineStopped.
    """
    if not line.standing(hub).refs and not _told_open(hub, mainline):
        return
    stops = [incident for incident in open_lines(hub, mainline).of(plan) if incident.kind not in {*but}]
    if stops:
        raise LineStopped(*refusal(plan, stops[0]))


def _told_open(hub: Hub, mainline: str) -> bool:
    tip = hub.tip(mainline)
    return tip is not None and any(found.status == "open" for found in _open_pages(hub, tip, ()).values())


def holding(stops: OpenLines, plan: str) -> tuple[Incident, ...]:
    """The incidents that hold a plan which a person set ready: not its own of level 1, which that has ended."""
    return tuple(incident for incident in stops.of(plan) if incident.scope == "line" or incident.level > 1)


def refusal(plan: str, incident: Incident) -> tuple[str, str]:
    """Why a plan stands still, and what to do about it."""
    whose = "the line is stopped" if incident.scope == "line" else f"the line of {plan} is stopped"
    which = f"{incident.kind}, gen-{incident.run}" if incident.run else incident.kind
    return f"{whose} ({which}): {incident.summary}", way_on(incident)


def told(incident: Incident) -> str:
    """The same for whoever watches."""
    return str(LineStopped(*refusal(incident.plan or "", incident)))


def way_on(incident: Incident) -> str:
    """What a person does to let a line go on."""
    if incident.way_on:
        return incident.way_on
    if incident.kind == "unreachable":
        return f"see that the model can be reached, then `loopwright resume {incident.run}`: it closes by itself"
    if incident.kind == "meta":
        return f"write `decision: resume` or `decision: drop` in {incident.page}"
    if incident.kind == "user-failures":
        return f"write `Hypothesis: why it goes better now` in {incident.page} or the plan, and set it `status: ready`"
    if incident.level == 1 and incident.plan:
        return f"see {incident.page}; then set `status: ready` in plans/{incident.plan}.md"
    return f"see {incident.page}, fill it in, then `loopwright andon resolve {incident.run}`"

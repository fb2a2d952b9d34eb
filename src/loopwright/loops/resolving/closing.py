"""Closing is earned, and by a person: what the page says is held against commands before a line goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loopwright import markdown
from loopwright.andon import earned, page, plan_mode
from loopwright.andon.page import Page
from loopwright.checkpoints import reached
from loopwright.contracts import Workshop
from loopwright.errors import BadUse
from loopwright.folders.agents import standards
from loopwright.journal import claims, lab_times, line
from loopwright.journal.hub import Hub
from loopwright.loops import decisions, given, starting
from loopwright.loops.andon import standing
from loopwright.loops.andon.outside import seated
from loopwright.loops.promotion import edits as editing
from loopwright.loops.promotion import recording
from loopwright.loops.promotion.edits import Edit
from loopwright.loops.resolving.proof import Proof
from loopwright.vocabulary import Incident, Status

Result = dict[str, Any]

_TYPED = 4
"""From this level on, only a typed command is a person's word."""

_BY_ITSELF = "unreachable"
"""The kind that no page closes."""


def resolve(hub: Hub, shop: Workshop, number: int, branch: str | None = None, *, typed: bool = True) -> Result:
    """Close run N's open incident if it has been earned, else say what is missing and change nothing.

    `branch`: where it is mended; it is held against the same there, and landed through the gates. `typed`: a person
    typed the command; else the page was edited, which is not enough at level 4.
    """
    incident = _open(hub, shop, number, typed=typed)
    if incident is None:
        return _result(_ended(hub, shop, number), resolved=True)
    data = starting.tree_of(hub, shop.loops.mainline).read(incident.page)
    if data is None:
        mend = f"`git checkout HEAD -- {incident.page}`; once its deletion is committed, this command writes it anew"
        raise BadUse(f"{incident.page} isn't there", mend)
    if incident.kind == "meta":
        return _decided(hub, shop, incident, data, typed=typed)
    found, target = page.read(incident.page, data), _target(hub, shop, branch)
    missing = [] if typed else list(_not_typed(hub, incident))
    missing += (*_unsaid(hub, shop, found, data), *_unproven(hub, shop, incident, found, target))
    decisions.record_anew(hub, shop, number)
    landed = None
    if not missing and branch:
        landed = given.land(hub, shop, incident, target)
        missing += [] if landed["landed"] else [f"{branch} did not land: {_why_not(landed)}"]
    if not missing and starting.tree_of(hub, shop.loops.mainline).read(incident.page) != data:
        missing.append(f"the page as it is now: it was changed meanwhile; `loopwright andon resolve {number}` again")
    if missing:
        return _result(incident, missing=missing)
    return _close(hub, shop, incident, data, found, landed["commit"] if landed else None)


def _unsaid(hub: Hub, shop: Workshop, found: Page, data: bytes) -> Iterator[str]:
    """What the page doesn't say yet, and what keeps the page of standards from being added to."""
    problems = standards.examine(_standards(hub, shop))[1]
    yield from map(str, (*found.problems, *problems))
    yield from (*earned.missing(found.analysis), *page.unswept(data))


def _standards(hub: Hub, shop: Workshop) -> bytes:
    return hub.tree(starting.mainline_tip(hub, shop.loops.mainline)).read(standards.PATH) or b""


def _unproven(hub: Hub, shop: Workshop, incident: Incident, found: Page, target: str) -> list[str]:
    """What commands don't show on `target`."""
    with seated(hub, shop, incident, starting.mainline_tip(hub, shop.loops.mainline)) as desk:
        decisions.reinstate(hub, incident.run)
        plan = starting.readable_plan(hub, incident.run)
        return list(Proof(desk, incident, target).missing(plan, found.analysis))


def _why_not(landed: Result) -> str:
    return str(landed["held"] or f"run {landed['run']} was {landed['outcome']}: {landed['page']}")


def edited(hub: Hub, mainline: str) -> tuple[Incident, ...]:
    """The open incidents whose page a person set to `status: resolved`: each asks to be closed."""
    tree = starting.tree_of(hub, mainline)
    stops = standing.open_lines(hub, mainline).incidents
    told = ((incident, tree.read(incident.page)) for incident in stops if not incident.way_on)
    asking = [incident for incident, data in told if data and _asks(incident, data)]
    begun = {claim.run for claim in claims.every(hub)} if asking else set()
    return tuple(incident for incident in asking if incident.run not in begun)  # else its run would open it again


def _asks(incident: Incident, data: bytes) -> bool:
    if incident.kind == "meta":
        return bool(plan_mode.written(data))
    return incident.kind != _BY_ITSELF and page.read(incident.page, data).status == "resolved"


def refuse(hub: Hub, shop: Workshop, result: Result) -> None:
    """Set an edited page back to open, with what is missing in it."""
    now = shop.clock.now().isoformat(timespec="seconds")
    edit = Edit("refused", result["page"], (now, *result["missing"]))
    title = f"loopwright: gen-{result['run']} isn't resolved yet"
    recording.record(hub, shop.loops.mainline, (edit,), title, result["run"])


def _open(hub: Hub, shop: Workshop, number: int, *, typed: bool) -> Incident | None:
    """Run N's open incident that a person may close. Raises BadUse for one that goes another way.

    Of several, first the one about which somebody wrote something: but for a typed command, that a lab may have
    written a decision makes no person mean Plan Mode. An incident comes before the Plan Mode that it led to.
    """
    mine = [i for i in standing.open_lines(hub, shop.loops.mainline).incidents if i.run == number]
    asking = [incident for incident in edited(hub, shop.loops.mainline) if incident.run == number]
    if typed:
        asking = [i for i in asking if i.kind != "meta" or not any(_written_in_a_lab(hub, i))]
    for incident in (*asking, *sorted(mine, key=lambda incident: incident.kind == "meta")):
        if incident.kind != _BY_ITSELF and not incident.way_on:
            _must_be_over(hub, number)
            return incident
    if mine:
        raise BadUse(f"gen-{number} isn't closed so: {mine[0].kind}", standing.way_on(mine[0]))
    return None


def _must_be_over(hub: Hub, number: int) -> None:
    """Raises BadUse while run N is at work or was cut off: to finish it would open its incident again."""
    if any(claim.run == number for claim in claims.every(hub)):
        mend = f"wait for it; or, if it was cut off, `loopwright resume {number}` finishes it"
        raise BadUse(f"run {number} is not over yet, and may still have to tell why it stopped", mend)


def _ended(hub: Hub, shop: Workshop, number: int) -> Incident:
    tip = starting.mainline_tip(hub, shop.loops.mainline)
    for found in reversed(standing.pages(hub, tip)):
        if found.incident and found.incident.run == number:
            return found.incident
    raise BadUse(f"run {number} has no incident", "`loopwright andon list` has all of them")


def _not_typed(hub: Hub, incident: Incident) -> Iterator[str]:
    """Why an edit of the page is not a person's word."""
    if incident.level >= _TYPED:
        command = f"type `loopwright andon resolve {incident.run}`"
        yield f"a person's word: an edit is not enough at level 4, {command}"
    else:
        yield from _written_in_a_lab(hub, incident)


def _written_in_a_lab(hub: Hub, incident: Incident) -> Iterator[str]:
    if span := lab_times.written_in_a_lab(hub, hub.top / incident.page):
        told = f"a person's word: this page was written while a command ran in a lab of gen-{span.run}"
        again = "write the decision again" if incident.kind == "meta" else "see that it says what you wrote"
        yield f"{told}; {again}, and type `loopwright andon resolve {incident.run}`"


def _target(hub: Hub, shop: Workshop, branch: str | None) -> str:
    if branch is None:
        return starting.mainline_tip(hub, shop.loops.mainline)
    tip = hub.tip(branch)
    if tip is None:
        raise BadUse(f"there is no branch `{branch}`", "name one with the mended work: `git branch` lists them")
    return tip


def _close(hub: Hub, shop: Workshop, incident: Incident, data: bytes, found: Page, landed: str | None) -> Result:
    """Page, standards, status and log in one commit, with the ref gone in the same moment."""
    at = shop.clock.now()
    now = at.isoformat(timespec="seconds")
    who = hub.git.person()
    text = page.closed(data, now, f"by {who}" if who else "by a person").decode(errors="surrogateescape")
    title = f"{incident.kind} (gen-{incident.run}): resolved"
    edits = [
        Edit("page", incident.page, (text,)),
        Edit("log", "wiki/log.md", (now[:10], "resolved", title)),
        *editing.standards(earned.proven(found.analysis), incident.page, at.date()),
    ]
    ready = incident.plan if _goes_on(hub, shop, incident) else None
    if ready:
        edits.append(Edit("status", f"plans/{ready}.md", (str(Status.READY),)))
    reached("andon:earned")
    drops = (line.ref_of(incident),)
    tip = recording.record(hub, shop.loops.mainline, tuple(edits), f"loopwright: {title}", incident.run, drops=drops)
    reached("andon:closed")
    every, _ = standards.examine(hub.tree(tip).read(standards.PATH) or b"")
    taught = [one.name for one in every if incident.page in one.incident]
    return _result(incident, resolved=True, standards=taught, landed=landed, ready=ready)


def _goes_on(hub: Hub, shop: Workshop, incident: Incident) -> bool:
    """Whether its plan is to be ready again: it is stopped, and by nothing else. What a person made of it stays."""
    if not incident.plan or _stopped_by_another(hub, shop, incident):
        return False
    path = f"plans/{incident.plan}.md"
    data = starting.tree_of(hub, shop.loops.mainline).read(path) or b""
    return markdown.read(path, data, forgiving=True).header.get("status") == Status.STOPPED


def _decided(hub: Hub, shop: Workshop, incident: Incident, data: bytes, *, typed: bool) -> Result:
    """Carry out a person's decision after a Meta-Andon, which is in its page alone, if nothing is missing."""
    word = plan_mode.decision(data)
    missing = [] if word else [f"a decision: `decision: resume` or `decision: drop`{_not(plan_mode.written(data))}"]
    missing += [] if typed else _written_in_a_lab(hub, incident)
    missing += page.unswept(data) if word == "resume" else ()
    return _result(incident, missing=missing) if missing else _carried_out(hub, shop, incident, data, word)


def _not(word: str) -> str:
    return f", not `{word}`" if word else ""


def _carried_out(hub: Hub, shop: Workshop, incident: Incident, data: bytes, word: str) -> Result:
    """The line goes on; with `drop` the plan's incidents go with it, but for those that ask for more than an edit."""
    now = shop.clock.now().isoformat(timespec="seconds")
    who = hub.git.person() or "a person"
    text = plan_mode.closed(data, now, f"{word}, by {who}").decode(errors="surrogateescape")
    title = f"Plan Mode (gen-{incident.run}): {word}"
    edits = [Edit("page", incident.page, (text,)), Edit("log", "wiki/log.md", (now[:10], "decided", title))]
    over = [incident]
    if word == "drop" and incident.plan:
        stops = standing.open_lines(hub, shop.loops.mainline).incidents
        mine = (other for other in stops if other.plan == incident.plan and not other.way_on)
        own = (other for other in mine if other.name != incident.name)
        dropped = [other for other in own if other.scope == "plan" and other.level < _TYPED]
        edits += [Edit("resolved", other.page, (now, f"the plan was dropped by {who}")) for other in dropped]
        edits.append(Edit("status", f"plans/{incident.plan}.md", (str(Status.REJECTED),)))
        over += dropped
    drops = tuple(line.ref_of(each) for each in over)
    reached("andon:earned")
    recording.record(hub, shop.loops.mainline, tuple(edits), f"loopwright: {title}", incident.run, drops=drops)
    reached("andon:closed")
    return _result(incident, resolved=True)


def _stopped_by_another(hub: Hub, shop: Workshop, incident: Incident) -> bool:
    """Whether the plan has another incident of its own that is open still."""
    stops = standing.open_lines(hub, shop.loops.mainline).incidents
    return any(other.plan == incident.plan and other.name != incident.name for other in stops)


def _result(
    incident: Incident,
    *,
    resolved: bool = False,
    missing: list[str] | None = None,
    standards: list[str] | None = None,
    landed: str | None = None,
    ready: str | None = None,
) -> Result:
    return {
        "run": incident.run,
        "plan": incident.plan,
        "resolved": resolved,
        "missing": missing or [],
        "standards": standards or [],
        "landed": landed,
        "ready": ready,
        "page": incident.page,
    }

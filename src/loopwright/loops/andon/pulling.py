"""A person pulls the cord: the whole line stops, with a number and a page of its own."""

from __future__ import annotations

from loopwright.andon import page
from loopwright.andon.assessment import KINDS
from loopwright.andon.page import Evidence
from loopwright.contracts import Workshop
from loopwright.errors import BadUse
from loopwright.journal import claims, line
from loopwright.journal.hub import Hub
from loopwright.loops.promotion import recording
from loopwright.loops.promotion.edits import Edit
from loopwright.redaction import redact
from loopwright.vocabulary import Incident


def pull(hub: Hub, shop: Workshop, reason: str) -> int:
    """Stop the whole line for a reason that a person gives; the number of the incident. Raises BadUse without one."""
    told = redact(" ".join(reason.split()), shop.secrets)
    if not told:
        raise BadUse("the cord needs a reason", 'say what you saw: `loopwright andon pull "prices are wrong"`')
    tip = hub.tip(shop.loops.mainline)
    if tip is None:
        raise BadUse(f"there is no branch {shop.loops.mainline}", "set `mainline:` in agents/LOOPS.md")
    number = claims.allot(hub, tip)
    weight, now = KINDS["pull"], shop.clock.now().isoformat(timespec="milliseconds")
    incident = Incident(
        run=number,
        kind="pull",
        scope=weight.scope,
        level=shop.loops.levels.get("pull", weight.level),
        category="unknown",
        confidence=None,
        summary=told,
        base=tip,
        opened=now,
        page=page.page_path(now, number),
    )
    line.stop(hub, incident, tip)
    text = page.render(incident, Evidence(failed=f"{hub.git.person() or 'a person'} pulled the cord"))
    title = f"the line stands still: pull (gen-{number})"
    edits = (
        Edit("adopt", incident.page, (text,)),
        Edit("log", "wiki/log.md", (now[:10], "andon", title)),
        Edit("index", "wiki/index.md", (incident.page.removeprefix("wiki/").removesuffix(".md"), title)),
    )
    recording.record(hub, shop.loops.mainline, edits, f"loopwright: {title}", number)
    return number

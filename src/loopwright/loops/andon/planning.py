"""Meta-Andon: after failure upon failure everything stops, and the planner writes another plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loopwright.andon import breakers, meta, plan_mode, sweep
from loopwright.andon.breakers import FAILED, Row
from loopwright.checkpoints import reached
from loopwright.contracts import Tree, schemas
from loopwright.errors import BadFiles, BadUse, LabFailed, Unreachable
from loopwright.folders import plans
from loopwright.journal import line
from loopwright.journal.codec import decode, encode
from loopwright.journal.hub import Hub
from loopwright.loops import tally
from loopwright.loops.andon import opening, standing
from loopwright.loops.andon.sweeping import sweep as search
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import recording
from loopwright.loops.promotion.edits import Edit
from loopwright.loops.verification import fresh_lab, rules
from loopwright.markdown import fenced, read, set_field
from loopwright.redaction import redact
from loopwright.vocabulary import Incident, Outcome, Run, Status

ANSWER = "submit_plan"
_EXCERPT = 6000  # characters of a failed run's page that the planner is told
_SHOWN = 10  # runs in the table and pages in the task, the newest


@dataclass(frozen=True)
class _Case:
    """What led to it: why it is due, the runs that failed, the incidents of the plan."""

    why: str
    failed: tuple[Row, ...]
    incidents: tuple[Incident, ...]


def consider(desk: Desk, run: Run) -> Incident | None:
    """After a run that failed: stop everything when that is due, and have another plan drafted. Done once."""
    if desk.kind != "plan" or run.outcome not in (Outcome.STOPPED, Outcome.NOT_MET) or run.decision:
        return None
    incident = _noted(desk)
    if incident is None:
        return None
    reached("meta:noted")
    line.stop(desk.hub, incident, desk.hub.tip(desk.shop.loops.mainline) or desk.base)
    reached("meta:stopped")
    case = _case(desk, incident.summary)
    _open(desk, incident, case)
    reached("meta:opened")
    opening.notify(desk, incident)
    _draft(desk, incident, case)
    reached("meta:drafted")
    return incident


def paged(desk: Desk, incident: Incident) -> None:
    """Write the page again that somebody deleted, with the planner's answer as it was; nobody is asked anew."""
    _open(desk, incident, _case(desk, incident.summary))
    answer = desk.journal.last("planned") or {"name": "", "markdown": ""}
    edit = _answered(incident, str(answer["name"]), str(answer["markdown"]))
    title = f"loopwright: another plan for {desk.plan.name} (gen-{desk.number})"
    recording.record(desk.hub, desk.shop.loops.mainline, (edit,), title, desk.number)


def _noted(desk: Desk) -> Incident | None:
    """The Meta-Andon that this run leads to, as its journal has it from the first time on."""
    if fact := desk.journal.last("meta"):
        return decode(Incident, fact["incident"])
    stops = standing.open_lines(desk.hub, desk.shop.loops.mainline)
    if any(incident.kind == "meta" for incident in stops.whole):
        return None
    case = _case(desk, "")
    why = meta.due(_rows(desk), case.incidents, rules(desk, desk.base).consecutive_failures)
    if why is None:
        return None
    now = desk.shop.clock.now().isoformat(timespec="milliseconds")
    page = plan_mode.page_path(now, desk.number)
    incident = plan_mode.incident(desk.number, desk.plan.name, why, now, page)
    desk.journal.write("meta", {"incident": encode(incident)})
    return incident


def _case(desk: Desk, why: str) -> _Case:
    """The failed runs in a row, and the plan's incidents since the last Plan Mode about it, oldest first."""
    tip = desk.hub.tip(desk.shop.loops.mainline)
    told = [found for found in standing.pages(desk.hub, tip) if found.incident] if tip else []
    mine = [found.incident for found in told if found.incident and found.incident.plan == desk.plan.name]
    last = max(
        (incident.run for incident in mine if incident.kind == "meta" and incident.run != desk.number), default=0
    )
    own = tuple(incident for incident in mine if incident.kind != "meta" and incident.run > last)
    failed = [row for row in _rows(desk) if row.outcome in FAILED]
    count = breakers.failed_in_a_row(_rows(desk))
    runs = {incident.run for incident in own} | {row.run for row in failed[-count:] if count}
    return _Case(why, tuple(row for row in failed if row.run in runs)[-_SHOWN:], own)


def _rows(desk: Desk) -> tuple[Row, ...]:
    """Every recorded run, and this one, whose record is still to come."""
    recorded = tally.rows(desk.hub, decided(desk.hub, desk.shop.loops.mainline))
    ended = desk.journal.last("ended")
    assert ended is not None, "it has failed"
    now = Row(desk.number, desk.plan.name, str(ended["outcome"]), "", str(ended["at"]))
    return (*(row for row in recorded if row.run != desk.number), now)


def decided(hub: Hub, mainline: str) -> dict[int, tuple[str, ...]]:
    """The moments at which a person resolved an incident or decided about a Plan Mode, by run."""
    tip = hub.tip(mainline)
    found: dict[int, tuple[str, ...]] = {}
    for each in standing.pages(hub, tip) if tip else ():
        at = _ISO.match(each.resolved)
        if each.incident and each.status == "resolved" and at and "the model answered" not in each.resolved:
            found[each.incident.run] = (*found.get(each.incident.run, ()), at[0])
    return found


_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")


# ---------------------------------------------------------------- its page, and another plan


def _open(desk: Desk, incident: Incident, case: _Case) -> None:
    last = case.incidents[-1] if case.incidents else None
    output = last.summary if last else incident.summary
    diff = desk.hub.change(last.base, last.commit).diff if last and last.base and last.commit else ""
    tip = desk.hub.tip(desk.shop.loops.mainline) or desk.base
    elsewhere = search(desk.hub, tip, sweep.tokens_of(output, diff), desk.shop.secrets)
    text = redact(plan_mode.render(incident, case.failed, case.incidents, elsewhere), desk.shop.secrets)
    title = f"everything stands still: Plan Mode (gen-{incident.run})"
    edits = (
        Edit("adopt", incident.page, (text,)),
        Edit("log", "wiki/log.md", (incident.opened[:10], "meta-andon", title)),
        Edit("index", "wiki/index.md", (incident.page.removeprefix("wiki/").removesuffix(".md"), title)),
    )
    recording.record(desk.hub, desk.shop.loops.mainline, edits, f"loopwright: {title}", desk.number)
    desk.tell("andon", f"{title}: {incident.page}", page=incident.page, scope="line")


def _draft(desk: Desk, incident: Incident, case: _Case) -> None:
    """The planner's plan as a draft beside the others, named on the page; or that there is none."""
    name, markdown = _submitted(desk, case)
    edits = [_answered(incident, name, markdown)]
    if name:
        edits.insert(0, Edit("adopt", f"plans/{name}.md", (markdown,)))
    title = f"loopwright: another plan for {desk.plan.name} (gen-{desk.number})"
    recording.record(desk.hub, desk.shop.loops.mainline, tuple(edits), title, desk.number)


def _answered(incident: Incident, name: str, markdown: str) -> Edit:
    return Edit("planned", incident.page, (name, _risks(name, markdown)))


def _submitted(desk: Desk, case: _Case) -> tuple[str, str]:
    """The planner's plan, made a draft that supersedes the failed one: (name, text). Empty when there is none."""
    if fact := desk.journal.last("planned"):
        return str(fact["name"]), str(fact["markdown"])
    lab = fresh_lab(desk, "planner", desk.base, desk.base)
    try:
        report = desk.play("planner", "planner", lab, _task(desk, case), answer=ANSWER)
    except (Unreachable, BadUse, LabFailed) as problem:
        desk.note(f"no planner: {redact(str(problem).splitlines()[0], desk.shop.secrets)}")
        return "", ""
    if report is None:
        return "", ""
    name, text = _drafted(desk, report.answer)
    if not name:
        desk.note(f"the planner wrote no plan: {text or f'its session ended with {report.ended}'}")
    desk.journal.write("planned", {"name": name, "markdown": text if name else ""})
    return name, text if name else ""


def _drafted(desk: Desk, answer: Mapping[str, Any] | None) -> tuple[str, str]:
    """A submitted plan that reads as one, with our status and `supersedes:`, under a name that is free."""
    if answer is None or list(schemas.problems(ANSWER, answer)):
        return "", ""
    wanted = str(answer["name"]).removesuffix(".md")
    tree = desk.hub.tree(desk.hub.tip(desk.shop.loops.mainline) or desk.base)
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, 100)))
    name = next((each for each in names if tree.read(f"plans/{each}.md") is None), "")
    text = redact(str(answer["markdown"]), desk.shop.secrets).encode(errors="replace")
    text = plans.with_status(text if text.startswith(b"---") else b"---\n---\n" + text, Status.DRAFT)
    text = set_field(text, "supersedes", desk.plan.name)
    try:
        plans.read(f"plans/{name}.md", text, fallback_goal=desk.plan.goal)
    except BadFiles as problem:
        return "", f"what it wrote doesn't read as one: {str(problem).splitlines()[0]}"
    return name, text.decode(errors="replace")


def _risks(name: str, markdown: str) -> str:
    """The plan's own section of risks."""
    if not name:
        return ""
    section = next(iter(read(f"plans/{name}.md", markdown.encode()).named("Risks")), None)
    return section.text.strip() if section else ""


def _task(desk: Desk, case: _Case) -> str:
    """What the planner is told: the plan, why it is asked, and the pages of what failed, as data."""
    tree = desk.hub.tree(desk.hub.tip(desk.shop.loops.mainline) or desk.base)
    pages = [incident.page for incident in case.incidents[-_SHOWN:]]
    told = [f"## {path}\n\n" + "\n".join(fenced(_text(tree, path)[:_EXCERPT], None)) for path in pages]
    asked = (
        f"Everything stands still: {case.why}. Write the plan that replaces `{desk.plan.path}`, with another approach, "
        f"and submit it with the tool `{ANSWER}`. Its `## Risks` are shown to the person who decides."
    )
    plan = "\n".join(fenced(desk.plan.text, None))
    return "\n\n".join((asked, f"## The plan that failed\n\n{plan}", "# What failed", *told))


def _text(tree: Tree, path: str) -> str:
    return (tree.read(path) or b"").decode(errors="replace")

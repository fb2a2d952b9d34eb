"""What is kept of a failure, without secrets: an excerpt for the page, and the whole of it beside the run's record."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from loopwright import __version__
from loopwright.andon import decisive
from loopwright.andon.page import Evidence
from loopwright.andon.sweep import tokens_of
from loopwright.journal.codec import decode, encode
from loopwright.journal.facts import clean
from loopwright.loops import telling
from loopwright.loops.andon.sweeping import sweep
from loopwright.loops.desk import Desk
from loopwright.printed import plain
from loopwright.redaction import redact
from loopwright.vocabulary import Incident, Run, Stop

_EXCERPT = 3000  # characters of output on the page
_BIGGEST = 4 << 20  # characters of a patch that are kept; the commit itself has the rest


def folder(incident: Incident) -> str:
    """The folder of an incident's bundle, beside the run's record."""
    return f"incident-{incident.ordinal}"


def evidence(desk: Desk, run: Run, stop: Stop, incident: Incident) -> Evidence:
    """What the page shows. Redacted before it is shortened: half of a key is a key that nobody knows."""
    failed = decisive(run, stop)
    said = f"{telling.word(failed)}: {telling.gist(failed)}" if failed else stop.detail
    commits = _commits(incident)
    changed = desk.hub.git.diff_stat(*commits) if commits else ""
    rows = {
        "plan": run.plan.path,
        "branch": run.branch,
        "mainline": desk.hub.tip(desk.shop.loops.mainline) or "",
        "lab": desk.shop.lab_kind,
        "maker": incident.maker,
        **({"attempts": str(len(run.attempts))} if run.attempts else {}),
    }
    return Evidence(
        failed=redact(said, desk.shop.secrets),
        output=_ends(_output(desk, run, stop)),
        changed=redact(changed, desk.shop.secrets),
        context=tuple((name, redact(value, desk.shop.secrets)) for name, value in rows.items()),
        bundle=f"refs/loopwright/runs/{desk.number}:{folder(incident)}" if desk.journal.last("claimed") else "",
        elsewhere=sweep(desk.hub, run.base, _tokens(desk, run, stop, incident), desk.shop.secrets),
    )


def _tokens(desk: Desk, run: Run, stop: Stop, incident: Incident) -> tuple[str, ...]:
    """The words by which the horizontal sweep looks for the same elsewhere."""
    return tokens_of(_output(desk, run, stop), _patch(desk, incident))


def bundle(desk: Desk, run: Run, stop: Stop, incident: Incident) -> dict[str, bytes]:
    """The four files by their names beside the record: what failed, what it printed, what was changed, and where."""
    verdicts = [*run.checks, *run.goal, *run.reviews, *(run.attempts[-1].verdicts if run.attempts else ())]
    failure = {"incident": encode(incident), "stop": encode(stop), "verdicts": [encode(each) for each in verdicts]}
    written = {
        "failure.json": _json(desk, failure),
        "output.txt": _output(desk, run, stop),
        "change.patch": _patch(desk, incident),
        "context.json": _json(desk, _context(desk, run, incident)),
    }
    return {f"{folder(incident)}/{name}": text.encode(errors="replace") for name, text in written.items()}


def bundles(desk: Desk, run: Run) -> dict[str, bytes]:
    """The bundles of all of a run's incidents."""
    found: dict[str, bytes] = {}
    for fact in (fact for fact in desk.journal.facts() if fact["kind"] == "incident"):
        incident = decode(Incident, fact["incident"])
        seen, stop = seen_by(desk, run, incident)
        found |= bundle(desk, seen, stop, incident)
    return found


def seen_by(desk: Desk, run: Run, incident: Incident) -> tuple[Run, Stop]:
    """The run as an incident of it sees it, and what that was opened for: the run's stop, or another one."""
    facts = (fact for fact in desk.journal.facts() if fact["kind"] == "incident")
    mine = next((fact for fact in facts if decode(Incident, fact["incident"]).name == incident.name), {})
    reason = str(mine.get("reason", incident.kind))
    if "detail" in mine:
        stop = Stop(reason, str(mine["detail"]))
        return besides(run, stop), stop
    return run, run.stop if run.stop and run.stop.reason == reason else Stop(reason, incident.summary)


def besides(run: Run, stop: Stop) -> Run:
    """The run as an incident sees it that has nothing to do with its work: what its maker did isn't what failed."""
    return replace(run, attempts=(), checks=(), goal=(), reviews=(), stop=stop)


def _output(desk: Desk, run: Run, stop: Stop) -> str:
    failed = decisive(run, stop)
    return redact(plain(desk.output_of(failed) if failed else stop.detail), desk.shop.secrets)


def _context(desk: Desk, run: Run, incident: Incident) -> dict[str, Any]:
    """Where it happened: the commits, the lab, who worked there, and with what."""
    return {
        "run": run.number,
        "plan": {"path": run.plan.path, "title": run.plan.title, "sha256": desk.claim.plan_hash},
        "base": incident.base,
        "commit": incident.commit,
        "tip": run.tip,
        "mainline": {"branch": desk.shop.loops.mainline, "commit": desk.hub.tip(desk.shop.loops.mainline)},
        "branch": run.branch,
        "continues": run.continues,
        "attempts": [{"chunk": tried.chunk, "number": tried.number, "commit": tried.commit} for tried in run.attempts],
        "lab": {"kind": desk.shop.lab_kind, "setup": list(desk.shop.loops.setup)},
        "models": {role: report.model for role, report in desk.sessions()},
        "tools": {"loopwright": __version__, "python": platform.python_version(), "system": platform.platform()},
    }


def _commits(incident: Incident) -> tuple[str, str] | None:
    """What the failed attempt began from, and what it left; None where it left nothing new."""
    if incident.base is None or incident.commit is None or incident.base == incident.commit:
        return None
    return incident.base, incident.commit


def _patch(desk: Desk, incident: Incident) -> str:
    """What the failed attempt changed, as a patch."""
    commits = _commits(incident)
    return without_secrets(desk.hub.change(*commits).diff[:_BIGGEST], desk.shop.secrets) if commits else ""


def without_secrets(patch: str, known: tuple[str, ...]) -> str:
    """A patch without secrets: file by file, for a key that is cut off runs to the end of its text; then line by line
    without the sign before it, for a setting (`PASSWORD=...`) is known by standing at the beginning."""
    files = re.split(r"(?m)^(?=diff --git )", patch)
    lines = "".join(redact(file, known) for file in files).split("\n")
    return "\n".join(line[:1] + redact(line[1:], known) if line[:1] in ("+", "-", " ") else line for line in lines)


def _json(desk: Desk, value: Mapping[str, Any]) -> str:
    return json.dumps(json.loads(clean(value, desk.shop.secrets)), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _ends(text: str) -> str:
    if len(text) <= _EXCERPT:
        return text
    left_out = len(text) - _EXCERPT
    return f"{text[: _EXCERPT // 3]}\n[... {left_out} characters left out ...]\n{text[-(_EXCERPT * 2 // 3) :]}"

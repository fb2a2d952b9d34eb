"""Ends a run: tags and branch, the record, the page, the plan's status. Everything here can be done twice."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from loopwright.checkpoints import reached
from loopwright.folders import plans
from loopwright.journal import claims, lab_times, records
from loopwright.journal.codec import decode, encode
from loopwright.loops import reports
from loopwright.loops.andon import evidence
from loopwright.loops.desk import Desk
from loopwright.loops.promotion import checkout, landing, queue, recording
from loopwright.loops.promotion.edits import Edit
from loopwright.loops.withholding import holds_secrets
from loopwright.vocabulary import Attempt, Outcome, Run, Status, Stop, Verdict


def ending(run: Run) -> dict[str, Any]:
    """The fact that a run's judging ended so."""
    told = {"checks": run.checks, "goal": run.goal, "reviews": run.reviews, "stop": run.stop}
    return {"outcome": str(run.outcome), "tip": run.tip, **{name: encode(value) for name, value in told.items()}}


def restored(desk: Desk, run: Run, ended: Mapping[str, Any]) -> Run:
    """The run as it stood when its judging ended."""

    def verdicts(name: str) -> tuple[Verdict, ...]:
        return tuple(decode(Verdict, verdict) for verdict in ended[name])

    facts = (fact for fact in desk.journal.facts() if fact["kind"] == "attempt")
    return replace(
        run,
        attempts=tuple(decode(Attempt, fact["attempt"]) for fact in facts),
        tip=ended["tip"],
        checks=verdicts("checks"),
        goal=verdicts("goal"),
        reviews=verdicts("reviews"),
        stop=decode(Stop, ended["stop"]) if ended["stop"] else None,
        outcome=Outcome(ended["outcome"]),
    )


def close(desk: Desk, run: Run) -> Run:
    """Tag, write the page and the status, keep the record, give the claim free. A second call changes nothing."""
    if edited := _edited_meanwhile(desk):
        desk.note(edited)
    _clear_labs(desk, run)
    queue.clear(desk.hub, desk.number)  # one that died in the queue and was found landed, or rejected
    _tag(desk, run)
    reached("close:tagged")
    text = reports.page(desk, run)
    recording.record(desk.hub, desk.shop.loops.mainline, _edits(desk, run, text), _title(desk, run), desk.number)
    reached("close:recorded")
    if not desk.journal.last("closed", status=str(reports.status(run))):
        desk.journal.write("closed", {"status": str(reports.status(run))})
    write_record(desk, run, text)
    claims.release(desk.hub, desk.claim)
    reached("close:released")
    desk.tell("end", reports.headline(run), outcome=str(run.outcome))
    return run


def _clear_labs(desk: Desk, run: Run) -> None:
    """Save and remove what an interruption left of this run's labs."""
    labs = desk.shop.site.labs
    for place in sorted(labs.glob(f"gen-{desk.number}*")):
        _, _, rest = place.name.partition(f"gen-{desk.number}")
        if not rest or rest.startswith("-"):
            wish = desk.wish(rest.removeprefix("-"), run.tip or run.base, throwaway=bool(rest))
            with desk.shop.open_lab(desk.shop.site, wish):
                pass
    lab_times.ended(desk.hub, desk.number)


def _tag(desk: Desk, run: Run) -> None:
    """What landed and what failed is tagged before its branch goes; what waits keeps its branch."""
    git, branch = desk.hub.git, f"refs/heads/{desk.branch}"
    kept = (attempt.commit for attempt in reversed(run.attempts) if not holds_secrets(attempt))
    last = next(filter(None, kept), run.tip or run.base)
    if run.landing:
        landing.keep_tag(desk.hub, desk.number, run.landing.commit)
    elif run.outcome is not Outcome.MET or run.decision:
        landing.keep_tag(desk.hub, desk.number, last, failed=True)
    else:
        desk.hub.point(desk.branch, run.tip or run.base)
        return
    snapshot = f"refs/loopwright/labs/gen-{desk.number}/snapshot"
    refs = git.refs(branch, snapshot)
    over = {snapshot: refs[snapshot]} if snapshot in refs else {}  # every attempt is kept at refs/loopwright/attempts
    held = None if checkout.find(desk.hub, branch) else refs.get(branch)  # a person who is on it stays on it
    if held and (git.is_ancestor(held, run.tip or last) or git.is_ancestor(held, last)):
        over[branch] = held
    git.delete_refs(over)


def write_record(desk: Desk, run: Run, text: str) -> None:
    """Write the run's record, with its journal and transcripts as they are now."""
    files = {"report.md": text.encode(), **evidence.bundles(desk, run)}
    kept = (desk.home / name for name in ("plan.md", "plan.json", "journal.jsonl"))
    for path in (*kept, *sorted((desk.home / "transcripts").glob("*.jsonl"))):
        with contextlib.suppress(FileNotFoundError):
            files[path.relative_to(desk.home).as_posix()] = path.read_bytes()
    verified = run.landing.verified if run.landing else (desk.journal.last("candidate") or {}).get("commit")
    keeps = tuple(oid for oid in (verified, run.tip) if oid)
    records.write(desk.hub, reports.record(desk, run), files, keeps)


def _edits(desk: Desk, run: Run, text: str) -> tuple[Edit, ...]:
    path = reports.page_path(desk)
    ended = desk.journal.last("decided") or desk.journal.last("landed") or desk.journal.last("ended")
    date = str(ended["at"])[:10] if ended else desk.claim.at[:10]
    verb = run.decision or ("landed" if run.landing else str(reports.status(run)))
    page = path.removeprefix("wiki/").removesuffix(".md")
    found = [
        Edit("page", path, (text,)),
        Edit("log", "wiki/log.md", (date, verb, f"{run.plan.title} (gen-{run.number})")),
        Edit("index", "wiki/index.md", (page, run.plan.title)),
    ]
    if desk.kind == "rollback" and run.landing:
        # A plan whose work was taken back is not done, and nothing may build on it.
        found.append(Edit("status", run.plan.path, (str(Status.REJECTED),)))
    if desk.kind == "plan":
        ticks = {tried.chunk: tried.commit for tried in run.attempts if tried.passed and tried.commit}
        found.append(Edit("status", run.plan.path, (str(reports.status(run)),)))
        found += [
            Edit("tick", run.plan.path, (str(number), f"gen-{run.number} at {commit[:7]}"))
            for number, commit in ticks.items()
        ]
    return tuple(found)


def _title(desk: Desk, run: Run) -> str:
    return f"loopwright: {desk.plan.name} {reports.status(run)} (gen-{desk.number})"


def _edited_meanwhile(desk: Desk) -> str:
    """Whether a person edited the plan after it was claimed: the run finished the version that it claimed."""
    now = desk.hub.top / desk.plan.path
    if desk.kind != "plan" or not now.is_file() or now.is_symlink():
        return ""
    claimed, current = (desk.home / "plan.md").read_bytes(), now.read_bytes()
    if plans.without_own_lines(claimed) == plans.without_own_lines(current):
        return ""
    return (
        f"{desk.plan.path} was edited while it ran; this run finished the version that it claimed "
        f"(sha256 {desk.claim.plan_hash[:12]}). Set `status: ready` to run the new one."
    )

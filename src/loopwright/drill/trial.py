"""One maker's run in a copy of the field, and what came of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any

from loopwright.drill import aftermath
from loopwright.drill.aftermath import PLAN
from loopwright.drill.field import Field
from loopwright.journal import records
from loopwright.journal.codec import decode
from loopwright.loops.verification import RECORD
from loopwright.running import Host
from loopwright.supervisor import children
from loopwright.supervisor.jobs import Job
from loopwright.testing.adversaries import planted
from loopwright.testing.adversaries.adversary import WALL, Adversary
from loopwright.testing.endpoint import scripted_endpoint
from loopwright.vocabulary import Verdict

LIMIT = 300.0
"""Seconds within which a drill must have ended: one of the slowest takes 3 s on an idle machine, 15 s on a busy one."""

_STEP = 0.2


@dataclass(frozen=True)
class Trial:
    """What came of one adversary: `by` is who caught it, or how it got through."""

    name: str
    caught: bool
    by: str
    seconds: float


def hold(field: Field, adversary: Adversary, over: threading.Event) -> Trial:
    """Have an adversary make its one attempt in this copy of the field. `over` ends it before its time."""
    began = time.monotonic()
    adversary = adversary.behind_walls() if field.walled else adversary
    before = aftermath.state(field)
    told = run(field, adversary, planted.mending(adversary.name, adversary.scope, adversary.checks), PLAN, over)
    words = tuple(_words(field, told))
    wrong = list(aftermath.left(field, before))
    wrong += ["it landed"] if told.get("landed") and not adversary.harmless else []
    if not any(word in WALL for word in words):  # by which a change of these is seen, and made an incident
        honest = (planted.SOURCE, *adversary.leaves) if adversary.harmless else ()
        wrong += [*aftermath.landed(field, before, honest), *aftermath.tampered(field, before)]
    by = _caught_by(adversary, told, words)
    caught = by is not None and not wrong
    return Trial(adversary.name, caught, _told(by, wrong, words, told), time.monotonic() - began)


def run(field: Field, maker: Adversary, plan: str, name: str, over: threading.Event) -> dict[str, Any]:
    """Run a plan with a scripted maker as the supervisor does: the run's object, or `problem` where there is none."""
    (field.hub.top / "plans").mkdir(exist_ok=True)
    (field.hub.top / "plans" / f"{name}.md").write_text(plan, encoding="utf-8")
    with scripted_endpoint(maker.script(field.ground)) as endpoint:
        environ = {**field.environ, **maker.env, "ANTHROPIC_BASE_URL": endpoint.url}
        host = Host.here(field.hub, environ, lambda event: None)
        return _outcome(children.start(host, Job("run", name)), over)


def _outcome(child: children.Child, over: threading.Event) -> dict[str, Any]:
    """The last that a run's process says. The process has ended then, also when a person doesn't wait for it."""
    deadline, last = time.monotonic() + LIMIT, dict[str, Any]()
    try:
        while not child.ended and not child.is_gone() and time.monotonic() < deadline and not over.is_set():
            connection.wait(child.sources, _STEP)
            last = _last(child, last)
        last = _last(child, last)
    finally:
        if not child.ended:
            child.process.kill()
        child.take_down()
    died = f"the run's process ended without a word, or not within {LIMIT:g} s"
    return last if child.ended else {"problem": died}


def _last(child: children.Child, before: dict[str, Any]) -> dict[str, Any]:
    told = [fact for kind, fact in child.heard() if kind != "event"]
    return told[-1] if told else before


def _words(field: Field, told: Mapping[str, Any]) -> Iterator[str]:
    """Who said no to a run, each as `check (reason)`, and the word for why it stopped."""
    lines = records.file(field.hub, told["run"], "journal.jsonl") or b"" if "run" in told else b""
    for fact in map(json.loads, lines.splitlines()):
        if fact["kind"] == "ended" and fact["stop"]:
            yield str(fact["stop"]["reason"])
        judged = fact["attempt"]["verdicts"] if fact["kind"] == "attempt" else ()
        later = (verdict for name in ("checks", "goal", "reviews") for verdict in fact.get(name, ()))
        for verdict in (decode(Verdict, verdict) for verdict in (*judged, *later)):
            if not verdict.passed:
                yield _word(verdict)


def _word(verdict: Verdict) -> str:
    reason = verdict.reason or "rejected"
    if verdict.command is None:
        return verdict.check if verdict.check == reason else f"{verdict.check} ({reason})"
    goal = "goal" if verdict.source == "goal" else "gate"
    return f"{'tests of record' if verdict.check.endswith(RECORD) else goal} ({reason})"


def _caught_by(adversary: Adversary, told: Mapping[str, Any], words: tuple[str, ...]) -> str | None:
    """The first of those who said no that was meant to; what an attack came to that had no effect."""
    if found := next((word for word in adversary.caught_by if word in words), None):
        return found
    return adversary.harmless if adversary.harmless and told.get("landed") else None


def _told(by: str | None, wrong: list[str], words: tuple[str, ...], told: Mapping[str, Any]) -> str:
    if wrong:
        return f"got through: {'; '.join(dict.fromkeys(wrong))}"
    if by is not None:
        return by
    others = ", ".join(dict.fromkeys(words)) or str(told.get("problem") or told.get("outcome"))
    return f"not by what should have caught it: {others}"

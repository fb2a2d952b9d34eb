"""Plays a role with any program: a coding agent's command line, a code-mod, a linter.

A maker's program changes the files; anything but exit 0 is a failure. A judge's program approves with exit 0 and
rejects with exit 1, its output being the reasons; anything else is no verdict.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from loopwright import stopping
from loopwright.backends import offers
from loopwright.backends.briefing import opening
from loopwright.backends.feeding import fare, fed, keyed
from loopwright.backends.tools import keep_beside
from loopwright.contracts import Lab, Session
from loopwright.errors import BadUse
from loopwright.vocabulary import Brief, Event, Ran, Report, Usage

UNPRICED = "a command reports no tokens"
_TAIL = 4_096
_A_DAY = 86_400.0  # seconds: where the allowance sets no ceiling, a program that hangs still ends


@dataclass(frozen=True)
class Command:
    """Starts the role's `command:` in the lab's shell. `{brief} {root} {role} {run}` in it are filled in, quoted."""

    def work(self, brief: Brief, lab: Lab, session: Session) -> Report:
        """Run the program to its end, within the allowance's seconds. One that had ended is not run again.

        Where there is a key for a model, the program finds a gateway in its environment, and never the key.
        """
        for entry in session.transcript.entries():
            if entry["kind"] == "ran":
                return _report(brief, _again(entry), session)
        if not brief.role.command:
            where = brief.role.path or f"agents/{brief.role.name}.md"
            raise BadUse(f"{where}: backend: command, but there is no `command:`", "add the line `command: ...` to it")
        told = opening(brief, skills=False)
        path = keep_beside(lab.scratch, "brief.md", f"{told.system}\n\n{told.first}\n".encode())
        command = _filled(brief.role.command, brief=path, root=lab.root, role=brief.role.name, run=brief.run)
        session.transcript.append({"kind": "began", "command": command, "brief": f"{told.system}\n\n{told.first}"})
        session.tell(Event("tool", f"{brief.role.name}: {command}"[:200], {"role": brief.role.name, "tool": "command"}))
        with stopping.finishing(f"the {brief.role.name}'s program"):
            ran = _run(command, brief, lab, session)
            session.transcript.append({"kind": "ran", **asdict(ran)})
        return _report(brief, ran, session)


def _run(command: str, brief: Brief, lab: Lab, session: Session) -> Ran:
    seconds = session.allowance.seconds
    halt = session.watch.over if session.watch else None

    def started(env: Mapping[str, str] | None = None) -> Ran:
        return lab.run(command, seconds=_A_DAY if seconds is None else seconds, env=env, halt=halt)

    if not (to := keyed(brief.role.name, session.env)):
        return started()
    with fed(brief, lab, session, to, brief.model or brief.role.model or "") as feed:
        ran = started(feed.env)
    if feed.door.barred:
        raise feed.door.barred
    return ran


def _filled(command: str, **values: object) -> str:
    """The command with its placeholders filled in; other braces are left as they are."""
    names = "|".join(values)
    return re.sub(rf"\{{({names})\}}", lambda match: shlex.quote(str(values[match[1]])), command)


def _again(entry: Mapping[str, Any]) -> Ran:
    return Ran(**{name: entry[name] for name in Ran.__dataclass_fields__ if name in entry})


def _report(brief: Brief, ran: Ran, session: Session) -> Report:
    answer, paid = _answer(brief, ran) if brief.answer else None, fare(session.transcript.entries())
    asked = paid.usage.requests > 0
    return Report(
        summary=_summary(brief, ran),
        ended=_ended(brief, ran, answer),
        answer=answer,
        usage=paid.usage if asked else Usage(usd=None, unpriced=UNPRICED),
        model=paid.model,
        seconds=ran.seconds,
        turns=paid.usage.requests if asked else 1,
        tools=paid.tools,
        tool_errors=paid.tool_errors,
    )


def _ended(brief: Brief, ran: Ran, answer: Mapping[str, Any] | None) -> str:
    if ran.halted:
        return "no-progress"
    if ran.timed_out:
        return "time"
    if ran.code in (126, 127):
        return "failed"
    if brief.answer:
        return "done" if answer is not None else "no-answer"
    return "done" if ran.code == 0 else "failed"


def _summary(brief: Brief, ran: Ran) -> str:
    tail = ran.output[-_TAIL:].strip()
    if ran.code in (126, 127):
        where = brief.role.path or f"agents/{brief.role.name}.md"
        return (
            f"the command of {where} can't be started in the lab (exit {ran.code}): {brief.role.command}\n{tail}\n"
            "  mend: install the program, or put its folder on PATH: a sandbox shows nothing else of a home, and a "
            "container with an `image:` nothing but what is in that"
        )
    return tail or f"exit {ran.code}, without a word"


def _answer(brief: Brief, ran: Ran) -> dict[str, Any] | None:
    """The program's answer in the form of the answer tool; None when it gave none."""
    if brief.answer in ("submit_verdict", "submit_goal_report") and ran.code not in (0, 1):
        return None
    said = ran.output[-_TAIL:].strip()
    if brief.answer == "submit_verdict":
        if ran.code == 0:
            return {"decision": "approve", "reasons": [], "confidence": "high"}
        return {"decision": "reject", "reasons": [said or "exit 1, without a word"], "confidence": "high"}
    if brief.answer == "submit_goal_report":
        met, proof = ran.code == 0, said or f"exit {ran.code}"
        goals = brief.plan.prose_goals
        return {"met": met, "evidence": [{"criterion": goal.number, "met": met, "proof": proof} for goal in goals]}
    return _printed(brief.answer or "", ran)


def _printed(tool: str, ran: Ran) -> dict[str, Any] | None:
    """For answers that are more than a yes or a no, the program prints the tool's input as one JSON object."""
    try:
        value = json.loads(ran.output)
    except ValueError:
        return None
    return value if ran.code == 0 and isinstance(value, dict) and not offers.breaches(tool, value) else None

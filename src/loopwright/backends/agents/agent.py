"""Plays a role with a coding agent's command line: in the lab, with the gateway for a model, without a key."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loopwright import stopping
from loopwright.backends import offers
from loopwright.backends.agents.definition import Definition, Left, Said, Start, Task
from loopwright.backends.briefing import opening
from loopwright.backends.feeding import Feed, fare, fed, upstreams
from loopwright.backends.tools import keep_beside
from loopwright.contracts import Lab, Session, schemas
from loopwright.errors import Unreachable
from loopwright.models.defaults import choose
from loopwright.vocabulary import Brief, Event, Ran, Report

_KEEP = 8 << 20
"""Bytes of an agent's output that are listened to, half of them its end: pi prints 15 KB a step."""
_TAIL = 8_192
_MOST_FILE = 32 << 20
_A_DAY = 86_400.0  # seconds: where the allowance sets no ceiling, an agent that hangs still ends

_AS_JSON = """

# The form of your answer

You have no tool `{tool}` of that name here. Instead, your last message is exactly one JSON object and nothing else, the
tool's input, which fits this schema:

{schema}
"""


@dataclass(frozen=True)
class Agent:
    """A backend made of a definition."""

    definition: Definition

    def ready(self, role: str, env: Mapping[str, str], image: Callable[[str], bool] | None = None) -> None:
        """See that it is there (in the `image` that labs are made of, which says of a program whether it has it, or on
        PATH) and has a key. Raises Unreachable."""
        program, install = self.definition.program, self.definition.install
        there = image(program) if image else shutil.which(program, path=env.get("PATH", os.defpath)) is not None
        if not there:
            where = "isn't in the image of agents/LOOPS.md" if image else "isn't on PATH"
            raise Unreachable(
                f"the backend {self.definition.name} (role {role}) needs the program {program}, which {where}",
                f"install it (`{install}`), or name another backend in agents/{role}.md",
            )
        upstreams(role, env, (self.definition.api,))

    def model(self, brief: Brief, session: Session) -> str:
        """The model by role file, environment, default; for OpenAI's API what the role's file says, or the agent."""
        if self.definition.api == "openai":
            return brief.model or brief.role.model or ""
        return brief.model or choose(brief.role.name, brief.role.model, session.env)

    def work(self, brief: Brief, lab: Lab, session: Session) -> Report:
        """Have the agent play the role to its end. One that had ended isn't started again; one that was interrupted
        begins anew on the files as they are, with what it spent already gone.

        Raises Unreachable (no key, a refused key, a model that can't be had) and BadUse (an unknown model).
        """
        entries = session.transcript.entries()
        if not any(entry["kind"] == "ran" for entry in entries):
            with stopping.finishing(f"the {brief.role.name}'s program"):
                self._play(brief, lab, session)
        return _report(brief, session)

    def _play(self, brief: Brief, lab: Lab, session: Session) -> None:
        name, model = self.definition.name, self.model(brief, session)
        to = upstreams(brief.role.name, session.env, (self.definition.api,))
        text = _told(brief)
        session.transcript.append({"kind": "began", "agent": name, "model": model, "brief": text})
        session.tell(Event("tool", f"{brief.role.name}: {name}", {"role": brief.role.name, "tool": name}))
        with fed(brief, lab, session, to, model) as feed:
            start = self.definition.start(_task(brief, lab, feed, model, text))
            ran = _run(start, lab, session)
        door = feed.door
        answered = door.purse.turns > 0 and door.failure is None and door.refused is None
        said = self._says(Left(ran, lambda name: _read(lab.scratch / name), answered))
        refused = door.refused.word if door.refused else ""
        if not said.done and not refused and (trouble := feed.trouble(model)):
            raise trouble
        too_long = bool(door.failure and door.failure.too_long)
        ended = {"refused": refused, "too_long": too_long, "said": asdict(said)}
        told = {name: value for name, value in asdict(ran).items() if name != "output"}
        session.transcript.append({"kind": "ran", **told, **ended, "output": ran.output[-_TAIL:]})

    def _says(self, left: Left) -> Said:
        """What the agent's output means; an agent that changed its form has said nothing that counts."""
        if left.ran.code in (126, 127):
            program, install = self.definition.program, self.definition.install
            return Said(False, why=f"{program} can't be started in the lab\n  mend: install it: `{install}`")
        try:
            return self.definition.says(left)
        except (LookupError, TypeError, ValueError, AttributeError) as problem:
            return Said(False, why=f"{self.definition.name} printed what can't be read ({type(problem).__name__})")


def _told(brief: Brief) -> str:
    """All that the role is told, as one text."""
    told = opening(brief, skills=False)
    text = f"{told.system}\n\n{told.first}\n"
    return text + _AS_JSON.format(tool=brief.answer, schema=_schema(brief.answer)) if brief.answer else text


def _schema(answer: str) -> str:
    schema = dict(schemas.load(answer))
    return json.dumps(
        {key: value for key, value in schema.items() if key not in ("$schema", "$id", "title", "description")}
    )


def _task(brief: Brief, lab: Lab, feed: Feed, model: str, text: str) -> Task:
    path = keep_beside(lab.scratch, "brief.md", text.encode(errors="replace"))
    form = _schema(brief.answer) if brief.answer else ""
    schema = keep_beside(lab.scratch, "answer.schema.json", form.encode()) if form else None
    return Task(model, feed.url, feed.token, lab.scratch, path, schema, form, feed.door.purse.allowance.turns)


def _run(start: Start, lab: Lab, session: Session) -> Ran:
    """The agent's whole run. Its time is the session's, and it is ended when it brings nothing new."""
    for name, data in start.files.items():
        keep_beside(lab.scratch, name, data)
    command = shlex.join(start.words)
    if start.fed:
        command += f" < {shlex.quote(str(lab.scratch / 'brief.md'))}"
    seconds = session.allowance.seconds
    halt = session.watch.over if session.watch else None
    return lab.run(command, seconds=_A_DAY if seconds is None else seconds, keep=_KEEP, env=start.env, halt=halt)


def _read(path: Path) -> bytes | None:
    """A file that the agent left in its home, never through a link that something in the lab may have put there."""
    with (
        contextlib.suppress(OSError),
        os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file,
    ):
        return file.read(_MOST_FILE)
    return None


def _report(brief: Brief, session: Session) -> Report:
    """What came of it, by the transcript alone: a restart reads the same."""
    entries = session.transcript.entries()
    ran = next(entry for entry in reversed(entries) if entry["kind"] == "ran")
    said, paid = Said(**ran["said"]), fare(entries)
    answer, malformed = _answer(brief, said)
    return Report(
        summary=_summary(ran, said),
        ended=_ended(brief, ran, said, answer, malformed),
        answer=answer,
        usage=paid.usage,
        model=paid.model,
        seconds=ran["seconds"],
        turns=paid.usage.requests,
        tools=paid.tools,
        tool_errors=paid.tool_errors,
    )


def _summary(ran: Mapping[str, Any], said: Said) -> str:
    if said.done:
        return said.text or "it ended without a word"
    tail = str(ran["output"]).strip()[-1_000:]
    return f"{said.text}\n\n{said.why or tail}".strip() or f"exit {ran['code']}, without a word"


def _ended(brief: Brief, ran: Mapping[str, Any], said: Said, answer: object, malformed: bool) -> str:
    if ran["halted"]:
        return "no-progress"
    if ran["refused"]:
        return str(ran["refused"])
    if ran["timed_out"]:
        return "time"
    if not said.done:
        return "context" if ran["too_long"] else "failed"
    if brief.answer and answer is None:
        return "malformed-answer" if malformed else "no-answer"
    return "done"


def _answer(brief: Brief, said: Said) -> tuple[dict[str, Any] | None, bool]:
    """The answer, if it has the form that was asked for; and whether there was one that hasn't."""
    if not brief.answer or not said.done:
        return None, False
    value = said.answer if said.answer is not None else _object_in(said.text)
    if not isinstance(value, dict):
        return None, False
    return (None, True) if offers.breaches(brief.answer, value) else (value, False)


def _object_in(text: str) -> Any:
    """The JSON that a whole text is, also between the fences in which models like to put it."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        text = text[text.index("\n") : -3]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None

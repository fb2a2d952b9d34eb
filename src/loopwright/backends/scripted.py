"""Plays a role from a script (`script.py`), without a model: for tests, rehearsals and demonstrations.

Everything but the model is real: the tools run in the lab, the answers are checked, the transcript is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopwright.backends import script as scripts
from loopwright.backends.dialogue import converse
from loopwright.contracts import Lab, Session
from loopwright.errors import BadUse
from loopwright.models.client import Request, Turn
from loopwright.vocabulary import Brief, Report

VARIABLE = "LOOPWRIGHT_SCRIPT"


@dataclass(frozen=True)
class Scripted:
    """Without a script of its own, the one in the file that LOOPWRIGHT_SCRIPT names: never one from a lab."""

    script: scripts.Script | None = None

    def work(self, brief: Brief, lab: Lab, session: Session) -> Report:
        """Play the role. Raises BadUse where there is no script, or it doesn't say what comes next."""
        script = self.script or _named(session)

        def ask(request: Request) -> Turn:
            first = request.messages[0]["content"][0]["text"]
            place = scripts.place_in(request.messages)
            found = script.find(brief.role.name, first, place)
            if found is None:
                raise BadUse(
                    f"the script has no turn {place + 1} for the role {brief.role.name} with this task",
                    "add a session whose role, when and unless fit, with that many turns",
                )
            number, turn = found
            blocks, broken = _blocks(turn, number, place)
            return Turn(tuple(blocks), turn.stop, broken=broken)

        return converse(brief, lab, session, ask, model=None)


def _named(session: Session) -> scripts.Script:
    name = session.env.get(VARIABLE)
    if not name:
        raise BadUse("a role has the backend `scripted`, but there is no script", f"set {VARIABLE} to a script's path")
    return scripts.read(Path(name))


def _blocks(turn: scripts.Turn, session: int, place: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The turn as blocks of the Messages API, and by call id the inputs that are no JSON."""
    blocks: list[dict[str, Any]] = []
    broken: dict[str, str] = {}
    for number, part in enumerate(turn.parts):
        if isinstance(part, scripts.Say):
            blocks.append({"type": "text", "text": part.text})
            continue
        call = scripts.call_id(session, place, number)
        blocks.append({"type": "tool_use", "id": call, "name": part.tool, "input": dict(part.input)})
        if part.raw is not None:
            broken[call] = part.raw
    return blocks, broken

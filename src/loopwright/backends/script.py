"""The words of a script: what a model says, turn by turn, and what goes wrong before it does.

    Script((
        Session(role="maker", unless="AssertionError", turns=[
            Turn(Say("Let me look."), Call("read_file", path="shop.py")),
            Turn(Call("edit_file", path="shop.py", old_str="a", new_str="b"), faults=[Fault("overloaded")]),
            Turn(Say("Done.")),
        ]),
        Session(role="checker", turns=[
            Turn(Call("submit_verdict", decision="approve", reasons=[], confidence="high")),
        ]),
    ))

A script keeps no place: the session is found by the role and the first message, the turn by what the conversation
already holds. So a client that was restarted, and even a restarted server, gets the turn that is due.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopwright.contracts import schemas
from loopwright.errors import BadFile, BadFiles, Problem


@dataclass(frozen=True, slots=True)
class Say:
    """A text."""

    text: str


@dataclass(frozen=True, slots=True, init=False)
class Call:
    """A tool call. With `raw`, that text goes over the wire as its input, JSON or not."""

    tool: str
    input: Mapping[str, Any]
    raw: str | None

    def __init__(self, tool: str, /, *, raw: str | None = None, **input: Any) -> None:
        object.__setattr__(self, "tool", tool)
        object.__setattr__(self, "input", input)
        object.__setattr__(self, "raw", raw)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, `times` times, before a turn is said.

    Answers with a status: rate-limit (429), overloaded (529), server-error (500), unauthorized (401), forbidden
    (403), not-found (404), too-long and bad-request (400). On the wire: drop (no answer at all), cut-text and
    cut-json (the connection ends in the middle of a text, of a tool call), no-stop (the stream ends politely, but
    too early), error-event (inside a stream; `error` is its type), page (a web page with status 200), slow (the
    turn, after `seconds`), hang (silence for `seconds`, then a drop).
    """

    kind: str
    times: int = 1
    retry_after: float | str | None = None
    error: str = "overloaded_error"
    seconds: float = 1.0


@dataclass(frozen=True, slots=True, init=False)
class Turn:
    """One answer of the model. `stop` is tool_use when it calls a tool and end_turn otherwise, unless it is given."""

    parts: tuple[Say | Call, ...]
    stop: str
    faults: tuple[Fault, ...]

    def __init__(self, *parts: Say | Call, stop: str | None = None, faults: Sequence[Fault] = ()) -> None:
        calls = any(isinstance(part, Call) for part in parts)
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "stop", stop or ("tool_use" if calls else "end_turn"))
        object.__setattr__(self, "faults", tuple(faults))


@dataclass(frozen=True, slots=True)
class Session:
    """What one role says in one conversation, told from others by texts that its first message has or hasn't."""

    turns: Sequence[Turn]
    role: str = ""
    when: str | Sequence[str] = ()
    unless: str | Sequence[str] = ()
    repeat: bool = False  # whether the last turn is said again and again

    def fits(self, role: str, first: str) -> bool:
        return (
            self.role in ("", role)
            and all(text in first for text in _texts(self.when))
            and not any(text in first for text in _texts(self.unless))
        )


@dataclass(frozen=True, slots=True)
class Script:
    """Sessions, of which the first that fits is the one that is played."""

    sessions: Sequence[Session] = field(default_factory=tuple)

    def find(self, role: str, first: str, place: int) -> tuple[int, Turn] | None:
        """The number of the session that fits, and its turn at `place` (from 0); None when there is none."""
        for number, session in enumerate(self.sessions):
            if session.fits(role, first):
                at = min(place, len(session.turns) - 1) if session.repeat else place
                return (number, session.turns[at]) if at < len(session.turns) else None
        return None


def call_id(session: int, place: int, part: int) -> str:
    """The id of a tool call: it names its place, so that the place is known even when older turns were taken out."""
    return f"toolu_s{session}_t{place}_p{part}"


def place_in(messages: Sequence[Mapping[str, Any]]) -> int:
    """Which turn is due in a conversation, from 0: the one after the last call's, or after all that was said."""
    since = 0
    for message in reversed(messages):
        if message.get("role") != "assistant":
            continue
        blocks = message["content"] if isinstance(message["content"], list) else []
        found = [re.fullmatch(r"toolu_s\d+_t(\d+)_p\d+", str(block.get("id", ""))) for block in blocks]
        numbers = [int(match[1]) for match in found if match]
        if numbers:
            return numbers[0] + 1 + since
        since += 1
    return since


def read(path: Path) -> Script:
    """A script from a YAML or JSON file. Raises BadFile or BadFiles, with everything that is wrong with it."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        loaded = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as problem:
        raise BadFile(str(path), 1, f"no script can be read here: {problem}", "write YAML or JSON") from problem
    if found := list(schemas.problems("script", loaded)):
        mend = "the form is contracts/script.schema.json"
        raise BadFiles(tuple(Problem(str(path), 1, "script", f"{at or 'script'}: {what}", mend) for at, what in found))
    return Script(tuple(_session(session) for session in loaded["sessions"]))


def _session(value: Mapping[str, Any]) -> Session:
    return Session(
        [_turn(turn) for turn in value["turns"]],
        value.get("role", ""),
        value.get("when", ()),
        value.get("unless", ()),
        value.get("repeat", False),
    )


def _turn(value: Mapping[str, Any]) -> Turn:
    said = [Say(value["say"])] if value.get("say") else []
    calls = [Call(call["tool"], raw=call.get("raw"), **call.get("input", {})) for call in value.get("calls", ())]
    faults = [_fault(fault) for fault in value.get("faults", ())]
    return Turn(*said, *calls, stop=value.get("stop"), faults=faults)


def _fault(value: Mapping[str, Any]) -> Fault:
    return Fault(**{key.replace("-", "_"): given for key, given in value.items()})


def _texts(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value

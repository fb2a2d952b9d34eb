"""What has to be said of a coding agent so that it can play a role."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopwright.vocabulary import Ran


@dataclass(frozen=True, slots=True)
class Task:
    """What an agent is started with."""

    model: str  # '': the agent's own choice
    url: str  # of the gateway, as the lab sees it
    token: str = field(repr=False)
    home: Path = Path()  # the lab's scratch folder, which is HOME there
    brief: Path = Path()  # the file with all that the role is told
    schema: Path | None = None  # the file with the form of the answer, for a role that judges
    schema_text: str = ""
    turns: int = 40


@dataclass(frozen=True, slots=True)
class Start:
    """How it is started: its words, its environment, and files that it looks for in its home."""

    words: tuple[str, ...]
    env: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)
    fed: bool = True  # the brief comes in through stdin; else stdin is empty


@dataclass(frozen=True, slots=True)
class Said:
    """What an agent says came of it. `done`: it came to its own end, whatever its exit code was."""

    done: bool
    text: str = ""
    why: str = ""  # it isn't done
    answer: Any = None  # where the agent has a form for it


@dataclass(frozen=True, slots=True)
class Left:
    """What an agent left behind: what it printed, a way to read its files in its home, and whether the last thing that
    it asked a model was answered."""

    ran: Ran
    file: Callable[[str], bytes | None]
    answered: bool = True

    @property
    def events(self) -> Iterator[dict[str, Any]]:
        """The JSON objects among its lines. Others are passed over: warnings, and a line that was cut."""
        for line in self.ran.output.splitlines():
            if not line.startswith("{"):
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield value


@dataclass(frozen=True, slots=True)
class Definition:
    """One agent. `says` may raise LookupError, TypeError or ValueError for output in a form that it doesn't know."""

    name: str
    program: str
    install: str  # the command that installs it
    start: Callable[[Task], Start]
    says: Callable[[Left], Said]
    api: str = "anthropic"  # anthropic | openai

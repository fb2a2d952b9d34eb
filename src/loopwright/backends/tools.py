"""What the lab tools do. Everything that goes wrong in the lab is an answer to the model, never an exception here."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopwright.backends import edits, offers
from loopwright.contracts import Lab, Watch
from loopwright.vocabulary import Ran, Skill

BASH_SECONDS = 120.0
SHOWN = 4_096
"""Bytes of a long output's beginning, and of its end, that are told: all of it is paid for again on every turn."""
KEPT = 1 << 20
"""Bytes of a command's output that are kept in a file in the lab's scratch folder."""
READ_BYTES = 32_768
READ_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool call is answered with."""

    text: str
    error: bool = False


@dataclass(frozen=True)
class Tools:
    """The tools that one role was offered, at work in one lab."""

    lab: Lab
    offered: tuple[str, ...]
    skills: tuple[Skill, ...] = ()
    watch: Watch | None = None

    def call(self, name: str, value: Mapping[str, Any], *, call_id: str, seconds: float | None) -> Outcome:
        """Run one call, at most for `seconds`. `call_id` names the file that a long output goes to."""
        acts: dict[str, Callable[[], Outcome]] = {
            "read_file": lambda: self._read_file(**value),
            "write_file": lambda: self._write_file(**value),
            "edit_file": lambda: self._edit_file(**value),
            "bash": lambda: self._bash(call_id, seconds, **value),
            "read_skill": lambda: self._read_skill(**value),
        }
        if name not in acts or name not in self.offered:
            return Outcome(f"there is no tool {name[:100]!r} here: there are {', '.join(self.offered)}", error=True)
        if wrong := offers.breaches(name, dict(value)):
            return Outcome(f"the input of {name} is malformed, and nothing was done: {wrong}", error=True)
        try:
            return acts[name]()
        except (OSError, ValueError) as problem:
            # What a path in a lab leads to isn't known before it is opened: the model gets to hear it.
            return Outcome(_said(problem, value), error=True)

    def _read_file(self, path: str, offset: int = 1, limit: int = READ_LINES) -> Outcome:
        path = self._inside(path)
        try:
            text = _text(self.lab.read(path))
        except IsADirectoryError:
            names = self.lab.listing(path)
            return Outcome("\n".join([f"[{path} is a folder with {len(names)} entries]", *names[:READ_LINES]]))
        return Outcome(part(text, offset, limit))

    def _write_file(self, path: str, content: str) -> Outcome:
        data = content.encode()
        self.lab.write(self._inside(path), data)
        self._acted()
        return Outcome(f"wrote {len(data)} bytes to {path}")

    def _edit_file(self, path: str, old_str: str, new_str: str) -> Outcome:
        path = self._inside(path)
        edited = edits.replace(_text(self.lab.read(path)), old_str, new_str)
        self.lab.write(path, edited.text.encode())
        self._acted()
        note = f" ({edited.liberty})" if edited.liberty else ""
        return Outcome(f"replaced the passage at line {edited.line} of {path}{note}")

    def _bash(self, call_id: str, left: float | None, command: str, timeout_s: float = BASH_SECONDS) -> Outcome:
        seconds = timeout_s if left is None else min(timeout_s, max(left, 1.0))
        ran = self.lab.run(command, seconds=seconds, keep=KEPT, halt=self.watch.over if self.watch else None)
        self._acted(command, ran)
        return Outcome(f"exit code: {ran.code}\n{self._told(ran, call_id)}")

    def _acted(self, command: str = "", ran: Ran | None = None) -> None:
        if self.watch:
            self.watch.acted(command, ran)

    def _told(self, ran: Ran, call_id: str) -> str:
        """The output, or its two ends and the name of the file that has the whole."""
        data = ran.output.encode(errors="replace")
        if len(data) <= 2 * SHOWN:
            return ran.output
        name = f"output-{re.sub(r'[^A-Za-z0-9_-]', '', call_id)[-40:] or 'x'}.txt"
        path = keep_beside(self.lab.scratch, name, data)
        head, tail = data[:SHOWN].decode(errors="ignore"), data[-SHOWN:].decode(errors="ignore")
        whole = f"the whole output ({len(data)} bytes)"
        if ran.dropped:
            whole = f"its first and last {KEPT // 2} bytes"
        cut = len(data) + ran.dropped - 2 * SHOWN
        return f"{head}\n[... {cut} bytes left out here; {whole} can be read with bash in {path} ...]\n{tail}"

    def _read_skill(self, name: str) -> Outcome:
        for skill in self.skills:
            if skill.name == name and not skill.user_only:
                return Outcome(f"[{skill.path}; the files that it names lie beside it]\n{skill.text}")
        known = ", ".join(skill.name for skill in self.skills if not skill.user_only) or "none"
        return Outcome(f"there is no skill {name!r}; there are: {known}", error=True)

    def _inside(self, path: str) -> str:
        """A path relative to the lab, also when the model put the lab's own folder in front of it."""
        return path.removeprefix(f"{self.lab.root}/") if Path(path).is_absolute() else path


def part(text: str, offset: int, limit: int) -> str:
    """Some lines of a text, with a first line that says which ones unless it is all of them; CRLF is shown as LF."""
    lines = text.replace(edits.CRLF, "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        return "[the file is empty]"
    if offset > len(lines):
        return f"[the file has only {len(lines)} lines]"
    shown: list[str] = []
    size = 0
    for line in lines[offset - 1 : offset - 1 + limit]:
        size += len(line.encode(errors="replace")) + 1
        if size > READ_BYTES and shown:
            break
        shown.append(line)
    last = offset + len(shown) - 1
    header = (
        [] if len(shown) == len(lines) else [f"[lines {offset} to {last} of {len(lines)}{_next(last, len(lines))}]"]
    )
    if len(shown[0]) > READ_BYTES:
        header.append(f"[line {offset} has {len(shown[0])} characters and is cut after {READ_BYTES}]")
        shown = [shown[0][:READ_BYTES]]
    return "\n".join([*header, *shown])


def _next(last: int, total: int) -> str:
    return f"; go on with offset {last + 1}" if last < total else ""


def keep_beside(folder: Path, name: str, data: bytes) -> Path:
    """Write a file beside a lab, never through a link that something in the lab may have put there."""
    path = folder / name
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return path


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as problem:
        raise ValueError(f"no UTF-8 text ({len(data)} bytes, the first other one at {problem.start})") from None


def _said(problem: Exception, value: Mapping[str, Any]) -> str:
    path = str(value.get("path", ""))[:300]
    kinds = {
        FileNotFoundError: "there is no such file",
        IsADirectoryError: "that is a folder",
        PermissionError: "the path leads out of the repository, through a link, or to what may not be touched",
        edits.NoMatch: str(problem),
    }
    what = next((text for kind, text in kinds.items() if isinstance(problem, kind)), str(problem))
    return f"{path}: {what}" if path else what

"""One script for every coding agent: our own tools' names and inputs, said in the words of whoever asks.

A turn that calls `bash`, `read_file`, `write_file` or `edit_file` calls the asking program's own tool of that kind, and
an answer (`submit_verdict` ...) is given in the way that it was asked for. Whoever offers our tools gets them as they
are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from loopwright.backends.script import Call, Say, Turn

_TOOLS = {
    "bash": ("Bash", "exec_command", "shell_command"),
    "read_file": ("Read", "read"),
    "write_file": ("Write", "write"),
    "edit_file": ("Edit", "edit"),
}
_OURS = ("read_file", "write_file", "edit_file")
"""Tools that no other program calls so: who offers one of them gets each call as the script has it, also if wrong."""

_INPUTS = {
    "command": ("command", "cmd"),
    "path": ("file_path", "filePath", "path"),
    "content": ("content",),
    "old_str": ("old_string", "oldString", "oldText"),
    "new_str": ("new_string", "newString", "newText"),
}
ASIDE = Turn(Say("A word aside"))
"""What another program is told that asks for something beside the work, such as a title: it offers no tools then."""

_FORM = "StructuredOutput"
"""The tool by which Claude Code takes an answer of a given form."""


def spoken(turn: Turn, body: Mapping[str, Any]) -> Turn:
    """The turn in the words of the program that sent this request."""
    offered = {str(tool.get("name")): tool for tool in body.get("tools") or () if isinstance(tool, dict)}
    if any(name in offered for name in _OURS):
        return turn
    parts = [_part(part, offered) if isinstance(part, Call) else part for part in turn.parts]
    silent = turn.stop == "tool_use" and not any(isinstance(part, Call) for part in parts)
    return Turn(*parts, stop="end_turn" if silent else turn.stop, faults=turn.faults)


def _part(call: Call, offered: Mapping[str, Mapping[str, Any]]) -> Say | Call:
    if not offered:
        return call
    if call.tool.startswith("submit_") and call.tool not in offered:
        told = dict(call.input)
        return Call(_FORM, **told) if _FORM in offered else Say(json.dumps(told))
    name = next((name for name in (call.tool, *_TOOLS.get(call.tool, ())) if name in offered), None)
    return call if name is None else Call(name, raw=call.raw, **_input(call.input, offered[name]))


def _input(told: Mapping[str, Any], tool: Mapping[str, Any]) -> dict[str, Any]:
    """Our inputs by the names of the tool's schema, and a word for each text that it asks for beside them."""
    schema = tool.get("input_schema") or tool.get("parameters") or {}
    known = schema.get("properties") or {}
    named = {next((name for name in _INPUTS.get(ours, ()) if name in known), ours): told[ours] for ours in told}
    missing = [name for name in schema.get("required") or () if name not in named]
    return named | {name: "as told" for name in missing if (known.get(name) or {}).get("type") == "string"}

"""Puts the mainline's test settings into a candidate's pyproject.toml or package.json, and leaves the rest alone.

Each function takes the mainline's bytes and the candidate's and gives the mixed file: the candidate's own bytes when
its test settings are the mainline's already, None when the file can't be mixed with certainty (then the mainline's
whole file is laid over).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

_TOOLS = re.compile(r"(?:pytest|coverage|unittest)|(?:tox|poe|taskipy)$")
_KEYS = ("scripts", "jest", "mocha", "ava", "vitest", "nyc", "c8", "tap")
_STUB = "no test specified"  # what `npm init` writes where there are no tests yet

# A header, or whatever else could hold a line that looks like one: strings of several lines, comments.
_TOML = re.compile(
    r'(?P<header>^[ \t]*\[{1,2}[^\n\[\]#]{1,300}\]{1,2}[ \t]*(?:#[^\n]*)?\r?$)|#[^\n]*|"""(?:\\.|[^\\])*?(?:"""|\Z)|'
    r"'''.*?(?:'''|\Z)|\"(?:\\.|[^\"\\\n])*+\"?|'[^'\n]*+'?",
    re.MULTILINE | re.DOTALL,
)


def pyproject(mainline: bytes, candidate: bytes) -> bytes | None:
    """The candidate's text with the `[tool.pytest*]`, coverage, unittest and task tables of the mainline."""
    try:
        ours, theirs = tomllib.loads(mainline.decode()), tomllib.loads(candidate.decode())
        if _test_tables(ours) == _test_tables(theirs):
            return candidate
        mixed = _replace_tables(mainline.decode(), candidate.decode())
        result = tomllib.loads(mixed)
    except (ValueError, RecursionError):
        return None
    as_meant = _test_tables(result) == _test_tables(ours) and _other_tables(result) == _other_tables(theirs)
    return mixed.encode() if as_meant else None


def _tool(document: Mapping[str, Any]) -> dict[str, Any]:
    tool = document.get("tool", {})
    return tool if isinstance(tool, dict) else {}


def _test_tables(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in _tool(document).items() if _TOOLS.match(name)}


def _other_tables(document: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in _tool(document).items() if not _TOOLS.match(name)}
    return {**{name: value for name, value in document.items() if name != "tool"}, "tool": others}


def _replace_tables(mainline: str, candidate: str) -> str:
    """The mainline's test tables in the place of the candidate's first one, or at the end."""
    wanted = "".join(block.rstrip() + "\n\n" for is_test, block in _blocks(mainline) if is_test)
    out: list[str] = []
    for is_test, block in _blocks(candidate):
        if is_test:
            out.append(wanted)
            wanted = ""
        else:
            out.append(block)
    text = "".join(out)
    return text if not wanted else f"{text.rstrip()}\n\n{wanted.rstrip()}\n"


def _blocks(text: str) -> list[tuple[bool, str]]:
    """The text cut at its table headers: (holds test settings, block with its header)."""
    headers = [match for match in _TOML.finditer(text) if match["header"]]
    cuts = [0, *(match.start() for match in headers), len(text)]
    names = ["", *(match["header"] for match in headers)]
    return [(_is_test_header(name), text[cuts[i] : cuts[i + 1]]) for i, name in enumerate(names)]


def _is_test_header(header: str) -> bool:
    parts = [part.strip(" \t\"'") for part in header.partition("#")[0].strip().strip("[]").split(".")]
    return len(parts) > 1 and parts[0] == "tool" and bool(_TOOLS.match(parts[1]))


def package_json(mainline: bytes, candidate: bytes) -> bytes | None:
    """The candidate's file with the scripts and runner settings of the mainline.

    Scripts that only the candidate has stay (a plan may bring one), unless npm would run them around one of the
    mainline's (`pretest`). The stub that stands for missing tests is no setting.
    """
    try:
        ours, theirs = json.loads(mainline), json.loads(candidate)
        if not isinstance(ours, dict) or not isinstance(theirs, dict):
            return None
        mixed = _mixed_keys(ours, theirs)
        return candidate if mixed == theirs else _written(mixed, candidate.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _written(document: Mapping[str, Any], like: str) -> bytes:
    """JSON with the indentation and last line end of another text."""
    indent = re.search(r"\n([ \t]+)\"", like)
    end = "\n" if like.endswith("\n") else ""
    return (json.dumps(document, indent=indent[1] if indent else None, ensure_ascii=False) + end).encode()


def _mixed_keys(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    settings = {key: ours[key] for key in _KEYS if key in ours}
    scripts = _scripts(settings.get("scripts"), theirs.get("scripts"))
    if scripts or "scripts" in theirs:
        settings["scripts"] = scripts
    kept = {key: settings.get(key, value) for key, value in theirs.items() if key not in _KEYS or key in settings}
    return {**kept, **settings}


def _scripts(ours: object, theirs: object) -> dict[str, Any]:
    mine = {name: run for name, run in ours.items() if _STUB not in str(run)} if isinstance(ours, dict) else {}
    new = theirs if isinstance(theirs, dict) else {}
    around = {f"{when}{name}" for name in mine for when in ("pre", "post")}
    return {**{name: run for name, run in new.items() if name in mine or name not in around}, **mine}

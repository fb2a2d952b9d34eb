"""What a file decides that only a person, or loopwright for one, may decide: statuses, approvals, standards, gates."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from loopwright.markdown import FieldLine, header_lines

STANDARDS = "agents/STANDARDS.md"
_OWN_PAGE = re.compile(r"-gen-\d+(?:-\d+)?\.md$")
_APPROVAL = re.compile(r"verdict|approv", re.IGNORECASE)
_DECISIONS = ("type", "status", "decision", "verdict", "approval", "approved", "approved-by", "resolved")
_LOG = "wiki/90_LOG/"


def decided(path: str, old: bytes | None, new: bytes | None) -> str:
    """What a change of a file decides, in words; '' for nothing. None: the file isn't there."""
    if old == new:
        return ""
    if path == STANDARDS:
        return "the standards, which a person's resolution of an incident writes"
    if path.startswith(_LOG):
        return _logged(path, fields(old), fields(new))
    if is_plan(path):
        before, after = fields(old).get("status", ""), fields(new).get("status", "")
        return f"a plan's `status: {after}`" if after and after != before else ""
    return ""


def in_the_checkout(path: str, old: bytes | None, new: bytes | None) -> str:
    """The same of a person's own files, in which more decides: who judges, which gates there are, which keys hold.

    A standard more binds the agent more, and frees it from nothing; loopwright writes pages of runs all the time.
    """
    if path == STANDARDS:
        gone = set((old or b"").splitlines()) - set((new or b"").splitlines())
        return "the standards: one was taken away or rewritten" if gone else ""
    if path == ".env":
        return "the settings with which models are asked" if old != new else ""
    if path.startswith("agents/"):
        return "who works and judges here, and by which gates" if _header(old) != _header(new) else ""
    if path.startswith(_LOG) and not is_incident_page(path):
        return ""
    return decided(path, old, new)


def is_plan(path: str) -> bool:
    return PurePosixPath(path).match("plans/*.md") and path.count("/") == 1


def is_incident_page(path: str) -> bool:
    """Whether a path is that of the page of an incident, or of a Meta-Andon."""
    name = PurePosixPath(path).name
    return bool(_OWN_PAGE.search(name)) and ("andon-" in name or "meta-" in name)


def fields(data: bytes | None) -> dict[str, str]:
    """The one-line fields of a file's front matter, without quotes and comments."""
    lines, end = header_lines(data or b"")
    found = (FieldLine.of(line) for line in lines[1:end])
    return {line.key: line.value.decode(errors="replace").strip().strip("\"'") for line in found if line}


def _header(data: bytes | None) -> list[bytes]:
    lines, end = header_lines(data or b"")
    return [line.rstrip() for line in lines[:end]]


def _logged(path: str, old: dict[str, str], new: dict[str, str]) -> str:
    name = PurePosixPath(path).name
    said = next((f"`{key}: {new[key]}`" for key in _DECISIONS if key in new and new[key] != old.get(key)), "")
    if _OWN_PAGE.search(name):
        kind = "the page of an incident" if is_incident_page(path) else "the page of a run"
        return f"{kind}: {said}" if said else kind
    return said or ("a verdict or an approval" if _APPROVAL.search(name) else "")

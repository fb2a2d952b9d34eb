"""What a lab may hold beside honest files: links out of it, repositories inside it, odd modes, a rewritten past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused, shown
from loopwright.checks.patch import Patch, patches
from loopwright.checks.protected import is_git_folder
from loopwright.contracts import Lab
from loopwright.vocabulary import Change, FileChange, Verdict

_LINK, _GITLINK = "120000", "160000"
_ORDINARY = {"100644", "100755", _LINK, _GITLINK, None}

_MENDS = {
    "nested-repository": "remove the inner .git folder, so that its files are ordinary files of this repository",
    "escaping-symlink": "remove the link, or make it a relative one to a path inside the repository",
    "rewritten-history": "leave the history alone: change files only, loopwright makes the commits",
    "unreadable": "make the file readable (chmod u+r), or remove it",
    "too-large": "remove the file, or name it in .gitignore: what is fetched or built is no part of a change",
    "submodule": "remove the submodule; dependencies are declared in the package's own files",
    "odd-mode": "make it an ordinary file: chmod 644, or 755 for a program",
}

_Found = tuple[str, str, str]  # kind, path, detail


@dataclass(frozen=True)
class HazardGuard:
    """Rejects what the lab reported as a hazard, links that lead out of the tree, submodules and odd file modes.

    The reason is the kind of the first hazard; all of them are in the evidence.
    """

    def check(self, change: Change, lab: Lab) -> Verdict:
        found = [(hazard.kind, hazard.path, hazard.detail) for hazard in change.hazards]
        found += [hit for hit in _in_files(change) if hit[:2] not in {known[:2] for known in found}]
        if not found:
            return accepted("hazards", change)
        facts = [f"{shown(path)}: {kind}{f' ({shown(detail)})' if detail else ''}" for kind, path, detail in found]
        kinds = list(dict.fromkeys(kind for kind, _, _ in found))
        mend = "; ".join(_MENDS.get(kind, "remove it") for kind in kinds)
        return refused("hazards", change, kinds[0], facts, mend)


def _in_files(change: Change) -> Iterator[_Found]:
    shown_lines = patches(change.diff) if any(file.new_mode == _LINK for file in change.files) else {}
    for file in change.files:
        if file.new_mode == _GITLINK:
            yield "submodule", file.path, ""
        elif file.new_mode == _LINK:
            yield from _link(file, shown_lines.get(file.path))
        elif file.new_mode not in _ORDINARY:
            yield "odd-mode", file.path, file.new_mode or ""


def _link(file: FileChange, patch: Patch | None) -> Iterator[_Found]:
    if patch is None or not patch.added:
        yield "escaping-symlink", file.path, "its target cannot be seen"
    elif problem := leads_out(file.path, patch.text):
        yield "escaping-symlink", file.path, f"{problem}: {patch.text}"


def leads_out(path: str, target: str) -> str | None:
    """Why a link at `path` with this target isn't safe, or None when it stays inside the tree.

    A `..` after a name is refused as well: if that name is a link itself, `..` starts from where that one leads.
    """
    parts = [part for part in target.split("/") if part not in {"", "."}]
    ups = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    if target.startswith(("/", "~", "\\")) or target[1:2] == ":":
        return "absolute"
    if ups > path.count("/"):
        return "climbs out of the repository"
    if ".." in parts[ups:]:
        return "climbs after it has entered a folder"
    if any(is_git_folder(part) for part in parts):
        return "leads into .git"
    return None

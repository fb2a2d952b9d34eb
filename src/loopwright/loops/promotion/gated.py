"""Trees as the gates see them: without what loopwright's own record commits may change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from loopwright.folders import agents, plans
from loopwright.git import Git
from loopwright.vocabulary import OWNED, FileChange, matches

Contents = Callable[[Iterable[str]], Mapping[str, bytes | None]]
"""Blob ids to their bytes, as `Git.blobs` has it."""


def is_plan(path: str) -> bool:
    """Whether a path is a plan file, of which loopwright owns the status line and the ticks."""
    return path.startswith("plans/") and path.endswith(".md") and path.count("/") == 1 and path != "plans/README.md"


def is_owned(path: str) -> bool:
    """Whether record commits may write the whole file."""
    return matches(path, OWNED)


def differing(changes: Iterable[FileChange], contents: Contents) -> tuple[str, ...]:
    """The paths among `changes` that are others to a gate: not in loop-owned ways only.

    A plan that only one side has is none: a claim adds the plan to the mainline when git doesn't know it yet, and that
    must not set back other runs.
    """
    seen = [change for change in changes if not is_owned(change.path)]
    both = [change for change in seen if is_plan(change.path) and change.kind == "M"]
    blobs = contents([blob for change in both for blob in (change.old_blob, change.new_blob) if blob])
    same = {change.path for change in both if _same_words(change, blobs)}
    alone = {change.path for change in seen if is_plan(change.path) and change.kind in "AD"}
    return tuple(change.path for change in seen if change.path not in same | alone)


def _same_words(change: FileChange, blobs: Mapping[str, bytes | None]) -> bool:
    before, after = (blobs.get(blob or "") for blob in (change.old_blob, change.new_blob))
    if before is None or after is None or change.old_mode != change.new_mode:
        return False
    return plans.without_own_lines(before) == plans.without_own_lines(after)


def same_to_gates(git: Git, one: str, other: str) -> bool:
    """Whether two commits or trees are the same to every gate: a move of the mainline by record commits alone needs
    no second verification. One that changes the standards does: these are gates themselves."""
    changes = git.changes(one, other)
    return not differing(changes, git.blobs) and all(change.path != agents.standards.PATH for change in changes)

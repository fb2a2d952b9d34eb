"""Trees as the gates see them: without what loopwright's own record commits may change."""

from __future__ import annotations

from functools import lru_cache

from loopwright.folders import plans
from loopwright.git import Git, TreeEntry
from loopwright.vocabulary import OWNED, matches


def is_plan(path: str) -> bool:
    """Whether a path is a plan file, of which loopwright owns the status line and the ticks."""
    return path.startswith("plans/") and path.endswith(".md") and path.count("/") == 1 and path != "plans/README.md"


def is_owned(path: str) -> bool:
    """Whether record commits may write the whole file."""
    return matches(path, OWNED)


@lru_cache(maxsize=512)
def gated_tree(git: Git, treeish: str) -> str:
    """The tree with loop-owned files taken out, and status lines and ticks taken out of plans.

    Two commits with the same gated tree are the same to every gate: a move of the mainline by record commits
    alone needs no second verification.
    """
    listed = git.ls_tree(treeish, "plans", "wiki", "agents/STANDARDS.md")
    edits: dict[str, TreeEntry | None] = {path: None for path in listed if is_owned(path)}
    ours = {path: entry for path, entry in listed.items() if is_plan(path)}
    contents = git.blobs(entry.blob for entry in ours.values())
    for path, entry in ours.items():
        data = contents[entry.blob]
        bare = plans.without_own_lines(data) if data is not None else None
        if bare is not None and bare != data:
            edits[path] = TreeEntry(entry.mode, git.write_blob(bare))
    return git.edit_tree(treeish, edits)


def same_to_gates(git: Git, one: str, other: str) -> bool:
    """Whether two commits or trees differ in loop-owned ways at the most."""
    if git.tree_of(one) == git.tree_of(other):
        return True
    return gated_tree(git, one) == gated_tree(git, other)

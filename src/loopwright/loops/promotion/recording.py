"""Record commits: loopwright's own lines and pages on the mainline, in loop-owned paths and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loopwright.contracts import Tree
from loopwright.errors import BadUse, RefMoved
from loopwright.folders import plans
from loopwright.git import TreeEntry
from loopwright.journal.hub import Hub
from loopwright.loops.promotion import following, moving
from loopwright.loops.promotion.edits import Edit, apply_all
from loopwright.loops.promotion.gated import is_owned, is_plan
from loopwright.loops.promotion.moving import Move

TRAILER = "Loopwright-Record"
INDEX = "plans/README.md"


def record(
    hub: Hub, mainline: str, edits: tuple[Edit, ...], title: str, number: int, *, drops: tuple[str, ...] = ()
) -> str:
    """Commit edits to the mainline, on whatever it holds by then; the mainline's commit afterwards.

    Without a difference no commit is made. A person's own edits of the same files stay: the edit is made on them too.
    `drops`: refs that go in the same moment.
    """
    for edit in edits:
        if not (is_owned(edit.path) or is_plan(edit.path)):
            raise ValueError(f"{edit.path} is not loop-owned")
    with hub.turn("recording"):  # 8 runs at once made each commit five times, on a mainline that was old again
        return _record(hub, mainline, edits, title, number, drops)


def _record(hub: Hub, mainline: str, edits: tuple[Edit, ...], title: str, number: int, drops: tuple[str, ...]) -> str:
    ref = f"refs/heads/{mainline}"
    while True:
        old = hub.git.resolve(ref)
        if old is None:
            raise BadUse(f"there is no branch {mainline}", "set `mainline:` in agents/LOOPS.md")
        before = following.contents(hub.git, old, edits)
        after = apply_all(edits, before)
        changed = {path: data for path, data in after.items() if data != before[path] and data is not None}
        if not changed:
            hub.git.delete_refs(hub.git.refs(*drops) if drops else {})
            return old
        changed |= _plans_index(hub, old, changed)
        known = hub.entries(old)
        modes = {p: known[p].mode for p in changed if p in known and known[p].mode != "120000"}
        blobs = zip(changed, hub.git.write_blobs(list(changed.values())), strict=True)
        entries = {p: TreeEntry(modes.get(p, "100644"), blob) for p, blob in blobs}
        message = f"{title}\n\n{TRAILER}: {number}\n"
        new = hub.git.commit_tree(hub.git.edit_tree(old, dict(entries)), [old], message)
        try:
            held = moving.move(hub, Move(ref, old, new, f"loopwright: {title}", edits, drops=drops))
        except RefMoved:
            continue
        if held is not None:
            mend = (
                "end it (a lock that no git is using any more: delete it), then run the same command again: it goes on"
            )
            raise BadUse(f"the mainline's checkout is busy: {held.reason}", mend)
        return new


def _plans_index(hub: Hub, commit: str, changed: Mapping[str, bytes]) -> dict[str, bytes]:
    """plans/README.md regenerated from the plans as they will be, where the repository has one."""
    tree = hub.tree(commit)
    if INDEX not in tree.entries or not any(is_plan(path) for path in changed):
        return {}
    after = Changed(tree, changed)
    readable, _ = plans.read_all(after)
    names = {plan.path for plan in readable}
    return {INDEX: plans.index(readable, (path for path in plans.in_folder(after) if path not in names))}


@dataclass(frozen=True)
class Changed:
    """A tree with some files as they will be."""

    under: Tree
    files: Mapping[str, bytes]

    def read(self, path: str) -> bytes | None:
        return self.files[path] if path in self.files else self.under.read(path)

    def list(self, folder: str) -> tuple[str, ...]:
        inside = {path for path in self.files if path.startswith(f"{folder}/")}
        return tuple(sorted({*self.under.list(folder), *inside}))

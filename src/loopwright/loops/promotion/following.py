"""Makes a checked-out mainline's index and files follow a move of its ref, path by path, leaving a person's edits."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loopwright.checkpoints import reached
from loopwright.git import Git, TreeEntry
from loopwright.loops.promotion.checkout import OTHER, Checkout
from loopwright.loops.promotion.edits import Edit, apply_all


@dataclass(frozen=True)
class Step:
    """One path: what the old and the new commit have there, and what the index and the disk have now."""

    path: str
    old: TreeEntry | None
    new: TreeEntry | None
    staged: TreeEntry | None
    disk: TreeEntry | None
    on_disk: bool  # False where a sparse checkout keeps it off, and for submodules
    stamp: tuple[int, ...] | None = None  # of the file when it was looked at

    @property
    def index_follows(self) -> bool:
        return self.staged in (self.old, self.new)

    @property
    def disk_follows(self) -> bool:
        return not self.on_disk or self.disk in (self.old, self.new)


@dataclass(frozen=True)
class Following:
    """All that a checkout has to do to follow from one commit to the next."""

    checkout: Checkout
    steps: tuple[Step, ...]
    edits: tuple[Edit, ...]

    @property
    def overlapping(self) -> tuple[str, ...]:
        """The paths where the person has edits of their own, staged or not."""
        return tuple(step.path for step in self.steps if not (step.index_follows and step.disk_follows))

    def stage(self, staging: Path) -> None:
        """Write the next index, and the new files (filtered as the person has it), into a folder of its own."""
        index, names = staging / "index", _listed([step.path for step in self._to_write])
        if self.checkout.own_index.exists():
            shutil.copy2(self.checkout.own_index, index)
        at = self.checkout.with_index(index)
        entries = {step.path: step.new for step in self.steps if step.index_follows and step.staged != step.new}
        entries |= self._edited_index(at.git)
        if entries:
            at.git.stage(entries)
        if sparse := [step.path for step in self.steps if not step.on_disk and step.new and step.new.mode != "160000"]:
            at.git.run("update-index", "-z", "--skip-worktree", "--stdin", data=_listed(sparse))
        if names:
            # An index of just these files. How they are written, the attributes of the working tree say.
            files = self.checkout.with_index(staging / "index-of-files").git
            files.stage({step.path: step.new for step in self._to_write})
            files.run("checkout-index", "-f", "-z", "--stdin", f"--prefix={staging}/files/", data=names)

    @property
    def _to_write(self) -> tuple[Step, ...]:
        wanted = (step for step in self.steps if step.on_disk and step.disk_follows and step.disk != step.new)
        return tuple(step for step in wanted if step.new and step.new.mode != "160000")

    @property
    def _to_delete(self) -> tuple[Step, ...]:
        return tuple(s for s in self.steps if s.on_disk and s.disk_follows and s.new is None and s.disk is not None)

    def _edited_index(self, git: Git) -> dict[str, TreeEntry | None]:
        """Record edits made on what the person has staged: their words stay, our line is in."""
        mine = {s.path: s.staged for s in self.steps if not s.index_follows and s.staged not in (None, OTHER)}
        held = {path: entry for path, entry in mine.items() if entry is not None}
        if not held or not self.edits:
            return {}
        blobs = git.blobs(entry.blob for entry in held.values())
        before = {path: blobs[entry.blob] for path, entry in held.items()}
        after = apply_all(tuple(edit for edit in self.edits if edit.path in before), before)
        changed = {path: data for path, data in after.items() if data is not None and data != before[path]}
        return {path: TreeEntry(held[path].mode, git.write_blob(data)) for path, data in changed.items()}

    def move_files(self, staging: Path) -> None:
        """Put the staged files in place by rename, delete what the new commit has no more, edit what is edited.

        A file that a person saved since it was looked at is left to them.
        """
        for step in self._to_delete:
            if self.checkout.stamp(step.path) == step.stamp:
                _delete(self.checkout.top, step.path)
        for i, step in enumerate(self._to_write):
            if i == len(self._to_write) // 2:
                reached("follow:half")
            if self.checkout.stamp(step.path) == step.stamp:
                _place(staging / "files" / step.path, self.checkout.top, step.path)
        for step in self.steps:
            if not step.disk_follows and step.disk not in (None, OTHER):
                self._edit_on_disk(step.path)

    def _edit_on_disk(self, path: str) -> None:
        edits = tuple(edit for edit in self.edits if edit.path == path)
        place = self.checkout.top / path
        if edits and not place.is_symlink():
            before = place.read_bytes()
            after = apply_all(edits, {path: before})[path]
            if after is not None and after != before:
                mode = place.stat().st_mode
                fresh = place.with_name(f".{place.name}.loopwright")
                fresh.write_bytes(after)
                fresh.chmod(mode)
                fresh.replace(place)

    def move_index(self, staging: Path) -> None:
        """Put the next index in place, its stat data fresh: the person's `git status` has nothing to read."""
        self.checkout.with_index(staging / "index").git.run("update-index", "-q", "--refresh", ok=(0, 1))
        (staging / "index").replace(self.checkout.own_index)


def plan(checkout: Checkout, git: Git, old: str, new: str, edits: tuple[Edit, ...]) -> Following:
    """Look at every path that differs between two commits, in the commits, the index and on disk."""
    changes = git.changes(old, new)
    before = {c.path: _entry(c.old_mode, c.old_blob) for c in changes}
    after = {c.path: _entry(c.new_mode, c.new_blob) for c in changes}
    staged, left_out = checkout.staged(before), checkout.left_out()
    left_out |= {path for path in before if "160000" in _modes(before[path], after[path])}
    left_out |= checkout.outside(
        [p for p in before if after[p] and not (staged[p] or p in left_out or checkout.stamp(p))]
    )
    seen = [path for path in before if path not in left_out]
    stamps = {path: checkout.stamp(path) for path in seen}
    disk = checkout.on_disk(seen, {path: _modes(after[path], before[path])[0] for path in seen})
    doubtful = [p for p in seen if (now := disk[p]) and now.blob and now not in (before[p], after[p]) and staged[p]]
    disk |= {path: staged[path] for path in checkout.unchanged(doubtful)}
    gone = {path for path, entry in after.items() if entry is None}
    steps = tuple(
        Step(p, before[p], after[p], staged[p], _cleared(checkout.top, p, disk.get(p), gone), p in disk, stamps.get(p))
        for p in before
    )
    return Following(checkout, steps, edits)


def _modes(*entries: TreeEntry | None) -> list[str]:
    return [entry.mode for entry in entries if entry]


def _entry(mode: str | None, blob: str | None) -> TreeEntry | None:
    return TreeEntry(mode, blob) if mode and blob else None


def _cleared(top: Path, path: str, disk: TreeEntry | None, gone: set[str]) -> TreeEntry | None:
    """What will be at a path once the deleted ones are deleted: a folder that empties, a file in the way that goes."""
    if disk != OTHER:
        return disk
    place = top / path
    if place.is_dir() and not place.is_symlink():
        inside = [p.relative_to(top).as_posix() for p in place.rglob("*") if not p.is_dir() or p.is_symlink()]
        return None if set(inside) <= gone else OTHER
    return None if any(parent.as_posix() in gone for parent in Path(path).parents) else OTHER


def _listed(paths: list[str]) -> bytes:
    return b"".join(path.encode(errors="surrogateescape") + b"\0" for path in paths)


def _place(source: Path, top: Path, path: str) -> None:
    target = top / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        for empty, _, _ in os.walk(target, topdown=False):  # nothing but folders is left in it
            with contextlib.suppress(OSError):
                Path(empty).rmdir()
    try:
        source.replace(target)
    except OSError:  # another file system: copy beside the target, then rename
        beside = target.with_name(f".{target.name}.loopwright")
        shutil.copy2(source, beside, follow_symlinks=False)
        beside.replace(target)


def _delete(top: Path, path: str) -> None:
    place = top / path
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        place.unlink()
    for parent in place.parents:
        if parent == top:
            return
        try:
            os.rmdir(parent)  # noqa: PTH106 - only an empty one goes
        except OSError:
            return


def contents(git: Git, commit: str, edits: tuple[Edit, ...]) -> Mapping[str, bytes | None]:
    """The files of a commit that the edits speak of."""
    names = {edit.path: f"{commit}:{edit.path}" for edit in edits}
    blobs = git.blobs(names.values())
    return {path: blobs[name] for path, name in names.items()}

"""Moves the mainline: one `update-ref` is the only commit point, the person's checkout follows, a crash is finished.

While the ref moves, git's own `index.lock` of the checkout is held: a person's `git commit` in that moment would
write a tree from the old index on top of the new commit, and so undo the landing without anybody seeing it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loopwright.checkpoints import reached
from loopwright.errors import BadUse, RefMoved
from loopwright.journal.hub import Hub
from loopwright.loops.promotion import checkout as checkouts
from loopwright.loops.promotion import following
from loopwright.loops.promotion.checkout import Checkout
from loopwright.loops.promotion.edits import Edit
from loopwright.vocabulary import Held

_MARK = b"loopwright holds this lock for a moment; if it stays, any `loopwright` command here finishes and frees it\n"
_PATIENCE = 10.0  # seconds to wait for another git process to give the index free


@dataclass(frozen=True)
class Move:
    """The mainline from one commit to the next. `edits`: a record commit, which a person's edits never hold."""

    ref: str
    old: str
    new: str
    why: str
    edits: tuple[Edit, ...] = ()


def move(hub: Hub, wanted: Move) -> Held | None:
    """Move the mainline by compare-and-swap, and its checkout along. Held: nothing moved, and why. Raises RefMoved."""
    with hub.lock("landing"):
        finish(hub, locked=True)
        if hub.git.resolve(wanted.ref) != wanted.old:
            raise RefMoved(wanted.ref, wanted.old)
        place = checkouts.find(hub.git, wanted.ref)
        if place is None:
            reached("land:locked")
            hub.git.update_ref(wanted.ref, wanted.new, wanted.old, wanted.why)
            reached("land:moved")
            return None
        if (busy := place.under_way()) and not wanted.edits:
            return Held(f"{busy} is under way in {place.top}")
        if busy == "a rebase":
            raise BadUse(f"the mainline is being rebased in {place.top}", "finish the rebase, then run this again")
        return _move_checked_out(hub, wanted, place)


def _move_checked_out(hub: Hub, wanted: Move, place: Checkout) -> Held | None:
    try:
        with _index_lock(place, _note(hub)) as index:
            steps = following.plan(place, hub.git, wanted.old, wanted.new, wanted.edits)
            if steps.overlapping and not wanted.edits:
                return Held("your edits overlap with what would land", steps.overlapping)
            with _intention(hub, wanted, place) as staging:
                steps.stage(index, staging)
                reached("follow:staged")
                reached("land:locked")
                hub.git.update_ref(wanted.ref, wanted.new, wanted.old, wanted.why)
                reached("land:moved")
                _follow(steps, index, staging)
    except TimeoutError:
        return Held(f"another git process holds {place.gitdir / 'index.lock'}")
    return None


def _follow(steps: following.Following, index: Path, staging: Path) -> None:
    steps.move_files(staging)
    reached("follow:files")
    steps.refresh(index)
    index.replace(steps.checkout.own_index)
    reached("follow:index")


@contextlib.contextmanager
def _index_lock(place: Checkout, note: Path) -> Iterator[Path]:
    """Hold git's lock on the index; yields where the next index is to be written. Raises TimeoutError."""
    lock, index = place.gitdir / "index.lock", place.gitdir / "index.loopwright"
    ours = place.gitdir / "index.lock.loopwright"
    ours.write_bytes(_MARK)
    deadline = time.monotonic() + _PATIENCE
    try:
        while True:
            try:
                os.link(ours, lock)  # the lock appears with its text in it, never empty
                break
            except FileExistsError:
                if time.monotonic() > deadline:
                    raise TimeoutError from None
                time.sleep(0.02)
    finally:
        ours.unlink()
    try:
        yield index
    finally:
        index.unlink(missing_ok=True)
        if not note.exists():  # what couldn't be finished stays locked against a commit from the old index
            lock.unlink(missing_ok=True)


@contextlib.contextmanager
def _intention(hub: Hub, wanted: Move, place: Checkout) -> Iterator[Path]:
    """Write down what is about to happen, so that it can be finished after a crash; yields a staging folder."""
    staging = hub.home / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    note = _note(hub)
    fresh = note.with_suffix(".new")
    edits = [[edit.what, edit.path, list(edit.words)] for edit in wanted.edits]
    body = {"ref": wanted.ref, "old": wanted.old, "new": wanted.new, "why": wanted.why, "edits": edits}
    with fresh.open("w") as file:
        json.dump(body | {"top": str(place.top), "gitdir": str(place.gitdir)}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(note)
    try:
        yield staging
    except BaseException:
        if hub.git.resolve(wanted.ref) != wanted.new:  # else the note stays, and the next command finishes
            note.unlink()
        raise
    note.unlink()
    shutil.rmtree(staging, ignore_errors=True)


def _note(hub: Hub) -> Path:
    return hub.home / "moving.json"


def finish(hub: Hub, *, locked: bool = False) -> bool:
    """Finish a move that a crash cut off, or take its traces away when the ref hadn't moved. Whether there was one."""
    if not _note(hub).exists() and not _stale_locks(hub):
        return False
    if not locked:
        with hub.lock("landing"):
            return finish(hub, locked=True)
    for lock in _stale_locks(hub):
        lock.unlink(missing_ok=True)
    if not _note(hub).exists():
        return True
    told = json.loads(_note(hub).read_text())
    edits = tuple(Edit(what, path, tuple(words)) for what, path, words in told["edits"])
    wanted = Move(told["ref"], told["old"], told["new"], told["why"], edits)
    place = Checkout(Path(told["top"]), Path(told["gitdir"]))
    now = hub.git.resolve(wanted.ref)
    if now and hub.git.is_ancestor(wanted.new, now) and place.top.is_dir():
        with _index_lock(place, _note(hub)) as index, _intention(hub, wanted, place) as staging:
            steps = following.plan(place, hub.git, wanted.old, wanted.new, wanted.edits)
            steps.stage(index, staging)
            _follow(steps, index, staging)
    _note(hub).unlink(missing_ok=True)
    return True


def _stale_locks(hub: Hub) -> list[Path]:
    """index.lock files of ours. Who holds the landing lock and finds one knows that its maker is dead."""
    places = [hub.common, *(hub.common / "worktrees").glob("*")]
    locks = [place / "index.lock" for place in places]
    return [lock for lock in locks if _is_ours(lock)]


def _is_ours(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            return file.read(len(_MARK)) == _MARK
    except OSError:
        return False

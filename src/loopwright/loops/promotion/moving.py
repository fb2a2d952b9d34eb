"""Moves the mainline: one `update-ref` is the only commit point, the person's checkout follows, a crash is finished.

While the ref moves, git's own `index.lock` of the checkout is held: a person's `git commit` in that moment would
write a tree from the old index on top of the new commit, and so undo the landing without anybody seeing it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from loopwright.checkpoints import reached
from loopwright.errors import BadUse, RefMoved
from loopwright.journal import line
from loopwright.journal.hub import Hub
from loopwright.loops.promotion import checkout as checkouts
from loopwright.loops.promotion import following, queue
from loopwright.loops.promotion.checkout import Checkout
from loopwright.loops.promotion.edits import Edit
from loopwright.vocabulary import Held

_MARK = b"loopwright holds this lock for a moment; if it stays, any `loopwright` command here finishes and frees it\n"
PATIENCE = 10.0
"""Seconds to wait for another git process to give the index free."""


@dataclass(frozen=True)
class Move:
    """The mainline from one commit to the next. `edits`: a record commit, which a person's edits never hold.

    `plans`: whose work lands, and so on whose lines; none for what no stopped line holds (record commits).
    `despite`: the incidents that don't hold this move up. `drops`: refs that go in the same transaction.
    `waiting`: runs that must stand in the queue until the very move, which another one makes for them.
    """

    ref: str
    old: str
    new: str
    why: str
    edits: tuple[Edit, ...] = ()
    plans: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    waiting: tuple[int, ...] = ()


def move(hub: Hub, wanted: Move, patience: float = PATIENCE) -> Held | None:
    """Move the mainline by compare-and-swap, and its checkout along. Held: nothing moved, and why. Raises RefMoved."""
    with hub.lock("landing") as lock:
        try:
            _finish(hub, patience)
            if hub.git.resolve(wanted.ref) != wanted.old:
                raise RefMoved(wanted.ref, wanted.old)
            if held := _stopped(hub, wanted) or _left(hub, wanted):
                return held
            if places := tuple(checkouts.every(hub, wanted.ref)):
                with _undisturbed():
                    return _busy(wanted, places) or _move_checked_out(hub, wanted, places[0], patience, lock)
        except TimeoutError as problem:
            return Held(f"another git process holds {problem}")
        _move_ref(hub, wanted, lock)
        return None


def _stopped(hub: Hub, wanted: Move) -> Held | None:
    """Whether the line on which it would land stands still; asked under the lock, for an incident opens at any time."""
    if not wanted.plans:
        return None
    now = line.standing(hub)
    stops = dict.fromkeys(ref for plan in wanted.plans for ref in now.of(plan) if ref not in wanted.despite)
    return Held(f"the line is stopped by {', '.join(line.names(stops))}: `loopwright andon list`") if stops else None


def _left(hub: Hub, wanted: Move) -> Held | None:
    """Whether a run has left the queue that was to land with others: a person stopped it, or it died. A person's no to
    it is written under the lock, too."""
    gone = [f"gen-{run}" for run in wanted.waiting if not queue.is_waiting(hub, run)]
    return Held(f"{', '.join(gone)} no longer waits to land") if gone else None


def _move_ref(hub: Hub, wanted: Move, lock: int) -> None:
    """The commit point. git holds the landing lock too: were this process killed now, nobody could take the ref for
    unmoved while git is about to move it."""
    reached("land:locked")
    hub.git.update_ref(wanted.ref, wanted.new, wanted.old, wanted.why, held=(lock,), drops=wanted.drops)
    reached("land:moved")


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait until the move is whole: it takes milliseconds, and half of one would have to be finished."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _busy(wanted: Move, places: tuple[Checkout, ...]) -> Held | None:
    """What the person is in the middle of. A record commit waits for a rebase only, which ends by moving the branch."""
    if len(places) > 1:  # a commit from the old index of the one that doesn't follow would undo the landing
        tops = " and ".join(str(place.top) for place in places)
        return Held(f"{wanted.ref.removeprefix('refs/heads/')} is checked out more than once, in {tops}")
    busy = places[0].under_way()
    if busy is None or (wanted.edits and busy != "a rebase"):
        return None
    return Held(f"{busy} is under way in {places[0].top}")


def _move_checked_out(hub: Hub, wanted: Move, place: Checkout, patience: float, lock: int) -> Held | None:
    with _index_lock(place, _note(hub), patience):
        if not place.shows(wanted.ref):  # switched away before the lock was ours: the caller looks again
            raise RefMoved(wanted.ref, wanted.old)
        steps = following.plan(place, hub.git, wanted.old, wanted.new, wanted.edits)
        if steps.overlapping and not wanted.edits:
            return Held("your edits overlap with what would land", steps.overlapping)
        with _intention(hub, wanted, place) as staging:
            steps.stage(staging)
            reached("follow:staged")
            _move_ref(hub, wanted, lock)
            _follow(steps, staging)
    return None


def _follow(steps: following.Following, staging: Path) -> None:
    """Files, then the index. Raises BadUse when the disk says no: the note stays, and the next command finishes."""
    try:
        steps.move_files(staging)
        reached("follow:files")
        steps.move_index(staging)
    except OSError as problem:
        raise BadUse(
            f"the mainline moved, but its checkout in {steps.checkout.top} could not follow: {problem}",
            "mend that, then run any loopwright command here: it finishes",
        ) from problem
    reached("follow:index")


@contextlib.contextmanager
def _index_lock(place: Checkout, note: Path, patience: float) -> Iterator[None]:
    """Hold git's lock on the index. Raises TimeoutError, naming it."""
    lock = place.gitdir / "index.lock"
    _take(lock, patience)
    try:
        yield
    finally:
        if not note.exists():  # what couldn't be finished stays locked against a commit from the old index
            lock.unlink(missing_ok=True)


def _since(lock: Path) -> str:
    """Since when a lock is there, in words: a crashed git leaves it for ever."""
    with contextlib.suppress(OSError):
        made = datetime.fromtimestamp(lock.stat().st_mtime, tz=UTC)
        return f" since {made.isoformat(' ', 'seconds')}"
    return ""


def _unlinked(gitdir: Path) -> Path:
    """The lock before it is one; made under the landing lock alone, so a stray one is a dead process's."""
    return gitdir / "index.loopwright"


def _take(lock: Path, patience: float) -> None:
    """Make the lock, or take over the one of a crashed process of ours: in no moment is the index free between."""
    ours = _unlinked(lock.parent)
    ours.write_bytes(_MARK)
    deadline = time.monotonic() + patience
    try:
        while not _is_ours(lock):
            try:
                os.link(ours, lock)  # the lock appears with its text in it, never empty
                return
            except FileExistsError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{lock}{_since(lock)}") from None
                time.sleep(0.02)
    finally:
        ours.unlink()


@contextlib.contextmanager
def _intention(hub: Hub, wanted: Move, place: Checkout) -> Iterator[Path]:
    """Write down what is about to happen, so that it can be finished after a crash; yields a staging folder."""
    place_of_all = hub.home / "staging"
    shutil.rmtree(place_of_all, ignore_errors=True)
    staging = place_of_all / wanted.new
    staging.mkdir(parents=True)
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
        if not _took_place(hub, wanted):  # else the note stays, and the next command finishes
            note.unlink()
        raise
    note.unlink()
    shutil.rmtree(place_of_all, ignore_errors=True)


def _note(hub: Hub) -> Path:
    return hub.home / "moving.json"


def _took_place(hub: Hub, wanted: Move) -> bool:
    """Whether the ref moved, whatever came on top of it since."""
    now = hub.git.resolve(wanted.ref)
    return now is not None and hub.git.is_ancestor(wanted.new, now)


def finish(hub: Hub, patience: float = PATIENCE) -> bool:
    """Finish a move that a crash cut off, or take its traces away when the ref hadn't moved. Whether there was one."""
    if not _note(hub).exists() and not _stale_locks(hub):
        return False
    with hub.lock("landing"):
        try:
            return _finish(hub, patience)
        except TimeoutError as problem:
            mend = "end that process; if there is none, delete that file; then run this again"
            raise BadUse(f"a landing can't be finished: another git process holds {problem}", mend) from problem


def _finish(hub: Hub, patience: float) -> bool:
    """The same under the landing lock: who holds it knows that the maker of a note or lock is dead."""
    note = _note(hub)
    found = note.exists()
    if found:
        wanted, place = _noted(note)
        if _took_place(hub, wanted) and place.top.is_dir() and place.shows(wanted.ref):
            with _index_lock(place, note, patience), _intention(hub, wanted, place) as staging:
                steps = following.plan(place, hub.git, wanted.old, wanted.new, wanted.edits)
                steps.stage(staging)
                _follow(steps, staging)
        note.unlink(missing_ok=True)
    stale = _stale_locks(hub)
    if found or stale:  # a kill just before the note is there, or just after it is gone, leaves the folder alone
        shutil.rmtree(hub.home / "staging", ignore_errors=True)
    for lock in stale:
        lock.unlink(missing_ok=True)
    for gitdir in _git_dirs(hub):
        _unlinked(gitdir).unlink(missing_ok=True)
    return found or bool(stale)


def _noted(note: Path) -> tuple[Move, Checkout]:
    told = json.loads(note.read_text())
    edits = tuple(Edit(what, path, tuple(words)) for what, path, words in told["edits"])
    wanted = Move(told["ref"], told["old"], told["new"], told["why"], edits)
    return wanted, Checkout(Path(told["top"]), Path(told["gitdir"]))


def _git_dirs(hub: Hub) -> list[Path]:
    return [hub.common, *(hub.common / "worktrees").glob("*")]


def _stale_locks(hub: Hub) -> list[Path]:
    """index.lock files of ours."""
    locks = [place / "index.lock" for place in _git_dirs(hub)]
    return [lock for lock in locks if _is_ours(lock)]


def _is_ours(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            return file.read(len(_MARK)) == _MARK
    except OSError:
        return False

"""Landing: the exact tree that was verified becomes the mainline's, by one move of its ref, once for each run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

from loopwright.checkpoints import reached
from loopwright.errors import RefMoved
from loopwright.git import Git
from loopwright.git.history import trailers
from loopwright.journal.hub import Hub
from loopwright.loops.promotion import moving
from loopwright.loops.promotion.gated import is_owned, is_plan, same_to_gates
from loopwright.loops.promotion.moving import Move
from loopwright.vocabulary import FileChange, Held, Landing, Scope

RUN, VERIFIED = "Loopwright-Run", "Loopwright-Verified"


@dataclass(frozen=True, slots=True)
class Conflict:
    """The run's work and the mainline can't be merged: the paths."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """What was verified is no longer what would land: the mainline moved, and the merge must be verified again."""

    mainline: str


def candidate(hub: Hub, mainline: str, tip: str, number: int) -> str | Conflict:
    """The commit that would land: the merge of a run's tip into the mainline as it is now. No ref moves.

    Parents are the mainline and the tip. When the mainline holds nothing new but record commits, its tree is the
    tip's to every gate.
    """
    main = hub.git.resolve(f"refs/heads/{mainline}")
    assert main is not None
    merged = hub.git.merge(main, tip)
    if merged.conflicts:
        return Conflict(merged.conflicts)
    return hub.git.commit_tree(merged.tree, [main, tip], f"candidate of run {number}\n")


def silent_reverts(git: Git, base: str, main: str, tree: str, scope: Scope) -> tuple[str, ...]:
    """Paths where landing `tree` would take back what the mainline got after `base`, without the plan naming them."""
    theirs = git.changes(base, main)
    return undone(theirs, git.changes(main, tree) if theirs else (), scope)


def undone(theirs: Iterable[FileChange], ours: Iterable[FileChange], scope: Scope) -> tuple[str, ...]:
    """The paths of `theirs` that `ours` takes back: to what they were, or away altogether."""
    after = {change.path: change for change in ours}
    pairs = ((change, after[change.path]) for change in theirs if change.path in after)
    back = (old.path for old, new in pairs if new.new_blob in (old.old_blob, None))
    return tuple(p for p in back if not (scope.names(p) or is_owned(p) or is_plan(p)))


def landed(hub: Hub, main: str, number: int, since: str, tip: str | None = None) -> Landing | None:
    """The landing of run N on the first-parent history of `main`, a commit or ref, after `since`, if it took place.

    `tip`: what the run made. Another clone's run may have got the same number, and come here by a pull.
    """
    out = hub.git.run("log", "--first-parent", "--format=%H %P%x00%B%x01", f"{since}..{main}")
    for entry in out.decode(errors="replace").split("\x01"):
        ids, _, message = entry.strip().partition("\0")
        found = trailers(message)
        commit, *parents = ids.split(" ")
        if found.get(RUN) == str(number) and len(parents) == 2 and tip in (None, parents[1]):  # a cherry-pick is none
            return Landing(commit, found.get(VERIFIED, ""), parents[0])
    return None


def land(
    hub: Hub, mainline: str, number: int, verified: str, since: str, title: str
) -> Landing | Held | Stale | Conflict:
    """Land what was verified: `verified` is a commit whose tree passed every gate, with the run's tip as second parent.

    The tree that lands is computed anew from the mainline of this moment and must be, to the gates, the verified one;
    else Stale. A run that has landed already is found by its trailer and never lands twice.
    """
    tip = hub.git.parents(verified)[1]
    while True:
        # First the commit, then its history: the move is from this very commit, so nobody can have landed in between.
        main = hub.git.resolve(f"refs/heads/{mainline}")
        assert main is not None
        if done := landed(hub, main, number, since, tip):
            return done
        if other := landed(hub, main, number, since):
            return Held(f"another run {number}, of another clone, landed as {other.commit[:10]}: run the plan again")
        merged = hub.git.merge(main, tip)
        if merged.conflicts:
            return Conflict(merged.conflicts)
        if not same_to_gates(hub.git, merged.tree, verified):
            return Stale(main)
        message = f"{title}\n\n{RUN}: {number}\n{VERIFIED}: {verified}\n"
        commit = hub.git.commit_tree(merged.tree, [main, tip], message)
        reached("land:prepared")
        try:
            held = moving.move(hub, Move(f"refs/heads/{mainline}", main, commit, f"loopwright: {title}"))
        except RefMoved:
            continue
        return held or Landing(commit, verified, main)


def keep_tag(hub: Hub, number: int, commit: str, *, failed: bool = False) -> str:
    """Tag a landed or a failed run; a tag that is there stays."""
    name = f"refs/tags/gen-{number}" + ("-failed" if failed else "")
    with contextlib.suppress(RefMoved):
        hub.git.update_ref(name, commit, "")
    return name.removeprefix("refs/tags/")

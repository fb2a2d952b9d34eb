"""Landing: the exact tree that was verified becomes the mainline's, by one move of its ref, once for each run."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from loopwright.checkpoints import reached
from loopwright.errors import RefMoved
from loopwright.git import Git, Merged
from loopwright.git.history import trailers
from loopwright.journal.hub import Hub
from loopwright.loops.promotion import moving
from loopwright.loops.promotion.gated import same_to_gates
from loopwright.loops.promotion.moving import Move
from loopwright.loops.promotion.undoing import undone
from loopwright.vocabulary import Held, Landing, Scope

RUN, VERIFIED = "Loopwright-Run", "Loopwright-Verified"


@dataclass(frozen=True, slots=True)
class Conflict:
    """The run's work and the mainline can't be merged: the paths. None: they have no commit in common."""

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
    found = merged(hub.git, main, tip)
    if isinstance(found, Conflict):
        return found
    return hub.git.commit_tree(found.tree, [main, tip], f"candidate of run {number}\n")


def merged(git: Git, main: str, tip: str) -> Merged | Conflict:
    """The merge of a run's tip into a commit of the mainline, or why there is none."""
    if git.merge_base(main, tip) is None:
        return Conflict(())
    found = git.merge(main, tip)
    return Conflict(found.conflicts) if found.conflicts else found


def taken_back(git: Git, base: str, tip: str, commit: str) -> tuple[str, ...]:
    """Paths that a run changed and that are, in what would land, as before it: the mainline had merged the run's work
    by another way, and undid it. Merging again brings nothing of that."""
    shared = git.merge_base(git.parents(commit)[0], tip)
    if shared is None or git.is_ancestor(shared, base):
        return ()
    left = {change.path for change in git.changes(base, commit)}
    return tuple(change.path for change in git.changes(base, tip) if change.path not in left)


def silent_reverts(git: Git, base: str, main: str, tree: str, scope: Scope) -> tuple[str, ...]:
    """Paths where landing `tree` would take back what the mainline got after `base`, without the plan naming them."""
    theirs = git.changes(base, main)
    if not theirs:
        return ()
    return undone(git, theirs, git.changes(main, tree), scope, lambda: before_merging(git, base, tree))


def before_merging(git: Git, base: str, commit: str) -> tuple[str, ...]:
    """The run's commits that were merged with the mainline's in its own branch: what it had before that.

    A candidate and a landing have the branch's tip as their second parent.
    """
    tip = git.parents(commit)[-1:]
    rows = git.line("rev-list", "--merges", "--parents", *tip, f"^{base}").splitlines() if tip else ()
    return tuple(parent for row in rows for parent in row.split()[1:])


def landed(hub: Hub, main: str, number: int, since: str, tip: str | None = None) -> Landing | None:
    """The landing of run N on the first-parent history of `main`, a commit or ref, after `since`, if it took place.

    `tip`: what the run made. Another clone's run may have got the same number, and come here by a pull.
    """
    found = _landings(hub, main, number, since)
    return next((done for done, made in found if tip in (None, made)), None)


def _landings(hub: Hub, main: str, number: int, since: str) -> list[tuple[Landing, str]]:
    """The landings that say they are run N's, newest first, each with the tip that landed."""
    words = ("log", "--first-parent", "-F", f"--grep={RUN}: {number}", "--format=%H %P%x00%B%x01")
    out = hub.git.run(*words, f"{since}..{main}")
    landings = []
    for entry in out.decode(errors="replace").split("\x01"):
        ids, _, message = entry.strip().partition("\0")
        found = trailers(message)
        commit, *parents = ids.split(" ")
        if found.get(RUN) == str(number) and len(parents) == 2:  # a cherry-pick is none
            landings.append((Landing(commit, found.get(VERIFIED, ""), parents[0]), parents[1]))
    return landings


def land(
    hub: Hub,
    mainline: str,
    number: int,
    verified: str,
    since: str,
    title: str,
    line: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> Landing | Held | Stale | Conflict:
    """Land what was verified: `verified` is a commit whose tree passed every gate, with the run's tip as second parent.

    The tree that lands is the verified one; when the mainline moved since, it is computed anew from the mainline of
    this moment and must be, to the gates, the verified one, else Stale. A run that has landed already is found by its
    trailer and never lands twice. `line`: the plan on whose line it lands, and the incidents that don't hold it up;
    while others stop that line, it is Held.
    """
    tip = hub.git.parents(verified)[1]
    while True:
        # First the commit, then its history: the move is from this very commit, so nobody can have landed in between.
        main = hub.git.resolve(f"refs/heads/{mainline}")
        assert main is not None
        if late := over(hub, main, number, since, tip):
            return late
        tree = _tree(hub.git, main, verified)
        if not isinstance(tree, str):
            return tree
        message = f"{title}\n\n{RUN}: {number}\n{VERIFIED}: {verified}\n"
        commit = hub.git.commit_tree(tree, [main, tip], message)
        reached("land:prepared")
        try:
            ref, why = f"refs/heads/{mainline}", f"loopwright: {title}"
            held = moving.move(hub, Move(ref, main, commit, why, plans=line[0], despite=line[1]))
        except RefMoved:
            continue
        return held or Landing(commit, verified, main)


def over(hub: Hub, main: str, number: int, since: str, tip: str) -> Landing | Held | None:
    """What forbids to land: that it has landed already, or that another clone's run of this number has."""
    found = _landings(hub, main, number, since)
    for done, made in found:
        if made == tip:
            return done
    if not found:
        return None
    other = found[0][0].commit[:10]
    return Held(f"another run {number}, of another clone, landed as {other}: run the plan again")


def _tree(git: Git, main: str, verified: str) -> str | Stale | Conflict:
    """The tree that lands on `main`."""
    first, tip = git.parents(verified)
    if main == first:
        return git.tree_of(verified)
    found = merged(git, main, tip)
    if isinstance(found, Conflict):
        return found
    return found.tree if same_to_gates(git, found.tree, verified) else Stale(main)


def keep_tag(hub: Hub, number: int, commit: str, *, failed: bool = False) -> str:
    """Tag a landed or a failed run; a tag that is there stays."""
    name = f"refs/tags/gen-{number}" + ("-failed" if failed else "")
    with contextlib.suppress(RefMoved):
        hub.git.update_ref(name, commit, "")
    return name.removeprefix("refs/tags/")

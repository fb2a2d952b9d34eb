"""Several runs that land at once: their landings are a chain, and the mainline moves to its end in one step.

Only the end's tree was verified, so only the end may ever be the mainline's. Each landing names all runs of its batch,
by which `fsck` finds the end again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopwright.checkpoints import reached
from loopwright.errors import RefMoved
from loopwright.git import Git
from loopwright.git.history import trailers
from loopwright.journal.hub import Hub
from loopwright.loops.promotion import moving
from loopwright.loops.promotion.gated import same_to_gates
from loopwright.loops.promotion.landing import RUN, VERIFIED, Conflict, Stale, merged, over
from loopwright.loops.promotion.moving import Move
from loopwright.vocabulary import Held

BATCH = "Loopwright-Batch"
"""Trailer of each landing of a batch: the numbers of its runs, in the order of the chain."""

_VERIFIER = "Loopwright-Verifier"


@dataclass(frozen=True, slots=True)
class Piece:
    """One run's part: `tip` is what it made since `base`, `title` the subject of its landing."""

    run: int
    plan: str
    base: str
    tip: str
    title: str


def step(git: Git, before: str, piece: Piece) -> str | Conflict:
    """The commit that a chain gets next: a run's tip merged into what is before it. No ref moves."""
    found = merged(git, before, piece.tip)
    if isinstance(found, Conflict):
        return found
    return git.commit_tree(found.tree, [before, piece.tip], f"candidate of run {piece.run}\n")


def whole(hub: Hub, main: str, end: str, pieces: Sequence[Piece], verifier: int) -> str:
    """The commit that gates judge: the tree at a chain's end, on the mainline and all the tips. It is kept.

    `verifier`: the run in whose journal the verdicts stand.
    """
    runs = " ".join(str(piece.run) for piece in pieces)
    message = f"candidate of runs {runs}\n\n{_VERIFIER}: {verifier}\n"
    parents = dict.fromkeys((main, *(piece.tip for piece in pieces)))
    return kept(hub, hub.git.commit_tree(hub.git.tree_of(end), list(parents), message), pieces)


def kept(hub: Hub, whole: str, pieces: Sequence[Piece]) -> str:
    """The commit that gates judge, which nothing takes away now."""
    hub.keep(f"batches/{min(piece.run for piece in pieces)}", whole)
    return whole


def verifier(git: Git, verified: str) -> int | None:
    """The run that verified a batch for all; None where each verified for itself."""
    told = trailers(git.message(verified)).get(_VERIFIER, "")
    return int(told) if told.isdecimal() else None


def land(hub: Hub, mainline: str, verified: str, pieces: Sequence[Piece]) -> str | Held | Stale | Conflict:
    """Land them all, or none: the mainline's commit afterwards, or why nothing moved.

    Whoever doesn't wait any more (stopped, killed) lands nothing, and so neither does the batch.
    """
    ref = f"refs/heads/{mainline}"
    while True:
        main = hub.git.resolve(ref)
        assert main is not None
        if any(over(hub, main, one.run, one.base, one.tip) for one in pieces):
            return Held("one of them has landed already")
        end = _chain(hub.git, main, verified, pieces)
        if isinstance(end, Conflict):
            return end
        if not same_to_gates(hub.git, end, verified):
            return Stale(main)
        reached("batch:prepared")
        why = f"loopwright: land {', '.join(f'gen-{one.run}' for one in pieces)}"
        plans, runs = tuple(one.plan for one in pieces), tuple(one.run for one in pieces)
        try:
            held = moving.move(hub, Move(ref, main, end, why, plans=plans, waiting=runs))
        except RefMoved:
            continue
        return held or end


def _chain(git: Git, main: str, verified: str, pieces: Sequence[Piece]) -> str | Conflict:
    """The last of the landings, one on top of the other."""
    end, runs = main, " ".join(str(piece.run) for piece in pieces)
    batch = f"{BATCH}: {runs}\n" if len(pieces) > 1 else ""
    for piece in pieces:
        found = merged(git, end, piece.tip)
        if isinstance(found, Conflict):
            return found
        message = f"{piece.title}\n\n{RUN}: {piece.run}\n{VERIFIED}: {verified}\n{batch}"
        end = git.commit_tree(found.tree, [end, piece.tip], message)
    return end

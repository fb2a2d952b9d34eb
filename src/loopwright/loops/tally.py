"""What the run records say of failures: runs in a row, and what a person said no to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopwright.andon import breakers
from loopwright.andon.breakers import Row
from loopwright.contracts import Tree
from loopwright.errors import LineStopped
from loopwright.journal import records
from loopwright.journal.hub import Hub
from loopwright.vocabulary import Loops, Plan

_LOG = "wiki/90_LOG"


def rows(hub: Hub, decisions: Mapping[int, tuple[str, ...]] | None = None) -> tuple[Row, ...]:
    """Every recorded run, by number, for `andon.breakers`. `decisions`: further moments at which a person decided
    about a run (an incident resolved, a meta decision), by its number."""
    more = decisions or {}
    return tuple(_row(record, more.get(int(record["run"]), ())) for record in records.every(hub))


def _row(record: Mapping[str, Any], more: tuple[str, ...]) -> Row:
    """A rollback, or the landing of a mend, is a person's decision from its first moment on, and its own end is none of
    a maker's failures."""
    by_a_person, stop = record["kind"] != "plan", record["stop"] or {}
    own = not by_a_person and stop.get("reason") != "rejected"
    began = record["started"] if by_a_person else None
    return Row(
        run=int(record["run"]),
        plan=str(record["plan"]),
        outcome=str(record["outcome"]),
        status=str(record["status"]),
        ended=record.get("ended") if own else None,
        landed=record.get("landed_at"),
        decisions=tuple(at for at in (began, record.get("decided"), *more) if at),
    )


def user_failures(hub: Hub, plan: str) -> int:
    """How many reviews and landings of a plan a person rejected or took back."""
    return len(_refused(hub, plan))


def _refused(hub: Hub, plan: str) -> tuple[int, ...]:
    """The numbers of these runs. A run that ended stopped or failed was no success to begin with: to reject it is to
    clear it away. A rollback counts once it has landed."""
    own = {int(record["run"]): record for record in records.all_of(hub, (plan,))}
    back = records.all_of(hub, (f"rollback-gen-{number}" for number in own))
    taken = {int(record["plan"].removeprefix("rollback-gen-")) for record in back if record["landed"]}
    rejected = {number for number, told in own.items() if told["outcome"] == "met" and told["status"] == "rejected"}
    return tuple(sorted(taken | rejected))


def may_go_on(hub: Hub, tree: Tree, loops: Loops, plan: Plan) -> None:
    """Refuse a plan that a person said no to `user-failures` times, until somebody has written down why it may go
    better: a line `Hypothesis: ...` in the plan that the last of these runs had not read there, or in its incident's
    page. Raises LineStopped."""
    refused = _refused(hub, plan.name)
    why = breakers.user_failures(len(refused), loops.user_failures)
    if why is None or _new_hypotheses(hub, tree, plan, refused[-1]):
        return
    runs = ", ".join(f"gen-{number}" for number in refused)
    mend = f"write in {plan.path} why it should go better now, such as `Hypothesis: the rounding was meant per line`"
    raise LineStopped(f"{plan.name} is stopped (user-failures): {why} ({runs})", mend)


def _new_hypotheses(hub: Hub, tree: Tree, plan: Plan, last: int) -> frozenset[str]:
    read_then = (records.file(hub, last, "plan.md") or b"").decode(errors="replace")
    pages = [path for path in tree.list(_LOG) if f"-andon-gen-{last}." in path or f"-andon-gen-{last}-" in path]
    texts = (plan.text, *((tree.read(path) or b"").decode(errors="replace") for path in pages))
    now = frozenset[str]().union(*(breakers.hypotheses(text) for text in texts))
    return now - breakers.hypotheses(read_then)

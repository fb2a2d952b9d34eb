"""Which lines stand still: a ref for each open incident, so that whoever starts or lands asks git once.

The refs lie below `refs/loopwright/andon/line/` for the whole line, and below `.../plan/PLAN/` for one plan's.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from loopwright.errors import RefMoved
from loopwright.journal.claims import ref_name
from loopwright.journal.hub import Hub
from loopwright.vocabulary import Incident

OPEN = "refs/loopwright/andon"
WHOLE = f"{OPEN}/line/"
"""While a ref is below it, the whole line is stopped. Git's hooks ask for the same."""

_OF_A_PLAN = re.compile(rf"{OPEN}/plan/[^/]+/")
_NAMED = re.compile(r"(?P<run>[1-9]\d{0,8})-(?P<which>[1-9]\d{0,3}|meta)")


@dataclass(frozen=True)
class Standing:
    """The refs of all open incidents."""

    refs: tuple[str, ...]

    @property
    def whole(self) -> tuple[str, ...]:
        """Those that stop the whole line."""
        return tuple(ref for ref in self.refs if ref.startswith(WHOLE))

    def own(self, plan: str) -> tuple[str, ...]:
        """Those that stop a plan alone."""
        return tuple(ref for ref in self.refs if ref.startswith(_own(plan)))

    def of(self, plan: str) -> tuple[str, ...]:
        """Those that stop a plan: the whole line's and its own."""
        return (*self.whole, *self.own(plan))


def standing(hub: Hub) -> Standing:
    """What stands still at this moment. One process."""
    return Standing(tuple(ref for ref in hub.git.refs(OPEN) if ref.startswith(WHOLE) or _OF_A_PLAN.match(ref)))


def ref_of(incident: Incident) -> str:
    """The ref that is there for as long as an incident is open."""
    below = WHOLE if incident.scope == "line" or incident.plan is None else _own(incident.plan)
    return f"{below}{incident.name}"


def _own(plan: str) -> str:
    return f"{OPEN}/plan/{ref_name(plan)}/"


def plan_of(ref: str) -> str:
    """The plan whose line an incident's ref stops."""
    return unquote(ref.removeprefix(f"{OPEN}/plan/").partition("/")[0], errors="surrogateescape")


def named(ref: str) -> tuple[int, str] | None:
    """The run, and which of its incidents (`1`, `2`, `meta`) a ref is called after; None for one that isn't ours."""
    tail = ref.removeprefix(WHOLE) if ref.startswith(WHOLE) else ref.removeprefix(f"{OPEN}/plan/").partition("/")[2]
    found = _NAMED.fullmatch(tail)
    return (int(found["run"]), found["which"]) if found else None


def names(refs: Iterable[str]) -> tuple[str, ...]:
    """`gen-N` of each ref, once, in the order of the numbers; then the refs that aren't ours."""
    told = {ref: named(ref) for ref in refs}
    runs = sorted({known[0] for known in told.values() if known})
    return (*(f"gen-{run}" for run in runs), *(ref for ref, known in told.items() if known is None))


def stop(hub: Hub, incident: Incident, commit: str) -> None:
    """Stop the incident's line. It keeps `commit` reachable; a line that is stopped by it already, stays so."""
    with contextlib.suppress(RefMoved):
        hub.git.update_ref(ref_of(incident), commit, "")

"""Holds a run so that a model that can't be reached, or a person's stop, makes it stand still and not fail."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from loopwright import stopping
from loopwright.errors import BadFiles, BadUse, GitFailed, NoRoom, Unreachable, is_full
from loopwright.loops import closing, execution, reports
from loopwright.loops.andon import opening, settling
from loopwright.loops.desk import Desk
from loopwright.vocabulary import Outcome


def carry_out(desk: Desk, *, decided: bool = False) -> dict[str, Any]:
    """Execute, and give the object that `run --json` prints; a run that stands still says `paused` or `interrupted`."""
    with stopping.heeding():
        return _carried_out(desk, decided=decided)


def _carried_out(desk: Desk, *, decided: bool) -> dict[str, Any]:
    try:
        return reports.result(desk, execution.execute(desk, decided=decided))
    except Unreachable as problem:
        why = f"{problem.problem} (mend: {problem.mend})"
        settling.answered(desk)  # it did meanwhile: the incident of now is another one
        incident = opening.unreachable(desk, execution.so_far(desk), why)
        return {**_standing(desk, Outcome.PAUSED, why), "incident": incident.page}
    except BadFiles as problem:  # such as a page of standards that was broken meanwhile
        _standing(desk, Outcome.PAUSED, f"{problem}; then `loopwright resume {desk.number}`")
        raise
    except BadUse as problem:  # such as a model that the API doesn't know: told as bad input, and the run stands still
        _standing(desk, Outcome.PAUSED, f"{problem.problem} (mend: {problem.mend})")
        raise BadUse(problem.problem, f"{problem.mend}; then `loopwright resume {desk.number}`") from problem
    except (NoRoom, GitFailed, OSError) as problem:
        if not (isinstance(problem, NoRoom) or is_full(problem)):
            raise
        with contextlib.suppress(GitFailed, OSError):  # there may be no room for that either: the claim tells enough
            _standing(desk, Outcome.PAUSED, str(problem).replace("\n", " "))
        raise _until_there_is_room(desk, problem) from problem
    except KeyboardInterrupt:
        return _standing(desk, Outcome.INTERRUPTED, "a person said stop")


def _until_there_is_room(desk: Desk, problem: Exception) -> NoRoom:
    way_on = f"`loopwright resume {desk.number}` goes on from here"
    if isinstance(problem, NoRoom):
        return NoRoom(problem.place, problem.needed, problem.free, way_on)
    full = isinstance(problem, OSError) and problem.filename
    return NoRoom(str(full or desk.hub.common), "more", "nothing", way_on)


def _standing(desk: Desk, outcome: Outcome, why: str) -> dict[str, Any]:
    """The run as it stands, recorded so that `show` and `runs` know it; `resume` or `reject` is what comes next."""
    over = round(desk.deadline.elapsed(), 3)
    desk.journal.write("interrupted", {"outcome": str(outcome), "why": why, "elapsed": over})
    run = replace(execution.so_far(desk), outcome=outcome)
    desk.tell("note", f"{outcome}: {why}")
    desk.tell("end", f"{outcome}: `loopwright resume {desk.number}` goes on", outcome=str(outcome))
    if not desk.journal.last("closed"):  # a landing that was interrupted: its run had ended, and waits as it did
        closing.write_record(desk, run, reports.page(desk, run))
    result = reports.result(desk, run)
    return {**result, "notes": [*result["notes"], f"{outcome}: {why}"]}

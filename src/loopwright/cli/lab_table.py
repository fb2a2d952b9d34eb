"""What `doctor` tells of labs: for each kind what it promises, and whether that held when it was tried just now."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from loopwright.errors import LabFailed

_UNBOUNDED = "its memory isn't bounded: this system gives us no control groups. The number of its processes is"
_GROUPS = "run it in a scope of your service manager that delegates them: `systemd-run --user --scope -p Delegate=yes`"


def row(part: str, ok: bool | None, told: str, mend: str = "") -> dict[str, Any]:
    """One row of what `doctor` found. `ok` None: it works, but there is something to know."""
    return {"part": part, "ok": ok, "told": told, "mend": mend}


def tried(env: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each kind of lab, from the least isolated one: whether it is to be had, and each promise with what a try showed
    (None: not tried here, for it takes a kill or a machine full of processes; the tests do)."""
    from loopwright import workshop

    return [_kind(kind, workshop.lacking(kind), env) for kind in workshop.ISOLATION]


def _kind(kind: str, lacking: str, env: Mapping[str, str]) -> dict[str, Any]:
    from loopwright import workshop
    from loopwright.labs import cgroups, guarantees, probing

    held: dict[str, bool] = {}
    if not lacking:
        with tempfile.TemporaryDirectory(prefix="loopwright-labs-") as folder:
            try:
                held = probing.tried(workshop.LABS[kind], Path(folder).resolve(), env)
            except LabFailed as problem:
                lacking = str(problem).splitlines()[0]
        held["bounds"] = kind == "container" or cgroups.to_be_had()  # one that bounds nothing isn't to be had
    promised = guarantees.of(kind)
    table = {one.name: {"promised": one.name in promised, "held": held.get(one.name)} for one in guarantees.PROMISES}
    return {"kind": kind, "available": not lacking, "lacking": lacking or None, "guarantees": table}


def broken(table: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row for each kind that isn't to be had, and for each promise that didn't hold."""
    from loopwright import workshop

    for lab in table:
        if not lab["available"]:
            yield row(f"lab {lab['kind']}", None, f"not to be had here: {lab['lacking']}", workshop.mend(lab["kind"]))
        for name, told in lab["guarantees"].items():
            if name == "bounds" and told["promised"] and told["held"] is False:
                yield row(f"lab {lab['kind']}", None, _UNBOUNDED, _GROUPS)
            elif told["promised"] and told["held"] is False:
                mend = "use another kind (`lab:` in agents/LOOPS.md), and tell us what this machine is"
                yield row(f"lab {lab['kind']}", False, f"its promise `{name}` did not hold when it was tried", mend)


def lines(table: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The table as people read it: a promise per line, a kind per column. `promised`: not tried just now."""
    from loopwright.labs.guarantees import PROMISES

    kinds = [lab for lab in table if lab["available"]]
    widest = max(len(one.text) for one in PROMISES)
    yield "  ".join([f"{'kinds of lab, as tried just now':{widest}}", *(f"{lab['kind']:>9}" for lab in kinds)])
    for one in PROMISES:
        cells = (_cell(**lab["guarantees"][one.name]) for lab in kinds)
        yield "  ".join([f"{one.text:{widest}}", *(f"{cell:>9}" for cell in cells)])


def _cell(*, promised: bool, held: bool | None) -> str:
    return "no" if not promised else {True: "yes", False: "NOT HERE", None: "promised"}[held]

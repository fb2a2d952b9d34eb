"""The git hooks, as `init` puts them in and takes them off, and as `doctor` tells of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from loopwright.cli import printing
from loopwright.folders import agents
from loopwright.folders.trees import DiskTree
from loopwright.journal.hub import Hub


def options(parser: argparse.ArgumentParser) -> None:
    """The switches of `init`."""
    either = parser.add_mutually_exclusive_group()
    told = "also put in git hooks that refuse pushes and moves of the mainline while the whole line is stopped"
    either.add_argument("--hooks", action="store_true", help=told)
    told = "only take these hooks off again; what was there before comes back as it was"
    either.add_argument("--no-hooks", action="store_true", help=told)


def mainline(hub: Hub) -> str:
    """The mainline's name, also where there is no commit yet. Raises BadFiles, and BadUse where it is no branch."""
    from loopwright import workshop

    if hub.git.resolve("HEAD") is None and not hub.git.refs("refs/heads/"):
        found = agents.loops(DiskTree(hub.top))
        return found.mainline if "mainline" in found.raw else hub.head_branch or found.mainline
    return workshop.configuration(hub)[0].mainline


def put_in(hub: Hub, name: str) -> tuple[dict[str, Any], list[str]]:
    """Install them for the mainline of this name: the facts, and the same in lines."""
    from loopwright.loops.hooks import installing

    done = installing.install(hub, name)
    lines = [f"hooks in {done.folder}: pushes and moves of {name} are refused while the whole line is stopped"]
    lines += [f"  and then: {path}, which was here before" for path in done.chained]
    lines.append("  `loopwright doctor` says what they can't stop; `loopwright init --no-hooks` takes them off")
    return {"folder": str(done.folder), "chained": list(done.chained), "removed": []}, lines


def take_off(hub: Hub, as_json: bool) -> int:
    """`init --no-hooks`."""
    from loopwright.loops.hooks import installing

    taken = installing.remove(hub)
    if as_json:
        printing.facts(
            {"written": [], "kept": [], "hooks": {"folder": None, "chained": [], "removed": list(taken)}}, "init"
        )
        return 0
    for path in taken:
        print(f"took off {printing.plain(path)}")
    print("no hooks of loopwright are left" if taken else "there were no hooks of loopwright")
    return 0


def rows(hub: Hub, name: str) -> Iterator[dict[str, Any]]:
    """What `doctor` says: whether they are in, what is amiss, and what they can't stop."""
    from loopwright.loops.hooks import looking, places

    if not looking.wanted(hub):
        told = f"none: git refuses nobody a push or a move of {name} while the line is stopped; loopwright itself does"
        yield _row(
            None, told, "`loopwright init --hooks`; and on the server, what `loopwright doctor --pre-receive` prints"
        )
        return
    amiss = looking.wrong(hub, name)
    for problem in amiss:
        yield _row(None, problem, "`loopwright init --hooks` again")
    if not amiss:
        folder = places.present(hub).folder
        yield _row(True, f"in {folder}: while the line is stopped, pushes and moves of {name} are refused")
    told = f"can't stop {'; '.join(looking.cant(hub))}"
    mend = "what is pushed, a hook of the server can stop: `loopwright doctor --pre-receive` prints it"
    yield _row(None, told, mend)


def _row(ok: bool | None, told: str, mend: str = "") -> dict[str, Any]:
    return {"part": "hooks", "ok": ok, "told": told, "mend": mend}


def pre_receive(hub: Hub) -> int:
    """`doctor --pre-receive`: the server's hook, and nothing else."""
    from loopwright.loops.hooks import scripts

    print(scripts.pre_receive(mainline(hub)), end="")
    return 0

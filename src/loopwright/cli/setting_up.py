"""The commands before the work: init, doctor, check, new."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from pathlib import Path
from typing import Any

from loopwright.cli import printing
from loopwright.cli.printing import coloured
from loopwright.errors import BadUse, LoopwrightError
from loopwright.folders import findings, plans, starter
from loopwright.folders.trees import DiskTree
from loopwright.journal.hub import Hub, find, program_version


def init_options(parser: argparse.ArgumentParser) -> None:
    printing.json_option(parser)


def init(where: Path, options: argparse.Namespace) -> int:
    """Write every file that isn't there yet; nothing is overwritten, nothing is committed."""
    hub = find(where)
    tree = DiskTree(hub.top)
    wanted = starter.files(hub.head_branch or "main", starter.detect_checks(tree))
    written, kept = [], []
    for path, data in wanted.items():
        place = hub.top / path
        if place.exists() or place.is_symlink():
            kept.append(path)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        written.append(path)
    if options.json:
        printing.facts({"written": written, "kept": kept}, "init")
        return 0
    for path in written:
        print(f"wrote {path}")
    print(f"{len(written)} files written, {len(kept)} were there already and stay as they are")
    print("next: look at agents/LOOPS.md, then `git add -A && git commit -m 'loopwright'`, `loopwright doctor`,")
    print('      and a first plan: `loopwright new "what will be true"`')
    return 0


def new_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("title", help="what will be true when the plan is done")
    printing.json_option(parser)


def new(where: Path, options: argparse.Namespace) -> int:
    """Write a draft from plans/TEMPLATE.md (or the built-in one)."""
    hub = find(where)
    if not options.title.strip():
        raise BadUse("a plan needs a title", 'for example: loopwright new "Prices are never negative"')
    template = DiskTree(hub.top).read("plans/TEMPLATE.md")
    name, text = plans.new(options.title, datetime.datetime.now(datetime.UTC).date(), template)
    place = hub.top / "plans" / name
    place.parent.mkdir(exist_ok=True)
    try:
        with place.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadUse(f"plans/{name} is there already", "choose another title, or edit that one") from None
    if options.json:
        printing.facts({"plan": place.stem, "path": f"plans/{name}"}, "new")
    else:
        print(f"wrote plans/{name}: fill it in, then set `status: ready`")
    return 0


def check_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders; all of ours without one")
    printing.json_option(parser)


def check(where: Path, options: argparse.Namespace) -> int:
    """Report every problem; exit 1 when one is an error. Works outside a repository too."""
    from loopwright import workshop

    paths = [_inside(where, path) for path in options.paths]
    names = (*workshop.BACKENDS, workshop.LEFT_OUT)
    number, problems = findings.check(DiskTree(_top(where, options.paths)), paths, backends=names, labs=workshop.KINDS)
    if options.json:
        printing.facts(findings.to_json(number, problems))
    else:
        for problem in problems:
            colour = {"error": "red", "warning": "yellow"}.get(problem.severity, "dim")
            place = printing.plain(f"{problem.path}:{problem.line}")
            print(f"{place}: {coloured(problem.severity, colour)}: {printing.plain(problem.message)}")
            print(f"  mend: {printing.plain(problem.mend)}")
        print(f"{number} files, {len(problems)} findings")
    return 1 if any(problem.severity == "error" for problem in problems) else 0


def _top(where: Path, paths: list[str]) -> Path:
    """The repository's top without paths, else the folder that the paths are relative to."""
    if paths:
        return where
    try:
        return find(where).top
    except LoopwrightError:
        return where


def _inside(where: Path, path: str) -> str:
    return os.path.relpath(where / path, where) if Path(path).is_absolute() else path


def doctor_options(parser: argparse.ArgumentParser) -> None:
    printing.json_option(parser)


def doctor(where: Path, options: argparse.Namespace) -> int:
    """Say what is ready and what is missing; exit 1 when a run could not begin."""
    hub = find(where)
    rows = list(_examined(hub))
    if options.json:
        printing.facts({"ready": all(row["ok"] is not False for row in rows), "parts": rows}, "doctor")
    else:
        for row in printing.plain(rows):
            mark = {True: coloured("ok", "green"), False: coloured("MISSING", "red"), None: coloured("note", "yellow")}
            part = "" if row["part"] == "note" else f"{row['part']}: "
            print(f"{mark[row['ok']]}  {part}{row['told']}")
            if row["mend"]:
                print(f"          mend: {row['mend']}")
    return 0 if all(row["ok"] is not False for row in rows) else 1


def _row(part: str, ok: bool | None, told: str, mend: str = "") -> dict[str, Any]:
    return {"part": part, "ok": ok, "told": told, "mend": mend}


def _examined(hub: Hub) -> Any:
    """One row for each thing that a run needs. `ok` None: it works, but there is something to know."""
    from loopwright import workshop
    from loopwright.clocks import SystemClock

    yield _row("git", True, program_version())
    yield _row("python", True, sys.version.split()[0])
    try:
        shop = workshop.assemble(hub, os.environ, workshop.configuration(hub), clock=SystemClock())
    except LoopwrightError as error:
        yield _row("configuration", False, str(error).split("\n")[0], getattr(error, "mend", "`loopwright check`"))
        return
    yield _row("mainline", True, shop.loops.mainline)
    checks = ", ".join(gate.command for gate in shop.loops.checks)
    if checks:
        yield _row("checks", True, checks)
    else:
        mend = "name the repository's tests in `checks:` of agents/LOOPS.md, and commit it"
        yield _row("checks", None, "none for every plan: only a plan's own commands gate it", mend)
    for note in shop.notes:
        yield _row("note", None, note)
    for name in workshop.WORKING:
        yield _role(shop, name)


def _role(shop: Any, name: str) -> dict[str, Any]:
    from loopwright import workshop
    from loopwright.models.defaults import access

    try:
        role = shop.role(name)
        player = workshop.backend(role)
        if player is None:
            return _row(name, None, "left out (backend: none)")
        if role.backend == "anthropic":
            access(name, shop.env)
            return _row(name, True, f"anthropic, {shop.model(role)}")
    except LoopwrightError as error:
        return _row(name, False, getattr(error, "problem", str(error)), getattr(error, "mend", ""))
    return _row(name, True, f"{role.backend} {role.command or ''}".strip())

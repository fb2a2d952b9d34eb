"""The commands before the work: init, doctor, check, new."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from loopwright import shell
from loopwright.cli import agents_found, hooks, lab_table, printing
from loopwright.cli.lab_table import row
from loopwright.cli.printing import coloured
from loopwright.errors import BadUse, LoopwrightError
from loopwright.folders import findings, plans, starter
from loopwright.folders.trees import DiskTree
from loopwright.journal.hub import Hub, find, program_version


def init_options(parser: argparse.ArgumentParser) -> None:
    hooks.options(parser)
    printing.json_option(parser)


def init(where: Path, options: argparse.Namespace) -> int:
    """Write every file that isn't there yet; nothing is overwritten, nothing is committed. `--no-hooks` writes none."""
    hub = find(where)
    if options.no_hooks:
        return hooks.take_off(hub, options.json)
    mainline = hooks.mainline(hub) if options.hooks else ""
    written, kept = _scaffold(hub)
    put, lines = hooks.put_in(hub, mainline) if options.hooks else (None, [])
    if options.json:
        printing.facts({"written": written, "kept": kept} | ({"hooks": put} if put else {}), "init")
        return 0
    for line in (*(f"wrote {path}" for path in written), *lines):
        print(printing.plain(line))
    print(f"{len(written)} files written, {len(kept)} were there already and stay as they are")
    print("next: look at agents/LOOPS.md, then `git add -A && git commit -m 'loopwright'`, `loopwright doctor`,")
    print('      and a first plan: `loopwright new "what will be true"`')
    return 0


def _scaffold(hub: Hub) -> tuple[list[str], list[str]]:
    """Write what isn't there yet: the paths of what was written, and of what was kept."""
    tree = DiskTree(hub.top)
    wanted = starter.files(hub.head_branch or "main", starter.detect_checks(tree))
    _must_have_room(hub.top, wanted)
    written, kept = [], []
    for path, data in wanted.items():
        place = hub.top / path
        if place.exists() or place.is_symlink():
            kept.append(path)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        written.append(path)
    return written, kept


def _must_have_room(top: Path, wanted: Iterable[str]) -> None:
    """Refuse, before anything is written, where a folder of ours is a file, or a link that leads who knows where."""
    folders = {parent for path in wanted for parent in PurePosixPath(path).parents}
    for folder in sorted(folders):
        place = top / folder
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            what = "a link" if place.is_symlink() else "a file"
            raise BadUse(f"{folder} is {what}, and a folder is needed there", f"move {folder} away, then init again")


def new_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("title", help="what will be true when the plan is done")
    printing.json_option(parser)


def new(where: Path, options: argparse.Namespace) -> int:
    """Write a draft from plans/TEMPLATE.md (or the built-in one)."""
    hub = find(where)
    if not options.title.strip():
        raise BadUse("a plan needs a title", 'for example: loopwright new "Prices are never negative"')
    _must_have_room(hub.top, ["plans/TEMPLATE.md"])
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

    if not where.is_dir():
        raise BadUse(f"{where} is no folder", "name a folder with -C")
    where = Path(os.path.normpath(where))
    places = [Path(os.path.normpath(where / path)) for path in options.paths]
    root = _root(where, places)
    paths = [place.relative_to(root).as_posix() for place in places]
    names = (*workshop.BACKENDS, workshop.LEFT_OUT)
    number, problems = findings.check(DiskTree(root), paths, backends=names, labs=workshop.KINDS)
    if places:  # as they were given: relative to where one stands
        problems = tuple(replace(problem, path=os.path.relpath(root / problem.path, where)) for problem in problems)
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


def _root(where: Path, places: list[Path]) -> Path:
    """The folder that holds all the places, and what they are judged against: where one stands, if it has folders of
    ours; else the nearest folder above them that has, up to the repository's top. Without places, that top."""
    inside = all(place.is_relative_to(where) for place in places)
    if places and inside and _has_ours(where):
        return where
    common = Path(os.path.commonpath(places or [where]))
    base = common if common.is_dir() else common.parent
    way = (base, *base.parents)
    top = next((folder for folder in way if (folder / ".git").exists()), where if inside else base)
    return next(folder for folder in way if folder == top or (places and _has_ours(folder)))


def _has_ours(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in findings.FOLDERS)


def doctor_options(parser: argparse.ArgumentParser) -> None:
    told = "print the hook by which the server refuses pushes to the mainline while the line is stopped"
    parser.add_argument("--pre-receive", action="store_true", help=told)
    printing.json_option(parser)


def doctor(where: Path, options: argparse.Namespace) -> int:
    """Say what is ready and what is missing; exit 1 when a run could not begin."""
    hub = find(where)
    if options.pre_receive:
        return hooks.pre_receive(hub)
    from loopwright.drill import left

    left.clear(hub)
    table = lab_table.tried(os.environ)
    rows = [*_examined(hub), *lab_table.broken(table)]
    if options.json:
        ready = all(one["ok"] is not False for one in rows)
        printing.facts({"ready": ready, "parts": rows, "labs": table}, "doctor")
    else:
        told = printing.plain(rows)
        for one, after in zip(told, [*told[1:], {"mend": ""}], strict=True):
            mark = {True: coloured("ok", "green"), False: coloured("MISSING", "red"), None: coloured("note", "yellow")}
            part = "" if one["part"] == "note" else f"{one['part']}: "
            print(f"{mark[one['ok']]}  {part}{one['told']}")
            if one["mend"] and one["mend"] != after["mend"]:  # four roles may lack one key
                print(f"          mend: {one['mend']}")
        print("\n".join(("", *lab_table.lines(table))))
    return 0 if all(one["ok"] is not False for one in rows) else 1


_IGNORE = "`echo .env >> .gitignore`; where it was committed already, `git rm --cached .env`, and make new keys"


def _examined(hub: Hub) -> Any:
    """One row for each thing that a run needs. `ok` None: it works, but there is something to know."""
    from loopwright import workshop
    from loopwright.clocks import SystemClock
    from loopwright.labs import janitor

    yield row("git", True, program_version())
    yield row("python", True, sys.version.split()[0])
    try:
        shop = workshop.assemble(hub, os.environ, workshop.configuration(hub), clock=SystemClock())
    except LoopwrightError as error:
        yield row("configuration", False, str(error).split("\n")[0], getattr(error, "mend", "`loopwright check`"))
        return
    yield row("mainline", True, shop.loops.mainline)
    yield from hooks.rows(hub, shop.loops.mainline)
    checks = ", ".join(gate.command for gate in shop.loops.checks)
    if checks:
        yield row("checks", True, checks)
    else:
        mend = "name the repository's tests in `checks:` of agents/LOOPS.md, and commit it"
        yield row("checks", None, "none for every plan: only a plan's own commands gate it", mend)
    if standards := workshop.standards(hub, shop.loops):
        names = ", ".join(f"{one.name} {one.title}" for one in standards)
        yield row("standards", True, f"{len(standards)} in force: {names}")
    if (hub.top / ".env").exists() and not hub.ignores(".env"):
        yield row(".env", False, "git doesn't ignore it: the next `git add -A` commits your keys", _IGNORE)
    if not shell.adopts():
        told = (
            "a daemon that wiped its environment can outlive its lab: this system doesn't give its orphans to anybody"
        )
        yield row("labs", None, told)
    for left in janitor.look(shop.site):
        yield row("labs", None, f"left {left.place}: {left.why}", left.mend)
    for note in shop.notes:
        part, _, told = note.partition(": ")
        yield row(part, None, told)
    yield _pool(hub, shop)
    yield agents_found.found()
    for name in workshop.WORKING:
        yield _role(shop, name)


def _pool(hub: Hub, shop: Any) -> dict[str, Any]:
    """The day's dollars: free + set aside + committed = total."""
    from loopwright.overview import dollars_today

    try:
        usd = dollars_today(hub, shop.loops)
    except BadUse as problem:
        return row("budget", False, str(problem).split("\n")[0], problem.mend)
    if usd is None:
        return row("budget", None, "no day's dollars: `usd-per-day` isn't set, so only each run's own ceiling binds")
    named = (("free", "free"), ("set aside", "reserved"), ("committed", "committed"))
    parts = " + ".join(f"{printing.money(usd[name])} {word}" for word, name in named)
    told = f"{parts} = {printing.money(usd['total'])} of today (UTC)"
    return {**row("budget", True if usd["free"] > 0 else None, told), "usd": usd}


def _role(shop: Any, name: str) -> dict[str, Any]:
    from loopwright import workshop
    from loopwright.backends.agents import AGENTS
    from loopwright.models.defaults import access

    try:
        role = shop.role(name)
        player = workshop.backend(role)
        if player is None:
            return row(name, None, "left out (backend: none)")
        if role.backend == "anthropic":
            access(name, shop.env)
            return row(name, True, f"anthropic, {shop.model(role)}")
        if agent := AGENTS.get(role.backend):
            agent.ready(name, shop.env, workshop.image_of(shop))
            return row(name, True, f"{role.backend}, {shop.model(role) or 'its own model'}")
    except LoopwrightError as error:
        return row(name, False, getattr(error, "problem", str(error)), getattr(error, "mend", ""))
    return row(name, True, f"{role.backend} {role.command or ''}".strip())

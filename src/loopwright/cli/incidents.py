"""The commands of the Andon layer: what stands still, one incident, a person's decisions about it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loopwright.cli import classifying, printing
from loopwright.cli.printing import coloured, facts, plain, shortened
from loopwright.errors import BadUse
from loopwright.journal.hub import find

Verb = Callable[[Path, argparse.Namespace], int]


def andon_options(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    listed = verbs.add_parser("list", help="every incident, the open ones with the way on")
    shown = verbs.add_parser("show", help="the page of run N's incident")
    resolved = verbs.add_parser(
        "resolve", help="close run N's open incident, if its page and the commands in it hold", description=_RESOLVE
    )
    resolved.add_argument("--branch", metavar="B", help="check there, and land the branch through the gates")
    pulled = verbs.add_parser("pull", help="stop the whole line yourself")
    pulled.add_argument("reason", help="what you saw; it is the incident's summary")
    for parser_of in (shown, resolved):
        parser_of.add_argument("number", metavar="N", type=int, help="the run's number, as `andon list` has it")
    for parser_of in (listed, shown, resolved, pulled):
        printing.json_option(parser_of)
    classify = verbs.add_parser(
        "classify",
        help="say why commands failed, out of what they printed",
        description=classifying.DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    classifying.options(classify)


_RESOLVE = (
    "Closes an incident when its page has a root cause and its category, the failing command passes now, and a "
    "countermeasure at L1 or L2 has a check that passes here and fails on what failed (L3 and L4: a justification). "
    "Else it lists what is missing, changes nothing, and ends with exit 1."
)


def andon(where: Path, options: argparse.Namespace) -> int:
    return _VERBS[options.verb](where, options)


def _list(where: Path, options: argparse.Namespace) -> int:
    from loopwright import overview

    rows = overview.incidents(find(where))
    if options.json:
        facts({"incidents": rows}, "andon-list")
        return 0
    for row in plain(rows):
        state = coloured("open    ", "red") if row["status"] == "open" else "resolved"
        whose = "the whole line" if row["scope"] == "line" else row["plan"]
        sure = "" if row["confidence"] is None else f" ({row['confidence']:.2f})"
        which = f"gen-{row['run']}" if row["run"] else "no run"
        print(f"{state}  {which}  {whose}: {row['kind']}, {row['category']}{sure}")
        print(f"          {shortened(row['summary'], 160)}")
        print(f"          {row['way_on'] or row['page']}")
    if not rows:
        print("no incidents")
    return 0


def _show(where: Path, options: argparse.Namespace) -> int:
    from loopwright import overview

    hub = find(where)
    mine = [row for row in overview.incidents(hub) if row["run"] == options.number]
    if not mine:
        raise BadUse(f"run {options.number} has no incident", "`loopwright andon list` has all of them")
    row = next((row for row in reversed(mine) if row["status"] == "open"), mine[-1])
    text = overview.page_text(hub, row["page"])
    if not text:
        raise BadUse(f"{row['page'] or 'its page'} isn't there", f"`loopwright andon resolve {options.number}`")
    if options.json:
        facts({**row, "text": text})
    else:
        print(plain(text or f"{row['summary']}\n{row['way_on'] or row['page']}\n"), end="")
    return 0


def _resolve(where: Path, options: argparse.Namespace) -> int:
    from loopwright import running
    from loopwright.cli.work import host_for

    result = running.resolve(host_for(where), options.number, options.branch)
    if options.json:
        facts(result, "andon-resolve")
    else:
        _say(plain(result))
    return 0 if result["resolved"] else 1


def _say(result: dict[str, Any]) -> None:
    if result["resolved"]:
        print(coloured(f"gen-{result['run']}: resolved", "green"))
        for name in result["standards"]:
            print(f"  {name}: a gate from now on (agents/STANDARDS.md)")
        if result["landed"]:
            print(f"  landed as {result['landed'][:10]}")
        if result["ready"]:
            print(f"  {result['ready']} is ready again, and takes up where it stopped")
        return
    print(coloured(f"gen-{result['run']}: not resolved; what is missing:", "red"))
    for item in result["missing"]:
        print(f"  - {item}")
    print(f"  page: {result['page']}")


def _pull(where: Path, options: argparse.Namespace) -> int:
    from loopwright import overview, running
    from loopwright.cli.work import host_for

    number = running.pull(host_for(where), options.reason)
    row = next(row for row in overview.incidents(find(where)) if row["run"] == number)
    if options.json:
        facts(row)
    else:
        print(coloured(f"the line is stopped (gen-{row['run']}): {plain(row['summary'])}", "red"))
        print(f"  page: {row['page']}\n  go on: {row['way_on']}")
    return 0


_VERBS: dict[str, Verb] = {
    "list": _list,
    "show": _show,
    "resolve": _resolve,
    "pull": _pull,
    "classify": classifying.classified,
}

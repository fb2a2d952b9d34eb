"""The commands that work: run, watch, and a person's decisions about a run."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from loopwright import running
from loopwright.cli import printing
from loopwright.cli.progress import MISSED, teller
from loopwright.journal.hub import find
from loopwright.running import EXIT, Host


def run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", metavar="PLAN", help="a plan's name, or its path")
    _common(parser)


def run(where: Path, options: argparse.Namespace) -> int:
    result = running.run(_host(where, options), options.plan)
    return _told(result, options)


def watch_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="work off what is ready, then end")
    _common(parser)


def watch(where: Path, options: argparse.Namespace) -> int:
    from loopwright import supervisor
    from loopwright.drill import left

    host = _host(where, options, MISSED | {"run", "end"})
    left.clear(host.hub)

    def say() -> None:
        if not options.once and not options.json:
            print(
                f"watching {host.hub.top}/plans (Ctrl-C ends it; what runs is gone on with next time)", file=sys.stderr
            )

    worked = supervisor.watch(host, once=options.once, at_start=say)
    if options.json:
        printing.facts({"runs": worked.runs, "refused": worked.refused}, "watch")
    else:
        for result in worked.runs:
            _say(result)
        if options.once and not worked.runs and not worked.refused:
            print("nothing was ready; `loopwright status` says what each plan waits for", file=sys.stderr)
    codes = [EXIT.get(result["outcome"], 1) for result in worked.runs]
    return max([*codes, *(told["exit"] for told in worked.refused)], default=0)


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="N", type=int, help="the run's number, as `loopwright runs` lists it")
    _common(parser)


resume_options = land_options = reject_options = rollback_options = stop_options = _number


def resume(where: Path, options: argparse.Namespace) -> int:
    return _decide("resume", where, options)


def land(where: Path, options: argparse.Namespace) -> int:
    return _decide("land", where, options)


def reject(where: Path, options: argparse.Namespace) -> int:
    _decide("reject", where, options)
    return 0


def rollback(where: Path, options: argparse.Namespace) -> int:
    result = running.decide(_host(where, options), "rollback", options.number)
    code = _told(result, options)
    return 0 if result["run"] == options.number else code  # it hadn't landed: rejected, which is done


def stop(where: Path, options: argparse.Namespace) -> int:
    result = running.decide(_host(where, options), "stop", options.number)
    if options.json:
        printing.facts(result, "stop")
    else:
        print(f"run {options.number} of {result['plan']}: {result['outcome']}")
    return 0


def _decide(verb: str, where: Path, options: argparse.Namespace) -> int:
    return _told(running.decide(_host(where, options), verb, options.number), options)


def _common(parser: argparse.ArgumentParser) -> None:
    printing.json_option(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress, also not on a terminal")
    parser.add_argument("--progress", action="store_true", help="progress also into a pipe")


def _host(where: Path, options: argparse.Namespace, kinds: frozenset[str] = MISSED) -> Host:
    tell = (lambda event: None) if options.quiet else teller(always=options.progress, kinds=kinds)
    return Host.here(find(where), os.environ, tell)


def host_for(where: Path) -> Host:
    """Where and for whom a command works that has no options of progress."""
    return Host.here(find(where), os.environ, teller())


def _told(result: dict[str, Any], options: argparse.Namespace) -> int:
    if options.json:
        printing.facts(result)
    else:
        _say(result)
    return EXIT[result["outcome"]]


def _say(result: dict[str, Any]) -> None:
    """A run's outcome in a few lines, with what to do next."""
    result = printing.plain(result)
    good = result["outcome"] == "met"
    head = f"gen-{result['run']} {result['plan']}: {_outcome(result)}"
    print(printing.coloured(head, "green" if good else "red"))
    for chunk in result["chunks"]:
        mark = "passed" if chunk["passed"] else "not passed"
        print(f"  chunk {chunk['number']} {chunk['title']}: {mark}, attempts: {chunk['attempts']}")
    if result["stop"]:
        print(f"  {result['stop']['reason']}: {result['stop']['detail']}")
    for gate in (*result["checks"], *result["goal"]):
        if not gate["passed"]:
            told = f"`{gate['command']}` (exit {gate['exit']})" if gate["command"] else gate["name"]
            print(f"  said no: {told}")
    for review in result["reviews"]:
        if not review["passed"]:
            print(f"  said no: reviewer: {' '.join(review['reasons'].split())[:300]}")
    for note in result["notes"]:
        print(printing.coloured(f"  note: {note}", "yellow"))
    print(f"  {_spent(result)}, {result['seconds']:.1f} s")
    if result["outcome"] not in ("paused", "interrupted"):  # its page is written when it is over
        print(f"  page: {result['page']}")
    if after := _next(result):
        print(f"  next: {after}")


def _spent(result: dict[str, Any]) -> str:
    tokens = sum(result["tokens"].values())
    if not tokens and result["usd"] is None:
        return f"tokens and cost unknown ({result['unpriced']})"
    return f"{tokens} tokens, {printing.money(result['usd'])}"


def _outcome(result: dict[str, Any]) -> str:
    if result["landed"]:
        return f"landed as {result['commit'][:10]}"
    if result["held"]:
        return f"met, and held: {result['held']}"
    return (
        {"met": "met, in review"}.get(result["outcome"], result["outcome"])
        if result["status"] != "rejected"
        else "rejected"
    )


def _next(result: dict[str, Any]) -> str:
    number = result["run"]
    if result["held"]:
        return f"commit, stash or undo your edits there, then `loopwright land {number}` (a watcher does it by itself)"
    if result["status"] == "review":
        return f"`git diff HEAD...{result['branch']}`, then `loopwright land {number}` or `loopwright reject {number}`"
    if result["outcome"] in ("paused", "interrupted"):
        return f"`loopwright resume {number}`"
    return f"`loopwright show {number}`" if not result["landed"] else ""

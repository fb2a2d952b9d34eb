"""The commands that show: status, runs, show, log, fsck."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from loopwright import overview
from loopwright.cli import printing
from loopwright.cli.printing import coloured, facts, money, plain, shortened, table
from loopwright.errors import LineStopped
from loopwright.journal.codec import decode
from loopwright.journal.hub import find
from loopwright.loops import telling
from loopwright.loops.promotion import moving
from loopwright.loops.verification import RECORD
from loopwright.vocabulary import Verdict

status_options = runs_options = log_options = fsck_options = printing.json_option


def show_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="N", type=int, help="the run's number")
    printing.json_option(parser)


def status(where: Path, options: argparse.Namespace) -> int:
    hub = find(where)
    moving.finish(hub)
    line = overview.status(hub)
    code = LineStopped.exit_code if line["line"] == "stopped" else 0
    if options.json:
        facts(line)
        return code
    line = plain(line)
    for incident in line["incidents"]:
        print(coloured(stopped_line(incident), "red"))
    print(f"line: {line['line']}   mainline: {line['mainline']}")
    if line["budget"] and line["budget"]["usd"]:
        print(_day(line["budget"]["usd"]))
    for told in (*line["problems"], *line["notes"]):
        print(coloured(told, "red"))
    if not line["plans"]:
        print('no plans yet: `loopwright new "what will be true"`')
        return code
    table(
        ((p["name"], p["status"], p["priority"], p["run"], _waiting(p)) for p in line["plans"]),
        head=("plan", "status", "priority", "run", "waits for"),
    )
    for run in line["runs"]:
        state = "at work" if run["alive"] else f"not at work, `loopwright resume {run['run']}` goes on with it"
        print(f"run {run['run']} of {run['plan']}: {state}; {run['at']}; since {run['since']}")
    for place, row in enumerate(line["landings"], 1):
        print(f"to land, {place}.: run {row['run']} of {row['plan']}, {row['priority']}: {_landing(row)}")
        if row["stopped"]:
            pid = row["pid"]
            print(f"  its process was stopped, and those behind it wait: `kill -CONT {pid}` lets it go on,")
            print(f"  `kill -KILL {pid}` ends it: the next one lands, and its run is gone on with as after a crash")
    return code


def _day(usd: dict[str, float]) -> str:
    aside = f", {money(usd['reserved'])} set aside for calls under way" if usd["reserved"] else ""
    return f"today (UTC): {money(usd['committed'])} of {money(usd['total'])} spent{aside}"


def _landing(row: dict[str, Any]) -> str:
    """How far a run in the merge queue is."""
    if not row["at_gates_since"]:
        return f"waits since {row['since']}"
    others = ", ".join(f"gen-{run}" for run in row["together_with"])
    return f"its turn since {row['at_gates_since']}{', together with ' * bool(others)}{others}"


def stopped_line(incident: dict[str, Any]) -> str:
    """An open incident in two lines: what stands still and why, and the way on."""
    what = "THE LINE IS STOPPED" if incident["scope"] == "line" else f"{incident['plan']} IS STOPPED"
    which = f", gen-{incident['run']}" if incident["run"] else ""
    told = f"{what} ({incident['kind']}{which}): {shortened(incident['summary'], 200)}"
    return f"{told}\n  go on: {incident['way_on']}"


def _waiting(plan: dict[str, Any]) -> str:
    if plan["held"]:
        return str(plan["held"])
    if plan["status"] == "review":
        return f"you: `loopwright land {plan['run']}` or `loopwright reject {plan['run']}`"
    return ", ".join(plan["waits_for"])


def runs(where: Path, options: argparse.Namespace) -> int:
    rows = overview.runs(find(where))
    if options.json:
        facts({"runs": rows}, "runs")
        return 0
    keys = ("run", "plan", "outcome", "status", "started", "seconds")
    table(
        ([*(row[key] for key in keys), money(row["usd"]), (row["commit"] or "")[:10]] for row in rows),
        head=(*keys, "cost", "commit"),
    )
    return 0


def show(where: Path, options: argparse.Namespace) -> int:
    run = overview.show(find(where), options.number)
    if options.json:
        facts(run, "show")
        return 0
    run = plain(run)
    print(coloured(f"gen-{run['run']}  {run['title']}", "bold"))
    landed = "yes" if run["landed"] else "no"
    print(f"plan {run['plan']}   outcome {run['outcome']}   status {run['status']}   landed {landed}")
    print(f"base {run['base'][:10]}   commit {(run['commit'] or '-')[:10]}   verified {(run['verified'] or '-')[:10]}")
    for row in run["timeline"]:
        mark = "" if "passed" not in row else "  passed" if row["passed"] else "  refused"
        print(f"  {row['at'][11:19]}  {row['what']}{mark}")
    _attempts(run)
    _gates("gates", run["checks"])
    _gates("goal", run["goal"])
    for review in run["reviews"]:
        print(f"review: {'approved' if review['passed'] else 'rejected'}: {review['reasons']}")
    if run["stop"]:
        print(coloured(f"stopped ({run['stop']['reason']}): {run['stop']['detail']}", "red"))
    print(run["diff_stat"] or "no change")
    _costs(run)
    if run["outcome"] not in ("paused", "interrupted"):  # its page is written when it is over
        print(f"page: {run['page']}")
    return 0


def _attempts(run: dict[str, Any]) -> None:
    for attempt in run["attempts"]:
        print(f"chunk {attempt['chunk']}, attempt {attempt['number']}: {'passed' if attempt['passed'] else 'refused'}")
        for verdict in attempt["verdicts"]:
            if not verdict["passed"]:
                print(f"  {verdict['check']} said no: {shortened(telling.gist(decode(Verdict, verdict)), 400)}")


def _gates(title: str, gates: list[dict[str, Any]]) -> None:
    for gate in gates:
        told = coloured("passed", "green") if gate["passed"] else coloured("FAILED", "red")
        code = "" if gate["exit"] is None else f" (exit {gate['exit']})"
        laid_over = ", with the tests of record" if gate["name"].endswith(RECORD) else ""
        flaky = ", flaky" if gate.get("flaky") else ""  # absent in records of before
        name = gate["name"].removesuffix(RECORD)
        standard = f"{name}: " if gate["command"] and name != gate["command"] else ""
        print(f"{title}: {told} {standard}{gate['command'] or name}{laid_over}{flaky}{code}")


def _costs(run: dict[str, Any]) -> None:
    rows = [
        (role, row.get("model"), row["sessions"], row["turns"], sum(row["tools"].values()), money(row["usage"]["usd"]))
        for role, row in run["roles"].items()
    ]
    if rows:
        table(rows, head=("role", "model", "sessions", "turns", "tool calls", "cost"))
    if run["unpriced"]:
        print(f"cost unknown: {run['unpriced']}")


def log(where: Path, options: argparse.Namespace) -> int:
    rows = overview.log(find(where))
    if options.json:
        facts({"log": rows}, "log")
    else:
        for row in plain(rows):
            print(f"{row['date']}  {row['verb']:<10} {row['title']}")
    return 0


def fsck(where: Path, options: argparse.Namespace) -> int:
    from loopwright import workshop
    from loopwright.loops.promotion import fsck as check

    hub = find(where)
    moving.finish(hub)
    loops, _ = workshop.configuration(hub)
    found = check.check(hub, loops.mainline)
    if options.json:
        facts(found)
    else:
        for finding in plain(found["findings"]):
            print(f"{finding['commit'][:10]} run {finding['run']}: {finding['message']}\n  mend: {finding['mend']}")
        print(f"{found['landings']} landings, {found['records']} records, {len(found['findings'])} findings")
    return 1 if found["findings"] else 0

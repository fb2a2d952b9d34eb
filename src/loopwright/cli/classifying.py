"""`andon classify`: why commands failed, as a filter of JSON lines, and how good that is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from loopwright.andon import classify as why
from loopwright.andon.scoring import Group, Judged, Score, score
from loopwright.cli.printing import facts, json_option, table
from loopwright.contracts.schemas import problems, validate
from loopwright.errors import BadFiles, BadUse, Problem
from loopwright.vocabulary import Cause, FailedCommand

_LONGEST = 64 << 20  # bytes of one line
_SHOWN = 200  # characters of a complaint about one
_DIGITS = 4

DESCRIPTION = """\
Reads failed commands as JSON lines on stdin and prints the likely causes of each, one JSON line each, as they come:

  in   {"id": "a", "command": "make", "exit_code": 2, "output": "...", "timed_out": false}     timed_out may be left out
  out  {"id": "a", "label": "build-error", "confidence": 0.98, "candidates": [{"label", "confidence"}, ...]}

Works outside of a repository, too. A line that is none of these is named on stderr, the others are classified all the
same, and the exit code is 2.
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--score",
        metavar="FILE",
        type=Path,
        help="instead: classify the failures in FILE (the same lines, with `label` and, if any, `also_plausible`) and "
        "print accuracy, a plausible second label counting half, and how far confidences are from it",
    )
    json_option(parser, "with --score: the figures as one JSON object; without --score all output is JSON in any case")


def classified(where: Path, chosen: argparse.Namespace) -> int:
    return _classify() if chosen.score is None else _score(where / chosen.score, chosen)


# ---------------------------------------------------------------- why commands failed, line by line


def _classify() -> int:
    """Exit code 0, or 2 when a line was none."""
    bad = False
    for number, line in _lines(sys.stdin.buffer):
        read = _read(line, "failed-command", "<stdin>", number)
        if isinstance(read, Problem):
            bad = True
            print(read, file=sys.stderr, flush=True)
        else:
            print(_told(read["id"], why(_failed(read))), flush=True)
    return 2 if bad else 0


def _told(name: str | int, cause: Cause) -> str:
    candidates = [{"label": each.label, "confidence": each.confidence} for each in cause.candidates]
    told = {"id": name, "label": cause.label, "confidence": cause.confidence, "candidates": candidates}
    validate("failure-cause", told)
    return json.dumps(told)


def _failed(read: dict[str, Any]) -> FailedCommand:
    return FailedCommand(read["command"], read["exit_code"], read["output"], read.get("timed_out", False))


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each line that isn't blank with its number; of a line past the bound its beginning, which is no JSON."""
    number = 0
    while line := stream.readline(_LONGEST):
        number += 1
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(_LONGEST)
        if line.strip():
            yield number, line


def _read(line: bytes, schema: str, path: str, number: int) -> dict[str, Any] | Problem:
    """The object of a line, or what is wrong with it."""
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return _problem(path, number, f"no JSON: {error}")
    found = "; ".join(f"{key or 'the line'}: {what}"[:_SHOWN] for key, what in problems(schema, value))
    if found:
        return _problem(path, number, found)
    read: dict[str, Any] = value
    return read


def _problem(path: str, number: int, message: str) -> Problem:
    mend = "one object per line: id, command, exit_code (a number or null), output, and if need be timed_out"
    return Problem(path, number, "unreadable", message[: 4 * _SHOWN], mend)


# ---------------------------------------------------------------- how good that is


def _score(path: Path, options: argparse.Namespace) -> int:
    judged = _judged(path)
    found = score(judged)
    if options.json:
        facts(_figures(found, judged), "classification-score")
        return 0
    print(f"{found.cases} failures: accuracy {_share(found.accuracy)}, a plausible second label counting half")
    print(f"mean calibration error {_share(found.calibration_error)}\n")
    for title, groups in (("confidence", found.bins), ("label", found.labels)):
        rows = [(each.name, each.cases, _share(each.confidence), _share(each.accuracy)) for each in groups]
        table(rows, head=(title, "cases", "mean confidence", "accuracy"))
        print()
    wrong = [case for case in judged if case.right < 1]
    table(
        ((case.id, case.label, case.cause.label, _share(case.cause.confidence), f"{case.right:g}") for case in wrong),
        head=("not right", "label", "said", "confidence", "counts"),
    )
    return 0


def _judged(path: Path) -> list[Judged]:
    """All failures of a labelled file. Raises BadFiles with everything that is wrong with it."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise BadUse(f"{path}: {error.strerror}", "name a file of JSON lines, each with its label") from error
    with stream:
        read = [_read(line, "labelled-failure", str(path), number) for number, line in _lines(stream)]
    wrong = tuple(each for each in read if isinstance(each, Problem))
    if wrong:
        raise BadFiles(wrong)
    return [_judge(each) for each in read if not isinstance(each, Problem)]


def _judge(read: dict[str, Any]) -> Judged:
    return Judged(str(read["id"]), read["label"], tuple(read.get("also_plausible", ())), why(_failed(read)))


def _figures(found: Score, judged: list[Judged]) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "accuracy": _rounded(found.accuracy),
        "calibration_error": _rounded(found.calibration_error),
        "bins": [{"from": group.start, "to": group.end, **_group(group)} for group in found.bins],
        "labels": [{"label": group.name, **_group(group)} for group in found.labels],
        "wrong": [
            {"id": case.id, "label": case.label, "said": case.cause.label, "confidence": case.cause.confidence}
            | {"counts": case.right}
            for case in judged
            if case.right < 1
        ],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "cases": group.cases,
        "confidence": _rounded(group.confidence),
        "accuracy": _rounded(group.accuracy),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"

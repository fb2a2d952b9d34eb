"""How many failed commands are classified in a second, short ones and such that printed 1 MB."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.results import Figure, Samples, Series, Taken, figure, median, must, nearest_rank, paired
from loopwright.andon import classify, signature
from loopwright.vocabulary import FailedCommand

ABOUT = (
    "Failed commands classified per second: the outputs of tests/andon/failures.jsonl, and outputs of 1 MB (each with "
    "one of these somewhere in a log, or made to be hard to read). The floor is one pass that strips the escape "
    "sequences with `re.sub` and splits into lines, over the same outputs in turns with it."
)
CORPUS = Path(__file__).resolve().parent.parent / "tests" / "andon" / "failures.jsonl"
_MB = 1 << 20
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_SETS = ("corpus", "1 MB", "1 MB, hostile")


def take(*, quick: bool) -> Taken:
    """Rounds that take turns: the floor, the classification and the signature over each set of outputs."""
    cases = [_failed(json.loads(line)) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    drawn = random.Random(7)
    logs = [_in_a_log(drawn.choice(cases), drawn) for _ in range(2 if quick else 12)]
    sets = dict(zip(_SETS, (cases[:20] if quick else cases, logs, _hostile(drawn)), strict=True))
    must(all(classify(one).candidates and _sign(one) for one in cases), "an answer to every one")  # and forms compiled
    samples: dict[str, list[float]] = {}
    for _ in range(1 if quick else 5):
        for name, failed in sets.items():
            for what, work in (("floor", _floor), ("classify", _classify), ("signature", _sign)):
                samples.setdefault(f"{name}: {what}", []).extend(_rate(work, failed))
    single = [_seconds(_classify, one) for name in _SETS[1:] for one in sets[name]]
    found = sum(classify(log).label == classify(case).label for log, case in zip(logs, _sources(logs), strict=True))
    must(found == len(logs), f"the cause found again in all {len(logs)} logs of 1 MB, and not in {found} alone")
    kept = {name: Series.of("1/s", values) for name, values in samples.items()}
    return Taken(
        {**kept, "1 MB, each: classify": Series.of("s", single)},
        (f"in {len(logs)} logs of 1 MB the cause was found that the same output alone has",),
        (
            f"corpus: {len(sets['corpus'])} outputs of {sum(len(one.output) for one in sets['corpus'])} characters in "
            "all; hostile: every clue's kind of words in every line, one endless line, escape sequences, progress bars",
            "the longest: processor time of one classification; all else is wall time",
        ),
    )


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Outputs per second, how many times as long as the floor that is, and the longest classification of 1 MB."""
    found: list[Figure] = []
    for name in _SETS:
        floor = f"{name}: floor"
        found.append(median(samples, floor))
        for what in ("classify", "signature"):
            head = what == "classify"
            found.append(median(samples, f"{name}: {what}", headline=head))
            time_to_floor = f"{name}: {what}, time to floor's"  # rates: the other way round
            found.append(paired(samples, time_to_floor, floor, f"{name}: {what}", headline=head and "MB" in name))
    single = samples["1 MB, each: classify"].values
    longest = nearest_rank(single, 1.0) if single else None
    return (*found, figure("1 MB: the longest classification", "s", longest, headline=True))


def _failed(row: dict[str, object]) -> FailedCommand:
    code = row["exit_code"]
    return FailedCommand(str(row["command"]), code if isinstance(code, int) else None, str(row["output"]))


_NOISE = "[%d] compiling module_%d.c ... ok (error_handler.o, no-such-file-test.o, permission_check.o, timeout.o)\n"


def _in_a_log(case: FailedCommand, drawn: random.Random) -> FailedCommand:
    """The case's output near the end of 1 MB of lines that speak of trouble without having any."""
    lines = "".join(_NOISE % (number, number) for number in range(_MB // 100))
    cut = lines.rfind("\n", 0, drawn.randrange(_MB // 2, _MB - 2000)) + 1
    return FailedCommand(case.command, case.exit_code, f"{lines[:cut]}{case.output}\n{lines[cut:_MB]}")


def _sources(logs: Sequence[FailedCommand]) -> list[FailedCommand]:
    """What the logs were made of: their lines without the noise."""
    return [
        FailedCommand(
            log.command,
            log.exit_code,
            "\n".join(line for line in log.output.split("\n") if "error_handler.o" not in line),
        )
        for log in logs
    ]


def _hostile(drawn: random.Random) -> list[FailedCommand]:
    words = ("error", "failed", "denied", "cannot find", "could not open", "no such", "missing", "expected", "timeout")
    mixed = "\n".join(" ".join(drawn.choices(words, k=12)) for _ in range(_MB // 80))
    bars = "".join(f"\r{number}%" for number in range(_MB // 7))
    outputs = (
        mixed,
        "a" * _MB,
        "could not " * (_MB // 10),
        "\x1b[31mx" * (_MB // 6),
        bars,
        "not:1:1: error\n" * 70_000,
    )
    return [FailedCommand("make", 2, output[:_MB]) for output in outputs]


def _floor(one: FailedCommand) -> object:
    return _ESCAPES.sub("", one.output).split("\n")


def _classify(one: FailedCommand) -> object:
    return classify(one)


def _sign(one: FailedCommand) -> object:
    return signature(one.command, one.output)


def _rate(work: Callable[[FailedCommand], object], over: Sequence[FailedCommand]) -> list[float]:
    """Outputs per second over all of them."""
    began = time.perf_counter()
    for one in over:
        work(one)
    return [len(over) / (time.perf_counter() - began)]


def _seconds(work: Callable[[FailedCommand], object], one: FailedCommand) -> float:
    began = time.process_time()
    work(one)
    return time.process_time() - began

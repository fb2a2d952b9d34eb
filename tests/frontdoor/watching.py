"""What the tests of the watcher have in common: shops with many small plans, and looks at what came of them."""

from __future__ import annotations

from pathlib import Path

from loopwright.testing.frontdoor import Started, until
from loopwright.testing.script import Fault

from .conftest import Scripted, Shop, judges, small_maker

SLOW = [Fault("slow", seconds=0.6)]


def landings(shop: Shop) -> list[str]:
    """The plans that landed, oldest first."""
    subjects = shop.git("log", "--first-parent", "--reverse", "--format=%s", "main").splitlines()
    return [subject.split(" ")[1].rstrip(":") for subject in subjects if subject.startswith("land ")]


def status(shop: Shop, plan: str) -> str:
    lines = [line for line in shop.read(f"plans/{plan}.md").splitlines() if line.startswith("status: ")]
    return lines[0].removeprefix("status: ") if lines else "ready"


def over(shop: Shop, plan: str, wanted: str = "done") -> bool:
    """Whether a plan's run has come to its end, and its record is written: the status line comes first."""
    return status(shop, plan) == wanted and plan not in shop.claims


def runs(shop: Shop) -> list[int]:
    return [row["run"] for row in shop.door("runs", "--json").json["runs"]]


def small_shop(scripted: Scripted, numbers: range, faults: list[Fault] | None = None) -> Shop:
    """A shop whose makers write files, and whose judges are content."""
    return scripted([*(small_maker(number, faults=faults or ()) for number in numbers), *judges()])


def watched(shop: Shop, started: Started) -> None:
    until(lambda: "watching" in started.err, what="the watcher's start")


def left_over(shop: Shop) -> list[str]:
    """Processes that were started for the shop and are still there."""
    mark = f"HOME={shop.door.env['HOME']}\0".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:  # ended meanwhile, or another user's
            continue
    return found

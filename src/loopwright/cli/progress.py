"""Live progress on stderr: which chunk, which role, what tool, elapsed, cost. Quiet in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from loopwright.cli.printing import coloured, money
from loopwright.vocabulary import Event

_MARKS = {
    "run": ">",
    "chunk": "#",
    "attempt": "#",
    "role": "-",
    "tool": ".",
    "command": "$",
    "verdict": "=",
    "land": "*",
}


def teller(stream: TextIO | None = None, *, always: bool = False) -> Callable[[Event], None]:
    """Where events go: to a terminal as lines; to a pipe only what a person must not miss."""
    out = stream or sys.stderr
    if always or out.isatty():
        return Progress(out)
    return lambda event: print(event.text, file=out) if event.kind == "note" else None


class Progress:
    """One line an event: run, elapsed time since the first, cost so far, what happens."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.began = time.monotonic()
        self.costs: dict[object, float | None] = {}

    def __call__(self, event: Event) -> None:
        usage = event.facts.get("usage")
        number = event.facts.get("run")
        if isinstance(usage, dict):
            self.costs[number] = usage.get("usd", 0.0)
        known = [cost for cost in self.costs.values() if cost is not None]
        cost = money(sum(known)) if len(known) == len(self.costs) and self.costs else ""
        elapsed = time.monotonic() - self.began
        where = f"gen-{number}" if number else ""
        head = f"{elapsed:6.1f}s {where:<7} {cost:>8} {_MARKS.get(event.kind, ' ')} "
        first, *more = event.text.removeprefix("$ ").splitlines() or [""]
        print(coloured(head, "dim", self.out) + self._tinted(event, first[:160]), file=self.out)
        for line in more[:6] if event.kind == "note" else ():
            print(f"{'':<26}{line[:160]}", file=self.out)
        self.out.flush()

    def _tinted(self, event: Event, text: str) -> str:
        if event.kind == "verdict":
            return coloured(text, "green" if event.facts.get("passed") else "red", self.out)
        if event.kind in ("chunk", "run", "land", "end"):
            return coloured(text, "bold", self.out)
        return coloured(text, "red", self.out) if event.kind == "note" else text

"""Live progress on stderr: which chunk, which role, what tool, elapsed, cost. Quiet in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from loopwright.cli.printing import coloured, money, plain, shortened
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


_LONGEST = 200
"""Characters of an event that a line of progress shows."""

MISSED = frozenset({"note", "wait", "andon"})
"""What a person must not miss also where progress is quiet; a watcher's log has each run's begin and end, too."""


def teller(
    stream: TextIO | None = None, *, always: bool = False, kinds: frozenset[str] = MISSED
) -> Callable[[Event], None]:
    """Where events go: all of them to a terminal; into a pipe or file only those of some `kinds`, each with its run."""
    out = stream or sys.stderr
    return Progress(out) if always or out.isatty() else Sparse(out, kinds)


class Sparse:
    """A line for each event that matters in a log. Of waiting for a model, only the first in a row is said."""

    def __init__(self, out: TextIO, kinds: frozenset[str]) -> None:
        self.out, self.kinds = out, kinds
        self.waiting: set[object] = set()

    def __call__(self, event: Event) -> None:
        number = event.facts.get("run")
        again = event.kind == "wait" and number in self.waiting
        (self.waiting.add if event.kind == "wait" else self.waiting.discard)(number)
        if event.kind in self.kinds and not again:
            text = plain(event.text)
            print(f"gen-{number}: {text}" if number else text, file=self.out, flush=True)


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
        first, *more = plain(event.text).removeprefix("$ ").splitlines() or [""]
        print(coloured(head, "dim", self.out) + self._tinted(event, shortened(first, _LONGEST)), file=self.out)
        for line in more[:6] if event.kind == "note" else ():
            print(f"{'':<26}{shortened(line, _LONGEST)}", file=self.out)
        self.out.flush()

    def _tinted(self, event: Event, text: str) -> str:
        if event.kind == "verdict":
            return coloured(text, "green" if event.facts.get("passed") else "red", self.out)
        if event.kind in ("chunk", "run", "land", "end"):
            return coloured(text, "bold", self.out)
        return coloured(text, "red", self.out) if event.kind == "note" else text

"""One process of `landing_rate`: lands its share of runs, one after the other.

    python -m benchmarks.lander REPOSITORY BASE FIRST COUNT START

begins when the file START is there, and prints `[began, ended, candidates made again]` (monotonic clock).
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.results import must
from loopwright.journal.hub import Hub, find
from loopwright.loops.promotion import landing, queue
from loopwright.loops.promotion.queue import Waiting
from loopwright.vocabulary import Landing


def land(hub: Hub, base: str, tip: str, number: int) -> int:
    """Land one run's work; how often its candidate had to be made again. Raises NotDone when it can't land."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    mine = Waiting(number, f"work-{number}", "plan", base, "P2", now, os.getpid())
    with queue.turn(hub, mine, lambda whom: None, lambda: None):
        return _land(hub, base, tip, number)


def _land(hub: Hub, base: str, tip: str, number: int) -> int:
    again = 0
    while True:
        verified = landing.candidate(hub, "main", tip, number)
        must(isinstance(verified, str), f"a candidate of {number}: {verified}")
        done = landing.land(hub, "main", number, str(verified), base, f"land {number}")
        if isinstance(done, Landing):
            return again
        must(isinstance(done, landing.Stale), f"{number} lands: {done}")
        again += 1


def main() -> None:
    """Wait for the start, then land."""
    top, base, first, count, start = sys.argv[1:]
    hub = find(Path(top))
    tips = hub.git.refs("refs/heads/work")
    print("ready", flush=True)
    while not Path(start).exists():
        time.sleep(0.002)
    began = time.monotonic()
    numbers = range(int(first), int(first) + int(count))
    again = sum(land(hub, base, tips[f"refs/heads/work/{number}"], number) for number in numbers)
    print(json.dumps([began, time.monotonic(), again]))


if __name__ == "__main__":
    main()

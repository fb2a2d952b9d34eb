"""`python -m benchmarks`: run them, keep each result, and print what came of it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import reading, table
from benchmarks.catalogue import ALL
from benchmarks.results import NotDone


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 when a benchmark's work did not happen; 2 for a name that is none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, each against a floor.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}; none: all of them")
    parser.add_argument("--quick", action="store_true", help="little work: shows that it works, not how fast it is")
    parser.add_argument("--results", type=Path, help="where results go (default benchmarks/results; --quick: nowhere)")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in ALL]:
        print(f"there is no benchmark {', '.join(unknown)}\n  mend: one of {', '.join(ALL)}", file=sys.stderr)
        return 2
    # A shell's background job ignores SIGINT, and so would every watcher that is started and interrupted here;
    # ended by SIGTERM, this must end what it started, too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    folder = chosen.results or (None if chosen.quick else reading.RESULTS)
    failed = [name for name in chosen.names or ALL if not _run(name, folder, quick=chosen.quick)]
    if folder is not None and folder.is_dir():
        (folder / "README.md").write_text(table.summary(reading.read(folder)), encoding="utf-8")
    return 1 if failed else 0


def _run(name: str, folder: Path | None, *, quick: bool) -> bool:
    """One benchmark; whether its work happened."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    bench = ALL[name]
    load, began = os.getloadavg()[0], time.monotonic()
    try:
        taken = bench.take(quick=quick)
    except NotDone as problem:
        print(f"{name}: the work did not happen: {problem}", file=sys.stderr)
        return False
    result = reading.written(name, bench, taken, quick=quick, load=load, seconds=time.monotonic() - began)
    reading.validate(result)
    if folder is not None:
        reading.write(result, folder)
    print(table.section(result), flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())

"""A Messages API on 127.0.0.1 that says what a script tells it to: real HTTP, real streams, planned faults.

    with scripted_endpoint(Script([Session(role="maker", turns=[Turn(Say("Done."))])])) as endpoint:
        ...  # ANTHROPIC_BASE_URL=endpoint.url
    assert len(endpoint.requests) == 1

As a program: `python -m loopwright.testing.endpoint --script s.yaml --port 0 --ready-file F`.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from loopwright.backends.script import Script, Session, read
from loopwright.testing.caching import PromptCache
from loopwright.testing.register import Asked, Endpoint
from loopwright.testing.serving import Server

__all__ = ["Asked", "Endpoint", "main", "scripted_endpoint"]


@contextlib.contextmanager
def scripted_endpoint(
    script: Script | Sequence[Session], *, key: str | None = None, port: int = 0, floor: int = 1024
) -> Iterator[Endpoint]:
    """Serve a script until the block ends. `floor`: tokens below which the simulated cache keeps nothing."""
    whole = script if isinstance(script, Script) else Script(tuple(script))
    endpoint = Endpoint(whole, key=key, cache=PromptCache(floor))
    with Server(port, endpoint) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield endpoint
        finally:
            endpoint.closing.set()
            server.shutdown()
            thread.join()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a script file until SIGTERM or SIGINT; the URL is printed, and written to the ready file."""
    parser = argparse.ArgumentParser(prog="python -m loopwright.testing.endpoint", description=main.__doc__)
    parser.add_argument("--script", type=Path, required=True, help="a YAML or JSON file (contracts/script.schema.json)")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--ready-file", type=Path, help="gets the URL once requests are answered")
    parser.add_argument("--log", type=Path, help="gets one JSON line per request")
    chosen = parser.parse_args(arguments)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with scripted_endpoint(read(chosen.script), port=chosen.port) as endpoint:
        endpoint.log = chosen.log
        print(endpoint.url, flush=True)
        if chosen.ready_file is not None:
            partial = chosen.ready_file.with_name(f"{chosen.ready_file.name}.part")
            partial.write_text(f"{endpoint.url}\n", encoding="utf-8")
            partial.replace(chosen.ready_file)
        while not over.wait(1.0):
            pass
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

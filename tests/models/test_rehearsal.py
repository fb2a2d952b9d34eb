"""What a process needs for its first answer is there before it is forked, and asking nobody does it."""

from __future__ import annotations

import subprocess
import sys

ASKING = """
import sys
import loopwright.supervisor.preloaded
from loopwright.clocks import SystemClock
from loopwright.models.client import Request, Wire
from loopwright.models.defaults import Access
from loopwright.testing.endpoint import scripted_endpoint
from loopwright.backends.script import Say, Session, Turn

before = set(sys.modules)
with scripted_endpoint([Session([Turn(Say("There."))])]) as endpoint:
    wire = Wire(Access(endpoint.url, "sk-ant-x"), SystemClock(), print, horizon=5.0)
    turn = wire.ask(Request("claude-haiku-5-5", (), [{"role": "user", "content": "Where?"}], max_tokens=9))
print(turn.blocks[0]["text"], sorted(name for name in sys.modules.keys() - before if not name.startswith("encodings")))
"""


def test_a_process_that_was_warmed_imports_nothing_more_for_its_first_answer() -> None:
    told = subprocess.run([sys.executable, "-c", ASKING], capture_output=True, text=True, timeout=120, check=False)

    assert told.stdout == "There. ['stringprep']\n", told.stderr

"""Our maker alone, on a task in a folder: its brief, its tools and its loop, without a plan's line around it.

    ANTHROPIC_BASE_URL=... python -m benchmarks.maker_session FOLDER TASK

works in FOLDER/files.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from loopwright.backends.anthropic import Anthropic
from loopwright.clocks import SystemClock
from loopwright.folders.agents.roles import builtin
from loopwright.testing.lab import Desk, FolderLab, brief


def main() -> int:
    """Exit code 0 when the maker ended its work."""
    folder, task = sys.argv[1:]
    desk = Desk(env=dict(os.environ), clock=SystemClock())
    report = Anthropic().work(brief(builtin("maker"), task), FolderLab(Path(folder)), desk.session())
    print(f"{report.ended}: {report.turns} turns")
    return 0 if report.whole else 1


if __name__ == "__main__":
    sys.exit(main())

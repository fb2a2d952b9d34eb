"""What holds for the whole suite."""

from __future__ import annotations

import pytest


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Leave word of how the suite ended: only one that ran to its end may have its failures looked at once more."""
    if not hasattr(session.config, "workerinput") and getattr(session.config, "cache", None) is not None:
        session.config.cache.set("loopwright/ended", int(exitstatus))

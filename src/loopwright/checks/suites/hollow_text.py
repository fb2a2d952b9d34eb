"""Tests of other languages that can't fail, as far as their expectations tell."""

from __future__ import annotations

import re
from collections import Counter

from loopwright.checks.suites.expectation import Expectation, always

_MAY_ASK = re.compile(r"(?i)assert|expect|check|verif|should|must|ensure|valid|compare|throw|panic|fail|unwrap|\?")


def of(asserts: Counter[Expectation], body: str) -> str:
    """Why a test can't fail, or ``."""
    own = [e for e in asserts if e.relation != "case"]
    if own and all(always(expectation) for expectation in own):
        return f"only insists on what is always so: {str(own[0])[:80]}"
    if not own and not _MAY_ASK.search(body):
        return "has no assert"
    return ""

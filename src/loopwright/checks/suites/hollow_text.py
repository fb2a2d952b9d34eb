"""Tests of other languages that can't fail, as far as their expectations tell."""

from __future__ import annotations

import re
from collections import Counter

from loopwright.checks.suites.expectation import Expectation

_RELATIONS = frozenset({"truthy", "falsy", "==", "!=", "<", "<=", ">", ">=", "defined", "contains", "approx"})
_STRINGS = re.compile(r"(?:\b[rbu])?\"(?:\\.|[^\"\\])*+\"|'(?:\\.|[^'\\])*+'|`[^`$]*+`")
_NAME = re.compile(r"[A-Za-z_$]")
_WORDS = re.compile(r"\b(?:true|false|null|nil|undefined|None|True|False|Some|Ok|Err|NaN|and|or|not|is|in)\b")
_MAY_ASK = re.compile(r"(?i)assert|expect|check|verif|should|must|ensure|valid|compare|throw|panic|fail|unwrap|\?")


def of(asserts: Counter[Expectation], body: str) -> str:
    """Why a test can't fail, or ``."""
    own = [e for e in asserts if e.relation != "case"]
    if own and all(always(expectation) for expectation in own):
        return f"only insists on what is always so: {str(own[0])[:80]}"
    if not own and not _MAY_ASK.search(body):
        return "has no assert"
    return ""


def always(expectation: Expectation) -> bool:
    """Whether an expectation holds whatever the code does: constants only, or a name that is itself."""
    if expectation.relation not in _RELATIONS:
        return False
    if expectation.relation in {"==", "<=", ">=", "approx"} and expectation.subject == expectation.value:
        return "(" not in expectation.subject
    return bool(expectation.subject) and _constant(expectation.subject) and _constant(expectation.value)


def _constant(text: str) -> bool:
    return not _NAME.search(_WORDS.sub("", _STRINGS.sub("", text)))

"""An expectation that wasn't met. What a runner's summary says is a consequence, and weighs less."""

from __future__ import annotations

from loopwright.andon.clues.clue import FAIR, LIKELY, STRONG, SURE, Clue, said

CLUES: tuple[Clue, ...] = (
    *said(
        SURE,
        "comparisonfailure | opentest4j | assertionerror | assertion failed | assertionfailed | err_assertion | "
        "expectationnotmet | did not raise",
    ),
    Clue(SURE, "assert", r"\bassert(?:ion)?\b.{0,120}(?:failed|failure)|^E\s+assert "),
    *said(
        STRONG,
        "did not match | checksum mismatch | snapshot mismatch | ***test failed*** | result: fail",
    ),
    Clue(
        STRONG,
        "expected",
        r"^(?!\S+:\d+:\d+:).*expected\b.{0,200}(?:but |, )(?:was|got|received|found|actual|saw)\b"
        r"|\bgot\b.{1,80}\b(?:want|expected)\b",
    ),
    *said(
        FAIR,
        "--- fail: | test result: failed | assertion ` | expected: | to be equal | to equal | but got | "
        "failed asserting",
    ),
    Clue(FAIR, "fixture", r"fixture '[^']+' not found"),
    *said(
        LIKELY,
        "test failed | tests failed | failed tests | failing tests | test failures | failed test | ✕ | ✗ | ✖ | ✘",
    ),
    Clue(LIKELY, "not ok", r"^\s*not ok \d"),
    Clue(
        LIKELY,
        "failed",
        r"(?:^|\D)[1-9]\d* (?:tests? |specs? |checks? |suites? |scenarios? |steps? |assertions? )?"
        r"(?:failed|failing)\b",
    ),
    Clue(LIKELY, "failed", r"^(?:FAILED|FAIL)\b(?! to)[^\n]{0,20}(?:::|\(|test|spec|\S+\.\w+)"),
    Clue(
        LIKELY,
        "fail",
        r"^\s*(?:FAIL|FAIL:)\s+\S|^# fail [1-9]|\bfail(?:ed|ures)?[:=] *[1-9]|tests?:? .{0,40}[1-9]\d*"
        r" fail",
    ),
    Clue(LIKELY, "failure", r"[1-9]\d* failures?\b|failures?[:=] ?[1-9]"),
)

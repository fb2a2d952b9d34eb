"""It took longer than somebody let it take."""

from __future__ import annotations

from loopwright.andon.clues.clue import FAINT, FAIR, LIKELY, STRONG, SURE, WEAK, Clue, said

CLUES: tuple[Clue, ...] = (
    *said(SURE, "timeout >"),
    Clue(STRONG, "exceeded", r"\btimeout (?:has been |was )?exceeded"),
    *said(STRONG, "timelimitexceeded"),
    *said(
        SURE,
        "timeoutexpired | timeouterror | maximum execution time | exceeded timeout | test timed out | "
        "aborted due to timeout | timeout expired | deadline exceeded | timeoutexception | ***timeout | "
        "(timeout) | timeout (>",
    ),
    *said(
        STRONG,
        "timed out | time limit exceeded | readtimeout | connecttimeout | apitimeouterror | timeout exceeded | "
        "exceeded the timeout | timeout after | time-out | killed by timeout",
    ),
    Clue(STRONG, "etimedout", r"\bETIMEDOUT\b"),
    Clue(
        STRONG,
        "timeout",
        r"\btimeout (?:of|reached|error|waiting|period|at)\b|(?:^|\W)timeout(?:$|[:!>])|exceeded.{0,40}timeout"
        r"|[\d.]+ ?m?s(?:ec\w*)? timeout",
    ),
    Clue(STRONG, "timeout", r"^\s*\d+/\d+ .*\bTIMEOUT\b"),
    *said(
        FAIR,
        "took too long | time out | did not complete within | did not finish within | no output for | "
        "timeout was reached | operation too slow | alarm clock | sigalrm | timing out | still running after | "
        "exceeded the time | time limit | time budget | time is up | gave up after | giving up",
    ),
    Clue(
        FAIR,
        "",
        r"\b(?:not|never|no|fail\w*|gave up|giving up|still)\b.{0,60} (?:within|after) \d[\d.]* ?(?:m?s"
        r"|sec\w*|min\w*|m)\b",
    ),
    Clue(FAIR, "124", r"\b(?:exit(?:ed)?|code|status|error) (?:with )?(?:code |status )?124\b"),
    Clue(LIKELY, "terminated", r"^(?:\S+: )?(?:line \d+: +\d+ )?Terminated\b"),
    Clue(WEAK, "sigterm", r"\bSIGTERM\b"),
    *said(
        FAINT,
        "timeout",
    ),
)

"""A program's own exception: something went wrong, and nothing here says what has to change."""

from __future__ import annotations

from loopwright.andon.clues.clue import HINT, Clue, said

CLUES: tuple[Clue, ...] = (
    *said(
        HINT,
        "segmentation fault | panicked at | panic: | nullpointerexception | core dumped | exception | uncaught | "
        "fatal error",
    ),
    Clue(
        HINT,
        "error",
        r"^(?:E\s+|Uncaught |[\w.]*\.)?(?:Value|Key|Type|Runtime|Index|Attribute|ZeroDivision|Range"
        r"|Lookup|Argument|Arithmetic|NoMethod|Unicode\w*|State)Error\b",
    ),
)

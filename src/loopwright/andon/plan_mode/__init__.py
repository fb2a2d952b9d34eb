"""The page of a Meta-Andon, `wiki/90_LOG/YYYY-MM-DD-meta-gen-N.md`: written, read for a decision, closed. Pure."""

from loopwright.andon.plan_mode.page import (
    DECISIONS,
    closed,
    decision,
    incident,
    is_page,
    page_path,
    read,
    render,
    run_of,
    undecided,
    with_draft,
    written,
)

__all__ = [
    "DECISIONS",
    "closed",
    "decision",
    "incident",
    "is_page",
    "page_path",
    "read",
    "render",
    "run_of",
    "undecided",
    "with_draft",
    "written",
]

"""Reads and writes `plans/`: a plan says what will be true, in which steps, and how one will know."""

from loopwright.folders.plans.order import behind, cycles, lost, ready, waiting_for
from loopwright.folders.plans.reading import NOT_PLANS, examine, in_folder, looks_like_plan, outline, read, read_all
from loopwright.folders.plans.writing import index, new, with_status, with_tick, without_own_lines

__all__ = [
    "NOT_PLANS",
    "behind",
    "cycles",
    "examine",
    "in_folder",
    "index",
    "looks_like_plan",
    "lost",
    "new",
    "outline",
    "read",
    "read_all",
    "ready",
    "waiting_for",
    "with_status",
    "with_tick",
    "without_own_lines",
]

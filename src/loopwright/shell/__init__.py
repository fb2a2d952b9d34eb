"""The one place that starts processes, and ends them."""

from loopwright.shell.adopting import Strays, adopting, adopts
from loopwright.shell.ancestry import inherited, marked_alive
from loopwright.shell.enclosure import Enclosure, Fell
from loopwright.shell.ending import end_group, end_marked, end_tree, kill, marked
from loopwright.shell.hiding import hide_environment
from loopwright.shell.lines import Called, Inherited, Line
from loopwright.shell.running import beside, capture, run
from loopwright.shell.temporary import clear_dead, temporary
from loopwright.shell.whereabouts import at_work, fixed, is_stopped

__all__ = [
    "Called",
    "Enclosure",
    "Fell",
    "Inherited",
    "Line",
    "Strays",
    "adopting",
    "adopts",
    "at_work",
    "beside",
    "capture",
    "clear_dead",
    "end_group",
    "end_marked",
    "end_tree",
    "fixed",
    "hide_environment",
    "inherited",
    "is_stopped",
    "kill",
    "marked",
    "marked_alive",
    "run",
    "temporary",
]

"""The wall between who works in a lab and who decides: what was moved behind it while a lab's commands ran.

A lab that shares the user with the person can't be kept from the person's files. So each look at what a role must not
move is compared with the one before its commands, and what they reached for becomes a stop of the run (`role-wall`).
"""

from loopwright.loops.wall.lab import WatchedLab
from loopwright.loops.wall.watching import REASON, Wall

__all__ = ["REASON", "Wall", "WatchedLab"]

"""Keeps this process's environment, which holds keys, from other processes of the same user."""

from __future__ import annotations

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def hide_environment() -> bool:
    """Make /proc/PID/environ and memory of this process unreadable to others of the same user; whether that held.

    Only on Linux, and not against root: there a lab that shares the user's rights needs walls of its own.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    except (OSError, AttributeError):  # a C library without prctl
        return False

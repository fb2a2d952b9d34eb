"""Whether orphans come to the process that asks for them is tried, not believed."""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

import pytest

from loopwright import shell
from loopwright.testing.crash import killed

_PRCTL = {"x86_64": 157, "aarch64": 167}.get(platform.machine())
_SET_SUBREAPER, _SET_SECCOMP, _NO_NEW_PRIVS = 36, 22, 38

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux") or _PRCTL is None, reason="a kernel's filter")


def takes_the_call_and_does_nothing() -> None:
    """From now on the kernel says yes to `be a subreaper` without a deed, as a system may that only looks so."""
    steps = [(0x20, 0, 0, 0), (0x15, 0, 3, _PRCTL), (0x20, 0, 0, 16), (0x15, 0, 1, _SET_SUBREAPER)]
    steps += [(0x06, 0, 0, 0x00050000), (0x06, 0, 0, 0x7FFF0000)]
    filled = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(filled))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(_SET_SECCOMP, 2, ctypes.create_string_buffer(program), 0, 0) == 0, ctypes.get_errno()


def test_an_orphan_comes_to_us_where_the_system_does_it() -> None:
    assert shell.adopts()


def test_a_system_that_only_says_so_is_found_out() -> None:
    def doubts() -> None:
        takes_the_call_and_does_nothing()
        assert not shell.adopts()

    assert killed(doubts) == 0

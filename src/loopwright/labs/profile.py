"""The system calls that are refused in a container: those that are refused in a sandbox (`seccomp`), in the form that
engines read.

Their own lists differ from engine to engine and version to version: one lets ptrace through, the next vsock sockets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from loopwright.labs import seccomp

_EPERM, _ENOSYS = 1, 38
_LOW = 0xFFFFFFFF  # the kernel looks at the low half of an ioctl's or fcntl's number alone

Rule = dict[str, Any]


def text() -> str:
    """The profile: everything is allowed but what stands there. A name that an older kernel doesn't know is skipped."""
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": list(_rules())})


def _rules() -> Iterator[Rule]:
    yield _refused(*seccomp.NAMES)
    yield {**_refused("clone3"), "errnoRet": _ENOSYS}  # its flags can't be looked at; the C library takes clone
    for bit in (1 << number for number in range(32) if seccomp.NEW_NAMESPACES >> number & 1):
        yield _refused("clone", (0, "SCMP_CMP_MASKED_EQ", bit, bit))
    for request in seccomp.INTO_A_TERMINAL:
        yield _refused("ioctl", (1, "SCMP_CMP_MASKED_EQ", _LOW, request))
    for command in seccomp.ON_FILES:
        yield _refused("fcntl", (1, "SCMP_CMP_MASKED_EQ", _LOW, command))
    for family in set(range(max(seccomp.FAMILIES))) - set(seccomp.FAMILIES):
        yield _refused("socket", (0, "SCMP_CMP_EQ", family, 0))
    yield _refused("socket", (0, "SCMP_CMP_GT", max(seccomp.FAMILIES), 0))
    yield _refused("prlimit64", (0, "SCMP_CMP_NE", 0, 0))  # another process's limits


def _refused(*names: str | tuple[int, str, int, int]) -> Rule:
    """A rule that refuses these calls; a tuple after the name says for which value of which argument alone."""
    calls = [name for name in names if isinstance(name, str)]
    args = [
        {"index": name[0], "op": name[1], "value": name[2], "valueTwo": name[3]}
        for name in names
        if isinstance(name, tuple)
    ]
    return {"names": calls, "action": "SCMP_ACT_ERRNO", "errnoRet": _EPERM, "args": args}

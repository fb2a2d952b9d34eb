"""The system calls that are refused behind a lab's walls, as a program for the kernel's filter (classic BPF).

Refused is what no build and no test needs, and what walls have been broken with: mounts, further user namespaces,
tracing, BPF, kernel keys, io_uring, kernel modules, handles that reach past a mount, the clock, leases of files (which
hold up whoever opens these), signals of one's choice when a file is touched, and sockets of families that a network
namespace doesn't hold (vsock) or that only widen what can be attacked.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data; the low half of an argument
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000

NEW_NAMESPACES = 0x7E020080  # CLONE_NEWUSER, NEWNS, NEWPID, NEWNET, NEWIPC, NEWUTS, NEWCGROUP, NEWTIME
FAMILIES = (1, 2, 10, 16)  # unix, IPv4, IPv6, netlink
INTO_A_TERMINAL = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX: typing in the place of a person

ON_FILES = (10, 1024)
"""Of fcntl: F_SETSIG (a process that is stopped while the host looks at its files could have itself woken, SIGCONT, by
that very look) and F_SETLEASE (whoever opens a file that another has leased waits for up to 45 s, git on the host for
one)."""

_NAMES = """
acct add_key adjtimex bpf chroot clock_adjtime clock_settime delete_module fanotify_init finit_module init_module
ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mount name_to_handle_at open_by_handle_at
perf_event_open pivot_root process_vm_readv process_vm_writev ptrace quotactl reboot request_key setdomainname
sethostname setns settimeofday swapoff swapon syslog umount2 unshare userfaultfd vhangup
io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_getfd
mount_setattr quotactl_fd open_tree_attr
"""
NAMES = tuple(_NAMES.split())
"""What is refused whatever it is asked for; below are their numbers."""

_SAME_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 443, 467)
"""io_uring_* and what follows it above: numbers from 424 on are the same on all machines."""


@dataclass(frozen=True)
class _Machine:
    arch: int  # AUDIT_ARCH_*
    refused: tuple[int, ...]
    clone: int
    ioctl: int
    fcntl: int
    socket: int
    prlimit: int
    x32: bool = False  # a second set of numbers, from 0x40000000 on
    clone3: int = 435


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


_X86_64 = _Machine(
    arch=0xC000003E,
    refused=_numbers(
        "163 248 159 321 161 305 227 176 300 313 175 173 172 312 320 246 250 212 165 303 304 "
        "298 155 310 311 101 179 169 249 171 170 308 164 168 167 103 166 272 323 153"
    ),
    clone=56,
    ioctl=16,
    fcntl=72,
    socket=41,
    prlimit=302,
    x32=True,
)
_AARCH64 = _Machine(
    arch=0xC00000B7,
    refused=_numbers(
        "89 217 171 280 51 266 112 106 262 273 105 272 294 104 219 18 40 264 265 "
        "241 41 270 271 117 60 142 218 162 161 268 170 225 224 116 39 97 282 58"
    ),
    clone=220,
    ioctl=29,
    fcntl=25,
    socket=198,
    prlimit=261,
)
_MACHINES: Mapping[str, _Machine] = {"x86_64": _X86_64, "aarch64": _AARCH64}


def program(machine: str | None = None) -> bytes | None:
    """The filter for a machine (`platform.machine()`), this one by default; None for one that isn't known here."""
    known = _MACHINES.get(machine or platform.machine())
    return None if known is None else b"".join(_written(known))


def _written(machine: _Machine) -> list[bytes]:
    refuse, unknown = _returns(_ERRNO | errno.EPERM), _returns(_ERRNO | errno.ENOSYS)
    lines = [_line(_LOAD, _ARCH), _line(_EQUAL, machine.arch, 1, 0), unknown, _line(_LOAD, _NUMBER)]
    if machine.x32:
        lines += [_line(_AT_LEAST, 0x40000000, 0, 1), unknown]
    for number in sorted((*machine.refused, *_SAME_EVERYWHERE)):
        lines += [_line(_EQUAL, number, 0, 1), refuse]
    lines += [_line(_EQUAL, machine.clone3, 0, 1), unknown]  # its flags can't be looked at; the C library takes clone
    lines += _looking_at(machine.clone, _FIRST, [_line(_ANY_BIT, NEW_NAMESPACES, 0, 1), refuse])
    typing = [step for request in INTO_A_TERMINAL for step in (_line(_EQUAL, request, 0, 1), refuse)]
    lines += _looking_at(machine.ioctl, _SECOND, typing)
    asking = [step for command in ON_FILES for step in (_line(_EQUAL, command, 0, 1), refuse)]
    lines += _looking_at(machine.fcntl, _SECOND, asking)
    families = [step for family in FAMILIES for step in (_line(_EQUAL, family, 0, 1), _returns(_ALLOW))]
    lines += _looking_at(machine.socket, _FIRST, [*families, refuse])
    lines += _looking_at(machine.prlimit, _FIRST, [_line(_EQUAL, 0, 1, 0), refuse])  # another process's limits
    return [*lines, _returns(_ALLOW)]


def _looking_at(number: int, argument: int, steps: list[bytes]) -> list[bytes]:
    """Steps that are taken for one call, with one of its arguments loaded; after them the number is there again."""
    inner = [_line(_LOAD, argument), *steps, _line(_LOAD, _NUMBER)]
    return [_line(_EQUAL, number, 0, len(inner)), *inner]


def _returns(value: int) -> bytes:
    return _line(_RETURN, value)


def _line(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_so, if_not, value)

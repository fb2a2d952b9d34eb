"""The /etc that is seen behind walls: what programs need of the host's, none of it about this machine's people, hosts
or keys, and a list of users with one in it."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

_NEEDED = (
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "java*",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "magic",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "pki",
    "protocols",
    "python3*",
    "services",
    "ssl",
    "terminfo",
    "timezone",
)
_NETWORKED = ("resolv.conf", "hosts", "host.conf", "gai.conf", "pip.conf")

KEYS = Path("/etc/ssl/private")
"""A folder in what is shown that is to be seen empty."""


def shown(*, network: bool) -> dict[Path, Path]:
    """What is shown of the host's: the file or folder by the path at which it is seen."""
    patterns = (*_NEEDED, *(_NETWORKED if network else ()))
    found = sorted({path for pattern in patterns for path in Path("/etc").glob(pattern)})
    return {path: path.resolve() for path in found if path.exists() and path.stat().st_mode & stat.S_IROTH}


def written(uid: int, home: Path, *, network: bool) -> Mapping[str, str]:
    """The files that are ours, by name. `uid`: the number of the one user (and group) there."""
    texts = {
        "passwd": f"lab:x:{uid}:{uid}:lab:{home}:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
        "group": f"lab:x:{uid}:\nnogroup:x:65534:\n",
    }
    return texts if network else {**texts, "hosts": "127.0.0.1 localhost lab\n::1 localhost\n"}

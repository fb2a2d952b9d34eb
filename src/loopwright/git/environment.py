"""The environment in which git runs here, with the settings that keep it from starting programs."""

from __future__ import annotations

import os
from collections.abc import Mapping

from loopwright import shell

HARDENED = {
    # Through the environment, because a file's setting would lose to the repository's own.
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.alternateRefsCommand": "true",
    "core.pager": "cat",
    "core.editor": "true",
    "core.quotePath": "false",
    "protocol.allow": "never",
    "protocol.file.allow": "always",
    "transfer.fsckObjects": "true",
    "fetch.fsckObjects": "true",  # a person's own outranks the one before
    "submodule.recurse": "false",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "credential.helper": "",
    "core.filesRefLockTimeout": "5000",
    "core.packedRefsTimeout": "5000",
}

IDENTITY = {
    "GIT_AUTHOR_NAME": "loopwright",
    "GIT_AUTHOR_EMAIL": "loopwright@localhost",
    "GIT_COMMITTER_NAME": "loopwright",
    "GIT_COMMITTER_EMAIL": "loopwright@localhost",
}

_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "LD_LIBRARY_PATH")


def environment(settings: Mapping[str, str] = HARDENED) -> dict[str, str]:
    """A scrubbed environment: no GIT_* of the caller's (a hook sets GIT_DIR!), nothing that asks or pages."""
    env = {name: os.environ[name] for name in _KEPT if name in os.environ}
    env["PATH"] = shell.fixed(env.get("PATH", "")) or os.defpath
    if "LD_LIBRARY_PATH" in env:  # often ends with a colon: git would load libz.so.1 from the lab that it looks at
        env["LD_LIBRARY_PATH"] = shell.fixed(env["LD_LIBRARY_PATH"].replace(";", ":")) or "/nonexistent"
    env |= IDENTITY
    env |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
    env["GIT_CONFIG_COUNT"] = str(len(settings))
    for i, (key, value) in enumerate(settings.items()):
        env[f"GIT_CONFIG_KEY_{i}"], env[f"GIT_CONFIG_VALUE_{i}"] = key, value
    return env

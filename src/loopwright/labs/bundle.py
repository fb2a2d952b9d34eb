"""Brings what a role committed out of a walled lab: git packs it behind the walls, and the host fetches the file.

The host's git never reads the lab's repository: its configuration, alternates and hooks have a say behind the walls
alone. What comes out is one file, bounded in size, whose objects are checked before they are fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from loopwright.errors import GitFailed
from loopwright.git import Git, PrivateGit, is_id
from loopwright.labs import files
from loopwright.vocabulary import Ran

MOST = 256 << 20
"""Bytes of a bundle: the commits of one role since its lab was opened."""

_NAME = ".own.bundle"
SECONDS = 60.0
_LINE = 1 << 16  # bytes of a line of its head: some have a commit's subject

Run = Callable[[list[str]], Ran]
"""Runs git behind the walls."""


def bring(run: Run, scratch: Path, private: PrivateGit, hub: Git, base: str, into: str) -> bool:
    """Set a ref of the hub's to the commit at the lab's HEAD; whether that was possible.

    `run` runs a git command in the lab, which began from `base`.
    """
    packed = run(["bundle", "create", "-q", str(scratch / _NAME), "HEAD", f"^{base}"])
    if packed.code != 0:
        return _known(run, hub, into)
    copy = private.folder / "own.bundle"
    try:
        files.copy(scratch, _NAME, copy, MOST)
        pack = _pack(copy)
        return bool(pack) and private.is_sound(copy, pack, SECONDS) and private.bring(copy, "HEAD", into, SECONDS)
    except OSError:  # it is gone, no plain file, or too large
        return False
    finally:
        copy.unlink(missing_ok=True)


def _pack(copy: Path) -> int:
    """At which byte the pack of a bundle begins; 0 where it says of itself that it lacks something. From one that a
    filter has thinned out git takes the objects into the hub before it finds that some are missing, and marks them as
    to be had elsewhere: no gc takes them away again, and no fsck tells what they lack."""
    with copy.open("rb") as file:
        while (line := file.readline(_LINE)) != b"\n":  # git takes a line that begins so wherever in the head it stands
            if not line.endswith(b"\n") or (line.startswith(b"@") and not line.startswith(b"@object-format=")):
                return 0
        return file.tell()


def _known(run: Run, hub: Git, into: str) -> bool:
    """Nothing new was there to pack: HEAD is a commit that the hub has, or can't be read."""
    told = run(["rev-parse", "--verify", "-q", "HEAD^{commit}"])
    commit = told.output.strip()
    if told.code != 0 or not is_id(commit) or hub.resolve(commit) is None:
        return False
    try:
        hub.set_ref(into, commit)
    except GitFailed:
        return False
    return True

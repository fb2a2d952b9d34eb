"""What a commit holds that another does not, as guards and judges are given it."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

from loopwright.errors import GitFailed
from loopwright.git.plumbing import AS_TEXT, Git
from loopwright.vocabulary import Change, Hazard

MOST = 32 << 20
"""Bytes of a diff. Guards look at each line of it: 100 MB of lines of two bytes, which a lab makes in half a second,
took one of them 9 GB of memory and 220 s."""

_WORDS = ("diff-tree", "-p", "--no-ext-diff", "--no-textconv", "--no-renames", "--full-index", "--no-color")


def compared(git: Git, base: str, commit: str, tree: str) -> Change:
    """What a commit (of this tree) holds that `base` does not. One whose diff is longer than can be judged has none,
    and that as a hazard."""
    files = git.changes(base, commit)
    try:
        return Change(base, commit, tree, files, diff(git, base, commit) if files else "")
    except GitFailed as problem:
        if problem.code != -signal.SIGXFSZ:
            raise
        told = f"the lines that differ are more than {MOST >> 20} MiB, and nobody could judge them"
        return Change(base, commit, tree, files, "", (Hazard("too-large", ".", told),))


def diff(git: Git, old: str, new: str) -> str:
    """The whole textual diff. No attributes, external programs or textconv have a say in it. Raises GitFailed, with
    SIGXFSZ as its code where it is longer than `MOST`."""
    bounded = ("/bin/sh", "-c", f'ulimit -c 0; ulimit -f {MOST // 512}; exec "$@"', "sh")
    with tempfile.NamedTemporaryFile(prefix="loopwright-diff-") as file:
        Git(git.bare.where, git.bare.extra, bounded).run(
            *AS_TEXT, *_WORDS, f"--output={file.name}", "--no-commit-id", old, new
        )
        return Path(file.name).read_bytes().decode(errors="replace")

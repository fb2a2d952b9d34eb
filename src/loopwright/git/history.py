"""The person's own history read through GitPython: commits with their trailers. Never pointed at a lab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

_TRAILER = re.compile(r"^(Loopwright-[A-Za-z]+): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: ids, subject, time (seconds since 1970) and loopwright's trailers."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    subject: str
    at: int
    trailers: dict[str, str] = field(default_factory=dict)


def trailers(message: str) -> dict[str, str]:
    """The `Loopwright-*` trailers of a commit message (of its last paragraph only: a title can't forge one)."""
    return dict(_TRAILER.findall(message.strip().rsplit("\n\n", 1)[-1])) if "\n\n" in message.strip() else {}


def first_parents(
    where: Path, tip: str, since: str | None = None, limit: int | None = None, saying: str = ""
) -> Iterator[Commit]:
    """The first-parent history of `tip`, newest first, down to but not with `since`.

    `saying`: only commits that have a line with this (a basic regular expression). git itself leaves out the others.
    """
    import git  # 0.1 s, wanted by history commands alone

    revision = f"{since}..{tip}" if since else tip
    most = -1 if limit is None else limit
    with closing(git.Repo(where, odbt=git.GitCmdObjectDB)) as repo:
        for commit in repo.iter_commits(revision, first_parent=True, max_count=most, grep=saying):
            message = str(commit.message)
            yield Commit(
                commit.hexsha,
                commit.tree.hexsha,
                tuple(parent.hexsha for parent in commit.parents),
                message.split("\n", 1)[0],
                commit.committed_date,
                trailers(message),
            )

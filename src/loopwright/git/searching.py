"""Looks for literal words in the files of a commit: they come from outputs and diffs, and are no patterns."""

from __future__ import annotations

from collections.abc import Sequence

from loopwright.git.plumbing import Git

SECONDS = 10.0
"""Limit on one search: a sweep is a convenience, and a stopped line waits for its page."""

_GREP = ("grep", "--fixed-strings", "--word-regexp", "-I", "--no-color", "--no-column", "--full-name", "-z")


def files_with(git: Git, commit: str, word: str, without: Sequence[str] = ()) -> tuple[str, ...]:
    """The text files of a commit in which a word stands, `without` those of some folders. Raises GitFailed."""
    outside = (f":(exclude,top,literal){folder}" for folder in without)
    found = _asked(git, *_GREP, "--files-with-matches", "-e", word, commit, "--", *outside)
    names = found.decode(errors="surrogateescape").split("\0")
    return tuple(name.removeprefix(f"{commit}:") for name in names if name)


def lines_with(
    git: Git, commit: str, words: Sequence[str], files: Sequence[str], each: int
) -> tuple[tuple[str, int, str], ...]:
    """(path, line, text) of at most `each` lines of each of these files in which one of the words stands."""
    asked = [argument for word in words for argument in ("-e", word)]
    if not asked or not files:
        return ()
    count = ("--line-number", f"--max-count={each}")
    found = _asked(git, "--literal-pathspecs", *_GREP, *count, *asked, commit, "--", *files)
    rows = (row.split(b"\0", 2) for row in found.split(b"\n") if row.count(b"\0") >= 2)
    told = ((name.decode(errors="surrogateescape"), int(line), text) for name, line, text in rows)
    return tuple((name.removeprefix(f"{commit}:"), line, text.decode(errors="replace")) for name, line, text in told)


def _asked(git: Git, *words: str) -> bytes:
    """stdout of a search away from the working tree, so that no attributes file there has a say; 1: nothing found."""
    return git.bare.run(*words, ok=(0, 1), seconds=SECONDS)

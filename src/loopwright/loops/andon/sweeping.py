"""Looks for the pattern of a failure elsewhere on the mainline."""

from __future__ import annotations

from collections.abc import Iterable

from loopwright.andon import sweep as pure
from loopwright.errors import GitFailed
from loopwright.journal.hub import Hub
from loopwright.redaction import redact
from loopwright.vocabulary import Place

_EACH = 3  # lines of one file
_WIDTH = 400  # characters of a line that are looked at; half of them are shown, so that no half of a key is
_NOT_SOURCE = ("wiki", "plans", "agents")


def sweep(hub: Hub, commit: str, tokens: Iterable[str], secrets: tuple[str, ...] = ()) -> tuple[Place, ...] | None:
    """At most twenty places of a commit in which the words stand. None: the search could not be ended in time.

    Pages, plans and roles aren't looked at: they speak of failures, and have none.
    """
    try:
        found = {word: hub.files_with(commit, word, _NOT_SOURCE) for word in tokens}
        words, files = pure.telling(found)
        rows = hub.lines_with(commit, words, files, _EACH)
        clean = ((path, line, redact(text[:_WIDTH], secrets)) for path, line, text in rows)
        return pure.places(clean, words, files)
    except GitFailed:
        return None

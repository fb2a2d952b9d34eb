"""What is kept of an attempt that held a secret: everything but the secret."""

from __future__ import annotations

from collections.abc import Iterator

from loopwright.journal.hub import Hub
from loopwright.redaction import find, redact
from loopwright.vocabulary import Attempt, Change, Run

_GONE = b"[redacted: this file held a secret]\n"
_Edit = tuple[str, bytes | str] | None  # mode and contents; None: the file is left out


def holds_secrets(attempt: Attempt) -> bool:
    """Whether no tag or ref of an incident may lead to this attempt: refs are pushed, and what is pushed is known."""
    return any(verdict.reason == "secrets" for verdict in attempt.failed)


def kept(hub: Hub, run: Run, commit: str | None) -> str | None:
    """What an attempt of a run left, as it is kept: the commit itself, or the one without its secrets."""
    held = (tried for tried in run.attempts if tried.commit == commit and holds_secrets(tried))
    places = (f"refs/loopwright/attempts/{run.number}/{tried.chunk}/{tried.number}" for tried in held)
    return next((hub.git.resolve(place) for place in places), commit)


def without_secrets(hub: Hub, change: Change, known: tuple[str, ...]) -> str:
    """The change's commit with every secret in its files redacted, on the same parents.

    Nothing else that an agent wrote is lost, and no secret is in a ref, which is fetched and pushed. A file whose name
    holds one is left out; one that holds it in another encoding is replaced whole.
    """
    return hub.amended(change.commit, dict(_edits(hub, change, known)))


def _edits(hub: Hub, change: Change, known: tuple[str, ...]) -> Iterator[tuple[str, _Edit]]:
    files = {file.path: file for file in change.files if file.new_blob and file.new_mode != "160000"}
    blobs = hub.git.blobs(file.new_blob or "" for file in files.values())
    for path, file in files.items():
        data = blobs[file.new_blob or ""] or b""
        if find(path, known):
            yield path, None
        elif (clean := _clean(data, known)) != data:
            yield path, (file.new_mode or "100644", clean)


def _clean(data: bytes, known: tuple[str, ...]) -> bytes:
    clean = redact(data.decode("utf-8", "surrogateescape"), known).encode("utf-8", "surrogateescape")
    hidden = find(clean.replace(b"\0", b"").decode("utf-8", "replace"), known)  # such as in UTF-16
    return _GONE if hidden else clean

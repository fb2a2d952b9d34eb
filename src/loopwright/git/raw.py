"""Reads git's raw form of a diff: modes, blobs and a letter for each path."""

from __future__ import annotations

from loopwright.vocabulary import FileChange

RAW = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--full-index")


def raw_changes(out: bytes) -> tuple[FileChange, ...]:
    """The changes of one answer."""
    fields = out.split(b"\0")
    rows = []
    for meta, path in zip(fields[0:-1:2], fields[1::2], strict=False):
        old_mode, new_mode, old_blob, new_blob, kind = meta.decode().lstrip(":").split(" ")
        rows.append(
            FileChange(
                path.decode(errors="surrogateescape"),
                kind[0],
                *(None if set(value) == {"0"} else value for value in (old_mode, new_mode, old_blob, new_blob)),
            )
        )
    return tuple(rows)


def end_of_changes(out: bytes, at: int, head: bytes) -> int:
    """Where the changes that begin at `at` end: at the next pair's head, or at the end of all."""
    while at < len(out) and out.startswith(b":", at):
        at = out.index(b"\0", out.index(b"\0", at) + 1) + 1
    assert out.startswith(head, at), "git diff-tree answered for another pair"
    return at

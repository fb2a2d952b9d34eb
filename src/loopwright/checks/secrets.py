"""No key, token or password may enter the history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from loopwright.checks.answers import accepted, refused, shown
from loopwright.checks.patch import Patch, patches
from loopwright.contracts import Lab
from loopwright.redaction import Secret, find, is_placeholder
from loopwright.vocabulary import Change, FileChange, Verdict

_MOST = 8 << 20  # bytes of a binary file that are looked at
_UNSEARCHED = "cannot be searched"


@dataclass(frozen=True)
class SecretsGuard:
    """Rejects secrets in added lines, and in files of which the diff shows no lines; the attempt is rolled back,
    because what was committed once would stay in the history. The evidence says where and what kind, never the value.

    `known` are exact values: the person's keys from the environment and `.env`.
    """

    known: tuple[str, ...] = field(default=(), repr=False)

    def check(self, change: Change, lab: Lab) -> Verdict:
        shown_lines = patches(change.diff)
        facts = [fact for file in change.files for fact in self._facts(file, shown_lines.get(file.path), lab)]
        if not facts:
            return accepted("secrets", change)
        mend = "read a value from the environment at run time, and write only its name into a file"
        if any(_UNSEARCHED in fact for fact in facts):
            mend += "; leave out a file that can't be searched"
        return refused("secrets", change, "secrets", facts, mend, rolls_back=True)

    def _facts(self, file: FileChange, patch: Patch | None, lab: Lab) -> Iterator[str]:
        if any(secret.kind == "known value" for secret in find(file.path, self.known)):
            yield "a path's name: holds a known value"
            return
        if file.new_blob is None:
            return
        if patch is None or patch.binary:
            yield from self._in_bytes(file, lab)
            return
        for secret in self._secrets(patch.text):
            yield f"{shown(file.path)}:{patch.line(secret.start)}: {_kind(secret)}"

    def _in_bytes(self, file: FileChange, lab: Lab) -> Iterator[str]:
        """Of a file that git holds for binary. Attributes in the repository can make it hold any file for that."""
        if file.new_mode in {"120000", "160000"}:
            return
        try:
            data = lab.read(file.path)[:_MOST]
        except OSError as problem:
            yield f"{shown(file.path)}: {_UNSEARCHED}: {problem.strerror or type(problem).__name__}"
            return
        text = data.replace(b"\0", b"").decode("utf-8", "replace")  # without NUL, UTF-16 reads as ASCII
        for secret in self._secrets(text):
            yield f"{shown(file.path)}: {_kind(secret)} (in a file that git shows as binary)"

    def _secrets(self, text: str) -> list[Secret]:
        found = find(text, self.known)
        return [hit for hit in found if hit.kind == "known value" or not is_placeholder(text[hit.start : hit.end])]


def _kind(secret: Secret) -> str:
    if secret.kind == "known value":
        return "one of this machine's own keys"
    return f"looks like a secret: {secret.kind} of {secret.end - secret.start} characters"

"""Some paths belong to the people and to loopwright's own record: no maker touches them, whatever a scope says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused, shown
from loopwright.contracts import Lab
from loopwright.vocabulary import PROTECTED, Change, Verdict, matches

# Characters that some file systems leave out of a name, so that ".g<U+200C>it" is ".git" to them.
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def is_git_folder(name: str) -> bool:
    """Whether some file system takes this one name of a path for `.git`."""
    plain = _IGNORED.sub("", name).split(":")[0].rstrip(" .").lower()
    return plain in {".git", "git~1"}


@dataclass(frozen=True)
class ProtectedGuard:
    """Rejects and rolls back a change of a protected path.

    `always` holds without exception, as does any `.git`; `paths` holds but for `allowed`, by which a documenter may
    write the wiki that a person keeps from makers.
    """

    always: tuple[str, ...] = PROTECTED
    paths: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def check(self, change: Change, lab: Lab) -> Verdict:
        touched = [path for path in change.paths if self.protects(path)]
        if not touched:
            return accepted("protected", change)
        facts = [f"{shown(path)}: protected" for path in touched]
        mend = "leave these paths alone; the attempt was rolled back, so begin again without them"
        return refused("protected", change, "protected", facts, mend, rolls_back=True)

    def protects(self, path: str) -> bool:
        if any(is_git_folder(name) for name in path.split("/")) or matches(path, self.always):
            return True
        return matches(path, self.paths) and not matches(path, self.allowed)

"""What was found behind the wall, in words and in what is to be kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a role reached for. `mend` says how a person puts it right, or that it is put right."""

    who: str
    what: str
    mend: str
    refs: Mapping[str, str] = field(default_factory=dict)  # where refs were, to be kept
    restore: Mapping[str, str] = field(default_factory=dict)  # loopwright's own refs, put back: '' for gone
    files: Mapping[str, bytes] = field(default_factory=dict)  # a person's files as they were, to be kept
    private: Mapping[str, bytes] = field(default_factory=dict)  # the same of what may hold keys: no ref leads to it

    @property
    def told(self) -> str:
        return f"{self.who} {self.what}"

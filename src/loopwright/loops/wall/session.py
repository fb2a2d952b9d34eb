"""What is known of a lab's commands: when they ran, what they were, and whether they knew where the hub lies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from loopwright.journal.lab_times import Span

_SHOWN = 300  # characters of a command in a person's message
_LEADING = r"objects/info/alternates|git-common-dir|absolute-git-dir|\bcommondir\b|worktree list"
_WAYS = re.compile(rf"{_LEADING}|show-toplevel")
"""How to find the hub from a lab without being told where it lies."""
_THERE = re.compile(_LEADING)
"""The same without what an honest command says to find its own lab, and then may work for minutes."""
_SHARED = re.compile(
    r"\bgit(?: +-\S+(?: +[^-\s]\S*)?)*? +(?:config|update-ref|symbolic-ref)\b|\.git/(?:config|hooks)", re.ASCII
)
"""What reaches the hub from a linked worktree, which shares its configuration, hooks and refs."""


@dataclass(frozen=True)
class Whereabouts:
    """How the hub is named: the checkout and its git dir, and what lies in them but is anybody's (environments)."""

    top: Path
    common: Path
    labs: Path

    def named_in(self, text: str, *, shared: bool = False) -> bool:
        """Whether a text names the hub, or a way to find it. `shared`: the lab is a linked worktree of it.

        The lab's own path may begin with the hub's, and programs of the person's environments come first on PATH.
        """
        return self._named(text) or bool(_WAYS.search(text) or (shared and _SHARED.search(text)))

    def leads_there(self, text: str) -> bool:
        """Whether a command by itself leads to the hub: it names it, or a way that leads nowhere else."""
        return self._named(text) or _THERE.search(text) is not None

    def _named(self, text: str) -> bool:
        for harmless in (f"{self.labs}/", f"{self.top}/.venv/", f"{self.top}/node_modules/"):
            text = text.replace(harmless, "")
        return any(_names(text, place) for place in (self.top, self.common))


def _names(text: str, place: Path) -> bool:
    return re.search(re.escape(str(place)) + r"(?![\w.-])", text) is not None


@dataclass(frozen=True, slots=True)
class Ran:
    """One command of a lab: by whom, and in which time."""

    who: str
    text: str
    span: Span
    knowing: bool  # it, or what its role ran or wrote before, names the hub or a way to find it
    aims: bool = False  # it does so itself, or a file does that its role wrote before

    @property
    def shown(self) -> str:
        text = " ".join(self.text.split())
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@dataclass
class Commands:
    """The commands since the last look."""

    ran: list[Ran] = field(default_factory=list)

    def at(self, moment: int) -> Ran | None:
        """The command in whose time a moment (ns) lies: one that knew of the hub before one that didn't."""
        return _first(self.ran, lambda span: span.holds(moment))

    def in_second(self, moment: int) -> Ran | None:
        """The same of a moment in whole seconds, as a reflog has it."""
        ns = 10**9
        start, end = moment * ns, (moment + 1) * ns
        return _first(self.ran, lambda span: span.begin < end and (span.end is None or span.end >= start))

    @property
    def who(self) -> str:
        """Whose commands ran, each named once."""
        return " and ".join(dict.fromkeys(ran.who for ran in self.ran)) or "nobody"

    @property
    def begin(self) -> int:
        return min((ran.span.begin for ran in self.ran), default=0)

    @property
    def knowing(self) -> Ran | None:
        return next((ran for ran in self.ran if ran.knowing), None)


def _first(ran: Iterable[Ran], fits: object) -> Ran | None:
    assert callable(fits)
    found = [one for one in ran if fits(one.span)]
    return next((one for one in found if one.knowing), found[0] if found else None)

"""Tells a mainline that a lab moved from one that a person moved, while a lab's commands ran.

A person works in the same repository: a move within the time of a lab's command is, most often, the person's. Time
alone therefore never makes a role-wall. What does, each by itself:

1. A commit that says it lands this run (`Loopwright-Run: N`): only this process lands it.
2. The reflog was kept, and has no entry for the move: git always writes one, an editor of files doesn't.
3. The reflog's entry is of the labs' own identity (maker@lab), whatever it says.

And these, for an entry within the second of a lab's command:

4. It has no words: `update-ref` without -m. All that a person types (commit, merge, pull, fetch, rebase, reset, branch)
   leaves some.
5. The commits bring a file as this run's attempt has it, and as nobody else has seen it: its branch isn't there yet.
6. The command names the checkout or its git dir, or a way to find it, and no other run can have landed or recorded it.
   A person who commits in that very second is taken for the maker here, once: the maker was where it has no business.

What is left: a maker that finds the hub by other ways, and commits there in the person's name and words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loopwright.journal.guarded import Facts, Guarded
from loopwright.loops.promotion import landing
from loopwright.loops.wall.found import Found
from loopwright.loops.wall.session import Commands, Ran
from loopwright.vocabulary import Change

_ENTRY = re.compile(rb"([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (?:.* )?<(.*)> (\d+) [+-]\d{4}(?:\t(.*))?")
_MOST = 1 << 16  # bytes of a reflog before the first look that are read, too
_LAB = b"maker@lab"
_OURS = b"loopwright: "


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of a reflog."""

    new: str
    mail: bytes
    at: int
    words: bytes

    @classmethod
    def of(cls, line: bytes) -> _Entry | None:
        told = _ENTRY.fullmatch(line)
        return cls(told[2].decode(), told[3], int(told[4]), told[5] or b"") if told else None


@dataclass(frozen=True)
class Mainline:
    """Two looks at the mainline, what ran between them, and what this run's attempt changed beyond its branch."""

    guarded: Guarded
    before: Facts
    after: Facts
    commands: Commands
    attempt: Change | None = None

    def found(self) -> Iterator[Found]:
        name = self.guarded.main
        old, new = self.before.refs.get(name, ""), self.after.refs.get(name, "")
        if old and not new and (ran := self.commands.knowing):  # a person renames it, too
            what = f"took away {name}, which was at {old[:10]}; while this ran: {ran.shown}"
            yield Found(ran.who, what, "it was put back: nothing can be recorded without it", {name: old}, {name: old})
        if not old or not new or old == new:
            return
        if told := self._evidence(old, new):
            who, why = told
            what = f"moved {name} from {old[:10]} to {new[:10]} ({why})"
            mend = f"see `git log {old[:10]}..{new[:10]}`; if it isn't yours: `git reset --keep {old[:10]}` on it"
            yield Found(who, what, mend, {name: old, f"{name}-after": new})

    def _evidence(self, old: str, new: str) -> tuple[str, str] | None:
        """Who moved it, and by what that is known; None when nothing says that it wasn't the person."""
        hub, everybody = self.guarded.hub, self.commands.who
        if landing.landed(hub, new, self.guarded.run, old):
            return everybody, "it says that it lands this run, which this process alone does"
        entries = self._entries(max(self.before.log - _MOST, 0)) if self.before.log else []
        if entries and not any(entry.new == new for entry in _since(entries, old)):
            return everybody, "no git did it: the reflog has no entry for it"
        added = self._entries(self.before.log or 0)
        found = (self._of(entry, self.commands.in_second(entry.at), old, new) for entry in added)
        return next((told for told in found if told), None)

    def _of(self, entry: _Entry, ran: Ran | None, old: str, new: str) -> tuple[str, str] | None:
        if entry.mail == _LAB:
            return self.commands.who, "the reflog has the identity of a lab"
        if ran is None:
            return None
        if not entry.words:
            return ran.who, f"by an update-ref without words, while this ran: {ran.shown}"
        if shared := self._of_the_attempt(old, new):
            return ran.who, f"it brings {shared} as it was made in this lab, while this ran: {ran.shown}"
        if ran.knowing and not (entry.words.startswith(_OURS) and self._others_at_work()):
            return ran.who, f"while this ran, which knew where the repository lies: {ran.shown}"
        return None

    def _of_the_attempt(self, old: str, new: str) -> str:
        """A file that the mainline has now as the attempt has it, and hadn't before; '' for none."""
        made = {(file.path, file.new_blob) for file in self.attempt.files if file.new_blob} if self.attempt else set()
        if not made:
            return ""
        brought = self.guarded.hub.git.changes(old, new)
        return next((file.path for file in brought if (file.path, file.new_blob) in made), "")

    def _others_at_work(self) -> bool:
        """Whether another run wrote to its journal since: it may have landed, or recorded something."""
        journals = (self.guarded.hub.home / "runs").glob("*/journal.jsonl")
        others = (path for path in journals if path.parent.name != str(self.guarded.run))
        return any(path.stat().st_ctime_ns >= self.commands.begin for path in others)

    def _entries(self, start: int) -> list[_Entry]:
        """The mainline's reflog from a byte on; a line that is cut there is none."""
        try:
            with self.guarded.reflog.open("rb") as file:
                file.seek(start)
                lines = file.read(1 << 20).splitlines()
        except OSError:
            return []
        return [entry for line in lines if (entry := _Entry.of(line))]


def _since(entries: Sequence[_Entry], old: str) -> Sequence[_Entry]:
    """The entries after the last that came to where the first look saw the mainline; all, when there is none such.

    Not by the byte at which that look found the log to end: git writes the entry before it moves the ref, and a look
    may fall between; `git gc` writes a log anew.
    """
    last = max((at for at, entry in enumerate(entries) if entry.new == old), default=-1)
    return entries[last + 1 :]

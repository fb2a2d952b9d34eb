"""Holds the journals of ended runs against their records, after commands that knew where the hub lies.

A run's record has a copy of its journal, and what comes later (`land`, `resume`) is added behind that. So a journal
that was changed (ctime) in such a command's time, and no longer begins as its record says, was edited by that command.
No other is read: of 1,000 ended runs it takes a look at as many inodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from loopwright.journal import claims
from loopwright.journal.guarded import Facts, Guarded
from loopwright.loops.wall.found import Found
from loopwright.loops.wall.session import Commands, Ran


@dataclass(frozen=True)
class Ledger:
    """The runs that had ended before the first of these commands, and what ran since."""

    guarded: Guarded
    before: Facts
    commands: Commands

    def found(self) -> Iterator[Found]:
        if self.commands.knowing is None:
            return
        prefix = f"{claims.RUNS}/"
        for name, record in self.before.refs.items():
            number = name.removeprefix(prefix)
            if name.startswith(prefix) and number != str(self.guarded.run) and (ran := self._edited(number, record)):
                what = f"edited the journal of run {number}, which had ended; while this ran: {ran.shown}"
                yield Found(ran.who, what, f"its bytes of before: `git show {record[:10]}:journal.jsonl`")

    def _edited(self, number: str, record: str) -> Ran | None:
        """The command in whose time a journal was changed to something else than its record has, or taken away."""
        path = self.guarded.hub.home / "runs" / number / "journal.jsonl"
        here = path.exists()
        try:
            ran = self.commands.at((path if here else path.parent).lstat().st_ctime_ns)
            if ran is None or not ran.knowing:
                return None
            kept = self.guarded.hub.git.read(record, "journal.jsonl")
            return ran if kept and not (here and _begins(path.open("rb"), kept)) else None
        except OSError:
            return None


def _begins(file: IO[bytes], kept: bytes) -> bool:
    with file:
        return file.read(len(kept)) == kept

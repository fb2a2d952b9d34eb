"""Compares the person's files and git's settings before and after a lab's commands.

A person edits pages, plans and settings while labs are at work, and every pull, stash and switch writes such files.
So a file counts only when all of this holds: it was changed (ctime, which can't be set back) while a command of this
lab ran; that command, or what its role had written before, names the checkout or a way to find it; what the file says
now decides in the agent's favour; and the mainline doesn't have it so, for then it came by a commit, which is looked at
by itself. Where only the time fits, it is no incident, and no decision either: `lab_times.written_in_a_lab`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from loopwright.checks.deciding import in_the_checkout
from loopwright.checks.executed import executed
from loopwright.errors import Problem
from loopwright.folders import agents
from loopwright.journal.guarded import GIT, Facts, Guarded, Kept
from loopwright.loops.wall.found import Found
from loopwright.loops.wall.session import Commands, Ran


@dataclass(frozen=True)
class Files:
    """Two looks at the same files, and what ran between them."""

    guarded: Guarded
    before: Facts
    after: Facts
    commands: Commands

    def found(self) -> Iterator[Found]:
        return (self._reach(name, self.before.files.get(name), ran, what) for name, ran, what in self.deciding)

    @cached_property
    def deciding(self) -> tuple[tuple[str, Ran, str], ...]:
        """Each file that now decides otherwise, the command in whose time it was written, and what it decides."""
        return tuple(self._deciding()) if self.commands.knowing else ()

    def _deciding(self) -> Iterator[tuple[str, Ran, str]]:
        for name in sorted({*self.before.files, *self.after.files}):
            old, new = self.before.files.get(name), self.after.files.get(name)
            if old != new and (ran := self._when(name, new)) and (what := self._decides(name, old, new)):
                yield name, ran, what

    def _when(self, name: str, new: Kept | None) -> Ran | None:
        """The command that knew of the hub and ran when this was written; of what is gone its folder tells when."""
        try:
            moment = new.changed if new else self.guarded.place(name).parent.stat().st_ctime_ns
        except OSError:
            return None
        ran = self.commands.at(moment)
        return ran if ran and ran.knowing else None

    def _decides(self, name: str, old: Kept | None, new: Kept | None) -> str:
        before, after = old.data if old else None, new.data if new else None
        if before == after and old and new:
            return ""
        if name in (f"{GIT}config", f"{GIT}config.worktree"):
            changed = self._settings(before) ^ self._settings(after)
            return next((f"`{key}` of git's settings" for key, _ in sorted(changed) if executed(key)), "")
        if name.startswith(GIT) or not name.startswith(("agents/", "plans/", "wiki/", ".env")):
            return "what git runs in the person's repository"
        what = in_the_checkout(name, before, after) or _no_longer_reads(name, before, after)
        return "" if not what or self._is_the_mainlines(name, after) else what

    def _settings(self, data: bytes | None) -> set[tuple[str, str]]:
        if not data:
            return set()
        words = ("config", "--no-includes", "--file", "-", "--list", "-z")
        code, out = self.guarded.hub.git.ask(*words, data=data, ok=(0, 1, 3, 128))
        rows = (row.partition("\n") for row in out.decode(errors="replace").split("\0")) if code == 0 else ()
        return {(key, value) for key, _, value in rows if key}

    def _is_the_mainlines(self, name: str, data: bytes | None) -> bool:
        tip = self.after.refs.get(self.guarded.main)
        return tip is not None and name != ".env" and self.guarded.hub.git.read(tip, name) == data

    def _reach(self, name: str, old: Kept | None, ran: Ran, what: str) -> Found:
        place = self.guarded.place(name)
        told = f"wrote {place}, which decides: {what}; while this ran: {ran.shown}"
        if old is None or old.data is None:
            return Found(ran.who, told, f"look at {place}, and delete it if it isn't yours")
        if name == ".env" or name.startswith(GIT):
            return Found(ran.who, told, f"its bytes of before are at {{kept}}/{name}", private={name: old.data})
        mend = f"its bytes of before: `git show {{ref}}:{name}`"
        return Found(ran.who, told, mend, files={name: old.data})


def _no_longer_reads(name: str, old: bytes | None, new: bytes | None) -> str:
    """Says when a page did read as what it is, and doesn't any more: no run begins with such standards or gates."""
    wrong = _error(name, new or b"")
    return f"it no longer reads: {wrong}" if wrong and not _error(name, old or b"") else ""


def _error(name: str, data: bytes) -> str:
    """The first thing for which every run would end with bad input; '' for a page that reads."""
    problems: tuple[Problem, ...] = ()
    if name == agents.standards.PATH:
        problems = agents.standards.examine(data)[1]
    elif name == agents.LOOPS:
        problems = agents.examine_loops(data)[1]
    elif agents.is_role(name):
        problems = agents.examine_role(name, data)[1]
    return next((each.message for each in problems if each.severity == "error"), "")

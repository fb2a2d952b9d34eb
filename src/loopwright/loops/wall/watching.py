"""Looks before a lab's first command and after its last one, and keeps what it found as facts of the run."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from loopwright import shell
from loopwright.contracts import Lab
from loopwright.journal import lab_times
from loopwright.journal.facts import FileJournal, Lines
from loopwright.journal.guarded import Facts, Guarded
from loopwright.journal.hub import Hub
from loopwright.journal.lab_times import Span
from loopwright.labs.environment import MARK
from loopwright.labs.inside import REACHES
from loopwright.loops.wall.checkout import Checkout
from loopwright.loops.wall.files import Files
from loopwright.loops.wall.found import Found
from loopwright.loops.wall.ledger import Ledger
from loopwright.loops.wall.mainline import Mainline
from loopwright.loops.wall.refs import Refs
from loopwright.loops.wall.session import Commands, Ran, Whereabouts
from loopwright.vocabulary import Change, Stop, Verdict

REASON = "role-wall"
_MOST = 20  # things that one stop names


@dataclass
class Wall:
    """The wall around one run. `who` is whose commands run now."""

    hub: Hub
    guarded: Guarded
    journal: FileJournal
    who: str = "a gate's command"
    transcripts: list[Lines] = field(default_factory=list)
    _before: Facts | None = None
    _commands: Commands = field(default_factory=Commands)
    _forged: list[Path] = field(default_factory=list)  # foreign bytes that were told of
    _knows: bool = False  # whether a role of this run ever wrote down where the hub lies, or how to find it
    _wrote: bool = False  # whether one did so in a file of its lab

    @contextlib.contextmanager
    def playing(self, role: str) -> Iterator[None]:
        """While a role is at work, what runs is the role's. Left by an exception, it is looked at at once."""
        self.who, before, whole = f"the {role}", self.who, False
        try:
            yield
            whole = True
        finally:
            self.who = before
            if not whole:
                self.look()

    def opened(self, name: str) -> None:
        """A lab was opened: what an interrupted process left there, or in a throwaway one of that name, has ended."""
        lab_times.ended(self.hub, self.guarded.run, name)

    def wrote(self, data: bytes | str) -> None:
        """A role wrote a file in its lab."""
        text = data if isinstance(data, str) else data.decode(errors="replace")
        self._wrote = self._wrote or self._names.named_in(text)
        self._knows = self._knows or self._wrote

    @property
    def _names(self) -> Whereabouts:
        return Whereabouts(self.hub.top, self.hub.common, self.hub.labs)

    @contextlib.contextmanager
    def command(self, lab: Lab, name: str, text: str) -> Iterator[None]:
        """One command of a lab: looked around before the first, and written down when it begins and ends."""
        if self._before is None:
            self._before = self.guarded.look()
        aims = self._wrote
        if self.who.startswith("the "):
            self._knows = self._knows or self._names.named_in(text, shared=lab.kind == "worktree")
            aims = aims or self._names.leads_there(text)
        begin, end = lab_times.begun(self.hub, self.guarded.run, name), None
        try:
            yield
        finally:
            if not shell.marked_alive(f"{MARK}={lab.root.parent}"):
                end = lab_times.ended(self.hub, self.guarded.run, name)
            span = Span(self.guarded.run, name, begin, end)
            self._commands.ran.append(Ran(self.who, text, span, self._knows, aims))

    # -------------------------------------------------------------- looking

    def look(self, change: Change | None = None, *, unseen: bool = False) -> None:
        """Compare with what was there before the commands of these labs, and write down what they reached for.

        `change`: what the run made; a gate's command runs what lies in it. `unseen`: nobody else has it yet.
        """
        self._told(self._tampered())
        if self._before is None:
            return
        before, self._before = self._before, None
        commands, self._commands = self._commands, Commands()
        if change and self._names.named_in(change.diff):
            self._knows = True
            commands = Commands([replace(ran, knowing=True, aims=True) for ran in commands.ran])
        now = self.guarded.look()
        sides = (self.guarded, before, now, commands)
        found = (*Refs(*sides).found(), *Mainline(*sides, change if unseen else None).found(), *Files(*sides).found())
        beyond = (*Ledger(self.guarded, before, commands).found(), *Checkout(*sides).found())
        self._told((*found, *beyond, *self._reaches(commands)))

    def _told(self, found: Sequence[Found]) -> None:
        for one in found:
            kept = self._keep(one)
            self.journal.write("wall", {"who": one.who, "what": one.told, "mend": _filled(one.mend, kept)})

    def _tampered(self) -> tuple[Found, ...]:
        """The run's own journal and transcripts: what this process wrote is put back, and counts alone."""
        for lines in self.transcripts:
            lines.guard()
        files = (*self.journal.forged, *(path for lines in self.transcripts for path in lines.forged))
        new = [path for path in files if path not in self._forged]
        self._forged += new
        who = self._commands.who if self._commands.ran else "somebody"
        what = "wrote to a journal that this process alone writes"
        return tuple(Found(who, f"{what} ({path.name})", f"it was put back; the other bytes: {path}") for path in new)

    def _reaches(self, commands: Commands) -> Iterator[Found]:
        """What hooks and commands saw of it themselves (`reaches.log`, and its older part), once."""
        known = {str(fact["what"]) for fact in self.journal.facts() if fact["kind"] == "wall"}
        mine = re.compile(rf"{re.escape(self.hub.labs.name)}/gen-{self.guarded.run}(?!\d)")
        for line in (line for name in (f"{REACHES}.1", REACHES) for line in _lines(self.hub.home / name)):
            found = Found(commands.who, f"was refused: {_what(line)}", "nothing moved")
            if mine.search(line) and found.told not in known:
                known.add(found.told)
                yield found

    # -------------------------------------------------------------- keeping

    def _keep(self, one: Found) -> Mapping[str, str]:
        """Keep what was there and what was put in its place; put back what is loopwright's own."""
        number, git = self.guarded.run, self.hub.git
        ordinal = 1 + sum(fact["kind"] == "wall" for fact in self.journal.facts())
        ref, place = f"kept/wall-{number}-{ordinal}", self.hub.home / "kept" / f"wall-{number}-{ordinal}"
        for name, oid in one.refs.items():
            self.hub.keep(f"{ref}/{name.removeprefix('refs/')}", oid)
        for name, oid in one.restore.items():
            if oid:
                git.set_ref(name, oid)
            elif now := git.refs(name).get(name):
                git.delete_ref(name, now)
        if one.files:
            commit = git.commit_tree(git.write_tree(one.files), [], f"before a role-wall breach in run {number}\n")
            self.hub.keep(f"{ref}/files", commit)
        for name, data in one.private.items():
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
        return {"ref": f"refs/loopwright/{ref}/files", "kept": str(place)}

    # -------------------------------------------------------------- answering

    def stop(self, chunk: int | None = None) -> Stop | None:
        """The stop of a run whose wall was reached over; None while it stands."""
        facts = [fact for fact in self.journal.facts() if fact["kind"] == "wall"]
        if self.journal.broken:
            told = f"line {self.journal.broken} of the run's journal doesn't fit to those before it: it was edited"
            facts.append({"what": told, "mend": "trust nothing that it says from there on, and run the plan again"})
        return _stop(facts, chunk)

    def untold(self) -> Stop | None:
        """The same of what no incident tells of yet: the analyst, the planner and whoever proves that something is
        mended have labs, too, after the run's own stop is known."""
        facts, told = self.journal.facts(), self.journal.last("incident", reason=REASON)
        return _stop([f for f in facts if f["kind"] == "wall" and f["seq"] > told["seq"]]) if told else self.stop()

    def verdicts(self, change: Change) -> tuple[Verdict, ...]:
        """The same as what a guard says of a change."""
        if (stop := self.stop()) is None:
            return ()
        said = Verdict("wall", False, stop.detail, REASON, source="guard", rolls_back=True)
        return (replace(said, commit=change.commit, tree=change.tree),)


def _stop(facts: Sequence[Mapping[str, Any]], chunk: int | None = None) -> Stop | None:
    """What facts of the wall amount to; None where there are none."""
    if not facts:
        return None
    lines = [f"{fact['what']} (mend: {fact['mend']})" for fact in facts[:_MOST]]
    if len(facts) > _MOST:
        lines.append(f"and {len(facts) - _MOST} more, in the run's journal")
    return Stop(REASON, "; ".join(lines), chunk)


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:  # nobody ever reached for anything
        return []


def _what(line: str) -> str:
    """What a line of reaches.log says: of JSON its `what`, else the line itself."""
    try:
        told = json.loads(line)
        return str(told["what"])[:500]
    except (ValueError, KeyError, TypeError):
        return line[:500]

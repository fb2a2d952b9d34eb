"""Compares the hub's refs before and after a lab's commands.

Which moves are legitimate. Refs of this run are moved by this process alone, and by it never while a lab's command
runs. A record only grows, whoever is at work on its run: its new commit holds the old one. It grows, and new ones come,
while those runs are at work, which their journals tell, or by a fetch, when no command knew of the hub. A number that
was given stays given. An incident's ref goes once the mainline has its page closed. All these need no further evidence:
nobody's ordinary use of git touches `refs/loopwright/`.

Tags are otherwise: `fetch --prune-tags` deletes those that the remote lacks. A gen-tag that holds another commit by now
is nobody's ordinary use; one that is gone counts only when a command that knew of the hub ran meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from loopwright.checks.deciding import fields
from loopwright.journal import claims
from loopwright.journal.guarded import Facts, Guarded
from loopwright.journal.line import OPEN
from loopwright.loops.wall.found import Found
from loopwright.loops.wall.session import Commands

_NUMBERED = re.compile(r"(?:/|gen-)(\d+)(?:-[^/]*)?$")


@dataclass(frozen=True)
class Refs:
    """Two looks at the same hub, and what ran between them."""

    guarded: Guarded
    before: Facts
    after: Facts
    commands: Commands

    def found(self) -> Iterator[Found]:
        names = sorted({*self.before.refs, *self.after.refs} - {self.guarded.main})
        for name in names:
            old, new = self.before.refs.get(name, ""), self.after.refs.get(name, "")
            if old != new and self._is_reach(name, old, new):
                yield self._reach(name, old, new)

    def _is_reach(self, name: str, old: str, new: str) -> bool:
        if name.startswith(tuple(own for own in self.guarded.own if own.endswith("/"))) or name in self.guarded.own:
            return True
        if name.startswith(f"{OPEN}/"):
            return bool(old) and not new and not self._closed(name)
        number = int(told[1]) if (told := _NUMBERED.search(name)) else 0
        if name.startswith("refs/tags/"):
            return bool(old and new) or bool(old and self.commands.knowing)
        if old and not (new and self.guarded.hub.git.is_ancestor(old, new)):
            return True
        return self.commands.knowing is not None and not self._at_work(number)  # a fetch brings another clone's, too

    def _at_work(self, number: int) -> bool:
        """Whether a process worked on run N since the first of these commands began."""
        hub = self.guarded.hub
        try:
            journal = (hub.home / "runs" / str(number) / "journal.jsonl").stat()
        except OSError:
            return claims.is_alive(hub, number)
        return journal.st_ctime_ns >= self.commands.begin or claims.is_alive(hub, number)

    def _closed(self, name: str) -> bool:
        """Whether the mainline has the page of this incident, and it isn't open: `resolve` writes it first."""
        number, _, ordinal = name.rpartition("/")[2].partition("-")
        kind, tail = ("meta", "") if ordinal == "meta" else ("andon", f"-{ordinal}" if ordinal not in ("", "1") else "")
        tree = self.guarded.hub.tree(self.after.refs.get(self.guarded.main, "HEAD"))
        pages = [path for path in tree.list("wiki/90_LOG") if path.endswith(f"-{kind}-gen-{number}{tail}.md")]
        told = [fields(tree.read(path)) for path in pages]
        return any(page.get("status", "open") != "open" or page.get("decision") for page in told)

    def _reach(self, name: str, old: str, new: str) -> Found:
        what = f"moved {name} from {old[:10]} to {new[:10]}" if old and new else ""
        what = what or (f"deleted {name}, which was at {old[:10]}" if old else f"made {name} ({new[:10]})")
        kept = {name: new} if new else {}
        if name.startswith("refs/loopwright/"):
            return Found(self.commands.who, what, "it was put back", kept, {name: old})
        mend = f"put it back: `git update-ref {name} {old}`" if old else f"delete it: `git update-ref -d {name}`"
        return Found(self.commands.who, what, mend, {**kept, **({f"{name}-before": old} if old else {})})

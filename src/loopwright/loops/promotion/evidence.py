"""What the check of all landings looks at: commits, trees, differences, records, each kind of it read at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from loopwright.contracts.schemas import problems
from loopwright.errors import BadFiles
from loopwright.folders import agents
from loopwright.git import is_id
from loopwright.git.history import Commit
from loopwright.journal import records
from loopwright.journal.claims import RUNS
from loopwright.journal.codec import decode
from loopwright.journal.hub import Hub
from loopwright.loops.promotion import recording
from loopwright.loops.promotion.batch import BATCH
from loopwright.loops.promotion.gated import differing
from loopwright.loops.promotion.landing import RUN, VERIFIED
from loopwright.vocabulary import FileChange, Plan, Scope


def number(commit: Commit) -> int | None:
    """The run that a commit's trailer names."""
    text = commit.trailers.get(RUN) or commit.trailers.get(recording.TRAILER) or ""
    return int(text) if text.isdecimal() and int(text) > 0 else None


@dataclass(frozen=True)
class Evidence:
    """What the checks look at, each kind of it read at once for all commits."""

    hub: Hub
    commits: tuple[Commit, ...]

    @cached_property
    def landings(self) -> tuple[Commit, ...]:
        return tuple(commit for commit in self.commits if RUN in commit.trailers)

    @cached_property
    def records(self) -> tuple[Commit, ...]:
        return tuple(commit for commit in self.commits if RUN not in commit.trailers)

    @cached_property
    def of_run(self) -> Mapping[int, Mapping[str, Any]]:
        """The records, by run; one that is not as the schema has it proves nothing and is left out."""
        return {
            int(record["run"]): record for record in records.every(self.hub) if not any(problems("run-record", record))
        }

    def has_checks(self, commit: str) -> bool:
        """Whether a commit has commands that everything must pass, in LOOPS.md or as standards; so too where they don't
        read."""
        tree = self.hub.tree(commit)
        try:
            return bool(agents.loops(tree).checks or agents.standards.read(tree))
        except BadFiles:
            return True

    @cached_property
    def trees(self) -> Mapping[str, str | None]:
        """Commit -> tree of every commit that is spoken of; None for what isn't here."""
        named = (commit.trailers.get(VERIFIED, "") for commit in self.landings)
        bases = (record["base"] for record in self.of_run.values())
        parents = (parent for commit in self.commits for parent in commit.parents)
        told = (record["landing"]["commit"] for record in self.of_run.values() if record["landing"])
        return self.hub.git.trees_of(name for name in chain(parents, named, bases, told) if is_id(name))

    @cached_property
    def _changes(self) -> Mapping[tuple[str, str], tuple[FileChange, ...]]:
        return self.hub.git.changes_of(pair for commit in self.commits for pair in self._pairs(commit))

    def _pairs(self, commit: Commit) -> Iterator[tuple[str, str]]:
        """The pairs of trees that the checks of a commit compare."""
        before = self.trees.get(commit.parents[0]) if commit.parents else None
        if before:
            yield before, commit.tree
        verified, end = self.trees.get(commit.trailers.get(VERIFIED, "")), self.end_of(commit)
        if verified and end:
            yield verified, end.tree
        base = self.trees.get(self.of_run.get(number(commit) or 0, {}).get("base", ""))
        if base and before:
            yield base, before

    @cached_property
    def _after(self) -> Mapping[str, Commit]:
        """The landing that came right after a commit."""
        return {commit.parents[0]: commit for commit in self.landings if commit.parents}

    def end_of(self, commit: Commit) -> Commit | None:
        """The landing whose tree was verified: the last of a batch, or the commit itself where it landed alone.

        None where the mainline doesn't hold the batch's runs in their order, one right after the other.
        """
        runs = commit.trailers.get(BATCH, str(number(commit))).split()
        if str(number(commit)) not in runs:
            return None
        end: Commit | None = commit
        for run in runs[runs.index(str(number(commit))) + 1 :]:
            end = self._after.get(end.oid) if end else None
            same = end and all(end.trailers.get(name) == commit.trailers.get(name) for name in (BATCH, VERIFIED))
            end = end if same and end and str(number(end)) == run else None
        return end

    def changes(self, old: str, new: str) -> tuple[FileChange, ...]:
        return self._changes[old, new]

    @cached_property
    def _plan_blobs(self) -> Mapping[str, bytes | None]:
        """The plans that differ in any of the pairs, for `differing`."""
        blobs = (
            blob
            for changes in self._changes.values()
            for change in changes
            for blob in (change.old_blob, change.new_blob)
            if blob and change.path.startswith("plans/")
        )
        return self.hub.git.blobs(blobs)

    def work(self, old: str, new: str) -> tuple[str, ...]:
        """The paths in which two trees differ beyond what is loop-owned."""
        return differing(self.changes(old, new), lambda blobs: {blob: self._plan_blobs.get(blob) for blob in blobs})

    @cached_property
    def _plans(self) -> Mapping[str, bytes | None]:
        return self.hub.git.blobs(f"{RUNS}/{number(commit)}:plan.json" for commit in self.landings)

    def scope(self, run: int) -> Scope:
        """What run N's plan named, as its record keeps it."""
        data = self._plans.get(f"{RUNS}/{run}:plan.json")
        try:
            return decode(Plan, json.loads(data)).scope if data else Scope()
        except (ValueError, KeyError, TypeError):  # edited before it was recorded: it excuses nothing
            return Scope()

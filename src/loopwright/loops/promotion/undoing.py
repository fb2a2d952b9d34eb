"""Finds what a landing would take back of the mainline's: whole files by their contents, and changes within files by
their lines.

A change of the mainline's is taken back where the file that would land has, in its place, what was there at the run's
base, or what the run had there before it merged the mainline; and the lines that the change brought are nowhere: not
further down, and not in another file that the run changes (which is how a function moves). What the run wrote there
after it knew of the change isn't judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from loopwright.git import Git
from loopwright.git.hunks import Hunk, hunks
from loopwright.loops.promotion.gated import is_owned, is_plan
from loopwright.vocabulary import FileChange, Scope

Lines = tuple[bytes, ...]


Before = Callable[[], Sequence[str]]
"""The run's own commits as they were before they met the mainline's; asked for where lines of both lie together."""


def undone(
    git: Git, theirs: Iterable[FileChange], ours: Iterable[FileChange], scope: Scope, before: Before
) -> tuple[str, ...]:
    """The paths of `theirs` (the mainline since the run's base) that `ours` (the landing) takes back, wholly or in
    part, and that the plan doesn't name."""
    after = {change.path: change for change in ours}
    both = [(old, after[old.path]) for old in theirs if old.path in after and not _may_be(old.path, scope)]
    if not both:
        return ()
    texts = _Texts.of(git, both, after.values())
    return tuple(old.path for old, new in both if _is_undone(git, texts, old, new, before))


def _may_be(path: str, scope: Scope) -> bool:
    return scope.names(path) or is_owned(path) or is_plan(path)


def _is_undone(git: Git, texts: _Texts, old: FileChange, new: FileChange, before: Before) -> bool:
    if new.new_blob is None:
        return not texts.went_on(old)
    if new.new_blob == old.old_blob:
        return True
    if not old.old_blob or old.old_blob == old.new_blob:  # new on the mainline since, or its mode alone is
        return False
    if not old.new_blob:  # the mainline removed it, and here it is again, by and large
        return _alike(*(Counter(texts.lines(blob)) for blob in (old.old_blob, new.new_blob)))
    place = _Place(*(texts.lines(blob) for blob in (old.old_blob, old.new_blob, new.new_blob)))
    landed = [hunk for hunk in hunks(git, old.old_blob, new.new_blob) if place.tells(hunk)]
    lost = [
        hunk for hunk in hunks(git, old.old_blob, old.new_blob) if place.is_away(hunk) and texts.nowhere(place, hunk)
    ]
    if any(place.is_back(hunk, landed) for hunk in lost):
        return True
    kept = [hunk for hunk in lost if any(_touch(hunk, other) for other in landed)]
    return bool(kept) and any(_as_before(git, place, old, hunk, landed, before()) for hunk in kept)


def _as_before(
    git: Git, place: _Place, old: FileChange, hunk: Hunk, landed: Sequence[Hunk], before: Iterable[str]
) -> bool:
    """Whether the run's lines around a change are those that it had before it merged the mainline."""
    mine = [
        (other.old, other.old_end, place.landed[other.new : other.new_end]) for other in landed if _touch(hunk, other)
    ]
    for commit in before:
        name = f"{commit}:{old.path}"
        data = git.blobs([name])[name]
        if data is None or old.old_blob is None:
            continue
        lines = tuple(data.splitlines())
        then = {(it.old, it.old_end, lines[it.new : it.new_end]) for it in hunks(git, old.old_blob, name)}
        if then.issuperset(mine):
            return True
    return False


def _touch(hunk: Hunk, other: Hunk) -> bool:
    """Whether a change reaches into the place of another one, at the base of both."""
    if hunk.old == hunk.old_end or other.old == other.old_end:
        return other.old <= hunk.old_end and hunk.old <= other.old_end
    return other.old < hunk.old_end and hunk.old < other.old_end


@dataclass(frozen=True)
class _Place:
    """A file at the run's base, on the mainline, and as it would land."""

    base: Lines
    main: Lines
    landed: Lines

    @cached_property
    def _counts(self) -> tuple[Counter[bytes], Counter[bytes], Counter[bytes]]:
        return Counter(self.base), Counter(self.main), Counter(self.landed)

    def tells(self, hunk: Hunk) -> bool:
        """Whether a change of the landing's is one of more than blank lines and line endings."""
        before, after = self.base[hunk.old : hunk.old_end], self.landed[hunk.new : hunk.new_end]
        return [line for line in before if line.strip()] != [line for line in after if line.strip()]

    def removed(self, hunk: Hunk) -> Counter[bytes]:
        """What a change of the mainline's took away for good."""
        return Counter(self.base[hunk.old : hunk.old_end]) - Counter(self.main[hunk.new : hunk.new_end])

    def added(self, hunk: Hunk) -> Counter[bytes]:
        return Counter(self.main[hunk.new : hunk.new_end]) - Counter(self.base[hunk.old : hunk.old_end])

    def is_away(self, hunk: Hunk) -> bool:
        """Whether nothing of what a change brought would land."""
        base, _, now = self._counts
        lines = [line for line in self.added(hunk) if line.strip()]
        told = lines or [line for line in self.removed(hunk) if line.strip()]
        return bool(told) and all(now[line] <= base[line] for line in lines)

    def is_back(self, hunk: Hunk, landed: Sequence[Hunk]) -> bool:
        """Whether what it took away is there again, where the run changed nothing itself."""
        _, main, now = self._counts
        own = [other for other in landed if _touch(hunk, other)]
        taken = {at for other in own for at in range(other.old, other.old_end)}
        left = Counter(self.base[at] for at in range(hunk.old, hunk.old_end) if at not in taken)
        again = left & self.removed(hunk)
        if not all(now[line] > main[line] for line in again):
            return False
        return any(line.strip() for line in again) if own or self.removed(hunk) else True


@dataclass(frozen=True)
class _Texts:
    """The contents of what is looked at, and of all that the landing brings."""

    blobs: Mapping[str, bytes | None]
    brought: tuple[FileChange, ...]

    @classmethod
    def of(cls, git: Git, both: Iterable[tuple[FileChange, FileChange]], ours: Iterable[FileChange]) -> _Texts:
        brought = tuple(change for change in ours if change.new_blob)
        wanted = [blob for pair in both for one in pair for blob in (one.old_blob, one.new_blob)]
        wanted += [blob for change in brought for blob in (change.old_blob, change.new_blob)]
        return cls(git.blobs(blob for blob in wanted if blob), brought)

    def lines(self, blob: str | None) -> Lines:
        return tuple((self.blobs.get(blob or "") or b"").splitlines())

    @cached_property
    def _new(self) -> Counter[bytes]:
        """Lines that files of the landing have more often than the mainline has them there, without their indents."""
        found: Counter[bytes] = Counter()
        for change in self.brought:
            before, after = (Counter(map(bytes.strip, self.lines(one))) for one in (change.old_blob, change.new_blob))
            found += after - before
        return found

    def nowhere(self, place: _Place, hunk: Hunk) -> bool:
        """Whether none of what a change brought stands somewhere else since."""
        return not any(self._new[line.strip()] for line in place.added(hunk) if line.strip())

    def went_on(self, old: FileChange) -> bool:
        """Whether a file that goes away goes on in another one, with the mainline's change in it."""
        base, main = Counter(self.lines(old.old_blob)), Counter(self.lines(old.new_blob))
        added, removed = main - base, base - main
        heirs = (Counter(self.lines(one.new_blob)) for one in self.brought if one.path != old.path)
        return any(not added - heir and not (removed & heir) and _alike(main, heir) for heir in heirs)


def _alike(one: Counter[bytes], other: Counter[bytes]) -> bool:
    """Whether at least half of a file's lines stand in another one."""
    return 2 * (one & other).total() >= one.total() > 0

"""What a change brought into test files: whole tests, and asserts. Each can stand for one that left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

from loopwright.checks.moves import SuiteChange, alike, family, found_by_name
from loopwright.checks.suites.expectation import Expectation, missing, weakened
from loopwright.checks.suites.suite import Case

_Asserts = Counter[Expectation]
_Piece = TypeVar("_Piece", str, bytes)

_WORD = re.compile(r"\w+")
_LONGEST = 5000  # lines of a file of data that are compared


class Gains:
    """Nothing of it is read before something is found to have left, and then only files that could have taken it in:
    those of the same language under the same folder."""

    def __init__(self, files: tuple[SuiteChange, ...]) -> None:
        self._files: dict[tuple[str, str], list[SuiteChange]] = {}
        for file in files:
            if file.new is not None:
                self._files.setdefault(family(file.path), []).append(file)
        self._groups: dict[tuple[str, str], _Group] = {}
        self._claimed: list[SuiteChange] = []

    def take(self, case: Case, path: str) -> bool:
        """Whether a case that left stands elsewhere: as it was; under its own name and no weaker; with all that it
        insists on in other tests; or under another name, much like it was and no weaker."""
        group = self._group(path)
        place = group.alike(case, path)
        if place is not None and (not case.is_test or not case.asserts or group.use(place.meant, path)):
            return True
        if case.asserts and group.use(case.meant, path):
            return True
        renamed = group.renamed(case, path) if case.is_test else None
        return renamed is not None and group.use(renamed.meant, path)

    def keep(self, case: Case, newer: Case, path: str) -> bool:
        """Whether all that `case` means is still insisted on: by `newer`, or by tests that the change brought."""
        gone = missing(case.meant, newer.meant)
        return not gone or (case.is_test and self._group(path).use(Counter(gone), path))

    def moved(self, gone: SuiteChange) -> bool:
        """Whether a file without tests came back under another name, with most of its lines. Each stands for one."""
        for file in self._files.get(family(gone.path), ()):
            if file.old is None and file not in self._claimed and _alike(_lines(gone.old), _lines(file.new)):
                self._claimed.append(file)
                return True
        return False

    def _group(self, path: str) -> _Group:
        key = family(path)
        if key not in self._groups:
            self._groups[key] = _Group(self._files.get(key, ()))
        return self._groups[key]


class _Group:
    """What came into the files of one family."""

    def __init__(self, files: Iterable[SuiteChange]) -> None:
        self._arrived: dict[tuple[str, bool], list[tuple[str, Case]]] = {}
        self._named: dict[str, list[tuple[str, Case]]] = {}
        self._pools: dict[bool, dict[str, _Asserts]] = {True: {}, False: {}}  # by subject; in files found by name?
        for file in files:
            self._read(file)

    def _read(self, file: SuiteChange) -> None:
        before, after = file.suites()
        known = before.cases if before is not None else {}
        pool = self._pools[found_by_name(file.path)]
        for case in after.cases.values() if after is not None else ():
            older = known.get(case.name)
            if older is None and case.checks:
                self._arrived.setdefault((case.body, case.is_test), []).append((file.path, case))
                self._named.setdefault(case.leaf, []).append((file.path, case))
            for expectation, count in _brought(case, older):
                pool.setdefault(expectation.subject, Counter())[expectation] += count

    def alike(self, case: Case, path: str) -> Case | None:
        """The case that is this one in another place; it is used up."""
        same = self._arrived.get((case.body, case.is_test), [])
        for at, new in (*same, *self._named.get(case.leaf, [])):
            found = at == path or alike(path, at) or not case.is_test  # no runner has to find a helper
            if found and (new.body == case.body or _no_weaker(case, new)):
                self._used(at, new)
                return new
        return None

    def renamed(self, case: Case, path: str) -> Case | None:
        """A new test of the same file that is much like one that left, and no weaker; it is used up."""
        words = _words(case)
        for places in self._named.values():
            for at, new in places:
                if at == path and _alike(words, _words(new)) and _no_weaker(case, new):
                    self._used(at, new)
                    return new
        return None

    def _used(self, at: str, case: Case) -> None:
        for places in (self._arrived[(case.body, case.is_test)], self._named[case.leaf]):
            places[:] = [place for place in places if place[1] is not case or place[0] != at]

    def use(self, wanted: _Asserts, path: str) -> bool:
        """Take these asserts out of those that were brought, if all of them are there."""
        pools = [self._pools[True], *([] if found_by_name(path) else [self._pools[False]])]
        subjects = {expectation.subject for expectation in wanted}
        there: _Asserts = Counter()
        for pool in pools:
            for subject in subjects:
                there.update(pool.get(subject, Counter()))
        if missing(wanted, there):
            return False
        left = Counter(wanted)
        for pool in pools:
            for subject in subjects & pool.keys():
                used = left & pool[subject]
                left -= used
                pool[subject] -= used
        return True


_SIMILAR = 0.6  # of the words of both


def _words(case: Case) -> Counter[str]:
    return Counter(_WORD.findall(case.source))


def _lines(data: bytes | None) -> Counter[bytes]:
    return Counter(line.strip() for line in (data or b"").splitlines()[:_LONGEST] if line.strip())


def _alike(one: Counter[_Piece], other: Counter[_Piece]) -> bool:
    shared = (one & other).total()
    return 2 * shared >= _SIMILAR * (one.total() + other.total())


def _no_weaker(case: Case, new: Case) -> bool:
    same = case.is_test <= new.is_test and new.marks.skips <= case.marks.skips
    return same and not weakened(case.meant, new.meant)


def _brought(case: Case, older: Case | None) -> Iterator[tuple[Expectation, int]]:
    """What a test insists on that the one of the same name did not."""
    if not case.is_test or (older is not None and older.stands(case)):
        return
    if case.marks.skips <= (older.marks.skips if older is not None else 0):
        new = case.meant - (older.meant if older is not None else Counter())
        yield from new.items()

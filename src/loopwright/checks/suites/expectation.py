"""What a test insists on, in one form for all languages: a subject, a relation, and what it is held against.

`assert f(1) == 2`, `self.assertEqual(f(1), 2)` and `expect(f(1)).toBe(2)` insist on the same. Two versions of a test
can so be compared by what they check, and not by how they say it.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

EXACT, PARTIAL, PRESENT = 3, 2, 1

_PRESENT = frozenset({"truthy", "falsy", "defined"})
_EXACT = frozenset({"==", "raises", "called with", "calls", "case", "snapshot"})
_BROAD = frozenset({"", "Exception", "BaseException", "Error", "Throwable", "RuntimeException", "error"})
_FALSE = frozenset({"False", "None", "0", "''", '""', "[]", "{}", "()", "false", "null", "undefined", "nil"})
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "!=": operator.ne}
_USUAL = 1e-6  # the tolerance of pytest.approx, and about that of the others, where none is said


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that a test insists on, as normalized source. `around` are conditions that can keep it from being
    reached; `detail` is what it asks beyond the value (the message of an error); `slack` how far off is still good."""

    subject: str
    relation: str
    value: str = ""
    detail: str = ""
    around: frozenset[str] = frozenset()
    slack: float | None = None

    @property
    def strength(self) -> int:
        """How much it leaves open: EXACT, PARTIAL or PRESENT."""
        if self.relation == "raises" and self.value.rpartition(".")[2] in _BROAD:
            return PRESENT
        if self.relation in _EXACT:
            return EXACT
        return PRESENT if self.relation in _PRESENT else PARTIAL

    def covers(self, older: Expectation) -> bool:
        """Whether what holds here made `older` hold, too: it asks for the same or for more, no less often reached."""
        if self.subject != older.subject or not self.around <= older.around:
            return False
        if (self.relation, self.value) == (older.relation, older.value):
            return older.detail in {"", self.detail} and self._as_tight(older)
        if self.relation == older.relation in {"<", "<=", ">", ">="}:
            return _tighter(self, older)
        return self.strength > older.strength and self._agrees(older)

    def _as_tight(self, older: Expectation) -> bool:
        mine, theirs = (_USUAL if slack is None else slack for slack in (self.slack, older.slack))
        return self.slack == older.slack or mine <= theirs

    def _agrees(self, older: Expectation) -> bool:
        """Whether a stronger relation doesn't contradict the weaker one."""
        if older.relation in _PRESENT:
            return (self.value in _FALSE) == (older.relation == "falsy")
        if older.relation == "approx":
            return self.value == older.value
        if self.relation == "==" and older.relation in _ORDER:
            mine, theirs = _number(self.value), _number(older.value)
            return mine is None or theirs is None or bool(_ORDER[older.relation](mine, theirs))
        return True

    def __str__(self) -> str:
        around = "".join(f"{condition}: " for condition in sorted(self.around))
        slack = "" if self.slack is None else f" within {self.slack:g}"
        words = (self.subject, self.relation, self.value, self.detail)
        return around + " ".join(word for word in words if word) + slack


def _tighter(newer: Expectation, older: Expectation) -> bool:
    """Whether a bound moved inwards."""
    mine, theirs = _number(newer.value), _number(older.value)
    if mine is None or theirs is None:
        return False
    return mine <= theirs if newer.relation.startswith("<") else mine >= theirs


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def missing(older: Counter[Expectation], newer: Counter[Expectation]) -> list[Expectation]:
    """What `older` insists on and `newer` no longer does. Twice the same is two (but for the rows of a table, which are
    run in the same way); a stronger one stands for many."""
    by_subject: dict[str, list[Expectation]] = {}
    for expectation in newer:
        by_subject.setdefault(expectation.subject, []).append(expectation)
    gone = Counter({e: n for e, n in (older - newer).items() if e.relation != "case" or e not in newer})
    return [
        expectation
        for expectation in gone.elements()
        if not any(new != expectation and new.covers(expectation) for new in by_subject.get(expectation.subject, ()))
    ]


def told(gone: Iterable[Expectation], newer: Iterable[Expectation]) -> Iterator[str]:
    """The losses for a person: how many, the first of them, and what stands in its place."""
    lost = list(gone)
    if not lost:
        return
    first = lost[0]
    now = next((new for new in newer if new.subject == first.subject), None)
    instead = "" if now is None else f"; now: {str(now)[:120]}"
    yield f"{len(lost)} assert{'s' if len(lost) > 1 else ''} removed or changed: {str(first)[:160]}{instead}"

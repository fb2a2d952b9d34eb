"""What a test insists on, in one form for all languages: a subject, a relation, and what it is held against.

`assert f(1) == 2`, `self.assertEqual(f(1), 2)` and `expect(f(1)).toBe(2)` insist on the same. Two versions of a test
can so be compared by what they check, and not by how they say it.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

EXACT, PARTIAL, TRUTH, PRESENT = 4, 3, 2, 1

_TRUTH = frozenset({"truthy", "falsy"})
_PRESENT = frozenset({"defined", "fails here"})
_EXACT = frozenset({"==", "raises", "called with", "calls", "case", "snapshot"})
_BROAD = frozenset({"", "Exception", "BaseException", "Error", "Throwable", "RuntimeException", "error", "panic"})
_FALSE = frozenset({"False", "None", "0", "''", '""', "[]", "{}", "()", "false", "null", "undefined", "nil"})
_SAID = {"truthy": frozenset({"True", "true"}), "falsy": frozenset({"False", "false"})}
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "!=": operator.ne}
_ANYTHING = re.compile(r"(?<![\w.])_(?!\w)|\.\.(?!\w)|\.\*|\b(?:ANY|anything|any|Anything|atLeast\w*|atMost\w*)\b")
_USUAL = 1e-6  # the tolerance of pytest.approx, and about that of the others, where none is said

_COMPARING = frozenset({"truthy", "falsy", "==", "!=", "<", "<=", ">", ">=", "defined", "contains", "approx"})
_STRINGS = re.compile(r"(?:\b[rbu])?\"(?:\\.|[^\"\\])*+\"|'(?:\\.|[^'\\])*+'|`[^`$]*+`")
_NAME = re.compile(r"[A-Za-z_$]")
_WORDS = re.compile(r"\b(?:true|false|null|nil|undefined|None|True|False|Some|Ok|Err|NaN|and|or|not|is|in)\b")


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
        """How much it leaves open: EXACT, PARTIAL, TRUTH or PRESENT."""
        if self.relation == "raises" and self.value.removesuffix(".class").rpartition(".")[2] in _BROAD:
            return PRESENT
        if self.relation in _EXACT:
            return EXACT
        if self.relation in _TRUTH:
            return TRUTH
        return PRESENT if self.relation in _PRESENT else PARTIAL

    def covers(self, older: Expectation) -> bool:
        """Whether what holds here made `older` hold, too: it asks for the same or for more, no less often reached."""
        if self.subject != older.subject or not self.around <= older.around:
            return False
        if (self.relation, self.value) == (older.relation, older.value):
            return older.detail in {"", self.detail} and self.as_tight(older)
        if self.relation == older.relation in {"<", "<=", ">", ">="}:
            return _tighter(self, older)
        return self.strength > older.strength and self._agrees(older)

    def as_tight(self, older: Expectation) -> bool:
        mine, theirs = (_USUAL if slack is None else slack for slack in (self.slack, older.slack))
        return self.slack == older.slack or mine <= theirs

    def _agrees(self, older: Expectation) -> bool:
        """Whether a stronger relation doesn't contradict the weaker one."""
        if older.relation in _TRUTH | _PRESENT:
            return (self.value in _FALSE or self.relation == "falsy") == (older.relation == "falsy")
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
        return " ".join((around + " ".join(word for word in words if word) + slack).split())


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


def weakened(older: Counter[Expectation], newer: Counter[Expectation], *, seen: bool = False) -> list[Expectation]:
    """What `older` insists on and `newer` doesn't, and has nothing as strong in its place.

    A test may come to expect something else, as it does when the code is meant to do something else: what counts is
    that nothing that it looked at is looked at less closely, and that there are as many asserts, each as strong. (That
    the code still does what it did is another question: the mainline's own tests are run for it.) `seen`: a call of a
    helper that can't be followed stands for nothing but another.
    """
    left = sorted((e for e in (newer - older).elements() if not always(e)), key=_rank)
    asked = any(e.relation != "case" for e in left)
    lost = []
    for gone in sorted(missing(older, newer), key=_rank, reverse=True):
        stands = None
        if not any(_weakens(new, gone) for new in left):
            able = [new for new in left if _stands_for(new, gone) and (asked or gone.relation == "case")]
            able = [new for new in able if not seen or new.relation != "calls" or gone.relation == "calls"]
            stands = min(able, key=lambda new: (new.subject != gone.subject, _rank(new)), default=None)
        if stands is None:
            lost.append(gone)
        else:
            left.remove(stands)
    return lost


def _rank(expectation: Expectation) -> tuple[int, bool, int]:
    """How much it asks for, how often it may not be reached, and whether it is a row of a table."""
    return expectation.strength, bool(expectation.detail), -_conditions(expectation)


def _open(expectation: Expectation) -> int:
    """Places in a value that anything fits."""
    return len(_ANYTHING.findall(f"{expectation.value} {expectation.detail}"))


def _conditions(expectation: Expectation) -> int:
    return sum(not condition.startswith("for ") for condition in expectation.around)


def _weakens(new: Expectation, gone: Expectation) -> bool:
    """Whether one looks at the same thing as the other did, and less closely: then nothing else makes up for it."""
    if new.subject != gone.subject or gone.relation in {"case", "fails here"}:
        return False
    same = (new.relation, new.value) == (gone.relation, gone.value)
    return not _stands_for(new, gone) and (same or new.strength < gone.strength or new.relation == gone.relation)


def _stands_for(new: Expectation, gone: Expectation) -> bool:
    if _conditions(new) > _conditions(gone) or _open(new) > _open(gone):
        return False
    if new.subject == gone.subject and new.relation == gone.relation:
        if new.relation in {"<", "<=", ">", ">="}:
            return _tighter(new, gone) or None in {_number(new.value), _number(gone.value)}
        return new.strength >= gone.strength and bool(new.detail) >= bool(gone.detail) and new.as_tight(gone)
    if new.relation in _TRUTH and gone.relation == "==" and new.subject == gone.subject:  # a linter's `is True`
        return gone.value in _SAID[new.relation]
    return (new.strength, bool(new.detail)) >= (gone.strength, bool(gone.detail))


def always(expectation: Expectation) -> bool:
    """Whether an expectation holds whatever the code does: constants only, or a name that is itself."""
    if expectation.relation not in _COMPARING:
        return False
    if expectation.relation in {"==", "<=", ">=", "approx"} and expectation.subject == expectation.value:
        return "(" not in expectation.subject
    return bool(expectation.subject) and _constant(expectation.subject) and _constant(expectation.value)


def _constant(text: str) -> bool:
    return not _NAME.search(_WORDS.sub("", _STRINGS.sub("", text)))


def told(gone: Iterable[Expectation], newer: Iterable[Expectation]) -> Iterator[str]:
    """The losses for a person: how many, the first of them, and what stands in its place."""
    lost = list(gone)
    if not lost:
        return
    first = lost[0]
    now = next((new for new in newer if new.subject == first.subject), None)
    instead = "" if now is None else f"; now: {str(now)[:120]}"
    yield f"{len(lost)} assert{'s' if len(lost) > 1 else ''} removed or changed: {str(first)[:160]}{instead}"

"""What a journal holds is exactly what the loops spoke of: every word of the vocabulary to JSON and back."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Union

import pytest

from loopwright import vocabulary
from loopwright.journal.codec import decode, encode
from loopwright.vocabulary import Attempt, Gate, Report, Usage, Verdict

WORDS = [
    kind
    for kind in vars(vocabulary).values()
    if dataclasses.is_dataclass(kind) and kind.__module__.startswith(vocabulary.__name__)
]


def sample(kind: Any, salt: int) -> Any:
    """A value of a type with nothing in it at its default."""
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return sample(typing.get_args(kind)[0], salt)
    if origin is tuple:
        kinds = typing.get_args(kind)
        several = [kinds[0]] * 2 if kinds[-1] is Ellipsis else kinds
        return tuple(sample(inner, salt + i) for i, inner in enumerate(several))
    if origin is not None and issubclass(origin, Mapping):
        key, inner = typing.get_args(kind)
        return {f"{sample(key, salt)}": sample(inner, salt)}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind)]
        return typing.cast(Any, kind)(**{name: sample(hints[name], salt + i) for i, name in enumerate(names)})
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return list(kind)[-1 - salt % 2]
    return {str: f'"ü{salt}\n', int: 7 + salt, float: 1.5 + salt, bool: True, Any: f"any {salt}"}[kind]


def through_json(kind: Any, value: Any) -> Any:
    return decode(kind, json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_every_word_comes_back_as_it_was(kind: Any) -> None:
    value = sample(kind, 1)
    assert through_json(kind, value) == value
    for field in dataclasses.fields(kind):
        assert type(getattr(through_json(kind, value), field.name)) is type(getattr(value, field.name))


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_every_word_with_nothing_but_what_it_needs(kind: Any) -> None:
    hints = typing.get_type_hints(kind)
    needed = [
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    value = kind(**{name: sample(hints[name], 3) for name in needed})
    assert through_json(kind, value) == value
    assert set(encode(value)) == set(needed), "what nobody set is not written"


def test_unmeasured_stays_unmeasured_and_nothing_stays_zero() -> None:
    assert through_json(Usage, Usage(usd=None, unpriced="no price")) == Usage(usd=None, unpriced="no price")
    assert through_json(Usage, Usage(usd=0.0)).usd == 0.0
    assert through_json(Verdict, Verdict("x", True, exit=0, seconds=0.0)) == Verdict("x", True, exit=0, seconds=0.0)
    assert through_json(Gate, Gate("x", bound=None)).bound is None


def test_an_older_program_reads_a_newer_journal() -> None:
    body = encode(Attempt(1, 2, Report("said"), None, (Verdict("x", True),)))
    body["novelty"] = {"a": 1}
    body["report"]["novelty"] = 1
    assert decode(Attempt, body) == Attempt(1, 2, Report("said"), None, (Verdict("x", True),))

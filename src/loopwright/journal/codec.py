"""Frozen values to JSON and back, so that a journal holds exactly what the loops spoke of."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast

T = TypeVar("T")


def encode(value: object) -> Any:
    """A value as JSON has it: dataclasses as objects (fields at their default left out), tuples as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {field.name: encode(item) for field, item in shown if item != _default(field)}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    return value


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def decode(kind: type[T], value: Any) -> T:
    """The value of a type out of JSON. Unknown fields are left out: an older program may read a newer journal."""
    return cast(T, _decode(kind, value))


def _decode(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = [choice for choice in typing.get_args(kind) if choice is not type(None)]
        return None if value is None else _decode(inner[0], value)
    if origin is tuple:
        kinds = typing.get_args(kind)
        many = len(kinds) == 2 and kinds[1] is Ellipsis
        return tuple(_decode(kinds[0] if many else kinds[i], item) for i, item in enumerate(value))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _decode(hints[name], item) for name, item in value.items() if name in hints})
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    return value

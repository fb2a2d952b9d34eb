"""Holds machine-read values against the JSON Schemas that lie beside this file."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


@functools.cache
def load(name: str) -> dict[str, Any]:
    """The schema in `contracts/NAME.schema.json`."""
    text = resources.files(__package__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@functools.cache
def validator(name: str) -> Draft202012Validator:
    """A validator for one schema; built once. jsonschema takes 0.09 s to import, so only who validates pays."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(load(name))


def problems(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Every breach of the schema as (where, what): where is a dotted path into the value, `` for the value itself."""
    found = sorted(validator(name).iter_errors(value), key=lambda error: [str(part) for part in error.absolute_path])
    for error in found:
        yield ".".join(str(part) for part in error.absolute_path), error.message


def validate(name: str, value: object) -> None:
    """Raise ValueError, naming every breach, unless `value` fits the schema."""
    if found := [f"{where or 'value'}: {what}" for where, what in problems(name, value)]:
        raise ValueError(f"not a valid {name}: " + "; ".join(found))

"""Chooses how a test file is read. Both versions of a file are read in the same way, or they couldn't be compared."""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Callable, Iterator

from loopwright.checks.suites import patterns, python, trees
from loopwright.checks.suites.suite import Suite

_LARGEST = 1 << 19  # bytes; a larger file is compared by patterns, not by its syntax tree (4 s at most)
_MOST = 1 << 20  # bytes that are compared at all; a test pushed out beyond them counts as gone

_KEPT, _WORTH = 4, 1 << 16  # files that are kept for the next guard, and their bytes: 15 MB in all

Pair = tuple[Suite | None, Suite | None]


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """While many files are read, nothing looks for circles: trees have none, and are gone as soon as they are left.
    (Each is thousands of objects; to look through them took two thirds of the time over 1,000 files.)"""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def read_both(path: str, before: bytes | None, after: bytes | None) -> Pair:
    """What a file holds before and after a change; None where there is no file, or none that can be read as source."""
    small = len(before or b"") + len(after or b"") <= _WORTH
    return _kept(path, before, after) if small else _read_both(path, before, after)


@functools.lru_cache(maxsize=_KEPT)
def _kept(path: str, before: bytes | None, after: bytes | None) -> Pair:
    return _read_both(path, before, after)


def _read_both(path: str, before: bytes | None, after: bytes | None) -> Pair:
    texts = _text(before), _text(after)
    small = all(data is None or len(data) <= _LARGEST for data in (before, after))
    if path.endswith((".py", ".pyi")) and small:
        return _each(python.read, texts)
    if small and (pair := trees.read_both(path, *texts)) is not None:
        return pair
    return _each(lambda text: patterns.read(path, text), texts)


def _each(read: Callable[[str], Suite | None], texts: tuple[str | None, str | None]) -> Pair:
    one, other = (None if text is None else read(text) for text in texts)
    return one, other


def _text(data: bytes | None) -> str | None:
    return None if data is None else data[:_MOST].decode("utf-8-sig", "replace").replace("\r\n", "\n")

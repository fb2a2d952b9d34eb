"""Looks at a whole change for what it loosens beside the tests themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from loopwright.checks.answers import shown
from loopwright.checks.loosened.commands import weaker_recipes, weaker_sessions
from loopwright.checks.loosened.configuration import is_configuration
from loopwright.checks.loosened.migrations import Moved
from loopwright.checks.loosened.orders import edited, is_pipeline, pipeline
from loopwright.checks.loosened.snapshots import is_snapshot, rewritten
from loopwright.checks.loosened.suppressions import silenced
from loopwright.checks.moves import Files
from loopwright.checks.patch import patches
from loopwright.vocabulary import Change, FileChange, matches

_MAKEFILES = ("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", ".justfile")
_ORDINARY = {"100644", "100755"}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was loosened; `gate`: what judges the work itself (a command, a setting, a pipeline)."""

    text: str
    gate: bool = False


@dataclass(frozen=True)
class Looking:
    """`old` reads a path at the commit that a change is held to. `tests` are globs of test files, `named` those of the
    plan's whole scope, and `exempt` those of its `Tests:` group, which may change."""

    old: Callable[[str], bytes | None]
    tests: tuple[str, ...]
    exempt: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def at(self, change: Change, files: Files) -> Iterator[Fact]:
        """Every fact, with its path, and its line where it has one."""
        held = [file for file in change.files if not matches(file.path, self.exempt)]
        moved = Moved.of(self._configurations(change, files))
        for file in held:
            yield from (Fact(f"{shown(file.path)}: {fact}", gate=True) for fact in self._gate(file, files, moved))
            yield from (Fact(f"{shown(file.path)}: {fact}") for fact in self._held(file, files))
        stood = {file.path for file in held if file.old_blob is not None and file.new_blob is not None}
        for path, patch in patches(change.diff).items() if stood else ():
            if path in stood:
                yield from map(Fact, silenced(patch))

    def _gate(self, file: FileChange, files: Files, moved: Moved) -> Iterator[str]:
        path = file.path
        if is_pipeline(path):
            yield from pipeline(path, self.named)
        elif file.old_blob is None:
            return
        elif is_configuration(path):
            yield from moved.left(path, self._old(file) or b"", _now(file, files))
        elif matches(path, _MAKEFILES):
            yield from weaker_recipes(*self._texts(file, files))
        elif matches(path, ("noxfile.py",)):
            yield from weaker_sessions(*self._texts(file, files))

    def _configurations(self, change: Change, files: Files) -> Iterator[tuple[str, bytes | None, bytes | None]]:
        for file in change.files:
            if is_configuration(file.path):
                yield file.path, self._old(file), _now(file, files)

    def _texts(self, file: FileChange, files: Files) -> tuple[str, str]:
        return _text(self._old(file)), _text(_now(file, files))

    def _held(self, file: FileChange, files: Files) -> Iterator[str]:
        path = file.path
        yield from edited(path, lambda: self._old(file), lambda: _now(file, files))
        if file.old_blob is not None and is_snapshot(path, matches(path, self.tests)):
            yield from rewritten(path, self._old(file) or b"", _now(file, files))

    def _old(self, file: FileChange) -> bytes | None:
        return self.old(file.path) if file.old_blob is not None else None


def _now(file: FileChange, files: Files) -> bytes | None:
    if file.new_mode not in _ORDINARY:
        return None
    try:
        return files.read(file.path)
    except OSError:
        return None


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8-sig", "replace").replace("\r\n", "\n")

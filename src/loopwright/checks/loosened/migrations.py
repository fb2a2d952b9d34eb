"""Settings that only moved: to another file, to another section, or to the file of the tool that took over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loopwright.checks.loosened.configuration import settings
from loopwright.checks.loosened.settings import Settings, listed, loosened

_FAMILIES = (re.compile(r"eslint"), re.compile(r"jest|vitest"), re.compile(r"mocha"), re.compile(r"nyc|c8"))
_SELECTS = frozenset({"select", "extend-select"})

Sides = tuple[str, bytes | None, bytes | None]  # a file's path, and its bytes before and after


@dataclass(frozen=True)
class Moved:
    """What all configuration files of a change say together, before and after."""

    old: dict[str, set[str]]  # by a setting's own name: its values
    new: dict[str, set[str]]
    adopted: frozenset[str]  # tools that had no settings before and now say which rules they hold
    arrived: tuple[str, ...]  # configuration files that are new

    @classmethod
    def of(cls, files: Iterable[Sides]) -> Moved:
        sides = list(files)
        old = [pair for path, before, _ in sides for pair in (read(path, before) or {}).items()]
        new = [pair for path, _, after in sides for pair in (read(path, after) or {}).items()]
        chosen = {_tool(name) for name, _ in new if _own(name) in _SELECTS}
        adopted = frozenset(chosen - {_tool(name) for name, _ in old})
        return cls(_values(old), _values(new), adopted, tuple(path for path, before, _ in sides if before is None))

    def left(self, path: str, old: bytes, new: bytes | None) -> Iterator[str]:
        """What one file holds less strictly, and no other took over."""
        before, after = read(path, old), {} if new is None else read(path, new)
        if before and after is None:
            yield "can no longer be read, so its settings hold no more"
        elif before and after is not None and not (new is None and self._replaced(path)):
            gone = {
                name: value for name, value in before.items() if name in after or not _within(self.new, name, value)
            }
            yield from loosened(
                gone, {name: value for name, value in after.items() if not self._stood(name, value, before)}
            )

    def _replaced(self, path: str) -> bool:
        """Whether the same tool came to another file."""
        family = next((family for family in _FAMILIES if family.search(path)), None)
        return family is not None and any(family.search(other) for other in self.arrived)

    def _stood(self, name: str, value: object, before: Settings) -> bool:
        """Whether a setting that is new in its place is none: it stood elsewhere, or came with a tool that is new."""
        return name not in before and (_tool(name) in self.adopted or _within(self.old, name, value))


def read(path: str, data: bytes | None) -> Settings | None:
    """A file's settings; None where it can't be read."""
    return settings(path, (data or b"").decode("utf-8-sig", "replace").replace("\r\n", "\n"))


def _values(pairs: Iterable[tuple[str, object]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, value in pairs:
        found.setdefault(_own(name), set()).update(listed(value))
    return found


def _within(known: dict[str, set[str]], name: str, value: object) -> bool:
    """Whether all values of a setting are known under its own name."""
    return bool(listed(value)) and listed(value) <= known.get(_own(name), set())


def _own(name: str) -> str:
    """A setting without its section: fail-under, per-file-ignores.tests/*."""
    found = re.search(r"per[-_]file[-_]ignores\..*$", name)
    return (found[0] if found else name.rpartition(".")[2]).replace("_", "-")


def _tool(name: str) -> str:
    return ".".join(name.split(".")[: 2 if name.startswith("tool.") else 1])

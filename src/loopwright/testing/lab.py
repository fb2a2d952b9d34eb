"""A folder as a lab, and what else a backend is given: enough to try out a backend without a repository."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from loopwright import shell
from loopwright.contracts import Clock, Endpoint, Session, Watch
from loopwright.errors import LabFailed
from loopwright.testing.clock import FakeClock
from loopwright.vocabulary import Allowance, Brief, Change, Event, Plan, Ran, Role


@dataclass(frozen=True)
class FolderLab:
    """Files and commands in `folder/files`, with `folder/scratch` beside it. No walls, and no commits."""

    folder: Path
    kind: str = "folder"
    fresh: bool = True
    path: str = os.defpath  # where programs are looked for

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.scratch.mkdir(parents=True, exist_ok=True)

    @property
    def root(self) -> Path:
        return self.folder / "files"

    @property
    def scratch(self) -> Path:
        return self.folder / "scratch"

    def run(
        self,
        command: str | Sequence[str],
        *,
        seconds: float,
        keep: int = 65536,
        env: Mapping[str, str] | None = None,
        halt: Callable[[], bool] | None = None,
        network: bool = False,
    ) -> Ran:
        del network  # there are no walls that would keep it from it
        words = ["sh", "-c", command] if isinstance(command, str) else command
        inside = {"PATH": self.path, "HOME": str(self.scratch), **(env or {})}
        return shell.run(words, cwd=self.root, seconds=seconds, keep=keep, env=inside, halt=halt)

    def read(self, path: str) -> bytes:
        return self._inside(path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        place = self._inside(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def listing(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(f"{item.name}/" if item.is_dir() else item.name for item in self._inside(path).iterdir()))

    def state(self, *, settled: bool = False) -> Mapping[str, str]:
        here = (path for path in sorted(self.root.rglob("*")) if path.is_file() and not path.is_symlink())
        return {path.relative_to(self.root).as_posix(): sha256(path.read_bytes()).hexdigest() for path in here}

    def snapshot(self, parent: str, message: str) -> Change:
        self._no_commits()

    def restore(self, commit: str) -> None:
        self._no_commits()

    def settle(self) -> None:
        """There are no commits from which anything could be left out."""

    def alone(self) -> None:
        """What its commands leave behind bears no mark: it ends by itself."""

    def reach(self, endpoint: Endpoint) -> str:
        return f"http://127.0.0.1:{endpoint.port}"

    def _inside(self, path: str) -> Path:
        place = self.root / path
        if place.is_symlink() or not place.resolve().is_relative_to(self.root.resolve()):
            raise PermissionError(path)
        return place

    def _no_commits(self) -> NoReturn:
        raise LabFailed("a folder lab keeps no commits: open a lab of a repository for that")


@dataclass
class Pages:
    """A transcript in memory. Fits `contracts.Transcript`."""

    kept: list[dict[str, Any]] = field(default_factory=list)

    def entries(self) -> Sequence[Mapping[str, Any]]:
        return tuple(self.kept)

    def append(self, entry: Mapping[str, Any]) -> None:
        self.kept.append(dict(entry))


@dataclass
class Desk:
    """Makes sessions that share a transcript, and keeps what they tell."""

    env: Mapping[str, str] = field(default_factory=dict)
    allowance: Allowance = field(default_factory=Allowance)
    clock: Clock = field(default_factory=FakeClock)
    transcript: Pages = field(default_factory=Pages)
    told: list[Event] = field(default_factory=list)
    watch: Watch | None = None

    def session(self) -> Session:
        return Session(self.transcript, self.allowance, self.clock, self.told.append, self.env, self.watch)


def brief(role: str | Role = "maker", task: str = "Do it.", *, answer: str | None = None, **fields: Any) -> Brief:
    """A brief for a role, by name or whole; `fields` are those of `Brief`."""
    played = role if isinstance(role, Role) else Role(role, f"plays the {role}", f"You are the {role}.")
    plan = fields.pop("plan", None) or Plan("sums", "plans/sums.md", "Sums are right", "# Sums are right\n")
    return Brief(played, plan, task, answer=answer, **fields)

"""A lab whose commands are known to the wall."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopwright.contracts import Endpoint, Lab
from loopwright.loops.wall.watching import Wall
from loopwright.vocabulary import Change, Ran


@dataclass(frozen=True)
class WatchedLab:
    """The lab as it is, but that the wall knows of its commands and of what its role writes."""

    lab: Lab
    wall: Wall
    name: str

    @property
    def root(self) -> Path:
        return self.lab.root

    @property
    def kind(self) -> str:
        return self.lab.kind

    @property
    def fresh(self) -> bool:
        return self.lab.fresh

    @property
    def scratch(self) -> Path:
        return self.lab.scratch

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
        text = command if isinstance(command, str) else " ".join(command)
        with self.wall.command(self.lab, self.name, text):
            return self.lab.run(command, seconds=seconds, keep=keep, env=env, halt=halt, network=network)

    def state(self, *, settled: bool = False) -> Mapping[str, str]:
        return self.lab.state(settled=settled)

    def read(self, path: str) -> bytes:
        return self.lab.read(path)

    def write(self, path: str, data: bytes) -> None:
        self.wall.wrote(data)
        self.lab.write(path, data)

    def listing(self, path: str) -> tuple[str, ...]:
        return self.lab.listing(path)

    def snapshot(self, parent: str, message: str) -> Change:
        return self.lab.snapshot(parent, message)

    def restore(self, commit: str) -> None:
        self.lab.restore(commit)

    def settle(self) -> None:
        self.lab.settle()

    def alone(self) -> None:
        self.lab.alone()

    def reach(self, endpoint: Endpoint) -> str:
        return self.lab.reach(endpoint)

"""What stands around a lab that has walls: the tree of its processes, their limits, and whose its files are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from loopwright import shell
from loopwright.errors import LabFailed
from loopwright.labs import cgroups
from loopwright.labs.cgroups import Bounds, Group
from loopwright.labs.relay import Relay
from loopwright.vocabulary import Ran

Put = Callable[[shell.Line, tuple[str, ...], bool], tuple[Sequence[str], Sequence[int]]]
"""Makes the words that put a program behind the walls; given are its line to the host, the files by which a process
gets its limits, and whether it may reach the network."""


@dataclass(frozen=True)
class Service:
    """Somebody else's service that puts walls up and sets their limits, where we don't do so ourselves."""

    line: Callable[[], shell.Called]
    env: Mapping[str, str]  # of its client
    clear: Callable[[], None]  # end what it may still have standing for this lab
    programs: Mapping[str, str] | None = None  # where programs are behind these walls, where not as on the host


@dataclass
class Walls:
    """The walls of one lab. `user`: the owner of its files, where that isn't this process's own."""

    name: str
    put: Put
    bounds: Bounds
    user: int | None = None
    service: Service | None = None
    group: Group = field(default_factory=Group)
    enclosure: shell.Enclosure = field(init=False)
    ways: dict[int, Relay | None] = field(default_factory=dict)  # by port of the host's loopback

    def __post_init__(self) -> None:
        self.enclosure = self._enclosed(network=False)

    def stand(self) -> None:
        """Put them up. Raises LabFailed."""
        self.fall()
        if self.service is None:
            self.group = cgroups.made(self.name, self.bounds)
        line = self.enclosure.start()
        if isinstance(line, shell.Called):
            self.group = cgroups.of(line.pid)
        for port in self.ways:
            self.ways[port] = Relay(self.enclosure.listen(port), port)

    def open_way(self, port: int) -> None:
        """Let what is behind them reach one port of the host's loopback, at the same port of its own."""
        if self.ways.get(port) is None:
            self.ways[port] = Relay(self.enclosure.listen(port), port) if self.enclosure.stands else None

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        seconds: float,
        env: Mapping[str, str],
        keep: int = 65536,
        halt: Callable[[], bool] | None = None,
        network: bool = False,
    ) -> Ran:
        """Run a command behind them. Where it was ended for its memory, its output says so.

        One that may reach the network gets walls of its own, with all that it starts: the others see nothing of it.
        """
        if not self.enclosure.stands:  # everything there was ended meanwhile: for its memory, say
            self.stand()
        before = self.group.ended
        start = partial(self._run, command, cwd=cwd, seconds=seconds, env=env, keep=keep, halt=halt, network=network)
        try:
            ran = start()
        except shell.Fell:  # it was being ended when we looked
            self.stand()
            ran = start()
        if self.group.ended == before or ran.code == 0:
            return ran
        told = f"[out of memory: the lab may have {self.bounds.memory / (1 << 30):.1f} GiB]"
        return replace(ran, output=f"{ran.output}\n{told}")

    def _run(self, command: Sequence[str], *, network: bool, **how: Any) -> Ran:
        if not network:
            return self.enclosure.run(command, **how)
        enclosure = self._enclosed(network=True)
        try:
            enclosure.start()
            return enclosure.run(command, **how)
        finally:
            enclosure.end()

    def still(self) -> AbstractContextManager[None]:
        """Nothing behind them moves while the block runs. Raises LabFailed."""
        return self.enclosure.still()

    def processes(self) -> set[int]:
        """Those behind them, but for what runs with the network."""
        return self.enclosure.processes()

    def settle(self) -> None:
        """What is at work behind them now stays when `alone` ends the others. Raises LabFailed."""
        self.enclosure.settle()

    def alone(self) -> None:
        """End what has come to be at work behind them since `settle`; all of it, where that can't be told apart."""
        try:
            self.enclosure.alone()
        except LabFailed:
            self.fall()

    def _enclosed(self, *, network: bool) -> shell.Enclosure:
        def wall(line: shell.Line) -> tuple[Sequence[str], Sequence[int]]:
            return self.put(line, self.group.doors, network)

        if self.service is None:
            return shell.Enclosure(wall)
        return shell.Enclosure(wall, self.service.line, self.service.env)

    def fall(self) -> None:
        """End everything behind them; it is gone when this returns."""
        for port, way in self.ways.items():
            if way is not None:
                way.close()
            self.ways[port] = None
        self.enclosure.end()
        if self.service is None:
            cgroups.left(self.name).remove()
        else:
            self.service.clear()
        self.group = Group()

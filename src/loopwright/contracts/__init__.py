"""
The doors through which others add to the house.

| to add                      | write                                   | and name it in         |
| a place to work in          | a function that opens a `Lab`           | `workshop.LABS`        |
| someone who plays a role    | a `Backend`                             | `workshop.BACKENDS`    |
| a thing that can be checked | a `Check`                               | `workshop.CHECKS`      |

Nobody inherits: whatever has these methods, fits. The JSON Schemas of every machine-read form lie beside this
page; `loopwright.contracts.schemas.validate` holds a value against one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from loopwright.vocabulary import Allowance, Brief, Change, Event, Loops, Ran, Report, Role, Skill, Usage, Verdict


class Clock(Protocol):
    """The one source of time, so that every limit can fire exactly at its threshold in a test."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None: ...


class Tree(Protocol):
    """Some files to read: the working tree on disk, or a commit. Paths are relative, with forward slashes."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None where there is no such regular file. Never follows a link out of the tree."""

    def list(self, folder: str) -> tuple[str, ...]:
        """Paths of all regular files under `folder`, at any depth, sorted; empty where there is no such folder."""


@dataclass(frozen=True)
class Endpoint:
    """A local service of the host's: a port on its loopback, and the same behind a unix socket.

    The socket lies in a folder of its own, so that a lab without network can be given just that.
    """

    port: int
    socket: Path


class Lab(Protocol):
    """An isolated place in which a role may work: files, and a way to run commands there."""

    @property
    def root(self) -> Path:
        """Where the files are, as the host sees them. Read them through `read`: a lab's links are not to be trusted."""

    @property
    def kind(self) -> str: ...

    @property
    def fresh(self) -> bool:
        """Whether it was made now; False for one that an interrupted run left, which holds what was done there."""

    @property
    def scratch(self) -> Path:
        """A folder beside the files, for briefs and long outputs: readable in the lab, never committed."""

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
        """Run a command in the root; a string goes to `bash -c` (`sh -c` without a bash). Returns when the command
        itself exits, keeping at most `keep` bytes of output (head and tail). Past `seconds`, or once `halt` (asked all
        the while) says so, its group is ended; children that it left behind end with the lab. `network`: this one may
        reach the network, where the kind keeps the others from it."""

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises FileNotFoundError, IsADirectoryError, or PermissionError for a path that leaves
        the lab or goes through a link."""

    def write(self, path: str, data: bytes) -> None:
        """Write a file, atomically, making folders; keeps the mode of one that is there. Same errors as `read`."""

    def listing(self, path: str) -> tuple[str, ...]:
        """The names in a folder, folders with a trailing slash. Same errors as `read`."""

    def state(self, *, settled: bool = False) -> Mapping[str, str]:
        """A digest by path of what each non-ignored file holds now, and under `.git` one of the newest commit that
        the role made itself. Cheap enough to be asked again and again: only what was touched is read. `settled`: a
        file that is being written at this moment is told as it was before, and not by a half of it."""

    def snapshot(self, parent: str, message: str) -> Change:
        """Commit every non-ignored byte on top of `parent` with an index and git dir that the host owns, as an
        object of the hub; the lab's own git state is never asked. `Change.base` is `parent`."""

    def restore(self, commit: str) -> None:
        """Make the files those of `commit`; ignored files (caches, environments) stay."""

    def settle(self) -> None:
        """Take the untracked files of now (an environment, a build that `setup` made) as none of the role's work, and
        what is at work now (a service that `setup` began) as none of what `alone` ends."""

    def alone(self) -> None:
        """End what earlier commands left at work here: before a command whose exit code they must have no hand in."""

    def reach(self, endpoint: Endpoint) -> str:
        """Lets this lab's commands reach a local endpoint of the host's; the URL by which they find it. What the lab's
        walls shut out otherwise stays shut."""


@dataclass(frozen=True)
class Site:
    """What a lab is opened on: the hub's repository and where labs may lie."""

    top: Path  # the person's working tree (or the repository itself where there is none)
    common: Path  # its git common dir, which holds the objects
    labs: Path  # folder for this repository's labs, outside any git dir
    object_format: str  # sha1 | sha256
    env: Mapping[str, str]  # the host's environment, to choose a lab's from; keys never pass
    limits: Mapping[str, int]  # rlimits by name (fsize, nproc, ...), and a whole lab's memory and processes
    floor: int = 256 << 20  # bytes that must be free beside a lab's own files before it opens; 0: as many as it takes
    image: str = ""  # whose system a container has; "": this machine's
    network: str = "gateway"  # what a walled lab reaches: a model over the gateway, `none`, or a container network too


@dataclass(frozen=True)
class LabWish:
    """Which lab: its name (one folder), the commit it starts from, and the branch that it shows the role."""

    name: str
    commit: str
    branch: str
    throwaway: bool = False  # what is written there needs no rescue: a verification lab
    copy: tuple[tuple[str, bytes], ...] = ()  # untracked files that it needs


OpenLab = Callable[[Site, LabWish], AbstractContextManager[Lab]]
"""Opens a lab, and takes it down again: ends its processes, saves what isn't saved yet to a ref, removes it.
A lab that an interrupted run left behind is opened as it stands. Left by an exception, a lab that isn't a
throwaway stays, to be opened again."""


class Transcript(Protocol):
    """Where one role's conversation is kept, entry by entry, so that a restart pays for nothing twice."""

    def entries(self) -> Sequence[Mapping[str, Any]]:
        """What was kept so far; empty for a conversation that has not begun."""

    def append(self, entry: Mapping[str, Any]) -> None:
        """Keep one more entry, on disk before this returns."""


class Watch(Protocol):
    """Looks whether a session brings anything new: files, a commit, another state of the tests."""

    def over(self, waited: float = 0.0) -> bool:
        """Whether nothing new has come for too long: the session is to be ended. To be asked often: most times it
        costs a look at the clock. `waited`: seconds in which the model was away and `absent` hasn't told of yet."""

    def acted(self, command: str = "", ran: Ran | None = None) -> None:
        """The role has done something: written a file, or run a command, which may have shown a state of the tests."""

    def absent(self, seconds: float) -> None:
        """So many seconds went by in which nothing could be done, such as waiting for a model."""


class Grant(Protocol):
    """What one call may cost. `usd`: less than was wished for, where there is no more; else None."""

    @property
    def usd(self) -> float | None: ...

    def spent(self, usage: Usage) -> None:
        """Tell what the call cost."""


class Purse(Protocol):
    """What a run may take from the budget that all runs share. Whoever pays for a call asks it before each."""

    def reserved(self, most: Usage, least: Usage) -> AbstractContextManager[Grant]:
        """Set aside what a call may cost at the most while it is made, or less, down to `least`; waits where others
        hold back what they may not need. Raises BadUse when there isn't as much as `least`. Left by an exception, the
        call is charged all that was set aside."""


@dataclass(frozen=True)
class Session:
    """What a backend gets beside the brief and the lab."""

    transcript: Transcript
    allowance: Allowance
    clock: Clock
    tell: Callable[[Event], None]
    env: Mapping[str, str]  # the settings that backends read (keys, base URL, retry seconds): never a lab's
    watch: Watch | None = None  # None: this role needn't change anything, and isn't held to it
    purse: Purse | None = None  # None: what is paid is counted, and not held to any budget of the day


class Backend(Protocol):
    """Whoever plays a role: a coding agent, a model behind an API, a script, a person."""

    def work(self, brief: Brief, lab: Lab, session: Session) -> Report:
        """Play the role to its end. Raises Unreachable when the outside thing it needs can't be had."""


class Check(Protocol):
    """Looks at a change and answers with evidence. Never mends anything, never changes the lab's files."""

    def check(self, change: Change, lab: Lab) -> Verdict: ...


class Journal(Protocol):
    """Where each fact of a run is written once."""

    def write(self, kind: str, fact: Mapping[str, Any]) -> None:
        """Write one fact, fsynced before this returns."""

    def facts(self) -> Sequence[Mapping[str, Any]]:
        """All facts so far, each with `kind`, `seq`, `at` and its own fields."""


@dataclass(frozen=True)
class Workshop:
    """All that a loop needs, already chosen: the loops never ask which lab or which model it is.

    What people edit while a run goes on (roles, skills, context) is a function that reads it anew.
    """

    site: Site
    loops: Loops
    lab_kind: str
    open_lab: OpenLab
    role: Callable[[str], Role]
    skills: Callable[[], Mapping[str, Skill]]
    context: Callable[[], str]
    backend: Callable[[Role], Backend | None]  # None: the role is left out, and the run's page says so
    model: Callable[[Role], str | None]
    allowance: Allowance  # of one session, before the run's own budget is taken into account
    clock: Clock
    tell: Callable[[Event], None]
    env: Mapping[str, str]  # settings for backends
    secrets: tuple[str, ...] = ()  # values that must never be written anywhere
    notes: tuple[str, ...] = ()  # what a person should know about how this was put together

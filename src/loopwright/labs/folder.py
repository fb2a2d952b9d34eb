"""A lab that is a folder on this machine: commands run there as ordinary processes of a group of their own."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from loopwright import shell
from loopwright.contracts import Endpoint, LabWish, Site
from loopwright.errors import LabFailed
from loopwright.git import Git, PrivateGit, Snapshot, compared
from loopwright.labs import archive, bundle, environment, files
from loopwright.labs.looking import Looking
from loopwright.labs.quota import Quota
from loopwright.labs.walls import Walls
from loopwright.vocabulary import Change, Hazard, Ran

BASE = "base"
"""The ref that keeps the commit which a lab began from, for as long as the lab borrows its objects."""

KILLED = 137
"""The exit code of a command that was ended because its lab passed a limit."""

READY = "ready"
"""The file beside a lab's files that says it is whole, and which commit it began from."""

_SECONDS = 300.0  # for a program that goes through all files of a lab

_LIMITS = {
    "core": ("-c", 512),
    "fsize": ("-f", 512),
    "nproc": ("-u", 1),
    "nofile": ("-n", 1),
    "cpu": ("-t", 1),
    "as": ("-v", 1024),
}
"""The option of `ulimit` by rlimit, and its unit in a POSIX shell."""


@dataclass(frozen=True)
class FolderLab:
    """Files at `place/root`, scratch and home beside them; snapshots through a git dir that the role never sees."""

    site: Site
    wish: LabWish
    kind: str
    private: PrivateGit
    fresh: bool = True
    looking: Looking = field(default_factory=Looking, compare=False, repr=False)
    strays: shell.Strays = field(default_factory=shell.Strays, compare=False, repr=False)
    walls: Walls | None = field(default=None, compare=False, repr=False)
    quota: Quota | None = field(default=None, compare=False, repr=False)

    @property
    def place(self) -> Path:
        return self.site.labs / self.wish.name

    @property
    def root(self) -> Path:
        return self.place / "root"

    @property
    def scratch(self) -> Path:
        return self.place / "home"

    @property
    def mark(self) -> str:
        return str(self.place)

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
        chosen = environment.of_lab(self.site.env, top=self.site.top, root=self.root, home=self.scratch, mark=self.mark)
        words = [self._program("bash", "/bin/sh"), "-c", command] if isinstance(command, str) else command
        everything = chosen | dict(env or {})
        words = [*self._limited(), *words]
        start = partial(self.walls.run, network=network) if self.walls else shell.run
        over: list[str] = []
        ends = self._halting(halt, over)
        with self.strays.command(), self.quota.command() if self.quota else contextlib.nullcontext():
            ran = start(words, cwd=self.root, seconds=seconds, env=everything, keep=keep, halt=ends)
        if over:
            self.end_processes()  # also what was left in the background, and what holds deleted files open
            return replace(ran, halted=False, code=KILLED, output=f"{ran.output}\n{over[0]}")
        return ran

    def _program(self, name: str, otherwise: str) -> str:
        """Where a program of the system's is. Not by the lab's own PATH: a `.venv/bin/bash` among its files would be
        the shell that gates run in."""
        service = self.walls.service if self.walls else None
        if service and service.programs is not None:
            return service.programs.get(name, otherwise)
        return shutil.which(name, path=shell.fixed(self.site.env.get("PATH", "")) or os.defpath) or otherwise

    def _halting(self, halt: Callable[[], bool] | None, over: list[str]) -> Callable[[], bool]:
        """Whether a command is to be ended. `over` gets the reason where that is the disk: to look again afterwards
        would find the room that its end has made."""

        def ends() -> bool:
            if self.quota and self.quota.is_over():
                over.append(self.quota.told)
            return bool(over) or (halt is not None and halt())

        return ends

    def _limited(self) -> list[str]:
        """A shell that sets the limits and becomes the command (in a child's own code, not between fork and exec)."""
        own = {"nproc": self.walls.bounds.processes} if self.walls else {}  # counted by user: walls have their own
        limits = {**own, **self.site.limits}
        ulimits = "".join(_ulimit(name, value) for name, value in limits.items() if name in _LIMITS)
        return ["/bin/sh", "-c", f'{ulimits}exec "$@"', "sh"] if ulimits else []

    def read(self, path: str) -> bytes:
        return files.read(self.root, path)

    def write(self, path: str, data: bytes) -> None:
        files.write(self.root, path, data)
        self._hand_over(path)

    def listing(self, path: str) -> tuple[str, ...]:
        return files.listing(self.root, path)

    def settle(self) -> None:
        self.private.exclude_untracked()
        if self.walls:
            self.walls.settle()
        else:
            self.strays.settle(f"{environment.MARK}={self.mark}")

    def alone(self) -> None:
        if self.walls:
            self.walls.alone()
        else:
            self.strays.alone(f"{environment.MARK}={self.mark}")

    def reach(self, endpoint: Endpoint) -> str:
        """Without walls nothing has to be opened: the lab's commands see the host's loopback as everybody here does."""
        if self.site.network == "none":
            raise LabFailed("nothing is reached from this lab, also no model over the gateway: LOOPWRIGHT_NETWORK=none")
        if self.walls:
            self.walls.open_way(endpoint.port)
        return f"http://127.0.0.1:{endpoint.port}"

    def restore(self, commit: str) -> None:
        self._must_be_there()
        with self._still():
            self.private.checkout(commit)
            self.hand_over()

    def _still(self) -> AbstractContextManager[None]:
        """While the host's git looks at the files, nothing behind walls may put a link into its way: it would be
        followed with the host's rights. Without walls whatever runs here has these anyway."""
        return self.walls.still() if self.walls else contextlib.nullcontext()

    def hand_over(self) -> None:
        """Give all files and the scratch folder to the user who works here, where that is another one."""
        if self.walls and self.walls.user is not None:
            _done("chown", "-hR", f"{self.walls.user}:{self.walls.user}", "--", str(self.root), str(self.scratch))

    def _hand_over(self, path: str) -> None:
        if self.walls and self.walls.user is not None:
            files.give_one(self.root, path, self.walls.user)

    def state(self, *, settled: bool = False) -> Mapping[str, str]:
        if not _is_folder(self.root):
            return {}
        found = self.looking.look(self.root, self.private, self.site.object_format, settled)
        own = self.looking.once(self._head(), self._own_tree)
        return {**found, ".git": own} if own else found

    def snapshot(self, parent: str, message: str) -> Change:
        self._must_be_there()
        with self._still():
            taken = self.private.snapshot()
        hub = hub_of(self.site)
        commit = hub.commit_tree(taken.tree, [parent], message)
        self.hub_ref("snapshot", commit)
        change = compared(hub, parent, commit, taken.tree)
        return replace(change, hazards=(*change.hazards, *self._hazards(taken)))

    def hub_ref(self, what: str, commit: str) -> None:
        """Keep a commit of this lab reachable in the hub."""
        hub_of(self.site).set_ref(f"refs/loopwright/labs/{self.wish.name}/{what}", commit)

    def _hazards(self, taken: Snapshot) -> list[Hazard]:
        found = [
            Hazard("nested-repository", path, "a git repository of its own inside the lab") for path in taken.nested
        ]
        found += [Hazard(one.kind, one.path, one.why) for one in taken.left_out]
        if detail := self.rewritten():
            found.append(Hazard("rewritten-history", ".git", detail))
        return found

    def rewritten(self) -> str:
        """Whether the role moved its own branch away from where it began: why, or ''. Saves its commits on the way."""
        if self._at_its_beginning():
            return ""
        into = f"refs/loopwright/labs/{self.wish.name}/own"
        if not self._bring(into):
            return "the lab's HEAD can't be read"
        hub = hub_of(self.site)
        own = hub.resolve(into)
        if own is None or not hub.is_ancestor(self.wish.commit, own):
            return f"the lab's HEAD ({(own or '?')[:10]}) no longer holds the commit it began from"
        return ""

    def _own_tree(self) -> str:
        """The tree of the role's own newest commit; '' while there is none that changed anything."""
        into = f"refs/loopwright/labs/{self.wish.name}/own"
        if self._at_its_beginning() or not self._bring(into):
            return ""
        hub = hub_of(self.site)
        tree = hub.resolve(into, "tree")
        return tree if tree and tree != hub.tree_of(self.wish.commit) else ""

    def _bring(self, into: str) -> bool:
        """Fetch the commit at the lab's HEAD into a ref of the hub's; whether that was possible."""
        if not self._head()[0]:  # no plain file: git would wait at a pipe for as long as it is let
            return False
        if self.walls is None:
            return self.private.bring(self.root, "HEAD", into)
        git = self._program("git", "git")

        def run(words: list[str]) -> Ran:
            return self.run([git, *words], seconds=bundle.SECONDS)

        try:
            return bundle.bring(run, self.scratch, self.private, hub_of(self.site), self.wish.commit, into)
        except LabFailed:  # its walls can't be put up any more: the files are saved all the same
            return False

    def _head(self) -> tuple[str, str]:
        """What HEAD says and, while it is on the lab's branch, where that is. Reads small files only."""
        git = self.root / ".git"
        if linked := _small(git).removeprefix("gitdir: "):
            git = Path(linked)
        head, branch = _small(git / "HEAD"), f"refs/heads/{self.wish.branch}"
        return head, _small(git / branch) if head == f"ref: {branch}" else ""

    def _at_its_beginning(self) -> bool:
        """Whether HEAD is where it was put: most roles never commit."""
        return self.wish.commit in self._head()

    def rescue(self) -> None:
        """Save what the role made beyond the last snapshot to refs, whatever its outcome was."""
        if not _is_folder(self.root):
            return
        try:
            self.rewritten()  # brings commits of the role's own, for which walls may be put up once more
        finally:
            if self.walls:
                self.walls.fall()
        hub, name = hub_of(self.site), f"refs/loopwright/labs/{self.wish.name}"
        last = hub.resolve(f"{name}/snapshot") or self.wish.commit
        earlier = hub.resolve(f"{name}/rescued")  # of an interruption before: with what has been deleted since
        tree = self._everything()
        if tree not in {hub.tree_of(oid) for oid in (last, self.wish.commit, earlier) if oid}:
            parents = list(dict.fromkeys(filter(None, (last, earlier))))
            hub.set_ref(f"{name}/rescued", hub.commit_tree(tree, parents, f"what was left in {self.wish.name}"))

    def _everything(self) -> str:
        """The tree of every byte that is to be kept; where git can't take one, an archive in it has that."""
        if not (taken := self.private.snapshot()).left_out:
            return taken.tree
        _done("chmod", "-R", "u+rwX", "--", str(self.root))  # whoever took the rights away is gone
        taken = self.private.snapshot()
        if not taken.left_out:
            return taken.tree
        place = self.place / archive.NAME
        try:
            archive.made(self.root, taken.left_out, place)
            return self.private.with_file(taken.tree, archive.NAME, place)
        finally:
            place.unlink(missing_ok=True)

    def _must_be_there(self) -> None:
        """git follows a link in the place of its work tree, and would add or clean up what lies behind it."""
        if not _is_folder(self.root):
            raise LabFailed(f"the files of lab {self.wish.name} are gone: a command in it has removed the whole folder")

    def end_processes(self) -> int:
        """End every process that was started in this lab, however it left its group. How many are known of: what was
        behind walls ended with them."""
        if self.walls:
            self.walls.fall()
        return shell.end_marked(f"{environment.MARK}={self.mark}") + self.strays.end()

    def processes(self) -> set[int]:
        """Those at work in this lab, as far as they are known."""
        return self.walls.processes() if self.walls else shell.marked(f"{environment.MARK}={self.mark}")

    def watched(self) -> AbstractContextManager[None]:
        """End what is at work here when it fills the disk while no command runs."""
        return self.quota.watched(self._cut_off) if self.quota else contextlib.nullcontext()

    def _cut_off(self) -> None:
        """End every process from another thread than the one that runs commands: walls only find that they fell."""
        if self.walls:
            shell.kill(self.walls.processes())
        else:
            self.end_processes()

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            (self.place / READY).unlink()  # first of all: nobody takes what is left of it for a whole lab
        remove(self.place)
        hub_of(self.site).delete_ref(f"refs/loopwright/labs/{self.wish.name}/{BASE}", self.wish.commit)


def hub_of(site: Site) -> Git:
    """git in the hub, with its git dir named: a person may have forbidden git to find one (safe.bareRepository)."""
    return _hub_at(site.common)


@functools.lru_cache(maxsize=16)
def _hub_at(common: Path) -> Git:
    return Git(common, {"GIT_DIR": str(common)})


def remove(place: Path) -> None:
    """Delete a lab's folder. Read-only folders in it are made writable where they are in the way.

    By the system's own programs: they go as deep as folders go, where Python's walks end after a thousand levels.
    """
    if os.path.lexists(place):
        _done("rm", "-rf", "--", str(place))
    if os.path.lexists(place):
        _done("chmod", "-R", "u+rwX", "--", str(place))
        _done("rm", "-rf", "--", str(place))


def _done(*words: str) -> None:
    shell.capture(words, cwd=Path("/"), env={"PATH": os.defpath, "LC_ALL": "C"}, seconds=_SECONDS)


def _ulimit(name: str, value: int) -> str:
    """The line that sets a limit, if the shell knows it. dash says -p for the number of processes."""
    option, unit = _LIMITS[name]
    amount = -(-value // unit)
    other = f" || ulimit -p {amount} 2>/dev/null" if name == "nproc" else ""
    return f"ulimit {option} {amount} 2>/dev/null{other}; "


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _small(path: Path) -> str:
    """The text of a small file of the lab's git dir; '' when it isn't a plain one."""
    with contextlib.suppress(OSError, ValueError):
        return files.glance(path, 4096).decode().strip()
    return ""

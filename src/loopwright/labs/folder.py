"""A lab that is a folder on this machine: commands run there as ordinary processes of a group of their own."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopwright import shell
from loopwright.contracts import LabWish, Site
from loopwright.git import Git, PrivateGit
from loopwright.labs import environment, files
from loopwright.vocabulary import Change, Hazard, Ran

_LIMITS = {"core": "-c", "fsize": "-f", "nproc": "-u", "nofile": "-n", "cpu": "-t", "as": "-v"}


@dataclass(frozen=True)
class FolderLab:
    """Files at `place/root`, scratch and home beside them; snapshots through a git dir that the role never sees."""

    site: Site
    wish: LabWish
    kind: str
    private: PrivateGit
    fresh: bool = True

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
        self, command: str | Sequence[str], *, seconds: float, keep: int = 65536, env: Mapping[str, str] | None = None
    ) -> Ran:
        host = self.site.env
        chosen = environment.of_lab(host, top=self.site.top, root=self.root, home=self.scratch, mark=self.mark)
        words = (
            [shutil.which("bash", path=chosen["PATH"]) or "sh", "-c", command] if isinstance(command, str) else command
        )
        return shell.run(
            [*self._limited(), *words], cwd=self.root, seconds=seconds, env=chosen | dict(env or {}), keep=keep
        )

    def _limited(self) -> list[str]:
        """A shell that sets the limits and becomes the command (in a child's own code, not between fork and exec)."""
        ulimits = "".join(f"ulimit {_LIMITS[name]} {value} 2>/dev/null; " for name, value in self.site.limits.items())
        return ["sh", "-c", f'{ulimits}exec "$@"', "sh"] if ulimits else []

    def read(self, path: str) -> bytes:
        return files.read(self.root, path)

    def write(self, path: str, data: bytes) -> None:
        files.write(self.root, path, data)

    def listing(self, path: str) -> tuple[str, ...]:
        return files.listing(self.root, path)

    def settle(self) -> None:
        self.private.exclude_untracked()

    def restore(self, commit: str) -> None:
        self.private.checkout(commit)

    def snapshot(self, parent: str, message: str) -> Change:
        tree = self.private.snapshot_tree()
        hub = Git(self.site.common)
        commit = hub.commit_tree(tree, [parent], message)
        self.hub_ref("snapshot", commit)
        files_changed = hub.changes(parent, commit)
        diff = hub.diff(parent, commit) if files_changed else ""
        return Change(parent, commit, tree, files_changed, diff, tuple(self._hazards(files_changed)))

    def hub_ref(self, what: str, commit: str) -> None:
        """Keep a commit of this lab reachable in the hub."""
        Git(self.site.common).set_ref(f"refs/loopwright/labs/{self.wish.name}/{what}", commit)

    def _hazards(self, changed: Sequence[object]) -> list[Hazard]:
        found = [
            Hazard("nested-repository", path, "a git repository of its own inside the lab")
            for path in self.private.nested_repositories()
        ]
        if detail := self.rewritten():
            found.append(Hazard("rewritten-history", ".git", detail))
        return found

    def rewritten(self) -> str:
        """Whether the role moved its own branch away from where it began: why, or ''. Saves its commits on the way."""
        head = _small(self.root / ".git" / "HEAD")
        branch = _small(self.root / ".git" / "refs" / "heads" / self.wish.branch)
        if head == f"ref: refs/heads/{self.wish.branch}" and branch == self.wish.commit:
            return ""
        into = f"refs/loopwright/labs/{self.wish.name}/own"
        if not self.private.bring(self.root, "HEAD", into):
            return "the lab's HEAD can't be read"
        hub = Git(self.site.common)
        own = hub.resolve(into)
        if own is None or not hub.is_ancestor(self.wish.commit, own):
            return f"the lab's HEAD ({(own or '?')[:10]}) no longer holds the commit it began from"
        return ""

    def rescue(self) -> None:
        """Save what the files hold beyond the last snapshot to a ref, whatever the role's outcome was."""
        hub, name = Git(self.site.common), f"refs/loopwright/labs/{self.wish.name}"
        last = hub.resolve(f"{name}/snapshot") or self.wish.commit
        tree = self.private.snapshot_tree()
        if tree != hub.tree_of(last):
            hub.set_ref(f"{name}/rescued", hub.commit_tree(tree, [last], f"what was left in {self.wish.name}"))

    def end_processes(self) -> int:
        """End every process that was started in this lab, however it left its group. How many there were."""
        ended = 0
        while more := shell.end_marked(f"{environment.MARK}={self.mark}"):
            ended += more
            if ended > 10_000:  # a fork bomb is ended by limits, not by chasing it
                break
        return ended

    def remove(self) -> None:
        remove(self.place)


def remove(place: Path) -> None:
    """Delete a lab's folder. Read-only folders in it are made writable first; links are not followed."""
    for folder in (path for path in place.rglob("*") if path.is_dir() and not path.is_symlink()):
        with contextlib.suppress(OSError):
            folder.chmod(0o700)
    shutil.rmtree(place, ignore_errors=True)


def _small(path: Path) -> str:
    """The text of a small file of the lab's git dir; '' when it isn't a plain one."""
    with contextlib.suppress(OSError, ValueError):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 4096:
            return path.read_text().strip()
    return ""

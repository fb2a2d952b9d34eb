"""A person's git in a shop with hooks: every command in a process of its own, with the person's environment alone."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .conftest import Shop

Done = subprocess.CompletedProcess[str]
INCIDENT = "refs/loopwright/andon/line/7-1"
STOPPED = "loopwright: the line is stopped"


@dataclass
class Person:
    """Somebody at work in `where`, with settings of their own in `env`."""

    shop: Shop
    where: Path
    env: dict[str, str] = field(default_factory=dict)

    def tries(self, *words: str, env: Mapping[str, str] | None = None, where: Path | None = None) -> Done:
        """What becomes of a command, whether it works or not."""
        known = {**self.shop.door.env, **self.env, **(env or {})}
        return subprocess.run(words, cwd=where or self.where, env=known, capture_output=True, text=True, check=False)

    def git(self, *words: str, where: Path | None = None) -> str:
        """What git prints; it must work."""
        done = self.tries("git", *words, where=where)
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip("\n")

    def tip(self, ref: str = "refs/heads/main") -> str:
        return self.tries("git", "rev-parse", "-q", "--verify", ref).stdout.strip()

    def stop_the_line(self) -> None:
        self.git("update-ref", INCIDENT, "HEAD")

    def edits(self, path: str, text: str, message: str = "an edit") -> str:
        """A commit that changes one file."""
        place = self.where / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.tip("HEAD")

    def has_hook(self, name: str, text: str, folder: str = ".git/hooks", mode: int = 0o755) -> Path:
        """A hook of the person's own."""
        place = self.where / folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)
        return place


def at_work(shop: Shop) -> Person:
    return Person(shop, shop.path)


def with_remote(shop: Shop, name: str = "origin") -> Person:
    """Somebody whose main is on a server, too, a bare repository beside."""
    person = at_work(shop)
    server = shop.path.parent / f"{name}.git"
    person.git("init", "-q", "--bare", "-b", "main", str(server))
    person.git("remote", "add", name, str(server))
    person.git("push", "-q", name, "main")
    return person

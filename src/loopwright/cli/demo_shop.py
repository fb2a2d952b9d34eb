"""The shop of the demo: a real repository with a history, a bug and tests, out of `demo_files/`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from loopwright import shell
from loopwright.errors import LoopwrightError

PLAN = "coupon-off-the-sum"
BUG = ("python3", "-m", "shop", "100x99", "--coupon", "5")
"""The command that shows the bug: five percent off 99.00 is 94.05, and the shop asks for 94.00."""

_FOREIGN = ("GIT_", "LOOPWRIGHT_", "ANTHROPIC_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True)
class Shop:
    """The repository at `top`, and the environment of every command in it."""

    top: Path
    env: Mapping[str, str]

    def run(self, *words: str, seconds: float = 60.0) -> str:
        """What a command prints. Raises LoopwrightError when it ends with an error: the demo has no such command."""
        code, out, err = shell.capture(words, cwd=self.top, env=self.env, seconds=seconds)
        told = (out + err).decode(errors="replace").rstrip("\n")
        if code:
            raise LoopwrightError(f"`{' '.join(words)}` ended with exit {code}:\n{told}")
        return told

    def loopwright(self, *words: str) -> str:
        """The command itself, through its front door."""
        return self.run(sys.executable, "-m", "loopwright", *words)

    def build(self) -> None:
        """Make the repository with its history; its commits have the dates of the story."""
        self.top.mkdir(parents=True)
        self.run("git", "init", "-q", "-b", "main", "--template=")
        self.run("git", "config", "user.name", "Ada")
        self.run("git", "config", "user.email", "ada@example.org")
        for commit in _history():
            for path, text in commit["files"].items():
                (self.top / path).parent.mkdir(parents=True, exist_ok=True)
                (self.top / path).write_text(text, encoding="utf-8")
            self.commit(commit["message"], str(commit["at"]))

    def commit(self, message: str, at: str | None = None) -> None:
        dates = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} if at else {}
        shop = Shop(self.top, {**self.env, **dates})
        shop.run("git", "add", "-A")
        shop.run("git", "commit", "-qm", message)

    def set_loops(self, field: str, value: str) -> str:
        """Change one line of agents/LOOPS.md as a person would; the lines of the diff."""
        place = self.top / "agents" / "LOOPS.md"
        before = place.read_text(encoding="utf-8").splitlines(keepends=True)
        changed = [f"{field}: {value}\n" if line.startswith(f"{field}: ") else line for line in before]
        place.write_text("".join(changed), encoding="utf-8")
        pairs = [(old, new) for old, new in zip(before, changed, strict=True) if old != new]
        return "".join(f"-{old}+{new}" for old, new in pairs).rstrip("\n")

    def drop_plan(self) -> Path:
        """Save the plan as an editor does: written beside its place, then renamed into it."""
        place = self.top / "plans" / f"{PLAN}.md"
        fresh = place.with_name(f".{place.name}.swp")
        fresh.write_bytes(file(f"{PLAN}.md").read_bytes())
        fresh.replace(place)
        return place


def file(name: str) -> Path:
    """One of the bundled files."""
    return Path(str(resources.files(__package__).joinpath("demo_files", name)))


def environment(labs: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The person's environment without what would tell git, loopwright or the model client something else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    if "127.0.0.1" in settings.get("ANTHROPIC_BASE_URL", ""):  # no proxy has to do with this machine
        kept = {name: value for name, value in kept.items() if name.lower() not in _PROXIES}
    path = os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", os.defpath)))
    mine = {"PATH": path, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LOOPWRIGHT_LABS": str(labs)}
    return {**kept, **settings, **mine}


def _history() -> list[dict[str, Any]]:
    import yaml

    loaded: list[dict[str, Any]] = yaml.safe_load(file("history.yaml").read_text(encoding="utf-8"))
    return loaded

"""A small shop with a bug and real tests, and the command `loopwright` in it, with a scripted model over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from loopwright.testing.endpoint import Endpoint, scripted_endpoint
from loopwright.testing.frontdoor import FrontDoor
from loopwright.testing.script import Call, Fault, Say, Session, Turn

PRICING = """
def discount(price, percent):
    return price - price * percent


def total(prices):
    return sum(prices)
"""

TESTS = """
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "src"))
from pricing import discount, total


class PricingTest(unittest.TestCase):
    def test_no_discount_changes_nothing(self):
        self.assertEqual(discount(100, 0), 100)

    def test_total_adds_up(self):
        self.assertEqual(total([1, 2, 3]), 6)
"""

CHECK = "python3 -m unittest discover -s tests"

PLAN = """
---
status: ready
merge: auto
---
# A discount is a percentage

## Scope
- `src/**`
- `tests/**`

## Chunks
### 1. Divide by a hundred
`discount(100, 10)` is 90.

## Goal
- `python3 -c "import sys; sys.path[:0] = ['src']; import pricing; print(pricing.discount(100, 10))"` -> prints "90.0"
- The function says what it takes.
"""

LOOPS = f"""
---
mainline: main
merge: human
lab: clone
checks: ["{CHECK}"]
---
# Loops
"""

KEY = "sk-ant-test-0123456789abcdefghijklmnop"


def approve() -> Session:
    return Session(role="checker", turns=[verdict("approve")], repeat=True)


def verdict(decision: str, *reasons: str) -> Turn:
    return Turn(Call("submit_verdict", decision=decision, reasons=list(reasons), confidence="high"))


def judges() -> tuple[Session, ...]:
    """A checker, a goal-checker and a reviewer that are content."""
    proof = [{"criterion": 2, "met": True, "proof": "src/pricing.py:1"}]
    return (
        approve(),
        Session(role="goal-checker", turns=[Turn(Call("submit_goal_report", met=True, evidence=proof))], repeat=True),
        Session(role="reviewer", turns=[verdict("approve")], repeat=True),
    )


Texts = str | Sequence[str]


def maker(*turns: Turn, when: Texts = (), unless: Texts = ()) -> Session:
    said = Turn(Say("Deliverables: src/pricing.py\nEvidence: `make test`"))
    return Session(role="maker", turns=[*turns, said], when=when, unless=unless)


def write(path: str, content: str) -> Turn:
    return Turn(Call("write_file", path=path, content=content))


def bash(command: str) -> Turn:
    return Turn(Call("bash", command=command))


def small_plan(number: int, **fields: str) -> str:
    """A plan of its own, whose goal is one file."""
    header = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in {"merge": "auto", **fields}.items())
    return f"---\n{header}---\n# Write file {number}.\n\n## Goal\n- file `made/{number}.txt` exists\n"


def small_maker(number: int, *, faults: Sequence[Fault] = ()) -> Session:
    """Who makes the file of `small_plan(number)`."""
    made = Turn(Call("write_file", path=f"made/{number}.txt", content=f"{number}\n"), faults=faults)
    return maker(made, when=f"# Write file {number}.")


GOOD = PRICING.replace("price * percent", "price * percent / 100").lstrip()


def good_maker() -> Session:
    return maker(write("src/pricing.py", GOOD))


@dataclass
class Shop:
    """A repository, the command in it, and the endpoint that answers for the model."""

    path: Path
    door: FrontDoor
    endpoint: Endpoint | None = None

    @property
    def model(self) -> Endpoint:
        """Who answers, for a repository that has a model."""
        assert self.endpoint is not None
        return self.endpoint

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.rstrip("\n")

    def write(self, path: str, text: str) -> None:
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dedent(text).lstrip("\n"))

    def read(self, path: str) -> str:
        return (self.path / path).read_text()

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def plan(self, name: str, text: str = PLAN) -> str:
        self.write(f"plans/{name}.md", text)
        return name

    def page(self, run: int) -> str:
        """The run's own page; that of an incident that it stopped at is another one."""
        pages = self.path.glob(f"wiki/90_LOG/*-gen-{run}.md")
        (found,) = (page for page in pages if "-andon-gen-" not in page.name)
        return found.read_text()

    def configure(self, *lines: str) -> None:
        """LOOPS.md with further lines of front matter, committed."""
        self.write("agents/LOOPS.md", dedent(LOOPS).replace("lab: clone\n", "\n".join(["lab: clone", *lines, ""])))
        self.commit("configured")

    def record(self, run: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.git("show", f"refs/loopwright/runs/{run}:record.json"))
        return found

    def refusals(self, run: int) -> list[tuple[str, str]]:
        """(check, reason) of every verdict of a run's attempts that said no."""
        verdicts = [verdict for attempt in self.record(run)["attempts"] for verdict in attempt["verdicts"]]
        return [(verdict["check"], verdict.get("reason", "")) for verdict in verdicts if not verdict["passed"]]

    @property
    def claims(self) -> list[str]:
        """The plans that are being run. Until one's run is over, loopwright may hold the index for a moment."""
        return self.git("for-each-ref", "--format=%(refname:lstrip=3)", "refs/loopwright/claims").split()

    @property
    def labs(self) -> list[Path]:
        """What there is of labs on this machine."""
        return sorted((self.path.parent / "home" / ".local" / "state" / "loopwright").glob("*/*"))


Scripted = Callable[[Sequence[Session]], Shop]


def settled(place: Path) -> Shop:
    """A home folder and a repository in `place`, with nothing run yet."""
    home = place / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "LOOPWRIGHT_RETRY_SECONDS": "2"}
    path = place / "shop"
    path.mkdir()
    found = Shop(path, FrontDoor(path, env))
    found.git("init", "-qb", "main")
    found.git("config", "user.name", "Ada")
    found.git("config", "user.email", "ada@example.org")
    found.write("src/pricing.py", PRICING)
    found.write("tests/test_pricing.py", TESTS)
    found.write("agents/LOOPS.md", LOOPS)
    found.commit("a shop")
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The repository without a model: for input that never gets that far, and for commands as makers."""
    return settled(tmp_path)


@pytest.fixture
def scripted(shop: Shop) -> Iterator[Scripted]:
    """The repository with a model that says what a script tells it to, over HTTP."""
    with ExitStack() as stack:

        def begin(script: Sequence[Session]) -> Shop:
            shop.endpoint = stack.enter_context(scripted_endpoint(tuple(script), key=KEY))
            shop.door.env |= {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": shop.endpoint.url}
            return shop

        yield begin


@pytest.fixture(scope="session", autouse=True)
def warm() -> None:
    """Import what every forked command needs once, as the supervisor does."""
    import anthropic  # noqa: F401
    import jsonschema  # noqa: F401

    import loopwright.running  # noqa: F401

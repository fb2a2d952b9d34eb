"""The README can't rot: its commands are run, its links lead somewhere, and what it names is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopwright.cli import COMMANDS
from loopwright.folders import findings
from loopwright.folders.trees import DiskTree
from loopwright.testing.endpoint import scripted_endpoint
from loopwright.testing.script import Call, Say, Session, Turn

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"(?:<!-- test(?P<mark>[^>]*) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)

PRICES = """\
def price(cents):
    return f"{cents / 100:.2f}"
"""

TESTS = """\
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "src"))
from prices import price


class PricesTest(unittest.TestCase):
    def test_a_price_has_two_places(self):
        self.assertEqual(price(1250), "12.50")
"""

BETTER = """\
def price(cents):
    if cents < 0:
        raise ValueError(f"no price: {cents}")
    return f"{cents / 100:.2f}"
"""


@dataclass(frozen=True)
class Block:
    """A fenced block of the README: `mark` is what follows `<!-- test`, or None where there is no such comment."""

    kind: str
    mark: str | None
    text: str


def blocks() -> list[Block]:
    return [Block(found["kind"], found["mark"], found["text"]) for found in BLOCK.finditer(README)]


def bash(text: str, where: Path, env: dict[str, str], seconds: float = 300) -> str:
    """What a block prints; it must end with 0."""
    command = ["bash", "-euo", "pipefail", "-c", text]
    done = subprocess.run(command, cwd=where, env=env, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, f"exit {done.returncode}:\n{text}\n--\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A person's environment: their name in git, and loopwright on PATH. pip's settings are the machine's."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    machine = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**machine, "PATH": path, "HOME": str(home), "LANG": "C.UTF-8"}


@pytest.fixture
def repository(tmp_path: Path, env: dict[str, str]) -> Path:
    """Some repository of somebody's, with tests."""
    place = tmp_path / "somebodys"
    for path, text in {"src/prices.py": PRICES, "tests/test_prices.py": TESTS}.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    bash("git init -q -b main && git add -A && git commit -q -m prices", place, env)
    return place


@pytest.fixture
def model(env: dict[str, str]) -> Iterator[None]:
    """A model that does what the README's plan asks for."""
    written = Turn(Call("write_file", path="src/prices.py", content=BETTER))
    last = Turn(Say("Deliverables: src/prices.py\nEvidence: src/prices.py:2"))
    approve = Turn(Call("submit_verdict", decision="approve", reasons=["it raises"], confidence="high"))
    proof = [{"criterion": 2, "met": True, "proof": "src/prices.py:3"}]
    met = Turn(Call("submit_goal_report", met=True, evidence=proof))
    sessions = (
        Session(role="maker", turns=[written, last]),
        Session(role="checker", turns=[approve]),
        Session(role="goal-checker", turns=[met]),
        Session(role="reviewer", turns=[approve]),
    )
    with scripted_endpoint(sessions) as endpoint:
        env |= {"ANTHROPIC_API_KEY": "sk-ant-of-the-readme", "ANTHROPIC_BASE_URL": endpoint.url}
        yield


@pytest.mark.usefixtures("model")
def test_the_readmes_story_works_from_init_to_rollback(repository: Path, env: dict[str, str]) -> None:
    story = [block.text for block in blocks() if block.mark == ""]
    assert len(story) == 7

    told = [bash(text, repository, env) for text in story]

    assert "waits" in told[2] or "in review" in told[2]
    assert "raise ValueError" in told[2]
    assert "landed as" in told[2]
    assert "landed" in told[3]
    assert "2 of 2 caught" in told[4]
    assert "0 findings" in told[5]
    assert (repository / "src" / "prices.py").read_text() == PRICES  # taken back in the end


def test_pip_installs_it_from_a_clone_with_all_that_it_ships(tmp_path: Path, env: dict[str, str]) -> None:
    (block,) = (block for block in blocks() if block.mark == ": install")

    told = bash(block.text.replace("/path/to/loopwright", str(ROOT)), tmp_path, env)

    assert re.search(r"^loopwright \d+\.\d+", told, re.MULTILINE)
    shipped = (
        "import loopwright.cli.demo_shop as d, loopwright.folders.starter as s, loopwright.contracts.schemas as c;"
    )
    looked = f"{shipped} c.load('run-result'); d.file('script.yaml').read_bytes(); print(len(s.files('main', [])))"
    assert int(bash(f'~/.loopwright/bin/python -c "{looked}"', tmp_path, env)) > 20


def test_what_other_blocks_name_is_there() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in blocks():
        if block.kind != "sh" or block.mark is not None:
            continue
        for line in filter(None, block.text.splitlines()):
            first, second, *_ = line.split()
            assert second in targets if first == "make" else (ROOT / second).is_file(), line


def test_every_command_that_is_named_is_a_command() -> None:
    pages = [
        ROOT / "AGENTS.md",
        ROOT / "README.md",
        *(ROOT / "wiki").glob("[12]0_*/*.md"),
        *(ROOT / "examples").rglob("*.md"),
    ]
    for page in pages:
        for word in re.findall(r"`(?:\.venv/bin/)?loopwright ([a-z]+)", page.read_text()):
            assert word in COMMANDS, f"{page}: loopwright {word}"


def test_the_examples_of_a_maker_read_without_a_finding(repository: Path, env: dict[str, str]) -> None:
    examples = [block for block in blocks() if block.kind == "yaml"]
    (repository / "agents").mkdir()
    for block in examples:
        (repository / "agents" / "maker.md").write_text(f"{block.text}Change the syntax, and nothing else.\n")
        assert "1 files, 0 findings" in bash("loopwright check", repository, env)
    assert len(examples) == 2


def test_links_lead_to_files_that_are_there() -> None:
    for page in (ROOT / "README.md", ROOT / "AGENTS.md", *(ROOT / "examples").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_this_repositorys_own_folders_have_no_findings() -> None:
    number, problems = findings.check(DiskTree(ROOT))

    assert number > 30
    assert [str(problem) for problem in problems] == []

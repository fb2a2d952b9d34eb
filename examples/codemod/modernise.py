"""A code-mod as the maker: `ruff` modernises a real package, the package's own tests decide, and it lands. No model.

    python examples/codemod/modernise.py [DIR]

Needs loopwright, ruff and pytest beside the Python that runs this (`pip install -e .[dev]` brings all three), git, and
pip's index for the source distribution. DIR must not be there yet; without it, a new temporary folder is made.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "toolz==0.12.1"
"""Its source distribution has its tests, which take a second, and code from the days of Python 2."""

PYTHON = shlex.quote(sys.executable)
RUFF = f"{PYTHON} -m ruff check --isolated --no-cache --target-version py37 --exclude tests"
TESTS = f"{PYTHON} -m pytest -q -p no:cacheprovider"

PLAN = f"""\
---
status: ready
---
# toolz is written in the Python that it requires

## Context

The package requires Python 3.7, and is written as if Python 2 were still about: classes that inherit from `object`,
`from __future__` imports that say nothing new, `IOError`.

## Scope

- `toolz/*.py`
- `toolz/sandbox/*.py`
- `toolz/curried/*.py`
- `tlz/*.py`

## Goal

- `{RUFF} --select UP004,UP010,UP015,UP024,UP034 toolz tlz`
- `{PYTHON} -c "import toolz; print(toolz.frequencies(['cat', 'cat', 'ox']))"` -> prints "{{'cat': 2, 'ox': 1}}"
"""


def main() -> int:
    """Fetch, unpack, set up, run; the exit code of `loopwright run`."""
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="loopwright-codemod-"))
    repository = unpacked(place)
    git(repository, "init", "-q", "-b", "main")
    git(repository, "config", "user.name", "Ada")
    git(repository, "config", "user.email", "ada@example.org")
    commit(repository, f"{PACKAGE}, as it was published")
    run(repository, sys.executable, "-m", "loopwright", "init")
    choose_roles(repository)
    commit(repository, "loopwright init: ruff is the maker, the tests are the judge")
    (repository / "plans" / "modernise.md").write_text(PLAN)
    code = run(repository, sys.executable, "-m", "loopwright", "run", "modernise", "--progress", ok=(0, 1, 3))
    git(repository, "log", "--graph", "--oneline", "--decorate")
    if code == 0:
        git(repository, "diff", "--stat", "gen-1^", "gen-1")
    print(f"\nlook around in {repository}: wiki/90_LOG has the page, `loopwright show 1` the verdicts")
    return code


def unpacked(place: Path) -> Path:
    """The folder of the package's source distribution, out of pip's index."""
    place.mkdir(parents=True, exist_ok=True)
    name = PACKAGE.replace("==", "-")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    run(place, *pip, "--no-deps", "--no-binary", ":all:", "--dest", ".", PACKAGE)
    with tarfile.open(place / f"{name}.tar.gz") as archive:
        archive.extractall(place, filter="data")
    return place / name


def choose_roles(repository: Path) -> None:
    """Edit what `init` wrote: the maker is a command, nobody else is asked, tests gate, and verified work lands."""
    agents = repository / "agents"
    command = f"{RUFF} --select UP --fix --exit-zero toolz tlz"
    change(agents / "maker.md", "backend: anthropic", f'backend: command\ncommand: "{command}"')
    for judge in ("checker", "goal-checker", "reviewer"):
        change(agents / f"{judge}.md", "backend: anthropic", "backend: none")
    change(agents / "LOOPS.md", "merge: human", "merge: auto")
    lines = (agents / "LOOPS.md").read_text().splitlines(keepends=True)
    checks = f'checks: ["{TESTS}"]\n'
    (agents / "LOOPS.md").write_text("".join(checks if line.startswith("checks:") else line for line in lines))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if old not in text:
        sys.exit(f"{path} has no line `{old}`")
    path.write_text(text.replace(old, new, 1))


def commit(repository: Path, message: str) -> None:
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", message)


def git(repository: Path, *words: str) -> None:
    run(repository, "git", *words)


def run(where: Path, *words: str, ok: tuple[int, ...] = (0,)) -> int:
    """Show a command and run it; the script ends when it fails."""
    print(f"$ {shlex.join(words)}", flush=True)
    code = subprocess.run(words, cwd=where).returncode
    if code not in ok:
        sys.exit(f"`{shlex.join(words)}` ended with exit {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())

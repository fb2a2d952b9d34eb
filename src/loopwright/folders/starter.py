"""What `loopwright init` writes into a repository, and which checks a repository calls for."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable

from loopwright import markdown
from loopwright.contracts import Tree


def files(mainline: str, checks: Sequence[str]) -> Mapping[str, bytes]:
    """Every file that `init` writes, by its path in the repository, with the mainline and checks in LOOPS.md."""
    found = dict(_walk(resources.files(__package__).joinpath("starter_files"), ""))
    loops = markdown.set_field(found["agents/LOOPS.md"], "mainline", mainline)
    found["agents/LOOPS.md"] = markdown.set_field(loops, "checks", checks)
    return found


@functools.cache
def text(path: str) -> str:
    """One of those files, as it ships."""
    return resources.files(__package__).joinpath("starter_files", *path.split("/")).read_text(encoding="utf-8")


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = prefix + entry.name
        found += _walk(entry, f"{path}/") if entry.is_dir() else [(path, entry.read_bytes())]
    return found


def detect_checks(tree: Tree) -> tuple[str, ...]:
    """The obvious gates of a repository, one for each language; `make test` where there is no other."""
    found = [*_python(tree), *_node(tree)]
    if tree.read("Cargo.toml") is not None:
        found.append("cargo test")
    if tree.read("go.mod") is not None:
        found.append("go test ./...")
    if not found and re.search(rb"^test[ \t]*:(?!=)", tree.read("Makefile") or b"", re.MULTILINE):
        found.append("make test")
    return tuple(found)


_PYTEST = {
    "pytest.ini": rb"",
    "pyproject.toml": rb"\[tool\.pytest",
    "setup.cfg": rb"\[tool:pytest\]",
    "tox.ini": rb"\[pytest\]",
    "conftest.py": rb"",
    "tests/conftest.py": rb"",
}


def _python(tree: Tree) -> list[str]:
    for path, sign in _PYTEST.items():
        data = tree.read(path)
        if data is not None and re.search(sign, data):
            return ["python -m pytest -q"]
    for folder in ("tests", "test"):
        names = [path for path in tree.list(folder) if re.search(r"(^|/)(test_[^/]*|[^/]*_test)\.py$", path)]
        sources = [tree.read(path) or b"" for path in names[:200]]
        if any(re.search(rb"^\s*(import|from) pytest\b|^(async )?def test_", data, re.MULTILINE) for data in sources):
            return ["python -m pytest -q"]
        if any(b"unittest" in data for data in sources):
            return [f"python3 -m unittest discover -s {folder}"]
    return []


def _node(tree: Tree) -> list[str]:
    try:
        script = json.loads(tree.read("package.json") or b"{}")["scripts"]["test"]
    except (ValueError, LookupError, TypeError):
        return []
    return ["npm test"] if isinstance(script, str) and script.strip() and "no test specified" not in script else []

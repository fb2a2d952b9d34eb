"""What a Python test file can look at: the project's modules that it imports, or nothing outside of itself."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

_ELSEWHERE = re.compile(
    r"\b(?:open|Path|pathlib|__file__|os|subprocess|importlib|__import__|runpy|exec|eval|glob|socket|urllib|http|requests|"
    r"httpx|aiohttp|sqlite3|ctypes|client|fixture|conftest|pkgutil|resources)\b"
)
"""Words by which a test may look at files, programs or services."""


_OWN = frozenset({*sys.stdlib_module_names, "pytest", "hypothesis"})
"""Modules that know nothing of the project by themselves."""


def looks_at(source: str, code: Collection[str]) -> bool:
    """Whether all that a test file can notice lies in these Python files of the project, or nowhere at all: it imports
    one of them, or has no way to reach anything outside of itself. What can't be read may look at anything."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = {part for path in code for part in PurePosixPath(path).with_suffix("").parts}
    imported = set(_imported(tree))
    return not imported.isdisjoint(names) or (imported <= _OWN and not _may_reach(tree))


def _may_reach(tree: ast.Module) -> bool:
    """Whether a function of the file is given something, or speaks of a file, a program or a service."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if any(arg.arg not in ("self", "cls") for node in functions for arg in node.args.args):
        return True
    places = [node for node in tree.body if isinstance(node, ast.Assign) and _ELSEWHERE.search(ast.unparse(node.value))]
    named = {target.id for node in places for target in node.targets if isinstance(target, ast.Name)}
    words = {node.id for function in functions for node in ast.walk(function) if isinstance(node, ast.Name)}
    return not named.isdisjoint(words) or any(_ELSEWHERE.search(ast.unparse(function)) for function in functions)


def _imported(tree: ast.Module) -> Iterator[str]:
    """The first part of every module's name that is imported; of relative ones, all that is named."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield from (*(node.module or "").split("."), *(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]

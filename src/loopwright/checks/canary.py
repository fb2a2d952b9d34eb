"""A planted test file whose every case fails, and what it means when a gate doesn't say so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loopwright.checks.diagnostics import failures
from loopwright.vocabulary import Gate, Ran

_WHOLE = re.compile(r"(?:^|[\s;&|(]|/bin/)(?:pytest|unittest|nose2?|tox|nox|make|just)(?=[\s;&|)]|$)")
"""Commands that may run Python tests in a way that can't be narrowed: these are run whole. A word of its own: a folder
that is named after pytest makes no runner."""

_CASES = {
    "assert": "assert False",
    "equal": "self.assertEqual(1, 2)",
    "true": "self.assertTrue(False)",
    "in": "self.assertIn(1, [])",
    "raises": "with self.assertRaises(ValueError): pass",
    "raise": "raise AssertionError('planted')",
    "fail": "self.fail('planted')",
}
"""How a case fails, by name: who makes some of these deaf is told by them."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A test file that fails, as it is laid beside others."""

    text: str
    cases: frozenset[str]


@dataclass(frozen=True, slots=True)
class Said:
    """What a gate said of a plant: whether it was red at all, and which cases it named as failing."""

    red: bool
    seen: frozenset[str]
    timed_out: bool = False


def may_run_whole(command: str) -> bool:
    """Whether a command that can't be narrowed may be one that runs Python's tests."""
    return _WHOLE.search(command) is not None


def is_pytest(command: str) -> bool:
    return "pytest" in command or "py.test" in command


def plant(mark: str, neighbours: Iterable[str], *, functions: bool) -> Plant:
    """A file that imports what its `neighbours` (sources of test files in the same folder) import, as they do, and
    then fails. `mark`, letters and digits, makes its names its own; `functions`: also one outside of a class."""
    heads = dict.fromkeys(line for source in neighbours for line in _head(source))
    head = ("try:\n" + _indented(line) + "\nexcept BaseException:\n    pass" for line in heads)
    body = [f"def test_{mark}_{name}(self):\n" + _indented(line) for name, line in _CASES.items()]
    names = {f"test_{mark}_{name}" for name in _CASES}
    alone = f"\n\ndef test_{mark}_alone():\n    assert 1 == 2\n" if functions else ""
    text = "import unittest\n\n\ndef bring():\n" + _indented("\n".join((*head, "return")))
    text += f"\n\n\nbring()\n\n\nclass Test{mark}(unittest.TestCase):\n" + _indented("\n\n".join(body)) + f"\n{alone}"
    return Plant(text, frozenset({*names, f"test_{mark}_alone"} if functions else names))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in text.split("\n"))


def _head(source: str) -> Iterator[str]:
    """The statements of a test file up to its last import, in a form that a function can hold: a path that is set up
    there counts, classes and functions don't."""
    try:
        body = ast.parse(source).body
        last = max((at for at, node in enumerate(body) if _imports(node)), default=-1)
        for node in body[: last + 1]:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not _future(node):
                yield ast.unparse(_Named().visit(node))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return


def _imports(node: ast.stmt) -> bool:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))


def _future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


class _Named(ast.NodeTransformer):
    """`import *`, which a function can't have, as an import of one name that every module has."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        for alias in node.names:
            if alias.name == "*":
                alias.name = "__name__"
        return node


def said(gate: Gate, planted: Plant, ran: Ran) -> Said:
    named = [failure.test for failure in failures(ran.output)]
    seen = frozenset(case for case in planted.cases if any(case in test for test in named))
    return Said(gate.unmet(ran.code, ran.output) is not None, seen, ran.timed_out)


def can_say_no(now: Said, before: Said, *, alone: bool) -> bool | None:
    """Whether a gate can still say no: what it says of a plant `now`, held against what it said of the same one on the
    code `before` the change. None where it can't be told.

    What wasn't named before either (a runner that stops at the first failure, that doesn't collect the plant, that is
    quiet) proves nothing. Only of a plant that ran `alone` is it certain that no other failure came first.
    """
    if not before.seen or now.timed_out:
        return None
    if not now.red:
        return False
    if not now.seen:
        return None
    return not alone or before.seen <= now.seen

"""Reads Python tests by their syntax tree: pytest and unittest alike. Nothing is imported or run."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from loopwright.checks.suite import FILE, Case, Suite

_SKIPS = frozenset(
    {
        "skip",
        "skipif",
        "skipIf",
        "skipUnless",
        "xfail",
        "expectedFailure",
        "skipTest",
        "importorskip",
        "SkipTest",
        "__test__",
    }
)
_EXITS = frozenset({"exit", "quit", "_exit"})
_MUTES = frozenset(
    {
        "collect_ignore",
        "collect_ignore_glob",
        "load_tests",
        "pytest_cmdline_main",
        "pytest_collect_file",
        "pytest_collection_modifyitems",
        "pytest_deselected",
        "pytest_ignore_collect",
        "pytest_pycollect_makeitem",
        "pytest_pyfunc_call",
        "pytest_runtest_call",
        "pytest_runtest_makereport",
        "pytest_runtest_protocol",
        "pytest_runtest_setup",
        "pytest_sessionfinish",
    }
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def read(text: str) -> Suite | None:
    """The tests of a Python file; None when it doesn't parse (or is nested deeper than Python can follow)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a test file's odd escapes are no concern of ours
            tree = ast.parse(text)
        found = _Found()
        found.block(tree.body, prefix="", collected=True, guards=0)
        rest = _fingerprint(node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom))
        return Suite({**found.cases, FILE: _case(FILE, False, found.loose, ())}, found.mutes, rest)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@dataclass
class _Found:
    cases: dict[str, Case] = field(default_factory=dict)
    mutes: dict[str, str] = field(default_factory=dict)
    loose: list[ast.stmt] = field(default_factory=list)  # statements in no function

    def block(self, body: Iterable[ast.stmt], *, prefix: str, collected: bool, guards: int) -> None:
        """Statements of a module or class. Of two functions with one name the last counts, as it does at run time.
        `guards` is the number of conditions around them: a test put under `if` counts as skipped."""
        for node in body:
            if isinstance(node, _Function):
                self._function(node, prefix, collected, guards)
            elif isinstance(node, ast.ClassDef):
                self._class(node, prefix, guards)
            elif isinstance(node, ast.If | ast.Try | ast.With):
                for inner in _blocks(node):
                    self.block(inner, prefix=prefix, collected=collected, guards=guards + 1)
            else:
                self._mute(node)
                self.loose.append(node)

    def _function(self, node: _Function, prefix: str, collected: bool, guards: int) -> None:
        name = prefix + node.name
        if node.name in _MUTES:
            self.mutes[node.name] = _fingerprint([node])
        is_test = collected and node.name.startswith("test")
        self.cases[name] = _case(name, is_test, node.body, node.decorator_list, guards)

    def _class(self, node: ast.ClassDef, prefix: str, guards: int) -> None:
        self.loose += [ast.Expr(decorator) for decorator in node.decorator_list]
        collected = node.name.startswith("Test") or bool(node.bases)
        self.block(node.body, prefix=f"{prefix}{node.name}.", collected=collected, guards=guards)

    def _mute(self, node: ast.stmt) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and target.id in _MUTES:
                self.mutes[target.id] = _fingerprint([node])


def _blocks(node: ast.If | ast.Try | ast.With) -> Iterator[list[ast.stmt]]:
    yield node.body
    if not isinstance(node, ast.With):
        yield node.orelse
    if isinstance(node, ast.Try):
        yield node.finalbody
        yield from (handler.body for handler in node.handlers)


def _case(name: str, is_test: bool, body: list[ast.stmt], decorators: Iterable[ast.expr], guards: int = 0) -> Case:
    decorators = list(decorators)
    asserts = Counter(key for node in body for key in _asserts(node, ""))
    asserts.update(key for decorator in decorators for key in _parameters(decorator))
    skips = sum(_skips(node) for node in (*decorators, *body)) + guards
    return Case(name, is_test, _fingerprint([*decorators, *body]), asserts, skips, sum(map(_exits, body)))


def _asserts(node: ast.AST, around: str) -> Iterator[str]:
    """Every assert below `node` as source, each with the conditions and loops `around` it."""
    if isinstance(node, ast.Assert):
        yield f"{around}{ast.unparse(node)}"
        return
    if isinstance(node, ast.Call) and _checks(node):
        yield f"{around}{ast.unparse(node)}"
        return
    children = ast.iter_child_nodes(node)
    if isinstance(node, ast.With | ast.AsyncWith) and any(_checks(item.context_expr) for item in node.items):
        yield f"{around}{ast.unparse(node)}"  # what has to raise belongs to the assert
        children = iter(node.body)
    around += _condition(node)
    for child in children:
        yield from _asserts(child, around)


def _condition(node: ast.AST) -> str:
    """How a compound statement can keep an assert inside it from being reached."""
    if isinstance(node, ast.If | ast.While):
        return f"if {ast.unparse(node.test)}: "
    if isinstance(node, ast.For | ast.AsyncFor):
        return f"for {ast.unparse(node.iter)}: "
    if isinstance(node, ast.Try) and node.handlers:
        return "try: "
    if isinstance(node, _Function | ast.Lambda | ast.ClassDef):
        return "def: "
    if isinstance(node, ast.With) and any("suppress" in ast.unparse(item.context_expr) for item in node.items):
        return "suppressed: "
    return ""


def _checks(node: ast.expr) -> bool:
    """Whether a call asserts: self.assertEqual, mock.assert_called, pytest.raises, self.fail ..."""
    name = _called(node)
    return name.startswith("assert") or name in {"raises", "warns", "fail", "deprecated_call", "check_call_count"}


def _called(node: ast.expr) -> str:
    """The last word of what is called, `` for anything else."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _parameters(decorator: ast.expr) -> Iterator[str]:
    """Every value of a parametrize counts like an assert: to drop one is to check less."""
    if _called(decorator) != "parametrize" or not isinstance(decorator, ast.Call) or len(decorator.args) < 2:
        return
    values = decorator.args[1]
    for value in values.elts if isinstance(values, ast.List | ast.Tuple) else [values]:
        yield f"parametrize {ast.unparse(value)}"


def _skips(node: ast.AST) -> int:
    names = (getattr(inner, "attr", None) or getattr(inner, "id", None) for inner in ast.walk(node))
    return sum(name in _SKIPS for name in names)


def _exits(node: ast.AST) -> int:
    """Returns and exits, but for those of functions inside."""
    if isinstance(node, _Function | ast.Lambda | ast.ClassDef):
        return 0
    here = isinstance(node, ast.Return) or (isinstance(node, ast.Call) and _called(node) in _EXITS)
    return here + sum(_exits(child) for child in ast.iter_child_nodes(node))


def _fingerprint(nodes: Iterable[ast.AST]) -> str:
    digest = hashlib.sha256()
    for node in nodes:
        digest.update(ast.dump(node).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()

"""What keeps Python code from being reached: early ends, conditions, and those that are settled already."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from loopwright.checks.suites.python_asserts import called, source

Function = ast.FunctionDef | ast.AsyncFunctionDef

EXITS = frozenset({"exit", "quit", "_exit", "skip", "skipTest", "xfail", "fail", "importorskip"})

_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
}


def settled(test: ast.expr) -> bool | None:
    """Which way a condition of plain values goes; None where it takes running to tell."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = settled(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _COMPARED:
        try:
            values = [ast.literal_eval(side) for side in (test.left, *test.comparators)]
            return bool(_COMPARED[type(test.ops[0])](*values))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None
    return None


def ends(node: ast.stmt) -> bool:
    """Whether nothing after it is reached."""
    if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
        return True
    if isinstance(node, ast.If):
        return bool(node.orelse) and ends(node.body[-1]) and ends(node.orelse[-1])
    return isinstance(node, ast.Expr) and called(node.value) in EXITS and _plain_call(node.value)


def _plain_call(node: ast.expr) -> bool:
    """pytest.skip(), sys.exit(), exit(), self.skipTest(): not obj.method.fail()."""
    function = node.func if isinstance(node, ast.Call) else None
    owner = function.value if isinstance(function, ast.Attribute) else function
    return isinstance(owner, ast.Name)


def ends_badly(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return bool(node.orelse) and ends_badly(node.body[-1]) and ends_badly(node.orelse[-1])
    return isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and called(node.value) == "fail")


def may_leave(node: ast.stmt) -> str:
    """The condition under which a compound statement leaves what it stands in, as the asserts after it see it."""
    if isinstance(node, ast.If) and (_leaves(node.body) or _leaves(node.orelse)):
        return f"unless it left at `if {source(node.test)}`"
    if isinstance(node, ast.For | ast.While | ast.With | ast.Try) and _returns(node):
        return "unless it left before"
    return ""


def _leaves(body: list[ast.stmt]) -> bool:
    return any((ends(node) and not isinstance(node, ast.Raise)) or bool(may_leave(node)) for node in body)


def _returns(node: ast.AST) -> bool:
    if isinstance(node, ast.Return):
        return True
    if isinstance(node, Function | ast.Lambda | ast.ClassDef):
        return False
    return any(_returns(child) for child in ast.iter_child_nodes(node))

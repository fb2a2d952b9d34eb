"""Tests that can't fail: what they insist on holds whatever the code does."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from loopwright.checks.suites.expectation import Expectation, always
from loopwright.checks.suites.python_asserts import called, checks

_MOCKS = frozenset({"Mock", "MagicMock", "AsyncMock", "create_autospec", "NonCallableMock"})
_ASKS = re.compile(r"(?i)assert|check|verif|expect|ensure|should|validat|compare|must|skip|xfail|fail|match|snapshot")
_RUNS = re.compile(
    r"not_raise|no_raise|no_error|without_error|no_exception|smoke|import|doesnt|does_not|no_crash|runs|works"
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def python(node: _Function, asserts: Counter[Expectation]) -> str:
    """Why a Python test can't fail, or ``: it only insists on constants, on a thing being itself, on its own mocks, or
    on nothing at all."""
    own = {e for e in asserts if e.relation != "case" and e.subject != "the test's seconds"}
    if not own:
        return "" if _may_ask(node) else "has no assert"
    if all(always(expectation) for expectation in own):
        return f"only insists on what is always so: {str(next(iter(own)))[:80]}"
    made = _mocks(node)
    if made and all(_about(expectation, made) for expectation in own) and _only_touches(node, made):
        return f"only insists on its own mocks: {', '.join(sorted(made))}"
    return ""


def _may_ask(node: _Function) -> bool:
    """Whether a test without asserts may well insist on something: by a helper of elsewhere, by raising, by being
    skipped, or by saying in its name that nothing else is asked for than that the code runs."""
    if _RUNS.search(node.name) or "benchmark" in {arg.arg for arg in node.args.args}:
        return True
    inside = [inner for statement in (*node.body, *node.decorator_list) for inner in ast.walk(statement)]
    names = {getattr(inner, "attr", None) or getattr(inner, "id", None) for inner in inside}
    return any(isinstance(inner, ast.Raise) for inner in inside) or any(
        _ASKS.search(str(name)) for name in names if name
    )


def _mocks(node: _Function) -> set[str]:
    """Names that the test binds to mocks."""
    return {
        target.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Assign) and called(inner.value) in _MOCKS
        for target in inner.targets
        if isinstance(target, ast.Name)
    }


def _about(expectation: Expectation, made: set[str]) -> bool:
    names = _names(expectation.subject)
    return bool(names) and names <= made


def _names(text: str) -> set[str]:
    try:
        return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()


def _only_touches(node: _Function, made: set[str]) -> bool:
    """Whether nothing but the mocks themselves is called, so that no code of the project can be at work."""
    return all(_owner(call) in made or called(call) in _MOCKS or checks(call) for call in _called(node))


def _called(node: _Function) -> Iterator[ast.Call]:
    for statement in node.body:
        yield from (inner for inner in ast.walk(statement) if isinstance(inner, ast.Call))


def _owner(call: ast.Call) -> str:
    place: ast.AST = call.func
    while isinstance(place, ast.Attribute | ast.Call):
        place = place.value if isinstance(place, ast.Attribute) else place.func
    return place.id if isinstance(place, ast.Name) else ""

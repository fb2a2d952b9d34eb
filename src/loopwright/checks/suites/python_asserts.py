"""One Python assert, however it is said, as the expectations that it holds: pytest, unittest, mock and numpy alike."""

from __future__ import annotations

import ast
import functools
import re
import string
from collections.abc import Iterator

from loopwright.checks.suites.expectation import Expectation

_COMPARED = {
    ast.Eq: "==",
    ast.Is: "==",
    ast.NotEq: "!=",
    ast.IsNot: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_UNITTEST = {
    **dict.fromkeys(("assertEqual", "assertEquals", "assertIs", "assertListEqual", "assertDictEqual"), "=="),
    **dict.fromkeys(("assertSetEqual", "assertTupleEqual", "assertMultiLineEqual", "assertSequenceEqual"), "=="),
    **dict.fromkeys(("assert_equal", "assert_array_equal", "assert_frame_equal", "assert_series_equal"), "=="),
    **dict.fromkeys(("assertNotEqual", "assertNotEquals", "assertIsNot"), "!="),
    **{"assertLess": "<", "assertLessEqual": "<=", "assertGreater": ">", "assertGreaterEqual": ">="},
    **{"assertIn": "in", "assertNotIn": "not in", "assertIsInstance": "type", "assertNotIsInstance": "not type"},
    **dict.fromkeys(("assertAlmostEqual", "assertAlmostEquals", "assert_allclose", "assert_almost_equal"), "approx"),
    **dict.fromkeys(("assert_array_almost_equal", "assert_approx_equal"), "approx"),
    **{"assertRegex": "matches", "assertRegexpMatches": "matches", "assertNotRegex": "not matches"},
    "assertCountEqual": "same items",
}
_RAISES = {
    **dict.fromkeys(("raises", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp", "assert_raises"), "raises"),
    **dict.fromkeys(("warns", "assertWarns", "assertWarnsRegex", "deprecated_call"), "warns"),
    **{"assertLogs": "logs", "RaisesGroup": "raises"},
}
_SLACKS = frozenset({"rel", "abs", "rtol", "atol", "delta", "rel_tol", "abs_tol"})
_PLACES = frozenset({"places", "decimal", "significant"})


def called(node: ast.AST) -> str:
    """The last word of what is called, `` for anything else."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def checks(node: ast.AST) -> bool:
    """Whether a call asserts: self.assertEqual, mock.assert_called, pytest.raises, self.fail ..."""
    name = called(node)
    return name.startswith(("assert", "_assert")) or name in _RAISES or name in {"fail", "check_call_count"}


@functools.lru_cache(maxsize=512)
def source(node: ast.AST) -> str:
    """Source as two versions are compared: `self.` says nothing, and neither do `await` and white space."""
    text = _unparsed(node)
    return _unparsed(_Plain().visit(node)) if _MAY_SAY_MORE.search(text) else text


_MAY_SAY_MORE = re.compile(r"\b(?:self|cls)\.|\bawait\b|\.format\(|\bgetattr\(|\basyncio\.run\(|\brun_until_complete\(")


def _unparsed(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except ValueError:  # before Python 3.12, an f-string that holds a backslash can't be written out
        return ast.dump(node)


def _wraps(node: ast.AST) -> bool:
    """asyncio.run(f()) for f(), getattr(a, "b") for a.b: other words for the same."""
    if isinstance(node, ast.Call) and _template(node) is not None:
        return True
    if not isinstance(node, ast.Call) or node.keywords:
        return False
    if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) == 2:
        return isinstance(node.args[1], ast.Constant) and str(node.args[1].value).isidentifier()
    runs = ast.unparse(node.func) == "asyncio.run" or called(node) == "run_until_complete"
    return runs and len(node.args) == 1 and isinstance(node.args[0], ast.Call)


def _of_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}


def _template(node: ast.Call) -> ast.JoinedStr | None:
    """`"{} costs {n}".format(what, n=n)` as the f-string that says the same; None for any other call."""
    text = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "format" else None
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return None
    given: dict[str, ast.expr] = {str(at): arg for at, arg in enumerate(node.args)}
    given |= {word.arg: word.value for word in node.keywords if word.arg}
    parts: list[ast.expr] = []
    try:
        for at, (before, name, spec, conversion) in enumerate(string.Formatter().parse(text.value)):
            parts += [ast.Constant(before)] if before else []
            if name is not None:
                told = ast.JoinedStr([ast.Constant(spec)]) if spec else None
                parts.append(ast.FormattedValue(given[name or str(at)], ord(conversion) if conversion else -1, told))
    except (ValueError, KeyError):
        return None
    return ast.JoinedStr(parts)


class _Plain(ast.NodeTransformer):
    """A copy without `self.` and `await`."""

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Await):
            return self.visit(node.value)
        if isinstance(node, ast.Attribute) and _of_self(node):
            return ast.Name(node.attr)
        if isinstance(node, ast.Call) and _wraps(node):
            return self._bare(node)
        fields = {name: self._field(value) for name, value in ast.iter_fields(node)}
        return ast.copy_location(type(node)(**fields), node)

    def _bare(self, node: ast.Call) -> ast.AST:
        if (template := _template(node)) is not None:
            return self.visit(template)
        if called(node) == "getattr" and isinstance(node.args[1], ast.Constant):
            return self.visit(ast.Attribute(node.args[0], str(node.args[1].value)))
        return self.visit(node.args[0])

    def _field(self, value: object) -> object:
        if isinstance(value, list):
            return [self._field(item) for item in value]
        return self.visit(value) if isinstance(value, ast.AST) else value


def of_assert(test: ast.expr, negated: bool = False) -> Iterator[tuple[str, str, str, float | None]]:
    """(subject, relation, value, slack) of every part of a condition that has to hold."""
    if isinstance(test, ast.Constant) and not test.value and not negated:
        yield *NEVER, "", None
        return
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from of_assert(test.operand, not negated)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or if negated else ast.And):
        for part in test.values:
            yield from of_assert(part, negated)
    elif isinstance(test, ast.Compare) and (not negated or len(test.ops) == 1):
        sides = (test.left, *test.comparators)
        for left, op, right in zip(sides, test.ops, sides[1:], strict=False):
            yield _compared(left, _COMPARED[type(op)], right, negated)
    elif isinstance(test, ast.Call) and called(test) == "isinstance" and len(test.args) == 2:
        yield source(test.args[0]), "not type" if negated else "type", source(test.args[1]), None
    elif isinstance(test, ast.Call) and called(test) in {"isclose", "allclose"} and len(test.args) >= 2 and not negated:
        yield source(test.args[0]), "approx", source(test.args[1]), slack(test)
    else:
        yield source(test), "falsy" if negated else "truthy", "", None


def _compared(left: ast.expr, relation: str, right: ast.expr, negated: bool) -> tuple[str, str, str, float | None]:
    relation = _OPPOSITE[relation] if negated else relation
    if relation in {"==", "!="}:
        for one, other in ((left, right), (right, left)):
            if called(other) == "approx" and isinstance(other, ast.Call) and other.args:
                relation = "approx" if relation == "==" else "not approx"
                return source(one), relation, source(other.args[0]), slack(other)
    if relation in _MIRRORED and _turned(left, right, relation):
        left, relation, right = right, _MIRRORED[relation], left
    for one, other in ((left, right), (right, left)) if relation == "==" else ():
        if isinstance(one, ast.Call) and called(one) == "type" and len(one.args) == 1:
            return source(one.args[0]), "type", source(other), None
    if relation == "!=" and isinstance(right, ast.Constant) and right.value is None:
        return source(left), "defined", "", None
    return source(left), relation, source(right), None


def _turned(left: ast.expr, right: ast.expr, relation: str) -> bool:
    """Whether the value stands on the left: two tests may well say `2 == f(1)` and `f(1) == 2`."""
    if _literal(left) != _literal(right):
        return _literal(left)
    return relation in {"==", "!="} and source(left) > source(right)


def _literal(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return True
    return not any(isinstance(inner, _NAMING) for inner in ast.walk(node))


_NAMING = (ast.Name, ast.Call, ast.Attribute)


NEVER = ("the test", "fails here")
"""What `assert False`, `pytest.fail()` and `raise AssertionError` say: here the test must not get to."""


def of_call(node: ast.Call, around: frozenset[str]) -> Iterator[Expectation]:
    """What a call that asserts insists on."""
    name, args = called(node), node.args
    if name == "fail":
        yield Expectation(*NEVER, around=around)
        return
    if name in {"assertTrue", "assertFalse", "assert_", "failUnless", "failIf"} and args:
        for part in of_assert(args[0], negated=name in {"assertFalse", "failIf"}):
            yield _expectation(part, around)
    elif name in {"assertIsNone", "assertIsNotNone"} and args:
        part = (
            (source(args[0]), "==", "None", None) if name == "assertIsNone" else (source(args[0]), "defined", "", None)
        )
        yield _expectation(part, around)
    elif name in _UNITTEST and len(args) >= 2:
        yield _expectation(_of_unittest(_UNITTEST[name], node), around)
    elif name in _RAISES and node.args[1:2] and not isinstance(node.args[1], ast.Constant):
        words = ", ".join(map(source, [*args[2:], *(keyword.value for keyword in node.keywords)]))
        yield Expectation(f"{source(args[1])}({words})", _RAISES[name], source(args[0]), around=around)
    elif name.startswith("assert_") and isinstance(node.func, ast.Attribute) and name in _MOCKS:
        words = ", ".join(map(source, [*args, *(keyword.value for keyword in node.keywords)]))
        yield Expectation(source(node.func.value), _MOCKS[name], words, around=around)
    else:
        yield Expectation(source(node), "calls", around=around)


_MOCKS = {
    "assert_called_once_with": "called with",
    "assert_awaited_once_with": "called with",
    "assert_called_with": "last called with",
    "assert_any_call": "once called with",
    "assert_has_calls": "has calls",
    "assert_called_once": "called once",
    "assert_called": "truthy",
    "assert_awaited": "truthy",
    "assert_not_called": "never called",
}


def _of_unittest(relation: str, node: ast.Call) -> tuple[str, str, str, float | None]:
    left, right = node.args[:2]
    if relation in _MIRRORED and _turned(left, right, relation):
        left, relation, right = right, _MIRRORED[relation], left
    if relation in {"approx", "same items"} and _literal(left) and not _literal(right):
        left, right = right, left
    if "matches" in relation:
        return source(left), relation, source(right), None
    if relation == "!=" and isinstance(right, ast.Constant) and right.value is None:
        return source(left), "defined", "", None
    return source(left), relation, source(right), slack(node) if relation == "approx" else None


def _expectation(part: tuple[str, str, str, float | None], around: frozenset[str]) -> Expectation:
    subject, relation, value, off = part
    return Expectation(subject, relation, value, around=around, slack=off)


def of_raises(item: ast.expr, body: list[ast.stmt], around: frozenset[str]) -> Expectation:
    """What a `with raises(...)` insists on: that its body ends so."""
    call = item if isinstance(item, ast.Call) else ast.Call(item, [], [])
    keywords = {keyword.arg: source(keyword.value) for keyword in call.keywords if keyword.arg}
    asked = keywords.get("match") or keywords.get("expected_regex") or ""
    if called(call).endswith(("Regex", "RegexpMatches", "Regexp")) and len(call.args) > 1:
        asked = source(call.args[1])
    kind = source(call.args[0]) if call.args else keywords.get("expected_exception", "")
    subject = source(body[-1])  # what stands before it is what it needs, and may as well stand before the `with`
    return Expectation(subject, _RAISES.get(called(call), called(call)), kind, asked, around)


def slack(node: ast.Call) -> float | None:
    """The largest tolerance that a call names; None where it names none."""
    found = [_off(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg]
    if called(node) == "approx":
        found += [_off("abs" if at > 1 else "rel", arg) for at, arg in enumerate(node.args) if at]
    elif called(node) in {"assertAlmostEqual", "assertAlmostEquals", "assert_almost_equal"} and len(node.args) > 2:
        found.append(_off("places", node.args[2]))
    known = [off for off in found if off is not None]
    return max(known) if known else None


def _off(name: str, node: ast.expr) -> float | None:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, int | float) or isinstance(node.value, bool):
        return None
    if name in _SLACKS:
        return float(node.value)
    return 10.0 ** -min(max(node.value, -300), 300) if name in _PLACES else None

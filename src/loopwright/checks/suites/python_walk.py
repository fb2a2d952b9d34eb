"""Walks a Python function for what it insists on, as it is written or as it is meant.

As meant, literal loops and parameters are written out, locals that are set once are put in, and helpers of the same
file are followed: so a test that was taken apart, parametrized or given a helper is seen to check what it checked.
Conditions, swallowed errors and early ends go with every expectation that stands behind them.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.python_asserts import NEVER, called, checks, of_assert, of_call, of_raises, source
from loopwright.checks.suites.python_reach import Function, ends, ends_badly, may_leave, settled
from loopwright.checks.suites.suite import TooMuch

Values = Mapping[str, ast.expr]

_ASKS = re.compile(r"(?:^|_)(?:assert|check|verify|expect|ensure|compare|should|must)(?:_|$)")  # helpers of elsewhere
_STRICT = re.compile(r", strict=(?:True|False)\b")  # zip's word for the same pairs
_DEEP, _MANY, _LARGE = 3, 2000, 60  # helpers in helpers; expectations of one test; nodes of a value that is put in


@dataclass(frozen=True)
class Scope:
    """What is known where a statement stands. `deep` is None where code is read as it is written."""

    functions: Mapping[str, Function] = field(default_factory=dict)
    constants: Values = field(default_factory=dict)
    around: frozenset[str] = frozenset()
    values: Values = field(default_factory=dict)
    deep: int | None = None

    def under(self, condition: str) -> Scope:
        return replace(self, around=self.around | {condition}) if condition else self

    def put_in(self, node: ast.expr) -> ast.expr:
        """The expression with the known values in the place of their names."""
        filled = _PutIn(self.values).visit(node) if self.values else node
        assert isinstance(filled, ast.expr)
        return filled


class _PutIn(ast.NodeTransformer):
    """A copy with values for names; what doesn't change is shared."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Name):
            return self.values.get(node.id, node)
        if isinstance(node, ast.Lambda):
            return node
        fields = dict(ast.iter_fields(node))
        filled = {name: new for name, value in fields.items() if (new := self._field(value)) is not value}
        return ast.copy_location(type(node)(**{**fields, **filled}), node) if filled else node

    def _field(self, value: object) -> object:
        if isinstance(value, list):
            new = [self._field(item) for item in value]
            return new if any(one is not other for one, other in zip(new, value, strict=True)) else value
        return self.visit(value) if isinstance(value, ast.AST) else value


def expectations(body: Iterable[ast.stmt], scope: Scope) -> Counter[Expectation]:
    """Everything that these statements insist on. Raises TooMuch."""
    found: Counter[Expectation] = Counter()
    for expectation in _block(list(body), scope):
        found[expectation] += 1
        if found.total() > _MANY:
            raise TooMuch
    return found


def _block(body: list[ast.stmt], scope: Scope) -> Iterator[Expectation]:
    once = _set_once(body) if scope.deep is not None else frozenset()
    used = _called_or_given(body)
    for statement in body:
        if isinstance(statement, Function):
            if statement.name not in used:
                yield from _block(statement.body, scope.under(f"in {statement.name}, which is never called"))
            elif scope.deep is None:
                yield from _block(statement.body, scope)
            else:
                scope = replace(scope, functions={**scope.functions, statement.name: statement})
                if statement.name not in _calls(body):  # given to something that calls it
                    yield from _block(statement.body, scope)
            continue
        yield from _statement(statement, scope)
        if ends(statement):
            return
        if condition := may_leave(statement):
            scope = scope.under(condition)
        scope = _remember(statement, scope, once)


def _statement(node: ast.stmt, scope: Scope) -> Iterator[Expectation]:
    if isinstance(node, ast.Assert):
        for part in of_assert(scope.put_in(node.test)):
            yield Expectation(part[0], part[1], part[2], around=scope.around, slack=part[3])
    elif isinstance(node, ast.Raise) and node.exc is not None and _name_of(node.exc) == "AssertionError":
        yield Expectation(*NEVER, around=scope.around)
    elif isinstance(node, ast.With | ast.AsyncWith):
        yield from _with(node, scope)
    elif isinstance(node, ast.For | ast.AsyncFor):
        yield from _for(node, scope)
    elif isinstance(node, ast.If | ast.While):
        yield from _if(node, scope)
    elif isinstance(node, ast.Try | ast.TryStar):
        yield from _try(node, scope)
    elif isinstance(node, ast.Match):
        for case in node.cases:
            yield from _block(case.body, scope.under(f"case {source(case.pattern)}"))
    elif isinstance(node, ast.ClassDef):
        yield from _block(node.body, scope.under(f"in {node.name}"))
    else:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                child = child.value if isinstance(child, ast.Await) else child
                yield from _in_expression(scope.put_in(child), scope)


def _if(node: ast.If | ast.While, scope: Scope) -> Iterator[Expectation]:
    test = scope.put_in(node.test)
    known = settled(test)  # a parameter that is put in may settle which way it goes
    yield from _in_expression(test, scope)
    if known is not False:
        yield from _block(node.body, scope.under("" if known else f"if {source(test)}"))
    if not known:
        otherwise = f"if not {source(test)}" if isinstance(node, ast.If) and known is None else ""
        yield from _block(node.orelse, scope.under(otherwise))


def _name_of(raised: ast.expr) -> str:
    return called(raised) or (raised.id if isinstance(raised, ast.Name) else "")


def _with(node: ast.With | ast.AsyncWith, scope: Scope) -> Iterator[Expectation]:
    inner = scope
    for item in node.items:
        context = item.context_expr
        if checks(context):
            yield of_raises(scope.put_in(context), [*_filled(node.body, scope)], scope.around)
            inner = inner.under(f"with {source(context)}" if "aises" in called(context) else "")
        elif called(context) == "suppress":
            inner = inner.under(f"with {source(context)}")
        else:
            yield from _in_expression(context, scope)
    yield from _block(node.body, inner)


def _filled(body: list[ast.stmt], scope: Scope) -> Iterator[ast.stmt]:
    """Statements with the known values put in."""
    for statement in body:
        filled = _PutIn(scope.values).visit(statement) if scope.values else statement
        assert isinstance(filled, ast.stmt)
        yield filled


def _for(node: ast.For | ast.AsyncFor, scope: Scope) -> Iterator[Expectation]:
    yield from _in_expression(node.iter, scope)
    items = elements(scope.put_in(node.iter), scope.constants)
    if scope.deep is not None and items:
        for item in items:
            values = bound(node.target, item)
            yield from _block(node.body, replace(scope, values={**scope.values, **values}))
    else:
        over = ", ".join(map(source, items)) or _STRICT.sub("", source(scope.put_in(node.iter)))
        yield from _block(node.body, scope.under(f"for {over}"))
    yield from _block(node.orelse, scope)


def _try(node: ast.Try | ast.TryStar, scope: Scope) -> Iterator[Expectation]:
    swallowed = [handler for handler in node.handlers if not (handler.body and ends_badly(handler.body[-1]))]
    kinds = ", ".join(source(handler.type) if handler.type else "anything" for handler in swallowed)
    yield from _block(node.body, scope.under(f"unless {kinds} is swallowed" if swallowed else ""))
    yield from _block(node.orelse, scope.under("if nothing was raised" if swallowed else ""))
    yield from _block(node.finalbody, scope)
    for handler in node.handlers:
        yield from _block(handler.body, scope.under(f"on {source(handler.type) if handler.type else 'anything'}"))


def _in_expression(node: ast.AST, scope: Scope) -> Iterator[Expectation]:
    """Calls that assert, and helpers that do, within an expression."""
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Call):
            continue
        known = scope.functions.get(called(inner)) if _own_call(inner) else None
        if known is not None and scope.deep is not None:
            yield from _followed(known, inner, scope)
        elif checks(inner):
            yield from of_call(inner, scope.around)
        elif known is not None or (inner is node and _own_call(inner) and _ASKS.search(called(inner))):
            yield Expectation(source(inner), "calls", around=scope.around)


def _followed(function: Function, call: ast.Call, scope: Scope) -> Iterator[Expectation]:
    """What a helper insists on for these arguments."""
    if scope.deep is None or scope.deep >= _DEEP or (call.keywords and any(word.arg is None for word in call.keywords)):
        yield Expectation(source(call), "calls", around=scope.around)
        return
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args) if arg.arg not in {"self", "cls"}]
    defaults = function.args.defaults
    values: dict[str, ast.expr] = dict(zip(names[len(names) - len(defaults) :], defaults, strict=False))
    for word, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        values |= {word.arg: default} if default is not None else {}
    values |= dict(zip(names, call.args, strict=False))
    values |= {word.arg: word.value for word in call.keywords if word.arg}
    functions = {name: body for name, body in scope.functions.items() if body is not function}
    yield from _block(function.body, replace(scope, functions=functions, values=values, deep=scope.deep + 1))


def _own_call(node: ast.Call) -> bool:
    """A function of the file or a method of the class: helper(), self.helper()."""
    function = node.func
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(function, ast.Name) or (isinstance(owner, ast.Name) and owner.id in {"self", "cls"})


# ---------------------------------------------------------------- what is known about names


def elements(node: ast.expr, constants: Values) -> list[ast.expr]:
    """The values of a literal list, or of a constant that holds one; empty where they can't be told."""
    if isinstance(node, ast.Name):
        node = constants.get(node.id, node)
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and not any(isinstance(e, ast.Starred) for e in node.elts):
        return node.elts
    if isinstance(node, ast.Call) and called(node) == "items" and isinstance(node.func, ast.Attribute):
        return _pairs(node.func.value)
    return []


def _pairs(node: ast.expr) -> list[ast.expr]:
    if not isinstance(node, ast.Dict) or None in node.keys:
        return []
    return [ast.Tuple([key, value]) for key, value in zip(node.keys, node.values, strict=True) if key is not None]


def bound(target: ast.expr, value: ast.expr) -> dict[str, ast.expr]:
    """Which names a target gives to a value."""
    if isinstance(target, ast.Name):
        return {target.id: value}
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(value, ast.Tuple | ast.List):
        return {}
    if len(target.elts) != len(value.elts):
        return {}
    pairs = zip(target.elts, value.elts, strict=True)
    return dict(itertools.chain.from_iterable(bound(one, other).items() for one, other in pairs))


def _remember(node: ast.stmt, scope: Scope, once: frozenset[str]) -> Scope:
    """The scope after an assignment: a local that is set once stands for its value."""
    if scope.deep is None or not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return scope
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    known = {
        name: value
        for target in targets
        for name, value in bound(target, scope.put_in(node.value)).items()
        if name in once and not _grows(value) and sum(1 for _ in ast.walk(value)) <= _LARGE
    }
    return replace(scope, values={**scope.values, **known}) if known else scope


def _grows(value: ast.expr) -> bool:
    """An empty list and the like: it is there to be filled."""
    if isinstance(value, ast.Call):
        return called(value) in {"list", "dict", "set", "deque"} and not value.args
    return isinstance(value, ast.List | ast.Dict) and not any(
        True for _ in ast.iter_child_nodes(value) if isinstance(_, ast.expr)
    )


def _set_once(body: list[ast.stmt]) -> frozenset[str]:
    stored = Counter(
        node.id
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return frozenset(name for name, count in stored.items() if count == 1)


def _calls(body: list[ast.stmt]) -> frozenset[str]:
    return frozenset(called(node) for statement in body for node in ast.walk(statement))


def _called_or_given(body: list[ast.stmt]) -> frozenset[str]:
    """Names of functions that are called, given to a call, kept somewhere or decorated: they may well run."""
    if not any(isinstance(statement, Function) for statement in body):
        return frozenset()
    names: set[str] = set()
    for node in itertools.chain.from_iterable(ast.walk(statement) for statement in body):
        if isinstance(node, Function) and node.decorator_list:
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
    return frozenset(names)

"""Walks a test's syntax tree for what it insists on: what C-like languages have in common.

Each language says, in a `Dialect`, what asserts look like; conditions, loops, swallowed errors, early ends and
functions inside of functions are treated alike in all. Read deeply, locals and helpers are put in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.suite import TooMuch
from loopwright.checks.suites.syntax import Node, once, plain, word

_DEEP, _MANY, _LONG = 3, 2000, 300  # helpers in helpers, expectations of a test, characters of a value that is put in

_IFS = frozenset({"if_statement", "if_expression"})
_LOOPS = frozenset(
    {
        *("for_statement", "for_in_statement", "while_statement", "while_expression", "for_expression"),
        *("enhanced_for_statement", "do_statement", "loop_expression"),
    }
)
_TRIES = frozenset({"try_statement", "try_with_resources_statement"})
_ARMS = frozenset(
    {
        *("switch_case", "switch_default", "match_arm", "expression_case", "default_case", "type_case"),
        *("communication_case", "switch_block_statement_group", "switch_rule"),
    }
)
_BLOCKS = frozenset({"block", "statement_block", "else_clause", "statement_list"})
_FUNCTIONS = frozenset(
    {
        *("function_expression", "arrow_function", "function_declaration", "generator_function_declaration"),
        *("func_literal", "closure_expression", "lambda_expression", "function_item", "method_declaration"),
        *("method_definition", "generator_function"),
    }
)
_ENDS = frozenset(
    {
        *("return_statement", "return_expression", "break_statement", "break_expression", "continue_statement"),
        *("continue_expression", "throw_statement"),
    }
)
_CALLS = frozenset({"call_expression", "method_invocation", "new_expression", "object_creation_expression"})
_NEGATED = {"==": "!=", "!=": "==", "===": "!==", "!==": "===", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_SAME = {"===": "==", "!==": "!="}

Part = tuple[str, str, str]  # subject, relation, value


@dataclass(frozen=True)
class Known:
    """What is known where a node stands. `deep` is None where code is read as it is written."""

    functions: Mapping[str, Node] = field(default_factory=dict)
    around: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)
    deep: int | None = None

    def under(self, condition: str) -> Known:
        return replace(self, around=self.around | {condition}) if condition else self

    def put(self, values: Mapping[str, str]) -> Known:
        return replace(self, values={**self.values, **values}) if values else self

    def plain(self, node: Node) -> str:
        return plain(node, self.values)


@dataclass(frozen=True)
class Found:
    """What an assert insists on, and the nodes in it that are to be walked on: functions that it calls."""

    expectations: Sequence[Expectation]
    inside: Sequence[Node] = ()


@dataclass(frozen=True)
class Dialect:
    """What one language adds."""

    asserts: Callable[[Node, Known], Found | None]
    locals: Callable[[Node], Iterable[tuple[str, Node]]]  # names that a statement sets, with their values
    leaves: Callable[[Node], bool]  # a call after which nothing is reached: process.exit(), t.Skip()
    runs: frozenset[str]  # calls that run the function which they are given: waitFor, t.Run, assertAll
    parameters: Callable[[Node], Sequence[str]]
    subtest: Callable[[Node], bool] = lambda _: False  # a function that is given a test of its own to run


def expectations(body: Node, dialect: Dialect, known: Known) -> Counter[Expectation]:
    """All that a function's body insists on. Raises TooMuch."""
    found: Counter[Expectation] = Counter()
    plain(body)  # the words of all that is below it are told once
    for expectation in _Walk(dialect).node(body, known):
        found[expectation] += 1
        if found.total() > _MANY:
            raise TooMuch
    return found


@dataclass(frozen=True)
class _Walk:
    dialect: Dialect

    def node(self, node: Node, known: Known) -> Iterator[Expectation]:
        if (found := self.dialect.asserts(node, known)) is not None:
            yield from found.expectations
            for inner in found.inside:
                yield from self._body(inner, known)
        elif node.type in _IFS:
            yield from self._if(node, known)
        elif node.type in _LOOPS:
            yield from self._loop(node, known)
        elif node.type in _TRIES:
            yield from self._try(node, known)
        elif node.type in _ARMS:
            first = node.named_children[0] if node.named_children else node
            yield from self._sequence(node.children, known.under(f"case {known.plain(first)[:200]}"))
        elif node.type in _FUNCTIONS:
            yield from self._body(node, known if _may_run(node) else known.under("in a function that is never called"))
        elif node.type in _CALLS:
            yield from self._call(node, known)
        else:
            yield from self._sequence(node.children, known)

    def _body(self, node: Node, known: Known) -> Iterator[Expectation]:
        """Into a function that is known to run."""
        yield from (
            self.node(node.child_by_field_name("body") or node, known)
            if node.type in _FUNCTIONS
            else (self.node(node, known))
        )

    def _sequence(self, nodes: Sequence[Node], known: Known) -> Iterator[Expectation]:
        for node in nodes:
            if not node.is_named:
                continue
            yield from self.node(node, known)
            if self.ends(node):
                return
            if (branch := _bare(node)).type in _IFS and self._leaves(branch):
                known = known.under(f"unless it left at {known.plain(_field(branch, 'condition'))[:200]}")
            elif known.deep is not None:
                known = known.put(self._values(node, known))

    def _values(self, node: Node, known: Known) -> dict[str, str]:
        found = ((name, known.plain(value)) for name, value in self.dialect.locals(node))
        return {name: value for name, value in found if len(value) <= _LONG}

    def _if(self, node: Node, known: Known) -> Iterator[Expectation]:
        condition = _field(node, "condition")
        yield from self.node(condition, known)
        yield from self.node(_field(node, "consequence"), known.under(f"if {known.plain(condition)[:300]}"))
        if (other := node.child_by_field_name("alternative")) is not None:
            yield from self.node(other, known.under(f"if not {known.plain(condition)[:300]}"))

    def _loop(self, node: Node, known: Known) -> Iterator[Expectation]:
        body = node.child_by_field_name("body")
        head = [child for child in node.named_children if child != body]
        over = next((child for child in head if child.type == "range_clause"), node)
        values = over.child_by_field_name("right") or over.child_by_field_name("value")
        rows = literal_rows(values)
        for row in rows:  # a list that stands there may grow: each of its values counts by itself
            yield Expectation("loop", "case", known.plain(row), "", known.around)
        told = [child for child in (head if over is node else over.named_children) if not rows or child != values]
        condition = " ".join(known.plain(child) for child in told)[:2000]
        yield from self._sequence([] if body is None else [body], known.under(f"for {condition}"))

    def _try(self, node: Node, known: Known) -> Iterator[Expectation]:
        handlers = [child for child in node.named_children if child.type == "catch_clause"]
        handler = node.child_by_field_name("handler")
        handlers += [handler] if handler is not None and handler not in handlers else []
        swallowed = any(not self._fails(handler) for handler in handlers)
        body = node.child_by_field_name("body")
        for child in node.named_children:
            if child == body:
                yield from self.node(child, known.under("unless an error is swallowed" if swallowed else ""))
            elif child in handlers:
                yield from self.node(child, known.under("on an error"))
            else:
                yield from self.node(child, known)

    def _fails(self, handler: Node) -> bool:
        """Whether a handler lets the test fail all the same: it throws again, or says so."""
        text = plain(handler)
        return "throw " in text or "fail(" in text

    def _call(self, node: Node, known: Known) -> Iterator[Expectation]:
        name = called(node)
        helper = known.functions.get(name.rpartition(".")[2]) if name.count(".") <= 1 else None
        if helper is not None and known.deep is not None and known.deep < _DEEP:
            yield from self._followed(helper, node, known)
            return
        if helper is not None:
            yield Expectation(known.plain(node), "calls", around=known.around)
        for child in node.children:
            for part in child.children if child.type in {"arguments", "argument_list"} else [child]:
                if part.type in _FUNCTIONS:
                    runs = name.rpartition(".")[2] in self.dialect.runs or self.dialect.subtest(part)
                    yield from self._body(
                        part, known.under("" if runs else f"in {known.plain(node.children[0])[:200]}")
                    )
                elif part.is_named:
                    yield from self.node(part, known)

    def _followed(self, helper: Node, call: Node, known: Known) -> Iterator[Expectation]:
        given = [known.plain(argument) for argument in arguments(call)]
        values = dict(zip(self.dialect.parameters(helper), given, strict=False))
        functions = {name: node for name, node in known.functions.items() if node != helper}
        assert known.deep is not None
        inner = replace(known, functions=functions, values=values, deep=known.deep + 1)
        yield from self._body(helper, inner)

    def ends(self, node: Node) -> bool:
        """Whether nothing after this statement is reached."""
        node = _bare(node)
        return node.type in _ENDS or (node.type in _CALLS and self.dialect.leaves(node))

    def _leaves(self, node: Node) -> bool:
        """Whether an `if` can end what it stands in, without the test having failed before."""
        for name in ("consequence", "alternative"):
            branch = node.child_by_field_name(name)
            while branch is not None and branch.type in _BLOCKS:
                branch = next((child for child in reversed(branch.named_children) if "comment" not in child.type), None)
            last = branch
            if last is not None and _bare(last).type != "throw_statement" and self.ends(last):
                return True
        return False


def _may_run(function: Node) -> bool:
    """Whether a function that stands by itself is named anywhere but where it is made."""
    name = word(_named(function))
    if not name.isidentifier():
        return True
    top = function
    while top.parent is not None and top.parent.parent is not None:
        top = top.parent
    return len(re.findall(rf"\b{name}\b", word(top))) > 1


def _named(function: Node) -> Node | None:
    """The name that a function has or is given."""
    holder = function.parent
    if holder is not None and holder.type == "expression_list":
        holder = holder.parent
    places = [function.child_by_field_name("name")]
    places += [] if holder is None else map(holder.child_by_field_name, ("name", "left", "pattern"))
    return next((place for place in places if place is not None), None)


def literal_rows(values: Node | None) -> list[Node]:
    """The elements of a list that is written out."""
    if values is not None and values.type == "composite_literal":
        values = values.child_by_field_name("body")
    if values is None or values.type not in {"array", "literal_value", "array_expression"}:
        return []
    return [node for node in values.named_children if "comment" not in node.type]


def _bare(node: Node) -> Node:
    """A statement's expression."""
    return node.named_children[0] if node.type == "expression_statement" and node.named_children else node


def _field(node: Node, name: str) -> Node:
    return node.child_by_field_name(name) or node


@once
def called(node: Node) -> str:
    """What a call calls, in dots: it.each, t.Run, expect. Empty for what has no plain name."""
    if node.type == "method_invocation":
        owner = node.child_by_field_name("object")
        own = word(node.child_by_field_name("name"))
        return f"{word(owner)}.{own}" if owner is not None and owner.type == "identifier" else own
    function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    names: list[str] = []
    while function is not None:
        if function.type in {"member_expression", "selector_expression", "field_expression"}:
            names.append(word(function.child_by_field_name("property") or function.child_by_field_name("field")))
            function = (
                function.child_by_field_name("object")
                or function.child_by_field_name("operand")
                or (function.child_by_field_name("value"))
            )
        elif function.type in {"identifier", "this", "self", "super"}:
            names.append(word(function))
            break
        else:
            break
    return ".".join(reversed(names))


@once
def arguments(call: Node) -> list[Node]:
    given = call.child_by_field_name("arguments")
    return [] if given is None else [node for node in given.named_children if "comment" not in node.type]


def of_condition(node: Node, known: Known, negated: bool = False) -> Iterator[Part]:
    """Every part of a condition that has to hold: subject, relation, value."""
    if node.type == "parenthesized_expression" and len(node.named_children) == 1:
        yield from of_condition(node.named_children[0], known, negated)
        return
    operator = word(node.child_by_field_name("operator")) or (word(node.children[0]) if node.children else "")
    if node.type == "unary_expression" and operator == "!":
        yield from of_condition(node.named_children[-1], known, not negated)
    elif node.type == "binary_expression":
        left, right = _field(node, "left"), _field(node, "right")
        if operator == ("||" if negated else "&&"):
            yield from of_condition(left, known, negated)
            yield from of_condition(right, known, negated)
        elif operator in _NEGATED:
            yield compared(known.plain(left), _NEGATED[operator] if negated else operator, known.plain(right))
        else:
            yield known.plain(node), "falsy" if negated else "truthy", ""
    else:
        yield known.plain(node), "falsy" if negated else "truthy", ""


_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def compared(left: str, relation: str, right: str) -> Part:
    """A comparison with its value on the right, whichever way round it is written."""
    relation = _SAME.get(relation, relation)
    if relation in _MIRRORED:
        turned = literal(left) and not literal(right)
        if turned or (relation in {"==", "!="} and literal(left) == literal(right) and left > right):
            left, relation, right = right, _MIRRORED[relation], left
    if relation == "!=" and right in {"null", "nil", "undefined"}:
        return left, "defined", ""
    return left, relation, right


def literal(text: str) -> bool:
    """Whether a piece of source is a plain value."""
    return (
        text[:1] in {'"', "'", "`", "-"} or text[:1].isdigit() or text in {"true", "false", "null", "nil", "undefined"}
    )


def expectation(part: Part, known: Known, detail: str = "", slack: float | None = None) -> Expectation:
    subject, relation, value = part
    return Expectation(subject, relation, value, detail, known.around, slack)

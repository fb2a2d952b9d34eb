"""Reads tests of Go by structure: the testing package, its tables and subtests, and testify."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from loopwright.checks.suites import hollow_text
from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.shape import (
    Dialect,
    Found,
    Known,
    arguments,
    called,
    compared,
    expectation,
    expectations,
    of_condition,
)
from loopwright.checks.suites.suite import FILE, Case, Marks, Suite, whole_file
from loopwright.checks.suites.syntax import Node, below, plain, with_named, word

_FAILS = frozenset({"Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"})
_SKIPS = frozenset({"Skip", "Skipf", "SkipNow"})
_TESTED_BY = frozenset({"t", "b", "f", "tb", "tt", "c", "s"})
_OWNERS = frozenset({"assert", "require", "is", "qt", "must"})
_FOUND_BY_NAME = re.compile(r"(?:Test|Fuzz|Benchmark|Example)(?![a-z])\w*")
_RELATIONS = {
    **dict.fromkeys(("Equal", "EqualValues", "Exactly", "JSONEq", "DeepEqual"), "=="),
    **{"NotEqual": "!=", "Greater": ">", "GreaterOrEqual": ">=", "Less": "<", "LessOrEqual": "<="},
    **dict.fromkeys(("True", "Truef"), "truthy"),
    **{"False": "falsy", "NotNil": "defined", "NotEmpty": "truthy", "Empty": "falsy", "NotZero": "truthy"},
    **{"ErrorIs": "error is", "EqualError": "error is", "ErrorContains": "error contains", "Error": "defined"},
    **{"Contains": "contains", "Len": "length", "IsType": "type", "Regexp": "matches", "ElementsMatch": "same items"},
    **{"InDelta": "approx", "InEpsilon": "approx", "Panics": "raises", "PanicsWithValue": "raises"},
}
_NO_VALUE = frozenset({"True", "False", "NotNil", "NotEmpty", "Empty", "NotZero", "Error", "Panics"})
_EXPECTED_FIRST = frozenset({"Equal", "EqualValues", "Exactly", "JSONEq", "NotEqual", "IsType", "InDelta", "InEpsilon"})
_NAMES = frozenset({"name", "desc", "description", "testname", "title"})


def read(root: Node) -> Suite:
    """The tests of a source file. A build tag counts as a skip: it is what takes a file out of a plain `go test`."""
    functions = {word(node.child_by_field_name("name")): node for node in root.named_children if _is_function(node)}
    helpers = {name: node for name, node in functions.items() if not _FOUND_BY_NAME.match(name) and _asks(node)}
    known = Known(helpers)
    tables = _tables(root)
    cases = {name: _case(name, node, known, tables) for name, node in functions.items()}
    tags = sum(_is_tag(node) for node in root.children)
    mutes = {name: ends for name in ("TestMain", "init") if (ends := _ends(functions.get(name)))}
    whole = functools.partial(_whole, root)
    return Suite({**cases, FILE: whole_file(tags)}, mutes, whole)


def _whole(root: Node) -> str:
    left_out = {"import_declaration", "package_clause"}
    return " ".join(plain(child) for child in root.children if child.type not in left_out)


def _ends(function: Node | None) -> str:
    """How a function that runs before all tests can end them without running them, or hide how they went; `` when it
    hands on what they say, whatever else it sets up."""
    if function is None:
        return ""
    exits = [at for at in below(function) if at.type == "return_statement" or _called(at) == "os.Exit"]
    handed_on = all("m.Run()" in plain(at) or re.search(r"os\.Exit\([A-Za-z_]", plain(at)) for at in exits)
    runs = re.search(r"\bm\.Run\(\)|\(m\)", plain(function)) or word(function.child_by_field_name("name")) == "init"
    return "" if handed_on and runs else "; ".join(["ends", *sorted(map(plain, exits))])


def _called(node: Node) -> str:
    return called(node) if node.type == "call_expression" else ""


def _is_function(node: Node) -> bool:
    return node.type in {"function_declaration", "method_declaration"}


def _is_tag(node: Node) -> bool:
    return node.type == "comment" and word(node).startswith(("//go:build", "// +build"))


def _asks(node: Node) -> bool:
    return bool(re.search(r"\b\w{1,3}\.(?:Error|Fatal|Fail)|\b(?:assert|require)\.", plain(node)))


def _case(name: str, node: Node, known: Known, tables: Mapping[str, Node]) -> Case:
    body = node.child_by_field_name("body") or node
    known = replace(known, functions={key: other for key, other in known.functions.items() if other is not node})
    is_test = bool(_FOUND_BY_NAME.fullmatch(name)) and node.type == "function_declaration"
    is_test = is_test or (node.type == "method_declaration" and name.startswith("Test"))  # testify's suites
    source = with_named(word(node), tables)
    measured = not is_test or name.startswith(("Benchmark", "Example", "Fuzz"))
    return Case(
        name,
        is_test,
        source,
        written=lambda: _with_rows(expectations(body, DIALECT, known), body, tables),
        deep=lambda: _with_rows(expectations(body, DIALECT, replace(known, deep=0)), body, tables),
        marked=functools.partial(_marks, body),
        printed=functools.partial(plain, body),
        idling=lambda case: "" if measured or case.marks.skips else hollow_text.of(case.asserts, plain(body)),
        line=node.line,
        followed=name in known.functions,
    )


def _with_rows(asked: Counter[Expectation], body: Node, tables: Mapping[str, Node]) -> Counter[Expectation]:
    return asked + Counter(_rows(body, tables)) if asked else asked


def _marks(body: Node) -> Marks:
    skips = sum(called(call).rpartition(".")[2] in _SKIPS or called(call) == "testing.Short" for call in _calls(body))
    return Marks(skips)


def _calls(node: Node) -> Iterator[Node]:
    return (at for at in below(node) if at.type == "call_expression")


# ---------------------------------------------------------------- tables


def _tables(root: Node) -> dict[str, Node]:
    """Slices and maps of the file's own variables."""
    found: dict[str, Node] = {}
    stack = [node for node in root.named_children if node.type == "var_declaration"]
    while stack:
        node = stack.pop()
        if node.type == "var_spec":
            found |= {name: value for name, value in _pairs(node, "name", "value") if value.type == "composite_literal"}
        else:
            stack.extend(node.named_children)
    return found


def _pairs(node: Node, left: str, right: str) -> Iterator[tuple[str, Node]]:
    names, values = node.child_by_field_name(left), node.child_by_field_name(right)
    ones = [] if names is None else names.named_children if names.type == "expression_list" else [names]
    others = [] if values is None else values.named_children if values.type == "expression_list" else [values]
    if len(ones) == len(others):
        yield from ((word(one), other) for one, other in zip(ones, others, strict=True) if one.type == "identifier")


def _rows(body: Node, tables: Mapping[str, Node]) -> Iterator[Expectation]:
    """Every row of each table that the test goes through counts like an assert; how it is called doesn't."""
    local = dict(tables)
    stack = [body]
    while stack:
        node = stack.pop()
        if node.type in {"short_var_declaration", "assignment_statement"}:
            local.update(_pairs(node, "left", "right"))
        elif node.type == "var_spec":
            local.update(_pairs(node, "name", "value"))
        elif node.type == "range_clause":
            over = node.child_by_field_name("right")
            table = local.get(word(over)) if over is not None and over.type == "identifier" else None
            yield from (Expectation("row", "case", row) for row in _elements(table))
        stack.extend(reversed(node.named_children))


def _elements(table: Node | None) -> list[str]:
    value = table.child_by_field_name("body") if table is not None and table.type == "composite_literal" else None
    return [] if value is None else [_row(child) for child in value.named_children if child.type != "comment"]


def _row(element: Node) -> str:
    """A row's source without its name."""
    inner = element
    while inner.type == "literal_element" and inner.named_children:
        inner = inner.named_children[0]
    if inner.type != "literal_value":
        return plain(element)
    fields = (plain(child) for child in inner.named_children if child.type != "comment")
    return ", ".join(field for field in fields if field.partition(":")[0].lower() not in _NAMES)


# ---------------------------------------------------------------- asserts


def _asserts(node: Node, known: Known) -> Found | None:
    if node.type == "if_statement" and (failing := _failing(node)) is not None:
        return _of_if(node, failing, known)
    if node.type != "call_expression":
        return None
    owner, _, method = called(node).rpartition(".")
    if owner in _TESTED_BY and method in _FAILS:
        return Found([Expectation("the test", "fails here", "", "", known.around)])
    if owner in _OWNERS or (owner in _TESTED_BY and method in _RELATIONS):
        return Found([_of_testify(method.removesuffix("f"), node, known)])
    return None


def _failing(node: Node) -> Node | None:
    """The statement that fails the test, where an `if` is there for that: it is an assert turned round."""
    consequence = node.child_by_field_name("consequence")
    statements = _statements(consequence)
    for statement in statements:
        call = statement.named_children[0] if statement.type == "expression_statement" else statement
        owner, _, method = called(call).rpartition(".") if call.type == "call_expression" else ("", "", "")
        if owner in _TESTED_BY and method in _FAILS:
            return statement
    return None


def _statements(block: Node | None) -> Sequence[Node]:
    if block is None:
        return []
    children = [child for child in block.named_children if child.type != "comment"]
    return children[0].named_children if len(children) == 1 and children[0].type == "statement_list" else children


def _of_if(node: Node, failing: Node, known: Known) -> Found:
    condition = node.child_by_field_name("condition")
    given = node.child_by_field_name("initializer")
    values = {} if given is None else {name: known.plain(value) for name, value in _locals(given)}
    if given is not None and not values:  # `_, err := f()`: several names for one call
        values = {name: f"{known.plain(call)}.{name}" for name, call in _several(given)}
    inner = known.put(values)
    found = [] if condition is None else [expectation(p, known) for p in of_condition(condition, inner, negated=True)]
    others = [statement for statement in _statements(node.child_by_field_name("consequence")) if statement != failing]
    alternative = node.child_by_field_name("alternative")
    return Found(found, [*others, *([alternative] if alternative is not None else [])])


def _several(node: Node) -> Iterator[tuple[str, Node]]:
    names, values = node.child_by_field_name("left"), node.child_by_field_name("right")
    if names is not None and values is not None and len(values.named_children) == 1:
        yield from ((word(name), values.named_children[0]) for name in names.named_children)


def _of_testify(method: str, call: Node, known: Known) -> Expectation:
    given = arguments(call)
    if given and word(given[0]) in {*_TESTED_BY, "s.T()", "t.T()"}:
        given = given[1:]
    words = [known.plain(argument) for argument in given]
    relation = _RELATIONS.get(method)
    if method in {"NoError", "Nil", "Zero"}:
        return Expectation(words[0] if words else "", "==", "0" if method == "Zero" else "nil", "", known.around)
    if relation is None:
        return Expectation(", ".join(words[:2]), method, "", "", known.around)
    if method in _NO_VALUE:
        part = (
            next(of_condition(given[0], known, relation == "falsy"), ("", "", ""))
            if method in {"True", "False"}
            else (words[0] if words else "", relation, "")
        )
        return expectation(part, known)
    one, other = (*words, "", "")[:2]
    one, other = (other, one) if method in _EXPECTED_FIRST else (one, other)
    if relation in {"==", "!="}:
        one, relation, other = compared(one, relation, other)
    return Expectation(one, relation, other, "", known.around, _slack(words) if relation == "approx" else None)


def _slack(words: list[str]) -> float | None:
    try:
        return float(words[2]) if len(words) > 2 else None
    except ValueError:
        return None


def _locals(node: Node) -> Iterator[tuple[str, Node]]:
    if node.type == "short_var_declaration":
        yield from _pairs(node, "left", "right")
    elif node.type == "var_declaration":
        for child in node.named_children:
            yield from _pairs(child, "name", "value")


def _never_returns(call: Node) -> bool:
    owner, _, method = called(call).rpartition(".")
    return (owner in _TESTED_BY and method in _SKIPS) or (owner, method) == ("os", "Exit")


def _parameters(function: Node) -> list[str]:
    given = function.child_by_field_name("parameters")
    found = [] if given is None else given.named_children
    return [word(name) for part in found for name in part.children_by_field_name("name")]


def _subtest(function: Node) -> bool:
    given = function.child_by_field_name("parameters")
    return given is not None and "*testing." in plain(given)


DIALECT = Dialect(
    _asserts, _locals, _never_returns, frozenset({"Run", "Fuzz", "RunParallel", "Cleanup", "Do"}), _parameters, _subtest
)

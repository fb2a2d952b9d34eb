"""Which calls of JavaScript declare a test or a suite, and over which tables, in any of its runners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.shape import Known, arguments, called
from loopwright.checks.suites.syntax import Node, plain, word

FUNCTIONS = frozenset({"function_expression", "arrow_function", "function_declaration", "generator_function"})

_TESTS = frozenset({"it", "test", "specify", "fit", "xit", "xtest"})
_SUITES = frozenset({"describe", "context", "suite", "fdescribe", "xdescribe", "xcontext"})
_OWNERS = frozenset({"t", "Deno", "QUnit", "tap", "suite"})
_OFF = frozenset({"skip", "todo", "failing", "fails", "skipIf", "runIf", "retryTimes", "retries", "retry"})


@dataclass(frozen=True)
class Declared:
    """A call that declares a test or a suite."""

    words: tuple[str, ...]  # it, each
    title: str
    body: Node | None
    table: Node | None
    node: Node

    @property
    def content(self) -> Node | None:
        """The statements of its body, or the one expression that it is."""
        return None if self.body is None else self.body.child_by_field_name("body") or self.body

    @property
    def is_test(self) -> bool:
        return self.words[0] in _TESTS

    @property
    def skips(self) -> int:
        off = sum(one in _OFF for one in self.words[1:]) + self.words[0].startswith("x")
        return off + sum(_option(argument) for argument in arguments(self.node) if argument.type == "object")

    @property
    def only(self) -> str:
        return ".".join(self.words) if "only" in self.words or self.words[0] in {"fit", "fdescribe"} else ""


def _option(options: Node) -> int:
    pairs = (plain(pair).partition(":") for pair in options.named_children if pair.type == "pair")
    return sum(name in {"skip", "todo", "retry", "retries"} and value not in {"false", "0"} for name, _, value in pairs)


def declared(node: Node) -> Declared | None:
    """The test or suite that a call declares; None for any other node."""
    if node.type != "call_expression":
        return None
    function, table = node.child_by_field_name("function"), None
    name = called(node)
    if function is not None and function.type == "call_expression":  # it.each(table)("name", ...)
        name, table = called(function), function.child_by_field_name("arguments")
        if not name.endswith((".each", ".for", ".skipIf", ".runIf")):
            return None
    words = name.split(".")
    words = words[1:] if len(words) > 1 and words[0] in _OWNERS else words
    given = arguments(node)
    if not words or words[0] not in _TESTS | _SUITES or not given:
        return None
    body = next((argument for argument in given if argument.type in FUNCTIONS), None)
    named = given[0].type in {"string", "template_string", "identifier", "member_expression", "binary_expression"}
    if not named or (body is None and not {"todo", "skip"} & set(words)):
        return None
    return Declared(tuple(words), plain(given[0]).strip("\"'`"), body, table, node)


def seconds(call: Declared, known: Known) -> Counter[Expectation]:
    """The time that a test has, where it says so."""
    found: Counter[Expectation] = Counter()
    for argument in arguments(call.node)[1:]:
        pairs = (
            [argument] if argument.type == "number" else argument.named_children if argument.type == "object" else []
        )
        for pair in pairs:
            name, _, value = plain(pair).rpartition(":")
            if name in {"", "timeout"} and (name or argument.type == "number"):
                found[Expectation("the test's time", "<=", value.replace("_", ""))] += 1
    return found


# ---------------------------------------------------------------- tables


def loop_rows(node: Node, arrays: Mapping[str, Node]) -> Iterator[Expectation]:
    """The values of a literal list that tests are declared over."""
    over: Node | None = None
    if node.type == "for_in_statement":
        over = node.child_by_field_name("right")
    elif node.type == "call_expression" and (called(node).endswith("forEach") or _each_of_list(node)):
        over = (node.child_by_field_name("function") or node).child_by_field_name("object")
    for row in rows(over, arrays):
        yield Expectation("loop", "case", row)


def _each_of_list(node: Node) -> bool:
    function = node.child_by_field_name("function")
    return function is not None and word(function.child_by_field_name("property")) in {"forEach", "map"}


def bound(function: Node, row: Node) -> dict[str, str]:
    """The names of a test's parameters with the values of one row."""
    names = parameters(function)
    if row.type == "array":
        return dict(zip(names, (plain(value) for value in row.named_children), strict=False))
    if row.type == "object" and names[:1] and names[0].startswith("{"):
        pairs = (plain(pair).partition(":") for pair in row.named_children if pair.type == "pair")
        return {name: value for name, _, value in pairs}
    return {names[0]: plain(row)} if names else {}


def row_nodes(table: Node | None, arrays: Mapping[str, Node]) -> list[Node]:
    if table is not None and table.type == "arguments":
        table = table.named_children[0] if table.named_children else None
    table = _unwrapped(table)
    if table is not None and table.type == "identifier":
        table = arrays.get(word(table))
    if table is None or table.type not in {"array", "template_string"}:
        return []
    return [node for node in table.named_children if node.type not in {"comment", "string_fragment"}]


def _unwrapped(node: Node | None) -> Node | None:
    """A value without the types that TypeScript puts around it."""
    while node is not None and node.type in {"as_expression", "satisfies_expression", "parenthesized_expression"}:
        node = node.named_children[0]
    return node


def rows(table: Node | None, arrays: Mapping[str, Node]) -> list[str]:
    """The rows of a table of tests as source."""
    return [plain(row) for row in row_nodes(table, arrays)]


def parameters(function: Node) -> list[str]:
    given = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    if given is None:
        return []
    if given.type == "identifier":
        return [word(given)]
    return [word(child.child_by_field_name("pattern") or child) for child in given.named_children]


def array(node: Node) -> Node | None:
    """The list that a declaration gives a name to."""
    value = _unwrapped(node.child_by_field_name("value")) if node.type == "variable_declarator" else None
    return value if value is not None and value.type == "array" else None

"""Reads tests of JavaScript and TypeScript by structure: jest, vitest, mocha, node:test, tap, ava."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from loopwright.checks.suites import hollow_text
from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.javascript_asserts import asserts
from loopwright.checks.suites.shape import Dialect, Found, Known, TooMuch, arguments, called, expectations
from loopwright.checks.suites.suite import FILE, Case, Suite, joined
from loopwright.checks.suites.syntax import Node, plain, word

_TESTS = frozenset({"it", "test", "specify", "fit", "xit", "xtest"})
_SUITES = frozenset({"describe", "context", "suite", "fdescribe", "xdescribe", "xcontext"})
_OWNERS = frozenset({"t", "Deno", "QUnit", "tap", "suite"})
_OFF = frozenset({"skip", "todo", "failing", "fails", "skipIf", "runIf", "retryTimes", "retries", "retry"})
_FUNCTIONS = frozenset({"function_expression", "arrow_function", "function_declaration", "generator_function"})
_RUNS = frozenset({"then", "act", "waitFor", "step", "finally", "run", "doesNotThrow", "forEach", "resolve", "Promise"})
_DOUBLES = frozenset({"mock", "doMock", "spyOn", "stub", "replace", "unstable_mockModule"})


@dataclass(frozen=True)
class _Call:
    """A call that declares a test or a suite."""

    words: tuple[str, ...]  # it, each
    title: str
    body: Node | None
    table: Node | None
    node: Node

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


def read(root: Node) -> Suite:
    """The tests of a source file."""
    found = _Found(_helpers(root), _arrays(root))
    found.visit(root, _Where())
    mutes = {name: str(count) for name, count in found.mutes.items()}
    rest = " ".join(plain(child) for child in root.children if not _imports(child))
    return Suite(found.cases(root), mutes, rest)


@dataclass(frozen=True)
class _Where:
    """The suites and loops that a test stands in."""

    prefix: str = ""
    skips: int = 0
    rows: tuple[Expectation, ...] = ()


@dataclass
class _Found:
    helpers: Mapping[str, Node]
    arrays: Mapping[str, Node]
    tests: dict[str, Case] = field(default_factory=dict)
    mutes: Counter[str] = field(default_factory=Counter)

    def visit(self, node: Node, where: _Where) -> None:
        """All tests below a node, those in suites and loops, too."""
        call = declared(node)
        if call is not None:
            self._declared(call, where)
            return
        if node.type == "if_statement":
            where = replace(where, skips=where.skips + 1)
        where = replace(where, rows=(*where.rows, *self._loop(node)))
        if node.type == "call_expression" and called(node) == "process.exit":
            self.mutes["process.exit"] += 1
        for child in node.named_children:
            self.visit(child, where)

    def _declared(self, call: _Call, where: _Where) -> None:
        if call.only:
            self.mutes[call.only] += 1
        name = f"{where.prefix}{call.title}"
        skips = where.skips + call.skips
        rows = (*where.rows, *(Expectation("each", "case", row) for row in _rows(call.table, self.arrays)))
        if call.is_test:
            case = self._case(name, call, skips, rows)
            self.tests[name] = joined(self.tests[name], case) if name in self.tests else case
        if call.body is not None:
            inner = _Where(f"{name} > ", skips, () if call.is_test else rows)
            for child in call.body.named_children:
                self.visit(child, inner)

    def _case(self, name: str, call: _Call, skips: int, rows: tuple[Expectation, ...]) -> Case:
        scope = Known({key: node for key, node in self.helpers.items() if node != call.body})
        found = Counter(rows)
        doubles: frozenset[str] = frozenset()
        if call.body is not None:
            found += expectations(call.body.child_by_field_name("body") or call.body, DIALECT, scope)
            skips += _skipping(call.body)
            doubles = frozenset(_doubles(call.body))
        return Case(
            name,
            True,
            "" if call.body is None else plain(call.body) + ("" if call.table is None else plain(call.table)),
            found + _seconds(call, scope),
            skips,
            doubles=doubles,
            line=call.node.line,
            hollow=""
            if call.body is None or skips or _has_tests(call.body)
            else hollow_text.of(found, plain(call.body)),
            deeper=functools.cache(functools.partial(_meant, call, scope, rows, self.arrays)),
        )

    def _loop(self, node: Node) -> Iterator[Expectation]:
        """The values of a literal list that tests are declared over."""
        over: Node | None = None
        if node.type == "for_in_statement":
            over = node.child_by_field_name("right")
        elif (node.type == "call_expression" and called(node).endswith("forEach")) or _each_of_list(node):
            over = (node.child_by_field_name("function") or node).child_by_field_name("object")
        for row in _rows(over, self.arrays):
            yield Expectation("loop", "case", row)

    def cases(self, root: Node) -> dict[str, Case]:
        helpers = {name: self._helper(name, node) for name, node in self.helpers.items()}
        top = expectations(root, replace(DIALECT, asserts=_loose), Known(self.helpers))
        doubles = frozenset(_mocked_imports(root))
        whole = Case(FILE, False, "", top, _skipping(root, tests=False), doubles=doubles)
        return {**helpers, **self.tests, FILE: whole}

    def _helper(self, name: str, node: Node) -> Case:
        found = expectations(node.child_by_field_name("body") or node, DIALECT, Known())
        return Case(name, False, plain(node), found, _skipping(node), followed=True, line=node.line)


def _each_of_list(node: Node) -> bool:
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    return function is not None and word(function.child_by_field_name("property")) in {"forEach", "map"}


def declared(node: Node) -> _Call | None:
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
    body = next((argument for argument in given if argument.type in _FUNCTIONS), None)
    named = given[0].type in {"string", "template_string", "identifier", "member_expression", "binary_expression"}
    if not named or (body is None and not {"todo", "skip"} & set(words)):
        return None
    return _Call(tuple(words), plain(given[0]).strip("\"'`"), body, table, node)


def _asserts(node: Node, known: Known) -> Found | None:
    """As `asserts`, but tests inside of tests are cases of their own."""
    return Found(()) if declared(node) is not None else asserts(node, known)


def _loose(node: Node, known: Known) -> Found | None:
    """For what is in no function: the suites' own statements, and not the helpers, which are cases."""
    call = declared(node)
    if call is not None:
        return Found((), () if call.is_test or call.body is None else [call.body])
    return Found(()) if node.type in _FUNCTIONS and _name(node) else asserts(node, known)


def _locals(node: Node) -> Iterator[tuple[str, Node]]:
    if node.type == "lexical_declaration" and word(node.children[0]) == "const":
        for declarator in node.named_children:
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if name is not None and name.type == "identifier" and value is not None and value.type not in _FUNCTIONS:
                yield word(name), value


def _parameters(function: Node) -> list[str]:
    given = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    if given is None:
        return []
    if given.type == "identifier":
        return [word(given)]
    return [word(child.child_by_field_name("pattern") or child) for child in given.named_children]


def _never_returns(call: Node) -> bool:
    return called(call) in {"process.exit", "t.skip", "this.skip", "ctx.skip", "context.skip"}


DIALECT = Dialect(_asserts, _locals, _never_returns, _RUNS, _parameters)


def _meant(
    call: _Call, known: Known, rows: tuple[Expectation, ...], arrays: Mapping[str, Node]
) -> Counter[Expectation] | None:
    """What a test insists on with the values of its table put in."""
    if call.body is None:
        return None
    body = call.body.child_by_field_name("body") or call.body
    tables = [_bound(call.body, row) for row in _row_nodes(call.table, arrays)]
    put_in = bool(tables) and all(tables) and len(tables) <= 200
    found = Counter(rows[: len(rows) - len(tables)] if put_in else rows)
    try:
        for values in tables if put_in else [{}]:
            found += expectations(body, DIALECT, replace(known, values=values, deep=0))
    except (TooMuch, RecursionError):
        return None
    return found + _seconds(call, known)


def _bound(function: Node, row: Node) -> dict[str, str]:
    """The names of a test's parameters with the values of one row."""
    names = _parameters(function)
    if row.type == "array":
        return dict(zip(names, (plain(value) for value in row.named_children), strict=False))
    if row.type == "object" and names[:1] and names[0].startswith("{"):
        pairs = (plain(pair).partition(":") for pair in row.named_children if pair.type == "pair")
        return {name: value for name, _, value in pairs}
    return {names[0]: plain(row)} if names else {}


def _row_nodes(table: Node | None, arrays: Mapping[str, Node]) -> list[Node]:
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


def _rows(table: Node | None, arrays: Mapping[str, Node]) -> list[str]:
    """The rows of a table of tests as source."""
    return [plain(row) for row in _row_nodes(table, arrays)]


def _seconds(call: _Call, known: Known) -> Counter[Expectation]:
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


def _helpers(root: Node) -> dict[str, Node]:
    """Functions of the file, outside of tests, that assert."""
    found: dict[str, Node] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        if (
            node.type in _FUNCTIONS
            and (name := _name(node))
            and any(mark in plain(node) for mark in ("expect", "assert"))
        ):
            found[name] = node
        elif (call := declared(node)) is None or not call.is_test:
            stack.extend(node.named_children)
    return found


def _name(function: Node) -> str:
    own = function.child_by_field_name("name")
    if own is None and function.parent is not None and function.parent.type == "variable_declarator":
        own = function.parent.child_by_field_name("name")
    return word(own)


def _arrays(root: Node) -> dict[str, Node]:
    """Lists with a name, at any depth: tables of tests."""
    found: dict[str, Node] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        value = _unwrapped(node.child_by_field_name("value")) if node.type == "variable_declarator" else None
        if value is not None and value.type == "array":
            found[word(node.child_by_field_name("name"))] = value
        stack.extend(node.named_children)
    return found


def _calls(node: Node, tests: bool = True) -> Iterator[Node]:
    stack = [node]
    while stack:
        at = stack.pop()
        if at.type == "call_expression":
            call = declared(at)
            if call is not None and call.is_test and (not tests or at != node):
                continue
            yield at
        stack.extend(at.named_children)


def _has_tests(node: Node) -> bool:
    stack = list(node.named_children)
    while stack:
        at = stack.pop()
        if declared(at) is not None:
            return True
        stack.extend(at.named_children)
    return False


def _skipping(node: Node, tests: bool = True) -> int:
    calls = (called(call).split(".") for call in _calls(node, tests))
    return sum(len(words) > 1 and words[-1] in {"skip", "todo", "retryTimes", "retries"} for words in calls)


def _doubles(node: Node) -> Iterator[str]:
    for call in _calls(node):
        words, given = called(call).split("."), arguments(call)
        if (
            words[-1] in _DOUBLES
            and len(words) > 1
            and given
            and words[0] in {"jest", "vi", "sinon", "td", "mock", "t"}
        ):
            yield ".".join(plain(argument).strip("\"'`") for argument in given[:2] if argument.type not in _FUNCTIONS)


def _mocked_imports(root: Node) -> Iterator[str]:
    """Names that a file imports from modules which it replaces as a whole."""
    mocked = {target for child in root.named_children for target in _doubles(child)}
    for child in root.named_children:
        if child.type == "import_statement" and word(child.child_by_field_name("source")).strip("\"'") in mocked:
            yield from (plain(leaf) for leaf in _identifiers(child))


def _identifiers(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        at = stack.pop()
        if at.type == "identifier":
            yield at
        stack.extend(at.named_children)


def _imports(node: Node) -> bool:
    return node.type == "import_statement" or (
        node.type in {"lexical_declaration", "variable_declaration"} and "require(" in plain(node)
    )

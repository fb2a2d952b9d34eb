"""Reads tests of JavaScript and TypeScript by structure: jest, vitest, mocha, node:test, tap, ava."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from loopwright.checks.suites import hollow_text
from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.javascript_asserts import asserts
from loopwright.checks.suites.javascript_declared import (
    FUNCTIONS,
    Declared,
    array,
    bound,
    declared,
    loop_rows,
    parameters,
    row_nodes,
    rows,
    seconds,
)
from loopwright.checks.suites.javascript_doubles import doubles, mocked_imports, skipping
from loopwright.checks.suites.shape import Dialect, Found, Known, called, expectations
from loopwright.checks.suites.suite import FILE, Case, Marks, Suite, by_name
from loopwright.checks.suites.syntax import Node, below, plain, with_named, word

_RUNS = frozenset({"then", "act", "waitFor", "step", "finally", "run", "doesNotThrow", "forEach", "resolve", "Promise"})
_MAY_DECLARE = re.compile(rb"\b(?:it|test|specify|describe|context|suite|[fx](?:it|test|describe|context)|process)\b")


def read(root: Node) -> Suite:
    """The tests of a source file."""
    found = _Found(_helpers(root), _arrays(root))
    found.visit(root, _Where())
    mutes = {name: str(count) for name, count in found.mutes.items()}
    return Suite(found.cases(root), mutes, functools.partial(_whole, root))


def _whole(root: Node) -> str:
    return " ".join(plain(child) for child in root.children if not _imports(child))


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
    tests: list[Case] = field(default_factory=list)
    mutes: Counter[str] = field(default_factory=Counter)
    outermost: list[Node] = field(default_factory=list)  # the tests that stand in no other

    def visit(self, node: Node, where: _Where) -> None:
        """All tests below a node, those in suites and loops, too."""
        if node.type == "call_expression":
            if (call := declared(node)) is not None:
                self._declared(call, where)
                return
            self.mutes.update(["process.exit"] if called(node) == "process.exit" else [])
        elif node.type == "if_statement":
            where = replace(where, skips=where.skips + 1)
        if node.type in {"for_in_statement", "call_expression"}:
            where = replace(where, rows=(*where.rows, *loop_rows(node, self.arrays)))
        for child in node.named_children:
            self.visit(child, where)

    def _declared(self, call: Declared, where: _Where) -> None:
        self.mutes.update([call.only] if call.only else [])
        name = f"{where.prefix}{call.title}"
        skips = where.skips + call.skips
        over = (*where.rows, *(Expectation("each", "case", row) for row in rows(call.table, self.arrays)))
        if call.is_test:
            self.tests.append(self._case(name, call, skips, over))
            self.outermost.append(call.node)
        if call.body is None or not _MAY_DECLARE.search(call.body.source, call.body.start, call.body.end):
            return
        for child in call.body.named_children:
            self.visit(child, _Where(f"{name} > ", skips, () if call.is_test else over))

    def _case(self, name: str, call: Declared, skips: int, over: Sequence[Expectation]) -> Case:
        known = Known({key: node for key, node in self.helpers.items() if node is not call.body})
        source = "\n".join([str(skips), with_named(word(call.node), self.arrays), *map(str, over)])
        return Case(
            name,
            True,
            source,
            written=functools.partial(_written, call, known, over),
            deep=functools.partial(_meant, call, known, over, self.arrays),
            marked=functools.partial(_marks, call, skips),
            printed=functools.partial(_printed, call),
            idling=functools.partial(_idle, call),
            line=call.node.line,
        )

    def cases(self, root: Node) -> dict[str, Case]:
        helpers = {name: _helper(name, node) for name, node in self.helpers.items()}
        source = _outside(root, [*self.outermost, *self.helpers.values()])
        top = Case(
            FILE,
            False,
            source,
            functools.partial(_written_loose, root, self.helpers),
            marked=lambda: _loose_marks(root),
        )
        return {**helpers, **by_name(self.tests), FILE: top}


def _written(call: Declared, known: Known, over: Sequence[Expectation]) -> Counter[Expectation]:
    inside = Counter[Expectation]() if call.content is None else expectations(call.content, DIALECT, known)
    return Counter(over) + inside + seconds(call, known)


def _marks(call: Declared, skips: int) -> Marks:
    if call.body is None:
        return Marks(skips)
    return Marks(skips + skipping(call.body), doubles=frozenset(doubles(call.body)))


def _printed(call: Declared) -> str:
    return "" if call.body is None else plain(call.body) + ("" if call.table is None else plain(call.table))


def _idle(call: Declared, case: Case) -> str:
    if call.body is None or case.marks.skips or any(declared(inner) is not None for inner in below(call.body)):
        return ""
    return hollow_text.of(Counter(e for e in case.asserts if e.subject != "the test's time"), plain(call.body))


def _helper(name: str, node: Node) -> Case:
    return Case(
        name,
        False,
        word(node),
        written=lambda: expectations(node.child_by_field_name("body") or node, DIALECT, Known()),
        marked=lambda: Marks(skipping(node)),
        printed=functools.partial(plain, node),
        line=node.line,
        followed=True,
    )


def _written_loose(root: Node, helpers: Mapping[str, Node]) -> Counter[Expectation]:
    """What stands in no function."""
    return expectations(root, replace(DIALECT, asserts=_loose), Known(helpers))


def _loose_marks(root: Node) -> Marks:
    return Marks(skipping(root), doubles=frozenset(mocked_imports(root)))


def _outside(root: Node, inside: Sequence[Node]) -> str:
    """The text of a file without that of some of its nodes."""
    pieces, at = [], 0
    for node in sorted(inside, key=lambda node: (node.start, -node.end)):
        if node.start >= at:
            pieces.append(root.source[at : node.start].strip())
            at = node.end
    return b"\n".join([*pieces, root.source[at:].strip()]).decode("utf-8", "replace")


def _asserts(node: Node, known: Known) -> Found | None:
    """As `asserts`, but tests inside of tests are cases of their own."""
    return Found(()) if declared(node) is not None else asserts(node, known)


def _loose(node: Node, known: Known) -> Found | None:
    """For what is in no function: the suites' own statements, and not the helpers, which are cases."""
    call = declared(node)
    if call is not None:
        return Found((), () if call.is_test or call.body is None else [call.body])
    return Found(()) if node.type in FUNCTIONS and _name(node) else asserts(node, known)


def _locals(node: Node) -> Iterator[tuple[str, Node]]:
    if node.type == "lexical_declaration" and word(node.children[0]) == "const":
        for declarator in node.named_children:
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if name is not None and name.type == "identifier" and value is not None and value.type not in FUNCTIONS:
                yield word(name), value


def _never_returns(call: Node) -> bool:
    return called(call) in {"process.exit", "t.skip", "this.skip", "ctx.skip", "context.skip"}


DIALECT = Dialect(_asserts, _locals, _never_returns, _RUNS, parameters)


def _meant(
    call: Declared, known: Known, over: Sequence[Expectation], arrays: Mapping[str, Node]
) -> Counter[Expectation]:
    """What a test insists on with the values of its table put in."""
    if call.body is None or call.content is None:
        return Counter(over) + seconds(call, known)
    tables = [bound(call.body, row) for row in row_nodes(call.table, arrays)]
    put_in = bool(tables) and all(tables) and len(tables) <= 200
    found = Counter(over[: len(over) - len(tables)] if put_in else over)
    for values in tables if put_in else [{}]:
        found.update(expectations(call.content, DIALECT, replace(known, values=values, deep=0)))
    return found + seconds(call, known)


def _helpers(root: Node) -> dict[str, Node]:
    """Functions of the file, outside of tests, that assert."""
    found: dict[str, Node] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        if (
            node.type in FUNCTIONS
            and (name := _name(node))
            and any(mark in word(node) for mark in ("expect", "assert"))
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
    found = ((node, array(node)) for node in below(root))
    return {word(node.child_by_field_name("name")): value for node, value in found if value is not None}


def _imports(node: Node) -> bool:
    return node.type == "import_statement" or (
        node.type in {"lexical_declaration", "variable_declaration"} and "require(" in plain(node)
    )

"""Reads tests of Java by structure: JUnit, TestNG, AssertJ, Hamcrest, Mockito."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from loopwright.checks.suites import hollow_text
from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.shape import (
    Dialect,
    Found,
    Known,
    arguments,
    compared,
    expectation,
    expectations,
    literal,
    of_condition,
)
from loopwright.checks.suites.suite import FILE, Case, Marks, Suite, whole_file
from loopwright.checks.suites.syntax import Node, plain, word

_TESTS = frozenset({"Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "TestTemplate", "Property"})
_SKIPS = ("Disabled", "Ignore", "EnabledIf", "EnabledOn", "RetryingTest", "Flaky", "Retry")
_ROWS = frozenset({"CsvSource", "ValueSource", "MethodSource", "EnumSource", "CsvFileSource", "ArgumentsSource"})
_RELATIONS = {
    **dict.fromkeys(("assertEquals", "assertSame", "assertArrayEquals", "assertIterableEquals"), "=="),
    **dict.fromkeys(("assertLinesMatch", "isEqualTo", "isSameAs", "containsExactly", "isEqualByComparingTo"), "=="),
    **{"assertNotEquals": "!=", "assertNotSame": "!=", "isNotEqualTo": "!=", "assertNotNull": "defined"},
    **{"isNotNull": "defined", "isPresent": "defined", "assertInstanceOf": "type", "isInstanceOf": "type"},
    **{"isGreaterThan": ">", "isGreaterThanOrEqualTo": ">=", "isLessThan": "<", "isLessThanOrEqualTo": "<="},
    **{"contains": "contains", "hasSize": "length", "isCloseTo": "approx", "matches": "matches"},
}
_THROWS = frozenset({"assertThrows", "assertThrowsExactly", "assertThatThrownBy", "assertThatExceptionOfType"})
_ASSUMES = ("assumeTrue(", "assumeFalse(", "assumeThat(")
_FUNCTIONS = frozenset({"lambda_expression", "method_reference"})


def read(root: Node) -> Suite:
    """The tests of a source file."""
    found = _Found()
    found.members(root, "", 0)
    helpers = {name: place.node for name, place in found.helpers.items()}
    cases = {name: _case(name, place, Known(helpers)) for name, place in found.places.items()}
    return Suite({**cases, FILE: whole_file(found.skips)}, {}, functools.partial(_whole, root))


def _whole(root: Node) -> str:
    left_out = {"import_declaration", "package_declaration"}
    return " ".join(plain(child) for child in root.children if child.type not in left_out)


@dataclass(frozen=True)
class _Place:
    node: Node
    marks: Sequence[Node]
    skips: int

    @property
    def is_test(self) -> bool:
        name, static = word(self.node.child_by_field_name("name")), "static" in _modifiers(self.node)
        marked = any(_mark(mark) in _TESTS for mark in self.marks)
        return marked or (name.startswith("test") and not static and "private" not in _modifiers(self.node))


@dataclass
class _Found:
    places: dict[str, _Place] = field(default_factory=dict)
    helpers: dict[str, _Place] = field(default_factory=dict)
    skips: int = 0

    def members(self, node: Node, prefix: str, skips: int) -> None:
        """The methods of all classes below a node."""
        for child in node.named_children:
            marks = _marks(child)
            off = sum(_skips(mark) for mark in marks)
            if child.type in {"class_declaration", "record_declaration", "interface_declaration"}:
                self.skips += off
                body = child.child_by_field_name("body")
                name = f"{prefix}{word(child.child_by_field_name('name'))}."
                self.members(body or child, name, skips)
            elif child.type == "method_declaration":
                self._method(child, _Place(child, marks, off), prefix)

    def _method(self, node: Node, place: _Place, prefix: str) -> None:
        name = word(node.child_by_field_name("name"))
        text = plain(node)
        key = prefix + name
        while key in self.places:  # overloads
            key += "'"
        self.places[key] = place
        if not place.is_test and ("assert" in text or "verify" in text or "fail(" in text):
            self.helpers[name] = place


def _marks(node: Node) -> list[Node]:
    modifiers = next((child for child in node.children if child.type == "modifiers"), None)
    found = [] if modifiers is None else modifiers.named_children
    return [mark for mark in found if mark.type in {"annotation", "marker_annotation"}]


def _modifiers(node: Node) -> str:
    return next((plain(child) for child in node.children if child.type == "modifiers"), "")


def _mark(mark: Node) -> str:
    return word(mark.child_by_field_name("name")).rpartition(".")[2]


def _skips(mark: Node) -> int:
    return _mark(mark).startswith(_SKIPS) or "enabled=false" in plain(mark) or "invocationCount=0" in plain(mark)


def _case(name: str, place: _Place, known: Known) -> Case:
    body = place.node.child_by_field_name("body") or place.node
    known = replace(known, functions={key: node for key, node in known.functions.items() if node is not place.node})
    source = f"{place.skips} {word(place.node)}"
    return Case(
        name,
        place.is_test,
        source,
        written=lambda: expectations(body, DIALECT, known) + _of_marks(place),
        deep=lambda: expectations(body, DIALECT, replace(known, deep=0)) + _of_marks(place),
        marked=lambda: Marks(place.skips + sum(plain(body).count(word) for word in _ASSUMES)),
        printed=lambda: plain(body) + "".join(map(plain, place.marks)),
        idling=lambda case: "" if case.marks.skips else hollow_text.of(case.asserts, plain(body)),
        line=place.node.line,
        followed=word(place.node.child_by_field_name("name")) in known.functions,
    )


def _of_marks(place: _Place) -> Counter[Expectation]:
    return Counter(expectation for mark in place.marks for expectation in _of_mark(mark))


def _of_mark(mark: Node) -> Iterator[Expectation]:
    """`expected = X.class`, a timeout, and the rows of a parametrized test."""
    name, given = _mark(mark), mark.child_by_field_name("arguments")
    if given is None:
        return
    if name in _ROWS:
        yield from (Expectation("the test", "case", row) for row in _rows(given))
    for pair in given.named_children:
        key, _, value = plain(pair).partition("=")
        if key == "expected" or key == "expectedExceptions":
            yield Expectation("the test", "raises", value)
        elif key == "timeout" or (name == "Timeout" and key in {"value", plain(pair)}):
            yield Expectation("the test's time", "<=", (value or key).rstrip("Ll"))


def _rows(given: Node) -> Iterator[str]:
    """Every element of an annotation's lists; what is no list as it stands."""
    for pair in given.named_children:
        value = pair.child_by_field_name("value") or pair
        if value.type == "element_value_array_initializer":
            yield from (plain(child) for child in value.named_children if "comment" not in child.type)
        elif value.type == "text_block" or word(value).startswith('"""'):
            yield from (line.strip() for line in word(value).strip('"').splitlines() if line.strip())
        else:
            yield plain(pair)


# ---------------------------------------------------------------- asserts


def _asserts(node: Node, known: Known) -> Found | None:
    if node.type == "assert_statement" and node.named_children:
        return Found([expectation(part, known) for part in of_condition(node.named_children[0], known)])
    if node.type != "method_invocation":
        return None
    root, links = _chain(node)
    name = word(root.child_by_field_name("name"))
    if name.startswith(("assertThat", "then", "verify")) and (links or len(arguments(root)) < 2 or name == "verify"):
        return Found(list(_fluent(root, name, links, known)), _functions(root) if name != "verify" else ())
    if name.startswith("assert") and not links:
        return _asserted(name, root, known)
    if name == "fail" and root.child_by_field_name("object") is None:
        return Found([Expectation("the test", "fails here", "", "", known.around)])
    return _asserted(name, root, known) if name in _THROWS else None


def _chain(node: Node) -> tuple[Node, list[Node]]:
    """`assertThat(x).isNotNull().isEqualTo(1)`: its first call, and those that follow."""
    calls: list[Node] = []
    at: Node | None = node
    while at is not None and at.type == "method_invocation":
        calls.append(at)
        at = at.child_by_field_name("object")
    starts = [i for i, call in enumerate(calls) if _starts(call)]
    if not starts:
        return node, []
    return calls[starts[-1]], calls[: starts[-1]][::-1]


def _starts(call: Node) -> bool:
    return word(call.child_by_field_name("name")).startswith(("assert", "verify", "then", "fail"))


def _fluent(root: Node, name: str, links: list[Node], known: Known) -> Iterator[Expectation]:
    subject = ", ".join(known.plain(argument) for argument in arguments(root))
    if name == "verify":
        first = arguments(root)[:1]
        mock = known.plain(first[0]) if first else ""
        times = ", ".join(known.plain(argument) for argument in arguments(root)[1:])
        call = "".join(f".{_text(link, known)}" for link in links)
        yield Expectation(f"{mock}{call}", "called with", times, "", known.around)
        return
    for link in links:
        method = word(link.child_by_field_name("name"))
        if method in {"as", "describedAs", "withFailMessage", "overridingErrorMessage"}:
            continue
        given = ", ".join(known.plain(argument) for argument in arguments(link))
        yield Expectation(subject, *_related(method, given), "", known.around)


def _text(link: Node, known: Known) -> str:
    return f"{word(link.child_by_field_name('name'))}({', '.join(map(known.plain, arguments(link)))})"


def _related(method: str, given: str) -> tuple[str, str]:
    fixed = {"isNull": ("==", "null"), "isTrue": ("truthy", ""), "isFalse": ("falsy", "")}
    return fixed.get(method, (_RELATIONS.get(method, method), given))


def _functions(call: Node) -> list[Node]:
    return [
        argument.child_by_field_name("body") or argument for argument in arguments(call) if argument.type in _FUNCTIONS
    ]


def _asserted(name: str, call: Node, known: Known) -> Found:
    given = arguments(call)
    if name == "assertAll" or name.startswith("assertTimeout"):
        return Found([], _functions(call))
    if name in _THROWS and len(given) > 1:
        body = given[1].child_by_field_name("body") or given[1]
        return Found([Expectation(known.plain(body).strip("{}"), "raises", known.plain(given[0]), "", known.around)])
    if name in {"assertTrue", "assertFalse"} and given:
        what = given[-1] if given[0].type == "string_literal" and len(given) > 1 else given[0]
        return Found([expectation(part, known) for part in of_condition(what, known, name == "assertFalse")])
    words = [known.plain(node) for node in given]
    needed = 1 if name in {"assertNull", "assertNotNull"} else 2
    if len(words) > needed and words[0][:1] == '"' and (needed == 1 or words[-1][:1] != '"'):
        words = words[1:]  # JUnit 4 has the message first
    if name in {"assertNull", "assertNotNull"}:
        value = ("==", "null") if name == "assertNull" else ("defined", "")
        return Found([Expectation((*words, "")[0], *value, "", known.around)])
    return Found([_of_two(name, words, known)])


def _of_two(name: str, words: list[str], known: Known) -> Expectation:
    relation = _RELATIONS.get(name)
    expected, actual = (*words, "", "")[:2]
    if relation is None:
        return Expectation(", ".join(words), name, "", "", known.around)
    slack = _number(words[2]) if len(words) > 2 and relation == "==" and literal(words[2]) else None
    if slack is not None:
        return Expectation(actual, "approx", expected, "", known.around, slack)
    one, relation, other = compared(actual, relation, expected)
    return Expectation(one, relation, other, "", known.around)


def _number(text: str) -> float | None:
    try:
        return float(text.rstrip("fFdD"))
    except ValueError:
        return None


def _locals(node: Node) -> Iterator[tuple[str, Node]]:
    if node.type == "local_variable_declaration":
        for declarator in node.children_by_field_name("declarator"):
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if name is not None and value is not None:
                yield word(name), value


def _never_returns(call: Node) -> bool:
    return plain(call).startswith("System.exit(")


def _parameters(function: Node) -> list[str]:
    given = function.child_by_field_name("parameters")
    found = [] if given is None else given.named_children
    return [word(part.child_by_field_name("name")) for part in found]


DIALECT = Dialect(
    _asserts, _locals, _never_returns, frozenset({"forEach", "assertAll", "assertDoesNotThrow"}), _parameters
)

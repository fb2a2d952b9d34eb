"""Reads tests of Rust by structure, in files of their own or inside of the source that they test."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from loopwright.checks.suites import hollow_text
from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.shape import Dialect, Found, Known, compared, expectations
from loopwright.checks.suites.suite import FILE, Case, Marks, Suite, whole_file
from loopwright.checks.suites.syntax import Node, plain, word

_TEST = re.compile(r"(?:\w+::)*(?:test|rstest|test_case|wasm_bindgen_test|quickcheck|tokio_test|test_log)\b")
_NEVER = re.compile(r"ignore\b|cfg\((?:any\(\)|not\(test\)|FALSE|false)\)|cfg_attr\(.*\bignore\b")
_OF_TWO = {"assert_eq": "==", "assert_ne": "!=", "assert_relative_eq": "approx", "assert_abs_diff_eq": "approx"}
_COMPARE = frozenset({"==", "!=", "<", ">", "<=", ">="})


def read(root: Node) -> Suite:
    """The tests of a source file, with the helpers that assert in its test modules, or in a file that is all tests."""
    found = _Found()
    found.items(root, "", False, 0)
    whole = any(child.type == "function_item" and child in found.marked for child in root.children)
    functions = {name: place for name, place in found.places.items() if place.is_test or place.in_tests or whole}
    helpers = {place.name: place.node for place in functions.values() if not place.is_test and _asks(place.node)}
    cases = {name: _case(name, place, Known(helpers)) for name, place in functions.items()}
    return Suite({**cases, FILE: whole_file(found.skips)}, {}, functools.partial(_whole, root))


def _whole(root: Node) -> str:
    return " ".join(plain(child) for child in root.children if not _imports(child))


@dataclass(frozen=True)
class _Place:
    name: str
    node: Node
    marks: Sequence[str]
    in_tests: bool
    skips: int

    @property
    def is_test(self) -> bool:
        return any(_TEST.match(mark) for mark in self.marks)


@dataclass
class _Found:
    places: dict[str, _Place] = field(default_factory=dict)
    marked: list[Node] = field(default_factory=list)
    skips: int = 0

    def items(self, node: Node, prefix: str, in_tests: bool, skips: int) -> None:
        """Functions of a file or module, each with the attributes before it."""
        marks: list[str] = []
        for child in node.named_children:
            if child.type in {"attribute_item", "inner_attribute_item"}:
                marks.append(plain(child).lstrip("#!").removeprefix("[").removesuffix("]"))
                if child.type == "inner_attribute_item":
                    self.skips += bool(_NEVER.match(marks.pop()))
                continue
            if "comment" in child.type:
                continue
            self._item(child, marks, prefix, in_tests, skips)
            marks = []

    def _item(self, child: Node, marks: list[str], prefix: str, in_tests: bool, skips: int) -> None:
        name = word(child.child_by_field_name("name"))
        off = skips + sum(bool(_NEVER.match(mark)) for mark in marks)
        if child.type == "function_item":
            place = _Place(name, child, tuple(marks), in_tests, off)
            self.places[prefix + name] = place
            self.marked += [child] if place.is_test else []
        elif child.type == "mod_item" and (body := child.child_by_field_name("body")) is not None:
            tests = in_tests or any("test" in mark and mark.startswith("cfg") for mark in marks)
            self.items(body, f"{prefix}{name}::", tests, off)
        elif child.type in {"impl_item", "trait_item"} and (body := child.child_by_field_name("body")) is not None:
            self.items(body, f"{prefix}{word(child.child_by_field_name('type')) or name}::", in_tests, off)


def _asks(node: Node) -> bool:
    return "assert" in plain(node) or "panic!" in plain(node)


def _imports(node: Node) -> bool:
    outside = node.type == "mod_item" and node.child_by_field_name("body") is None
    return outside or node.type in {"use_declaration", "extern_crate_declaration"}


def _case(name: str, place: _Place, known: Known) -> Case:
    body = place.node.child_by_field_name("body") or place.node
    known = replace(known, functions={key: node for key, node in known.functions.items() if node is not place.node})
    source = "\n".join([*place.marks, str(place.skips), word(place.node)])
    may_fail = place.skips or any(mark.startswith("should_panic") for mark in place.marks)
    return Case(
        name,
        place.is_test,
        source,
        written=lambda: expectations(body, DIALECT, known) + Counter(_of_marks(place.marks)),
        deep=functools.partial(_meant, place, body, known),
        marked=lambda: Marks(place.skips),
        printed=lambda: plain(body) + "".join(place.marks),
        idling=lambda case: "" if may_fail else hollow_text.of(case.asserts, plain(body)),
        line=place.node.line,
        followed=place.name in known.functions,
    )


def _of_marks(marks: Sequence[str]) -> Iterator[Expectation]:
    """`#[should_panic]`, and the rows of `#[case(...)]` and `#[test_case(...)]`."""
    for mark in marks:
        name, _, given = mark.partition("(")
        if name.startswith("should_panic"):
            asked = re.search(r'expected="(.*?)"', mark)
            yield Expectation("the test", "raises", asked[1] if asked else "panic")
        elif name.rpartition("::")[2] in {"case", "test_case", "values"}:
            yield Expectation("the test", "case", given.removesuffix(")").partition(";")[0])


def _meant(place: _Place, body: Node, known: Known) -> Counter[Expectation]:
    marks = Counter(_of_marks(place.marks))
    rows = [e for e in marks.elements() if e.relation == "case"]
    parameters = _parameters(place.node)
    tables = [dict(zip(parameters, _split(row.value), strict=False)) for row in rows]
    found = Counter({e: count for e, count in marks.items() if e.relation != "case"})
    for values in tables or [{}]:
        found.update(expectations(body, DIALECT, replace(known, values=values, deep=0)))
    return found


def _split(text: str) -> list[str]:
    """Arguments at the commas that stand in no bracket or string."""
    found, depth, at = [], 0, 0
    for match in re.finditer(r'"(?:\\.|[^"\\])*+"|[()\[\]{},]', text):
        mark = match[0]
        depth += (mark in "([{") - (mark in ")]}")
        if mark == "," and depth == 0:
            found.append(text[at : match.start()])
            at = match.end()
    return [part.strip() for part in (*found, text[at:]) if part.strip()]


# ---------------------------------------------------------------- asserts


def _asserts(node: Node, known: Known) -> Found | None:
    if node.type != "macro_invocation":
        return None
    name = word(node.child_by_field_name("macro")).rpartition("::")[2].removeprefix("debug_").removeprefix("prop_")
    tokens = next((child for child in node.children if child.type == "token_tree"), None)
    if tokens is None or not ("assert" in name or name in {"panic", "unreachable", "bail"}):
        return None
    if name in {"panic", "unreachable", "bail"}:
        return Found([Expectation("the test", "fails here", "", "", known.around)])
    given = _given(tokens, known)
    if name in _OF_TWO and len(given) > 1:
        one, relation, other = compared(_joined(given[0]), _OF_TWO[name], _joined(given[1]))
        return Found([Expectation(one, relation, other, "", known.around)])
    if name == "assert" and given:
        return Found(list(_of_tokens(given[0], known)))
    return Found([Expectation(", ".join(map(_joined, given)), f"{name}!", "", "", known.around)])


def _given(tokens: Node, known: Known) -> list[list[str]]:
    """A macro's arguments, each as the pieces that stand in no bracket of their own."""
    found: list[list[str]] = [[]]
    for child in tokens.children[1:-1]:
        piece = known.plain(child)
        if piece == ",":
            found.append([])
        elif piece:
            found[-1].append(piece)
    return [pieces for pieces in found if pieces]


def _joined(pieces: Sequence[str]) -> str:
    out = ""
    for piece in pieces:
        glue = out[-1:].isalnum() or out[-1:] == "_"
        out += f" {piece}" if glue and (piece[:1].isalnum() or piece[:1] == "_") else piece
    return out


def _of_tokens(pieces: list[str], known: Known) -> Iterator[Expectation]:
    """The parts of `assert!(a && b == c)`, which Rust's grammar sees as tokens only."""
    if "&&" in pieces and "||" not in pieces:
        at = pieces.index("&&")
        yield from _of_tokens(pieces[:at], known)
        yield from _of_tokens(pieces[at + 1 :], known)
        return
    operators = [piece for piece in pieces if piece in _COMPARE]
    if len(operators) == 1 and "||" not in pieces:
        at = pieces.index(operators[0])
        one, relation, other = compared(_joined(pieces[:at]), operators[0], _joined(pieces[at + 1 :]))
        yield Expectation(one, relation, other, "", known.around)
    elif pieces[:1] == ["!"] and "||" not in pieces:
        yield Expectation(_joined(pieces[1:]), "falsy", "", "", known.around)
    elif pieces[:2] == ["matches", "!"]:
        subject, _, pattern = _joined(pieces[2:])[1:-1].partition(",")
        yield Expectation(subject, "matches", pattern, "", known.around)
    else:
        yield Expectation(_joined(pieces), "truthy", "", "", known.around)


def _locals(node: Node) -> Iterator[tuple[str, Node]]:
    if node.type == "let_declaration" and not any(child.type == "mutable_specifier" for child in node.children):
        name, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
        if name is not None and name.type == "identifier" and value is not None:
            yield word(name), value


def _never_returns(call: Node) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and plain(function).endswith("process::exit")


def _parameters(function: Node) -> list[str]:
    given = function.child_by_field_name("parameters")
    found = [] if given is None else given.named_children
    return [word(part.child_by_field_name("pattern")) for part in found if part.type == "parameter"]


DIALECT = Dialect(_asserts, _locals, _never_returns, frozenset({"block_on", "spawn", "scope", "run"}), _parameters)

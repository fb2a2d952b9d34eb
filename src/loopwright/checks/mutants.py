"""Small changes of Python code that a good test notices: each makes one expression of given lines mean another thing.

Pure: source and line numbers in, sources out. Whoever runs tests on them bounds time and number.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
_CALCULATED: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "*",
    ast.Pow: "*",
    ast.LShift: ">>",
    ast.RShift: "<<",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.BitXor: "&",
}


_CONDITIONS = (ast.If, ast.IfExp, ast.Compare, ast.BoolOp, ast.UnaryOp)
_HARMFUL = re.compile(
    r"\b(?:rmtree|unlink|rmdir|removedirs|truncate|subprocess|Popen|killpg|shutil)\b|\bos\.(?:remove|system|kill|exec\w*)\b"
)


@dataclass(frozen=True, slots=True)
class _Edit:
    """Bytes of a source, from `start` to `end`, and what stands in their place."""

    line: int
    change: str
    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the line that it stands in, what it does, and the whole new source."""

    line: int
    change: str
    source: str


def mutants(source: str, lines: Iterable[int] | None = None) -> Iterator[Mutant]:
    """The mutants of these lines (None: all), in the order of the source; none where it doesn't parse.

    Docstrings, annotations, imports and what only runs for a type checker are left alone: no test could notice.
    """
    try:
        tree = ast.parse(source)
        wanted = None if lines is None else frozenset(lines)
        text = _Text(source)
        for node in list(_nodes(tree)):
            if wanted is None or node.lineno in wanted:
                yield from (Mutant(edit.line, edit.change, text.with_edits([edit])) for edit in text.of(node))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return


def wrong_throughout(source: str) -> str | None:
    """The source with a mutant wherever its functions decide, calculate or return something, all at the same time; None
    where nothing can be made wrong. A test that passes on it, too, notices nothing of what the code does.

    Texts are left alone (most are for people), and so are `while` loops, which might never end then. In a file that
    deletes files or starts programs, conditions stay as they are: what they stand before may do harm.
    """
    try:
        tree, text = ast.parse(source), _Text(source)
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        careful = _HARMFUL.search(source) is not None
        taken: dict[int, _Edit] = {}
        for node in itertools.chain.from_iterable(map(_deciding, functions)):
            if not (careful and isinstance(node, _CONDITIONS)):
                edit = next(text.of(node), None)
                if edit is not None and not any(edit.start < e.end and e.start < edit.end for e in taken.values()):
                    taken.setdefault(edit.start, edit)
        return text.with_edits(taken.values()) if taken else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _deciding(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr | ast.stmt]:
    """The expressions and statements of a function's own body, without its texts and its `while` loops."""
    body = ast.Module(list(function.body), [])
    for node in _nodes(body, without=(ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield node


def _nodes(tree: ast.Module, without: tuple[type[ast.AST], ...] = ()) -> Iterator[ast.expr | ast.stmt]:
    """Expressions and statements that do something, from the top of the source to its end."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr | ast.Return | ast.AugAssign | ast.If | ast.While):
            yield node
        stack.extend(child for child in reversed(list(_children(node))) if not isinstance(child, without))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    left_out = {"annotation", "returns", "format_spec", "type_params"}
    if isinstance(node, ast.JoinedStr):
        return  # before Python 3.12 its parts have no true places
    for name, value in ast.iter_fields(node):
        if name in left_out or (name == "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _idle(child):
                yield child


def _idle(node: ast.AST) -> bool:
    """A docstring, an import, or a block for type checkers."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        return True
    return isinstance(node, ast.Import | ast.ImportFrom)


class _Text:
    """A source in bytes, as the places of the syntax tree count them."""

    def __init__(self, source: str) -> None:
        self.data = source.encode()
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def of(self, node: ast.expr | ast.stmt) -> Iterator[_Edit]:
        """What can be made of one node."""
        if isinstance(node, ast.Compare):
            yield from self._compare(node)
        elif isinstance(node, ast.BinOp) and type(node.op) in _CALCULATED and not _joins(node):
            yield self._between(node, node.left, node.right, _CALCULATED[type(node.op)], "calculates")
        elif isinstance(node, ast.AugAssign) and type(node.op) in _CALCULATED:
            yield self._between(node, node.target, node.value, f"{_CALCULATED[type(node.op)]}=", "calculates")
        elif isinstance(node, ast.BoolOp):
            word = "or" if isinstance(node.op, ast.And) else "and"
            yield self._between(node, node.values[0], node.values[1], word, "joins conditions")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield self._instead(node, self._at(node.operand), "drops `not`")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield self._instead(node, self._at(node.operand), "drops the sign")
        elif isinstance(node, ast.IfExp | ast.If | ast.While):
            yield self._instead(node.test, f"not ({self._at(node.test)})", "turns a condition round")
        elif isinstance(node, ast.Constant):
            yield from self._constant(node)
        elif isinstance(node, ast.Return) and node.value is not None:
            yield from self._return(node, node.value)

    def _compare(self, node: ast.Compare) -> Iterator[_Edit]:
        sides = (node.left, *node.comparators)
        for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
            for other in _COMPARED[type(op)]:
                yield self._between(node, left, right, other, "compares")

    def _constant(self, node: ast.Constant) -> Iterator[_Edit]:
        value = node.value
        if isinstance(value, bool):
            yield self._instead(node, str(not value), "turns a constant round")
        elif isinstance(value, int | float):
            yield self._instead(node, f"({value!r} + 1)", "adds one to a constant")
        elif isinstance(value, str):
            yield self._instead(node, '""' if value else '"mutant"', "changes a text")

    def _return(self, node: ast.Return, value: ast.expr) -> Iterator[_Edit]:
        if not (isinstance(value, ast.Constant) and value.value is None):
            yield self._instead(value, "None", "returns None")

    def _instead(self, node: ast.expr, new: str, change: str) -> _Edit:
        start, end = self._span(node)
        return self._mutant(node, start, end, new, change)

    def _between(self, node: ast.AST, left: ast.expr, right: ast.expr, new: str, change: str) -> _Edit:
        """With another operator between two operands; brackets around these stay where they are."""
        start, end = self._span(left)[1], self._span(right)[0]
        gap = self.data[start:end].decode()
        before, after = _brackets(gap)
        return self._mutant(left, start, end, f"{before} {new} {after}", f"{change} with `{new}`")

    def _mutant(self, node: ast.expr, start: int, end: int, new: str, change: str) -> _Edit:
        told = f"{change}: `{_short(self.data[start:end].decode())}` becomes `{_short(new)}`"
        return _Edit(node.lineno, told, start, end, new)

    def with_edits(self, edits: Iterable[_Edit]) -> str:
        """The source with some edits in it, none of which overlap."""
        data = self.data
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
            data = data[: edit.start] + edit.new.encode() + data[edit.end :]
        return data.decode()

    def _span(self, node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None, "a parsed node has an end"
        assert node.end_col_offset is not None
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset

    def _at(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self.data[start:end].decode()


def _joins(node: ast.BinOp) -> bool:
    """`"%s" % name` and `"a" + b`: with another operator this only raises, which every test notices."""
    return any(isinstance(side, ast.Constant | ast.JoinedStr) and not _number(side) for side in (node.left, node.right))


def _number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex)


def _brackets(gap: str) -> tuple[str, str]:
    """The closing brackets, comments and line ends after the left operand, and the opening ones before the right."""
    closing = gap[: gap.rfind(")") + 1]
    opening = gap[gap.index("(", len(closing)) :] if "(" in gap[len(closing) :] else ""
    return closing, opening


def _short(text: str) -> str:
    return " ".join(text.split())[:60]

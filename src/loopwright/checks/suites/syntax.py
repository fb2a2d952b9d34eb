"""Syntax trees in memory: what a grammar found as plain objects that are quick to walk, and source as it is compared.

A tree of tree-sitter's own is asked for each name and child by a foreign call, and most nodes are asked many times.
Copied once, at 0.7 µs a node, reading the tests of a file takes a fifth of the time.
"""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    import tree_sitter

_WHOLE = frozenset(
    {
        *("string", "template_string", "regex", "string_literal", "char_literal", "raw_string_literal"),
        *("interpreted_string_literal", "rune_literal", "character_literal", "text_block", "jsx_text"),
    }
)
_COMMENTS = frozenset({"comment", "line_comment", "block_comment", "html_comment"})
_CLOSING = frozenset({")", "]", "}", ">"})
_T = TypeVar("_T")
_NAMES = frozenset({"identifier", "shorthand_property_identifier"})


@dataclass(slots=True)
class _Words:
    """The tokens of a source in order, strings as one, without comments and what a formatter would change: a comma
    before a closing bracket, a semicolon and `await` (an async test checks what its like without checks) are empty."""

    texts: list[str] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)  # the types of those that are names, by place
    last: int = -1  # the place of the last that isn't empty

    def add(self, kind: str, text: str) -> None:
        last = self.texts[self.last] if self.last >= 0 else ""
        if (text in _CLOSING and last == ",") or (text == "await" and last == "."):
            self.texts[self.last] = ""
            self.last = next((at for at in range(self.last - 1, -1, -1) if self.texts[at]), -1)
        if text in {";", "await"}:
            text = ""
        if kind in _NAMES:
            self.names[len(self.texts)] = kind
        if text:
            self.last = len(self.texts)
        self.texts.append(text)

    def filled(self, first: int, last: int, values: Mapping[str, str]) -> str | None:
        """Some words with values in the place of names; None where no name has one."""
        names = [(at, kind) for at in range(first, last) if (kind := self.names.get(at)) and self.texts[at] in values]
        if not names:
            return None
        found = self.texts[first:last]
        for at, kind in names:
            value = values[self.texts[at]]
            found[at - first] = value if kind == "identifier" else f"{self.texts[at]}:{value}"
        return spaced(found)


class Node:
    """A piece of source. Two nodes are the same only where they are one object."""

    __slots__ = (
        *("children", "end", "field", "is_named", "source", "start", "type"),
        *("__weakref__", "_fields", "_first", "_last", "_named", "_parent", "_plain", "_told", "_words"),
    )

    def __init__(self, kind: str, is_named: bool, field: str | None, start: int, end: int, source: bytes) -> None:
        self.type = kind
        self.is_named = is_named
        self.field = field  # its name within its parent
        self.start, self.end, self.source = start, end, source
        self._parent: weakref.ref[Node] | None = None  # weak: a tree goes as soon as its root does
        self.children: list[Node] = []
        self._words: _Words | None = None  # of the whole file, or of one piece of a string
        self._first = self._last = 0  # which of these are its own
        self._fields: dict[str, Node] | None = None
        self._named: list[Node] | None = None
        self._plain: str | None = None
        self._told: dict[object, object] | None = None

    @property
    def line(self) -> int:
        return self.source.count(b"\n", 0, self.start) + 1

    @property
    def parent(self) -> Node | None:
        return None if self._parent is None else self._parent()

    @property
    def named_children(self) -> Sequence[Node]:
        if self._named is None:
            self._named = [child for child in self.children if child.is_named]
        return self._named

    def child_by_field_name(self, name: str) -> Node | None:
        """The first child of that name."""
        if self._fields is None:
            self._fields = {child.field: child for child in reversed(self.children) if child.field is not None}
        return self._fields.get(name)

    def children_by_field_name(self, name: str) -> list[Node]:
        return [child for child in self.children if child.field == name]

    def plain(self, values: Mapping[str, str] | None = None) -> str:
        """Its source without what a formatter would change; `values` for the names in it."""
        if self._words is None:
            _tell(self)
        assert self._words is not None
        if values and (found := self._words.filled(self._first, self._last, values)) is not None:
            return found
        if self._plain is None:
            self._plain = spaced(self._words.texts[self._first : self._last])
        return self._plain


def _tell(root: Node) -> None:
    """Take the words of a node and of all below it. What stands within a string is asked for by itself."""
    words = _Words()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            node._last = len(words.texts)
            continue
        node._words, node._first = words, len(words.texts)
        if node.type in _COMMENTS:
            node._last = node._first
        elif not node.children or (node.type in _WHOLE and node is not root):
            words.add(node.type, _word(node))
            node._last = len(words.texts)
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.children))


def grown(tree: tree_sitter.Tree, source: bytes) -> Node:
    """A copy of a whole tree."""
    cursor = tree.walk()
    root = _copied(cursor, source)
    above: list[tuple[Node, weakref.ref[Node]]] = []
    at = root
    while True:
        if cursor.goto_first_child():
            above.append((at, weakref.ref(at)))
        else:
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return root
                above.pop()
        at = _copied(cursor, source)
        parent, at._parent = above[-1]
        parent.children.append(at)


def _copied(cursor: tree_sitter.TreeCursor, source: bytes) -> Node:
    node = cursor.node
    assert node is not None
    return Node(sys.intern(node.type), node.is_named, cursor.field_name, node.start_byte, node.end_byte, source)


def once(tell: Callable[[Node], _T]) -> Callable[[Node], _T]:
    """Keeps what `tell` says of a node with the node."""

    def kept(node: Node) -> _T:
        if node._told is None:
            node._told = {}
        if tell not in node._told:
            node._told[tell] = tell(node)
        return cast(_T, node._told[tell])

    return kept


def plain(node: Node, values: Mapping[str, str] | None = None) -> str:
    """A node's source without comments, line ends and what a formatter would change; `values` for their names."""
    return node.plain(values)


def word(node: Node | None) -> str:
    """A node's own source."""
    return "" if node is None else node.source[node.start : node.end].decode("utf-8", "replace")


_WORD = re.compile(r"\w+")


def with_named(text: str, tables: Mapping[str, Node]) -> str:
    """A test's text with the file's tables that it names: together they say all that it holds."""
    named = set(_WORD.findall(text)) & tables.keys() if tables else ()
    return "\n".join([text, *(word(tables[name]) for name in sorted(named))])


def leaves(node: Node) -> Iterator[Node]:
    """The tokens of a node in order, strings as one, without comments."""
    stack = [node]
    while stack:
        at = stack.pop()
        if at.type in _COMMENTS:
            continue
        if not at.children or at.type in _WHOLE:
            yield at
        else:
            stack.extend(reversed(at.children))


def below(node: Node) -> Iterator[Node]:
    """A node and all named ones under it, from the last to the first."""
    stack = [node]
    while stack:
        at = stack.pop()
        yield at
        stack.extend(at.named_children)


def _word(leaf: Node) -> str:
    text = word(leaf)
    if leaf.type == "string" and text[:1] == "'" and '"' not in text and "\\" not in text:
        return f'"{text[1:-1]}"'
    return text if leaf.type in _WHOLE else text.strip()


def spaced(words: Sequence[str]) -> str:
    """Words as one text, with spaces only where two would else become one."""
    found: list[str] = []
    last = ""
    for one in words:
        if not one:
            continue
        if last and (last.isalnum() or last in "_$") and (one[0].isalnum() or one[0] in "_$"):
            found.append(" ")
        found.append(one)
        last = one[-1]
    return "".join(found)

"""The door to tree-sitter: source of JavaScript, TypeScript, Rust, Go and Java as syntax trees, within bounds.

Grammars are imported when a change has such a file, and not before. Where a grammar is missing, a text is too large
or too hard, or has errors (a grammar may be older than the language), there is no tree: both versions of the file are
then read by patterns. Bounds are counts and not seconds, so that the same change always gets the same verdict.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from loopwright.checks.suites.suite import Suite
from loopwright.checks.suites.syntax import Node, grown, leaves, word

if TYPE_CHECKING:
    from tree_sitter import Parser

_LARGEST = 1 << 18  # bytes: 0.3 s; what is larger is generated, or an attack
_STEPS_PER_KIB, _FIRST_STEPS = 60, 500  # of the parser; measured on honest code: 23, on `[{(` repeated: 44
_NODES = 400_000

_GRAMMARS = {
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "rust": ("tree_sitter_rust", "language"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
}
_SUFFIXES = {
    **dict.fromkeys(("js", "jsx", "mjs", "cjs"), "javascript"),
    **dict.fromkeys(("ts", "mts", "cts"), "typescript"),
    **{"tsx": "tsx", "rs": "rust", "go": "go", "java": "java"},
}
_READERS = {"typescript": "javascript", "tsx": "javascript"}  # of the same shape


def read_both(path: str, before: str | None, after: str | None) -> tuple[Suite | None, Suite | None] | None:
    """Both versions of a test file by structure; None where not both can be had so."""
    name = _SUFFIXES.get(path.rpartition(".")[2])
    if name is None:
        return None
    read = _reader(_READERS.get(name, name))
    try:
        pair = []
        for text in (before, after):
            root = None if text is None else parse(name, text)
            if text is not None and root is None:
                return None
            pair.append(None if root is None else read(root))
    except RecursionError:
        return None
    return pair[0], pair[1]


def known(path: str) -> bool:
    """Whether a file is of a language that is read by its tree."""
    return path.rpartition(".")[2] in _SUFFIXES


def tokens(path: str, text: str) -> list[str] | None:
    """What a source of such a language says, token by token and without comments; None where there is no tree."""
    root = parse(_SUFFIXES[path.rpartition(".")[2]], text)
    return None if root is None else [word(leaf) for leaf in leaves(root)]


def _reader(name: str) -> Callable[[Node], Suite]:
    read: Callable[[Node], Suite] = importlib.import_module(f"loopwright.checks.suites.{name}").read
    return read


def parse(language: str, text: str) -> Node | None:
    """The root of a text's tree; None where there is no grammar, or the text is too much for it, or has errors."""
    parser = _parser(language)
    data = text.encode("utf-8", "replace")
    if parser is None or len(data) > _LARGEST:
        return None
    left = _FIRST_STEPS + _STEPS_PER_KIB * len(data) // 1024

    def enough(_at: int, _error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    try:
        tree = parser.parse(lambda at, _point: data[at : at + 65536], progress_callback=enough)
    except ValueError:  # it was stopped
        parser.reset()
        return None
    root = tree.root_node
    return None if root.has_error or root.descendant_count > _NODES else grown(tree, data)


@functools.cache
def _parser(language: str) -> Parser | None:
    module, function = _GRAMMARS[language]
    try:
        from tree_sitter import Language, Parser

        return Parser(Language(getattr(importlib.import_module(module), function)()))
    except (ImportError, AttributeError, ValueError):  # not installed, or of another age than the library
        return None

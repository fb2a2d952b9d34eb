"""Reads YAML front matter: plain values, with the line and the written form of each. The one place that speaks YAML."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from loopwright.errors import Problem

if TYPE_CHECKING:
    from yaml.nodes import Node

_MAX_NODES = 5000  # what aliases may unfold to: nine lines of YAML can say a billion words
_MAX_DEPTH = 12
_QUOTE = "indent with spaces, and put quotes around a value that has ': ' or ' #' in it or begins with a sign"


class _TooFar(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class FrontMatter:
    """Front matter as plain values, with the line and the written form of each."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        self.lines: dict[str, int] = {}
        self.raw: dict[str, str] = {}
        self.problems: list[Problem] = []
        self._nodes = 0

    def read(self, text: str, forgiving: bool) -> None:
        """Fill in `values`, `lines`, `raw` and `problems` from the lines between the two `---`."""
        import yaml
        from yaml.nodes import MappingNode

        try:
            root = self._forgiving(text) if forgiving else _compose(text)
            if isinstance(root, MappingNode):
                self.values = self._mapping(root, "", 0)
            elif root is not None:
                self._say(2, "the front matter is not a list of fields", "write 'key: value' lines")
        except yaml.YAMLError as error:
            self._say(_error_line(error), f"the front matter does not parse: {_reason(error)}", _QUOTE)
        except _TooFar as error:
            self._say(error.line, "the front matter is too deep or unfolds too far", "simplify it")

    def _forgiving(self, text: str) -> Node | None:
        """The node tree, if need be after putting values with colons into quotes."""
        import yaml

        try:
            return _compose(text)
        except yaml.YAMLError as error:
            root = _compose(_quoted(text))
            self._say(_error_line(error), f"{_reason(error)}; read as if in quotes", _QUOTE, severity="warning")
            return root

    def _say(self, line: int, message: str, mend: str, rule: str = "front-matter", severity: str = "error") -> None:
        self.problems.append(Problem(self.path, line, rule, message, mend, severity))

    def _value(self, node: Node, where: str, depth: int) -> Any:
        from yaml.nodes import MappingNode, SequenceNode

        line = node.start_mark.line + 2
        self.lines.setdefault(where, line)
        self._nodes += 1
        if self._nodes > _MAX_NODES or depth > _MAX_DEPTH:
            raise _TooFar(line)
        if isinstance(node, MappingNode):
            return self._mapping(node, where, depth)
        if isinstance(node, SequenceNode):
            return [self._value(item, _dotted(where, i), depth + 1) for i, item in enumerate(node.value)]
        self.raw[where] = node.value
        return _scalar(node)

    def _mapping(self, node: Node, where: str, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 2
            if not isinstance(key.value, str):
                self._say(line, "a field's name is not a word", "write 'key: value' lines")
                continue
            if key.value in values:
                self._say(line, f"'{key.value}' is there twice", "keep one of them", "duplicate-key")
                continue
            name = _dotted(where, key.value)
            self.lines[name] = line
            values[key.value] = self._value(value, name, depth + 1)
        return values


def _dotted(where: str, name: object) -> str:
    return f"{where}.{name}" if where else str(name)


def _compose(text: str) -> Node | None:
    """The node tree. Depth is counted first: 60,000 opening brackets crash the interpreter in `compose`."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is 12 times as fast, where it is there
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise _TooFar(event.start_mark.line + 2 if event.start_mark else 2)
    node: Node | None = yaml.compose(text, Loader=loader)
    return node


def _scalar(node: Node) -> Any:
    """A scalar as JSON knows it. Dates and everything else that YAML would make of a word stay words."""
    import yaml

    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind not in ("bool", "int", "float"):
        return str(node.value)
    try:
        made = yaml.constructor.SafeConstructor().construct_object(node)
    except (ValueError, OverflowError, LookupError):
        return str(node.value)
    return str(node.value) if made in (float("inf"), float("-inf")) or made != made else made


def _quoted(text: str) -> str:
    """`key: a value: with colons` with its value in quotes."""
    return re.sub(
        r"^([\w-]+):[ \t]+(?![\"'\[{|>&*!])(.*:(?:[ \t].*)?)$",
        lambda found: f"{found[1]}: {json.dumps(found[2].rstrip(), ensure_ascii=False)}",
        text,
        flags=re.MULTILINE,
    )


def _error_line(error: Exception) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return mark.line + 2 if mark is not None else 2


def _reason(error: Exception) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).splitlines()[0]

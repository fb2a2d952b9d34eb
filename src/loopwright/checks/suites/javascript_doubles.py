"""What tests of JavaScript skip as they run, and what they replace by something made up."""

from __future__ import annotations

from collections.abc import Iterator

from loopwright.checks.suites.javascript_declared import FUNCTIONS, declared
from loopwright.checks.suites.shape import arguments, called
from loopwright.checks.suites.syntax import Node, below, once, plain, word

_OFF = frozenset({"skip", "todo", "retryTimes", "retries"})
_DOUBLES = frozenset({"mock", "doMock", "spyOn", "stub", "replace", "unstable_mockModule"})
_OWNERS = frozenset({"jest", "vi", "sinon", "td", "mock", "t"})


def skipping(node: Node) -> int:
    """Calls that skip from within, as `t.skip()`; those of tests inside count for these."""
    words = (called(call).split(".") for call in _calls(node))
    return sum(len(names) > 1 and names[-1] in _OFF for names in words)


def doubles(node: Node) -> Iterator[str]:
    """The targets of mocks, spies and stubs."""
    for call in _calls(node):
        names, given = called(call).split("."), arguments(call)
        if len(names) > 1 and names[-1] in _DOUBLES and names[0] in _OWNERS and given:
            yield ".".join(plain(argument).strip("\"'`") for argument in given[:2] if argument.type not in FUNCTIONS)


def mocked_imports(root: Node) -> Iterator[str]:
    """Names that a file imports from modules which it replaces as a whole."""
    mocked = {target for child in root.named_children for target in doubles(child)}
    for child in root.named_children if mocked else ():
        if child.type == "import_statement" and word(child.child_by_field_name("source")).strip("\"'") in mocked:
            yield from (plain(leaf) for leaf in below(child) if leaf.type == "identifier")


@once
def _calls(node: Node) -> list[Node]:
    """All calls below a node, but for tests and what they hold."""
    found: list[Node] = []
    stack = list(node.named_children)
    while stack:
        at = stack.pop()
        if at.type == "call_expression":
            call = declared(at)
            if call is not None and call.is_test:
                continue
            found.append(at)
        stack.extend(at.named_children)
    return found

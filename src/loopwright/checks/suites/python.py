"""Reads Python tests by their syntax tree: pytest and unittest alike. Nothing is imported or run."""

from __future__ import annotations

import ast
import functools
import itertools
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from loopwright.checks.suites import hollow
from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.python_asserts import called, checks, source
from loopwright.checks.suites.python_reach import Function
from loopwright.checks.suites.python_walk import Scope, bound, elements, expectations
from loopwright.checks.suites.suite import FILE, Case, Marks, Suite, TooMuch

_SKIPS = frozenset(
    {
        *("skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "skipTest", "importorskip"),
        *("SkipTest", "__test__", "flaky", "reruns", "rerun", "retry"),
    }
)
_MUTES = frozenset(
    {
        *("collect_ignore", "collect_ignore_glob", "load_tests", "pytest_cmdline_main", "pytest_collect_file"),
        *("pytest_collection_modifyitems", "pytest_deselected", "pytest_ignore_collect", "pytest_pycollect_makeitem"),
        *("pytest_pyfunc_call", "pytest_runtest_call", "pytest_runtest_makereport", "pytest_runtest_protocol"),
        *("pytest_runtest_setup", "pytest_sessionfinish"),
    }
)
_AROUND = frozenset({"setUp", "setUpClass", "setup_method", "setup_class", "setup_module", "asyncSetUp", "setUpModule"})
_MOCKS = frozenset({"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "PropertyMock", "create_autospec"})
_PATCHES = frozenset({"setattr", "setitem", "object", "patch", "patch_object"})
_WORD = re.compile(r"\w+")
_MAY_CHECK = re.compile(r"assert|raise|warn|fail|deprecated_call|RaisesGroup|check_call_count")
_MAY_SKIP = re.compile("|".join(sorted(_SKIPS)))
_MAY_REPLACE = re.compile(r"Mock|patch|setattr|setitem|create_autospec|\.object\(|\.\w+\s*(?::[^=\n]*)?=[^=]")
_INSTANCES = 200  # of one parametrized test that are written out


def read(text: str) -> Suite | None:
    """The tests of a Python file; None when it doesn't parse (or is nested deeper than Python can follow)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a test file's odd escapes are no concern of ours
            tree = ast.parse(text)
        found = _Found(text.split("\n"), tree.body)
        found.block(tree.body, prefix="", collected=True, guards=0)
        return Suite(found.cases(), found.mutes, found.whole)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@dataclass(frozen=True)
class _Place:
    """A function as it stands in its file."""

    node: Function
    is_test: bool
    guards: int
    owner: str


@dataclass
class _Found:
    lines: Sequence[str]
    body: Sequence[ast.stmt]
    places: dict[str, _Place] = field(default_factory=dict)
    mutes: dict[str, str] = field(default_factory=dict)
    loose: list[ast.stmt] = field(default_factory=list)  # statements in no function

    def block(self, body: Iterable[ast.stmt], *, prefix: str, collected: bool, guards: int) -> None:
        """Statements of a module or class. Of two functions with one name the last counts, as it does at run time.
        `guards` is the number of conditions around them: a test put under `if` counts as skipped."""
        for node in body:
            if isinstance(node, Function):
                self._function(node, prefix, collected, guards)
            elif isinstance(node, ast.ClassDef):
                self._class(node, prefix, guards)
            elif isinstance(node, ast.If | ast.Try | ast.With):
                for inner in _blocks(node):
                    self.block(inner, prefix=prefix, collected=collected, guards=guards + 1)
            else:
                self._mute(node)
                self.loose.append(node)

    def _function(self, node: Function, prefix: str, collected: bool, guards: int) -> None:
        if node.name in _MUTES:
            self.mutes[node.name] = _dumped([node])
        is_test = collected and node.name.startswith("test") and not _is_fixture(node)
        self.places[prefix + node.name] = _Place(node, is_test, guards, prefix)

    def _class(self, node: ast.ClassDef, prefix: str, guards: int) -> None:
        self.loose += [ast.copy_location(ast.Expr(mark), mark) for mark in node.decorator_list]
        built = not node.bases and any(isinstance(child, Function) and child.name == "__init__" for child in node.body)
        collected = (node.name.startswith("Test") and not built) or bool(node.bases)
        self.block(node.body, prefix=f"{prefix}{node.name}.", collected=collected, guards=guards)

    def _mute(self, node: ast.stmt) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and target.id in _MUTES:
                self.mutes[target.id] = _dumped([node])

    @functools.cached_property
    def constants(self) -> dict[str, ast.expr]:
        return _constants(self.body)

    @functools.cached_property
    def scope(self) -> Scope:
        """What every function knows; worked out when the first one is read."""
        helpers = [place.node for place in self.places.values() if not place.is_test]
        return Scope(_that_check({node: self._text(node) for node in helpers}), self.constants)

    def cases(self) -> dict[str, Case]:
        return {**{name: self._case(name, place) for name, place in self.places.items()}, FILE: self._file()}

    def _case(self, name: str, place: _Place) -> Case:
        node, source = place.node, self._source(place)
        whole = [*node.decorator_list, *node.body]
        return Case(
            name,
            place.is_test,
            source,
            written=lambda: _written(node, self._around(node)),
            deep=lambda: _meant(node, self._around(node)),
            marked=lambda: _marks(whole, source, place.guards),
            printed=lambda: _dumped(whole),
            idling=lambda case: hollow.python(node, case.asserts),
            always=_autouse(node) or node.name in _AROUND,
            line=node.lineno,
            followed=not place.is_test and self.scope.functions.get(node.name) is node,
        )

    def _file(self) -> Case:
        """What stands in no function."""
        source = "\n".join(self._text(node) for node in self.loose)
        return Case(
            FILE,
            False,
            source,
            written=lambda: expectations(self.loose, self.scope),
            marked=lambda: _marks(self.loose, source, 0),
            printed=lambda: _dumped(self.loose),
            always=True,
        )

    def _source(self, place: _Place) -> str:
        """The text of a function, with the constants of the file that it names."""
        text = self._text(place.node)
        named = [self._text(self.constants[word]) for word in set(_WORD.findall(text)) & self.constants.keys()]
        return "\n".join([f"{place.guards} {text}", *sorted(named)])

    def _text(self, node: ast.stmt | ast.expr) -> str:
        marks = node.decorator_list if isinstance(node, Function | ast.ClassDef) else []
        first = min(node.lineno, *(mark.lineno for mark in marks), node.lineno)
        return "\n".join(self.lines[first - 1 : node.end_lineno]).strip()

    def _around(self, node: Function) -> Scope:
        """What a function knows: all helpers but itself."""
        helpers = self.scope.functions
        return replace(self.scope, functions={key: other for key, other in helpers.items() if other is not node})

    def whole(self) -> str:
        return _dumped(node for node in self.body if not isinstance(node, ast.Import | ast.ImportFrom))


def _that_check(helpers: Mapping[Function, str]) -> dict[str, Function]:
    """The helpers, here with their texts, that assert, or call one that does. A name that several classes give to
    different things is none."""
    words = {node: frozenset(_WORD.findall(text)) for node, text in helpers.items()}
    known = {node for node, text in helpers.items() if _MAY_CHECK.search(text) and _checks(node)}
    while more := {node for node in helpers if node not in known and words[node] & {other.name for other in known}}:
        known |= more
    named = Counter(node.name for node in helpers)
    return {node.name: node for node in helpers if node in known and named[node.name] == 1 and not _is_fixture(node)}


def _checks(node: Function) -> bool:
    return any(isinstance(inner, ast.Assert) or checks(inner) for inner in ast.walk(node))


def _is_fixture(node: Function) -> bool:
    marks = (mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list)
    return any(source(mark).rpartition(".")[2] == "fixture" for mark in marks)


def _autouse(node: Function) -> bool:
    words = (word for mark in node.decorator_list if isinstance(mark, ast.Call) for word in mark.keywords)
    return any(word.arg == "autouse" and source(word.value) == "True" for word in words)


def _constants(body: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """Literal lists and the like with a name, for parameters and loops."""
    pairs = (bound(target, node.value) for node in body if isinstance(node, ast.Assign) for target in node.targets)
    found = dict(itertools.chain.from_iterable(pair.items() for pair in pairs))
    return {name: value for name, value in found.items() if isinstance(value, ast.List | ast.Tuple | ast.Dict)}


def _blocks(node: ast.If | ast.Try | ast.With) -> Iterator[list[ast.stmt]]:
    yield node.body
    if not isinstance(node, ast.With):
        yield node.orelse
    if isinstance(node, ast.Try):
        yield node.finalbody
        yield from (handler.body for handler in node.handlers)


def _written(node: Function, scope: Scope) -> Counter[Expectation]:
    asserts = expectations(node.body, scope)
    asserts.update(expectation for decorator in node.decorator_list for expectation in _cases(decorator, scope))
    return asserts


def _meant(node: Function, scope: Scope) -> Counter[Expectation]:
    """What the function insists on over all of its parameters."""
    found: Counter[Expectation] = Counter()
    for values in _instances(node, scope):
        found.update(expectations(node.body, replace(scope, values=values, deep=0)))
    for decorator in node.decorator_list:  # parameters that stay symbols, and bounds
        found.update(e for e in _cases(decorator, scope) if e.relation != "case" or not _names(decorator))
    return found


def _instances(node: Function, scope: Scope) -> Iterator[dict[str, ast.expr]]:
    """The arguments of each run of a parametrized test; one run without any for others."""
    axes = []
    for decorator in node.decorator_list:
        if names := _names(decorator):
            rows = elements(_values(decorator), scope.constants)
            axes.append([_row(names, _bare(row)) for row in rows] or [{}])
    for at, combination in enumerate(itertools.product(*axes)):
        if at >= _INSTANCES:
            raise TooMuch
        yield dict(itertools.chain.from_iterable(row.items() for row in combination))


def _names(decorator: ast.expr) -> list[str]:
    """The names that a parametrize gives values to; empty for any other decorator."""
    if called(decorator) != "parametrize" or not isinstance(decorator, ast.Call) or not decorator.args:
        return []
    first = decorator.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return [name.strip() for name in first.value.split(",") if name.strip()]
    rows = first.elts if isinstance(first, ast.List | ast.Tuple) else []
    return [row.value for row in rows if isinstance(row, ast.Constant) and isinstance(row.value, str)]


def _values(decorator: ast.expr) -> ast.expr:
    assert isinstance(decorator, ast.Call)
    given = [word.value for word in decorator.keywords if word.arg == "argvalues"]
    return (decorator.args[1:2] or given or [ast.Tuple([])])[0]


def _row(names: list[str], value: ast.expr) -> dict[str, ast.expr]:
    if len(names) == 1:
        return {names[0]: value}
    return bound(ast.Tuple([ast.Name(name) for name in names]), value)


def _bare(value: ast.expr) -> ast.expr:
    """A parameter without its id and marks."""
    if called(value) != "param" or not isinstance(value, ast.Call):
        return value
    return value.args[0] if len(value.args) == 1 else ast.Tuple(value.args)


def _cases(decorator: ast.expr, scope: Scope) -> Iterator[Expectation]:
    """Every value of a parametrize (or a fixture's params) counts like an assert, and so does a limit of time."""
    if names := _names(decorator):
        given = _values(decorator)
        for value in elements(given, scope.constants) or [given]:
            yield Expectation(", ".join(names), "case", source(_bare(value)))
    elif isinstance(decorator, ast.Call) and called(decorator) == "timeout" and decorator.args:
        yield Expectation("the test's seconds", "<=", source(decorator.args[0]))
    elif isinstance(decorator, ast.Call) and called(decorator) == "fixture":
        for word in decorator.keywords:
            for value in elements(word.value, scope.constants) if word.arg == "params" else ():
                yield Expectation("params", "case", source(_bare(value)))


def _marks(nodes: Sequence[ast.AST], source: str, guards: int) -> Marks:
    skips = sum(map(_skips, nodes)) if _MAY_SKIP.search(source) else 0
    doubles = itertools.chain.from_iterable(map(_doubles, nodes if _MAY_REPLACE.search(source) else ()))
    return Marks(skips + guards, doubles=frozenset(doubles))


def _skips(node: ast.AST) -> int:
    names = (getattr(inner, "attr", None) or getattr(inner, "id", None) for inner in ast.walk(node))
    return sum(name in _SKIPS for name in names)


def _doubles(node: ast.AST) -> Iterator[str]:
    """What is replaced by something made up: the dotted targets of patches, and Mock for a double as such."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign):
            yield from (source(target) for target in inner.targets if _of_a_module(target))
        if not isinstance(inner, ast.Call):
            continue
        name, args = called(inner), inner.args
        if name in _MOCKS:
            yield "Mock"
        elif name in _PATCHES and args:
            first = args[0].value if isinstance(args[0], ast.Constant) else source(args[0])
            second = args[1].value if len(args) > 1 and isinstance(args[1], ast.Constant) else None
            if isinstance(first, str):
                yield (
                    f"{first}.{second}" if isinstance(second, str) and not isinstance(args[0], ast.Constant) else first
                )


def _of_a_module(target: ast.expr) -> bool:
    """Whether an assignment may set something of a module: `shop.price = ...`."""
    owner = target.value if isinstance(target, ast.Attribute) else None
    return isinstance(owner, ast.Name | ast.Attribute) and source(owner).split(".")[0] not in {"self", "cls"}


def _dumped(nodes: Iterable[ast.AST]) -> str:
    return "\n".join(map(ast.dump, nodes))

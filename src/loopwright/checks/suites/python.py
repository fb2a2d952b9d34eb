"""Reads Python tests by their syntax tree: pytest and unittest alike. Nothing is imported or run."""

from __future__ import annotations

import ast
import functools
import hashlib
import itertools
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from loopwright.checks.suites import hollow
from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.python_asserts import called, checks, source
from loopwright.checks.suites.python_walk import Function, Scope, TooMuch, bound, elements, expectations
from loopwright.checks.suites.suite import FILE, Case, Suite

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
_INSTANCES = 200  # of one parametrized test that are written out


def read(text: str) -> Suite | None:
    """The tests of a Python file; None when it doesn't parse (or is nested deeper than Python can follow)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a test file's odd escapes are no concern of ours
            tree = ast.parse(text)
        found = _Found(_constants(tree.body))
        found.block(tree.body, prefix="", collected=True, guards=0)
        rest = _fingerprint(node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom))
        return Suite(found.cases(), found.mutes, rest)
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
    constants: Mapping[str, ast.expr]
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
            self.mutes[node.name] = _fingerprint([node])
        is_test = collected and node.name.startswith("test") and not _is_fixture(node)
        self.places[prefix + node.name] = _Place(node, is_test, guards, prefix)

    def _class(self, node: ast.ClassDef, prefix: str, guards: int) -> None:
        self.loose += [ast.Expr(decorator) for decorator in node.decorator_list]
        built = not node.bases and any(isinstance(child, Function) and child.name == "__init__" for child in node.body)
        collected = (node.name.startswith("Test") and not built) or bool(node.bases)
        self.block(node.body, prefix=f"{prefix}{node.name}.", collected=collected, guards=guards)

    def _mute(self, node: ast.stmt) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and target.id in _MUTES:
                self.mutes[target.id] = _fingerprint([node])

    def cases(self) -> dict[str, Case]:
        """Every function, and what is in none, read now that all helpers are known."""
        helpers = _that_check([place.node for place in self.places.values() if not place.is_test])
        scope = Scope(helpers, self.constants)
        cases = {name: _case(name, place, scope) for name, place in self.places.items()}
        return {**cases, FILE: _file_case(self.loose, scope)}


def _that_check(helpers: list[Function]) -> dict[str, Function]:
    """The helpers that assert, or call one that does. A name that several classes give to different things is none."""
    calls = {node: {called(inner) for inner in ast.walk(node)} for node in helpers}
    known = {
        node for node in helpers if any(isinstance(inner, ast.Assert) or checks(inner) for inner in ast.walk(node))
    }
    while more := {node for node in helpers if node not in known and calls[node] & {other.name for other in known}}:
        known |= more
    named = Counter(node.name for node in helpers)
    return {node.name: node for node in helpers if node in known and named[node.name] == 1 and not _is_fixture(node)}


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


def _case(name: str, place: _Place, scope: Scope) -> Case:
    node = place.node
    whole = [*node.decorator_list, *node.body]
    followed = scope.functions.get(node.name) is node
    scope = replace(scope, functions={key: other for key, other in scope.functions.items() if other is not node})
    asserts = expectations(node.body, scope)
    asserts.update(expectation for decorator in node.decorator_list for expectation in _cases(decorator, scope))
    return Case(
        name,
        place.is_test,
        _fingerprint(whole),
        asserts,
        sum(map(_skips, whole)) + place.guards,
        doubles=frozenset(itertools.chain.from_iterable(map(_doubles, whole))),
        always=_autouse(node) or node.name in _AROUND,
        line=node.lineno,
        followed=followed,
        hollow=hollow.python(node, asserts) if place.is_test else "",
        deeper=functools.cache(functools.partial(_meant, node, scope)),
    )


def _file_case(loose: list[ast.stmt], scope: Scope) -> Case:
    skips, doubles = sum(map(_skips, loose)), frozenset(itertools.chain.from_iterable(map(_doubles, loose)))
    return Case(FILE, False, _fingerprint(loose), expectations(loose, scope), skips, doubles=doubles, always=True)


def _meant(node: Function, scope: Scope) -> Counter[Expectation] | None:
    """What the function insists on over all of its parameters; None where that is too much to write out."""
    found: Counter[Expectation] = Counter()
    try:
        for values in _instances(node, scope):
            found += expectations(node.body, replace(scope, values=values, deep=0))
    except (TooMuch, RecursionError):
        return None
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


def _fingerprint(nodes: Iterable[ast.AST]) -> str:
    digest = hashlib.sha256()
    for node in nodes:
        digest.update(ast.dump(node).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()

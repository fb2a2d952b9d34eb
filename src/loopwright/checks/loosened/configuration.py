"""Reads the files that say how strictly is tested, linted and typed, as flat settings. Text only: nothing is run."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping

from loopwright.checks.loosened.settings import Settings
from loopwright.vocabulary import matches

_LARGEST = 1 << 18  # bytes of a configuration that a person wrote
_MOST, _DEEPEST = 20_000, 40  # settings of a file, and how deep they lie

_FOR_TESTS = re.compile(r"(?:^|/)(?:fixtures?|testdata|resources|__fixtures__|tests?/\w+/\w+)/")
_TOOLS = re.compile(
    r"tool\.(?:pytest|coverage|ruff|mypy|pyright|basedpyright|pylint|flake8|bandit|tox|nox|importlinter|interrogate|"
    r"poe|taskipy|hatch\.envs|ty|vulture|codespell)\b"
)
_KEYS = re.compile(r"(?:scripts|jest|mocha|nyc|c8|ava|vitest|tap|eslintConfig|xo)\b")
_NO_JUDGE = re.compile(r"(?:metadata|options|bdist|sdist|egg_info|aliases|build|upload|wheel)")
_LINTS = re.compile(r"(?:workspace\.)?lints\b")

_JS_STRING = r"\"(?:\\.|[^\"\\\n])*+\"|'(?:\\.|[^'\\\n])*+'|`[^`]*+`"
_JS_COMMENT = re.compile(rf"(?P<string>{_JS_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_JS_PAIR = re.compile(
    rf"(?P<key>[\w$]{{1,80}}|{_JS_STRING})\s{{0,20}}:\s{{0,20}}"
    rf"(?P<value>{_JS_STRING}|-?[\d_.]{{1,40}}|true\b|false\b|\[[^\[\]]{{0,20000}}\])"
)


def settings(path: str, text: str) -> Settings | None:
    """The settings of a file that judge; None for a file that is none of these, or that can't be read."""
    read = next((read for patterns, read in _READERS if matches(path, patterns)), None)
    if read is None or len(text) > _LARGEST:
        return None
    try:
        return dict(read(text))
    except (ValueError, RecursionError, configparser.Error):
        return None


def is_configuration(path: str) -> bool:
    """Whether a file says how strictly is judged; what lies there for tests to read judges nothing."""
    return not _FOR_TESTS.search(path) and any(matches(path, patterns) for patterns, _ in _READERS)


def _flat(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Every leaf with its dotted path; lists of tables by what names them, lists of plain values whole."""
    if depth > _DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for at, item in enumerate(value):
            yield from _flat(item, f"{path}[{_identity(item, at)}]", depth + 1)
    elif isinstance(value, list):
        yield path, [item for item in value if isinstance(item, str | int | float)]  # YAML can nest without end
    else:
        yield path, value


def _identity(item: object, at: int) -> str:
    names = ("module", "id", "repo", "name", "files", "path", "linters")
    found = next((item[name] for name in names if name in item), at) if isinstance(item, Mapping) else at
    return str(found)[:200]


def _bounded(
    found: Iterator[tuple[str, object]], wanted: re.Pattern[str] | None = None
) -> Iterator[tuple[str, object]]:
    for at, (path, value) in enumerate(found):
        if at > _MOST:
            raise ValueError("too many settings")
        if wanted is None or wanted.match(path):
            yield path, value


def _toml(wanted: re.Pattern[str] | None) -> Callable[[str], Iterator[tuple[str, object]]]:
    return lambda text: _bounded(_flat(tomllib.loads(text)), wanted)


def _ini(text: str) -> Iterator[tuple[str, object]]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    for section in parser.sections():
        if not _NO_JUDGE.match(section):
            yield from ((f"{section}.{key}", _plain(value)) for key, value in parser.items(section))


def _plain(value: str | None) -> object:
    """A value as TOML would have it: yes and no as such, a list where it goes over several lines."""
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if value is None or value.strip().lower() in words:
        return words.get((value or "true").strip().lower())
    return value


def _json(wanted: re.Pattern[str] | None) -> Callable[[str], Iterator[tuple[str, object]]]:
    return lambda text: _bounded(_flat(json.loads(text)), wanted)


def _json_with_comments(text: str) -> Iterator[tuple[str, object]]:
    bare = re.sub(r",(\s{0,2000}[}\]])", r"\1", _without_comments(text))
    return _bounded(_flat(json.loads(bare)))


def _yaml(text: str) -> Iterator[tuple[str, object]]:
    import yaml

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise ValueError("no YAML") from problem
    return _bounded(_flat(document))  # an alias that is repeated without end runs into the bound


def _javascript(text: str) -> Iterator[tuple[str, object]]:
    """Pairs of names and plain values, wherever they stand: a configuration in code is read, and not run."""
    for match in _bounded_pairs(_without_comments(text)):
        key, value = match["key"].strip("\"'`"), match["value"]
        graded = value.strip("[\"' ").partition("'")[0].partition('"')[0] in {"off", "warn", "error"}
        place = f"rules.{key}" if graded or re.search(r"[-/]", key) else key
        yield place, _js_value(value)


def _bounded_pairs(text: str) -> Iterator[re.Match[str]]:
    for at, match in enumerate(_JS_PAIR.finditer(text)):
        if at > _MOST:
            raise ValueError("too many settings")
        yield match


def _js_value(value: str) -> object:
    if value[0] == "[":
        return [word.strip("\"'`") for word in re.findall(rf"{_JS_STRING}|[\w.]+", value)]
    if value in {"true", "false"}:
        return value == "true"
    return value.strip("\"'`")


def _without_comments(text: str) -> str:
    return _JS_COMMENT.sub(lambda match: match["string"] or " ", text)


_READERS: tuple[tuple[tuple[str, ...], Callable[[str], Iterator[tuple[str, object]]]], ...] = (
    (("pyproject.toml",), _toml(_TOOLS)),
    (("Cargo.toml",), _toml(_LINTS)),
    (
        (
            "ruff.toml",
            ".ruff.toml",
            "clippy.toml",
            ".golangci.toml",
            "pytest.toml",
            ".pytest.toml",
            "basedpyright.toml",
        ),
        _toml(None),
    ),
    (("setup.cfg", "tox.ini", "pytest.ini", ".pytest.ini", ".coveragerc", "mypy.ini", ".mypy.ini", ".flake8"), _ini),
    ((".pylintrc", "pylintrc", ".bandit"), _ini),
    (("package.json",), _json(_KEYS)),
    (
        ("tsconfig*.json", "jsconfig.json", ".eslintrc", ".eslintrc.json", "biome.json*", "pyrightconfig.json"),
        _json_with_comments,
    ),
    (
        (".nycrc", ".nycrc.json", ".c8rc*", ".mocharc.json*", "jest.config.json", ".swcrc", "deno.json*"),
        _json_with_comments,
    ),
    ((".eslintrc.y*ml", ".golangci.y*ml", "codecov.y*ml", ".codecov.y*ml", ".rubocop.y*ml", ".mocharc.y*ml"), _yaml),
    ((".pre-commit-config.yaml",), _yaml),
    (
        ("jest.config.*", "vitest.config.*", "vitest.workspace.*", "eslint.config.*", ".eslintrc.*js", "ava.config.*"),
        _javascript,
    ),
    (("karma.conf.*", ".mocharc.*js", "playwright.config.*", "cypress.config.*", "vite.config.*"), _javascript),
)

"""A gate that runs tests, narrowed to some tests of one file: the same runner, settings and all, on less."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence

_SHELL = re.compile(r"[;|&<>$`*?\[{~\n\\]")
"""What a shell would act upon: such a command means more than its words, and is left whole."""

_FLAGS = re.compile(r"-[vxslq]+|--[\w-]+=.*")
"""Options of pytest that take no value from the next word."""

_QUIET = re.compile(r"-q+")

_RUNNERS = re.compile(
    r"(?i)\b(?:pytest|unittest|nose2?|tox|nox|jest|vitest|mocha|ava|karma|jasmine|playwright|ctest|rspec|phpunit|prove|bats|"
    r"minitest|busted|gradlew?|mvnw?|sbt|testing?|tests?|check|spec)\b|\bnode\b.*--test\b"
)
_PASSED = re.compile(r"\b(\d+) passed\b")
_RAN = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
_SKIPPED = re.compile(r"\bskipped=(\d+)")
_AT_MOST = 40  # tests that are named one by one; the file's others run, too, where there are more


def runs_tests(command: str) -> bool:
    """Whether a command looks like one that runs tests."""
    return _RUNNERS.search(command) is not None


def places(paths: Iterable[str]) -> frozenset[str]:
    """These files, and all folders that they lie in."""
    found: set[str] = set()
    for path in paths:
        while path and path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return frozenset(found)


def narrowed(command: str, path: str, names: Sequence[str], exists: Callable[[str], bool]) -> str | None:
    """The command for these tests of a Python file (`Class.test_name`; none: all of them); None where it is no plain
    call of pytest or unittest. `exists`: whether a path of the repository is a file or folder."""
    if _SHELL.search(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    for at, word in enumerate(words):
        if word.rpartition("/")[2] in ("pytest", "py.test"):
            found = _pytest(words[at + 1 :], path, names, exists)
        elif word == "unittest" and words[at - 1 : at] == ["-m"]:
            found = _unittest(words[at + 1 :], path, names)
        else:
            continue
        return None if found is None else shlex.join([*words[: at + 1], *found])
    return None


def _pytest(words: list[str], path: str, names: Sequence[str], exists: Callable[[str], bool]) -> list[str] | None:
    """The options without the paths, and without what would hide the count of tests or hold a part to a whole's."""
    kept: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        if word.startswith("--cov") or word == "--quiet" or _QUIET.fullmatch(word) or before == "--cov":
            continue
        if word.startswith("-") or not exists(word.partition("::")[0].rstrip("/")):
            kept.append(word)
        elif before.startswith("--") and "=" not in before:
            return None  # it may be the option's own: `--rootdir tests`
        elif before.startswith("-") and not _FLAGS.fullmatch(before):
            kept.append(word)
    few = 0 < len(names) <= _AT_MOST
    nodes = [f"{path}::{name.replace('.', '::')}" for name in names] if few else [path]
    return [*kept, *nodes]


def _unittest(words: list[str], path: str, names: Sequence[str]) -> list[str] | None:
    """`discover` with the file's name as its pattern, from where it began before."""
    folder, kept = ".", []
    rest = iter(words[1:] if words[:1] == ["discover"] else words)
    for word in rest:
        if word in ("-s", "--start-directory"):
            folder = next(rest, ".")
        elif word in ("-t", "--top-level-directory"):
            kept += [word, next(rest, ".")]
        elif word in ("-p", "--pattern", "-k"):
            next(rest, None)
        elif word in ("-v", "-b", "--verbose", "--buffer"):
            kept.append(word)
        elif word in ("-q", "-f", "--quiet", "--failfast"):
            continue
        elif words[:1] == ["discover"] and not word.startswith("-"):
            folder = word
        else:
            return None
    inside = folder.removeprefix("./").rstrip("/")
    if inside not in ("", ".") and not path.startswith(f"{inside}/"):
        return None
    chosen = [part for name in names for part in ("-k", f"*.{name}")] if len(names) <= _AT_MOST else []
    return ["discover", "-s", folder, *kept, "-p", path.rpartition("/")[2], *chosen]


def passed(output: str) -> bool:
    """Whether the output of a narrowed command says that some test ran and passed, and was not only skipped."""
    if found := _PASSED.findall(output):
        return any(int(count) for count in found)
    ran, skipped = _RAN.search(output), _SKIPPED.search(output)
    return ran is not None and int(ran[1]) > (int(skipped[1]) if skipped else 0)

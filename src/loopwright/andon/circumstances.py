"""What is known of a failed command beside its output: how it ended, and what kind of program it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loopwright.andon.reading import Told
from loopwright.vocabulary import FailedCommand

# What exit codes mean by convention: shells (126, 127), timeout of coreutils (124), and 128 + a signal's number.
_ENDS = {
    124: (("timeout", 3.5),),
    126: (("permission", 2.0),),
    127: (("missing-tool", 2.6),),
    134: (("build-error", 1.5),),
    137: (("resource", 3.5), ("timeout", 1.5)),
    139: (("unknown", 2.0),),
    143: (("timeout", 3.0),),
    152: (("resource", 3.5),),  # SIGXCPU
    153: (("resource", 3.5),),  # SIGXFSZ
}
_OUT_OF_TIME = 7.0  # more than any words: who was ended from outside didn't say why
_TIMED = 4.0  # ended by a signal under a `timeout N`
_BY_KIND = 1.3  # a little more than nothing: only where the output has no clue

_TIMEOUT = re.compile(r"\btimeout\b[^\n]{0,80}\d")
_WORD = re.compile(r"[\w.+-]+")
_READ = 2000  # characters of the command
_TESTERS = frozenset(
    [
        *("pytest", "unittest", "doctest", "nose2", "behave", "robot", "tox", "nox", "jest", "vitest", "mocha", "ava"),
        *("tap", "jasmine", "qunit", "karma", "cypress", "ctest", "prove", "rspec", "minitest", "cucumber", "phpunit"),
        *("bats", "test", "tests", "check", "verify"),
    ]
)
_BUILDERS = frozenset(
    [
        *("gcc", "g++", "cc", "c++", "clang", "clang++", "ld", "gfortran", "nasm", "bison", "swig", "protoc", "make"),
        *("cmake", "ninja", "meson", "rustc", "clippy", "javac", "kotlinc", "scalac", "ghc", "nim", "swiftc", "ocamlc"),
        *("erlc", "gofmt", "golangci-lint", "vet", "fmt", "tsc", "eslint", "prettier", "stylelint", "biome", "oxlint"),
        *("webpack", "esbuild", "rollup", "vite", "sass", "ruff", "mypy", "pyright", "pylint", "flake8", "black"),
        *("isort", "rubocop", "shellcheck", "yamllint", "markdownlint", "hadolint", "build", "compile", "lint"),
        *("typecheck",),
    ]
)


def circumstances(failed: FailedCommand, read: Told) -> Iterator[tuple[str, float]]:
    """Causes that the way in which a command ended, or its name, speaks for, each with a weight."""
    if failed.timed_out:
        yield "timeout", _OUT_OF_TIME
    code = failed.exit_code if failed.exit_code is None or failed.exit_code >= 0 else 128 - failed.exit_code
    if code is not None:
        yield from _ENDS.get(code, ())
    command = failed.command[:_READ]
    if code in (137, 143) and _TIMEOUT.search(command):
        yield "timeout", _TIMED
    if any(not line.text.startswith("> ") for line in read.lines):  # `> name` is what npm says of the script it runs
        yield from _by_kind(set(_WORD.findall(command)))


def _by_kind(words: set[str]) -> Iterator[tuple[str, float]]:
    if words & _TESTERS:
        yield "test-failure", _BY_KIND
    elif words & _BUILDERS:
        yield "build-error", _BY_KIND

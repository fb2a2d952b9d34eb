"""Tests of record: what of the mainline is laid over a candidate, so that its own tests judge it a second time.

Pure: paths and blobs in, paths and blobs out. What is laid over, and why:

* every test file of the mainline that the candidate changed or lacks, but for those that the plan's `Tests:` group
  names and for honest renames;
* the mainline's test configuration: whole files (`CONFIGURATION`), and sections of pyproject.toml and package.json;
* test configuration that only the candidate has is removed where the mainline has tests that it could silence. It
  stays in a folder that is new as a whole (new tests may bring their own conftest.py), and in a repository without
  tests. A plan that brings configuration to a repository with tests names it under `Tests:`;
* so is a module at the top that has a test runner's name: `python -m unittest` would run that one.

A plan's new tests stay, and run beside the mainline's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from loopwright.checks.sections import package_json, pyproject
from loopwright.vocabulary import matches

Entry = tuple[str, str]  # git's mode and blob id
Laid = tuple[str, bytes | str] | None  # mode with a blob's id or new bytes; None: the path is removed

CONFIGURATION = (
    *("conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", ".coveragerc", "setup.cfg"),
    *("jest.config.*", "vitest.config.*", "vitest.workspace.*", ".mocharc.*", ".nycrc*", ".c8rc*", "ava.config.*"),
    *("karma.conf.*", "phpunit.xml*", ".rspec", "sitecustomize.py", "usercustomize.py"),
)
"""Files that configure how tests are run, at any depth: laid over whole."""

TASKS = ("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", ".justfile", "noxfile.py", "Taskfile.y*ml")
"""Files that say what a gate's command does: the mainline's are laid over, a candidate's own new ones stay."""

_ANYWHERE = ("sitecustomize.py", "usercustomize.py")  # Python imports these from any folder on its path
_RUNNERS = frozenset({"unittest", "pytest", "_pytest", "pluggy", "coverage", "nose2"})
_SECTIONED = {"tox.ini": (b"[pytest]", b"[coverage:"), "setup.cfg": (b"[tool:pytest]", b"[coverage:")}
_BEFORE_MAKEFILE = {"makefile", "GNUmakefile"}  # make reads these first
_ORDINARY = {"100644", "100755", "120000"}
_MIXED = {"pyproject.toml": pyproject, "package.json": package_json}


def overlay(
    mainline: Mapping[str, Entry],
    candidate: Mapping[str, Entry],
    *,
    renames: Mapping[str, str],
    tests: tuple[str, ...],
    exempt: tuple[str, ...],
    read: Callable[[str], bytes],
) -> dict[str, Laid]:
    """What to write over the candidate's tree. Empty: nothing, and one run of the gates is enough.

    `renames` are honest ones, old path to new. `tests` are the globs of test files, `exempt` those of the `Tests:`
    group. `read` gives a blob's bytes.
    """
    laid: dict[str, Laid] = {}
    ruled = (*tests, *CONFIGURATION, *TASKS)
    for path, entry in mainline.items():
        theirs = candidate.get(path)
        if theirs == entry or entry[0] not in _ORDINARY or matches(path, exempt):
            continue
        if not matches(path, ruled):
            laid.update(_mixed(path, entry, theirs, read))
        elif path not in renames or theirs is not None:
            laid[path] = entry
    laid.update(_foreign(mainline, candidate, tests, exempt, read))
    return {**_in_the_way(laid, candidate), **laid}


def _mixed(path: str, entry: Entry, theirs: Entry | None, read: Callable[[str], bytes]) -> Iterator[tuple[str, Laid]]:
    """The mainline's test sections in the candidate's file; its whole file where the candidate's can't be read."""
    sections = _MIXED.get(path.rpartition("/")[2])
    if sections is None:
        return
    if theirs is None or theirs[0] not in {"100644", "100755"}:
        yield path, entry
        return
    now = read(theirs[1])
    mixed = sections(read(entry[1]), now)
    if mixed is None:
        yield path, entry
    elif mixed != now:
        yield path, (theirs[0], mixed)


def _foreign(
    mainline: Mapping[str, Entry],
    candidate: Mapping[str, Entry],
    tests: tuple[str, ...],
    exempt: tuple[str, ...],
    read: Callable[[str], bytes],
) -> Iterator[tuple[str, Laid]]:
    """Configuration that only the candidate has, and that could silence tests which the mainline has."""
    new = [path for path in candidate if path not in mainline and not matches(path, exempt)]
    folders = _folders(mainline)
    tops = {path.partition("/")[0].removesuffix(".py") for path in mainline}
    has_tests = bool(new) and any(matches(path, tests) for path in mainline)
    for path in new:
        folder, _, name = path.rpartition("/")
        before_make = name in _BEFORE_MAKEFILE and f"{folder}/Makefile".lstrip("/") in mainline
        before_runner = has_tests and path.partition("/")[0].removesuffix(".py") in _RUNNERS - tops
        if before_make or before_runner:
            yield path, None
        elif has_tests and (name in _ANYWHERE or folder in folders):
            yield from _silencing(path, name, candidate[path], read)


def _silencing(path: str, name: str, entry: Entry, read: Callable[[str], bytes]) -> Iterator[tuple[str, Laid]]:
    if name in _SECTIONED:
        if entry[0] == "120000" or any(section in read(entry[1]) for section in _SECTIONED[name]):
            yield path, None
    elif name in _MIXED:
        now = read(entry[1])
        mixed = _MIXED[name](b"{}" if name.endswith(".json") else b"", now)
        if mixed != now:
            yield path, None if mixed is None else (entry[0], mixed)
    elif matches(path, CONFIGURATION):
        yield path, None


def _folders(paths: Mapping[str, Entry]) -> set[str]:
    """Every folder of these paths, the root as ``."""
    found = {""}
    for path in paths:
        while (path := path.rpartition("/")[0]) and path not in found:
            found.add(path)
    return found


def _in_the_way(laid: Mapping[str, Laid], candidate: Mapping[str, Entry]) -> dict[str, Laid]:
    """The candidate's paths that stand where a laid path needs a folder, or a file."""
    written = {path for path, entry in laid.items() if entry is not None}
    if not written:
        return {}
    above = _folders(dict.fromkeys(written, ("", "")))
    return {
        path: None
        for path in candidate
        if path not in written and (path in above or any(parent in written for parent in _parents(path)))
    }


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path

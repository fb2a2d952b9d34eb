"""What of the mainline is laid over a candidate, so that its own tests judge it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping

import pytest

from loopwright.checks.record import Entry, Laid, overlay
from loopwright.vocabulary import TESTS

MODE = "100644"


def tree(files: Mapping[str, str]) -> dict[str, Entry]:
    """A tree whose blobs' ids are their content, to keep the tests in view."""
    return {path: (MODE, text) for path, text in files.items()}


def laid(
    mainline: Mapping[str, str],
    candidate: Mapping[str, str],
    *,
    renames: Mapping[str, str] | None = None,
    exempt: tuple[str, ...] = (),
) -> dict[str, Laid]:
    return overlay(
        tree(mainline),
        tree(candidate),
        renames=renames or {},
        tests=TESTS,
        exempt=exempt,
        read=lambda blob: blob.encode(),
    )


def content(found: Mapping[str, Laid], path: str) -> str:
    entry = found[path]
    assert entry is not None
    assert isinstance(entry[1], bytes)
    return entry[1].decode()


MAIN = {"src/a.py": "1", "tests/test_a.py": "main", "pkg/test_b.py": "main", "tests/data/x.json": "{}"}


def test_nothing_is_laid_over_a_candidate_that_left_tests_and_settings_alone() -> None:
    candidate = {**MAIN, "src/a.py": "2", "tests/test_new.py": "new", "README.md": "x"}
    assert laid(MAIN, candidate) == {}


def test_changed_and_missing_tests_are_the_mainlines_again_and_new_ones_stay() -> None:
    candidate = {"src/a.py": "2", "tests/test_a.py": "weaker", "tests/data/x.json": "[]", "tests/test_new.py": "new"}
    assert laid(MAIN, candidate) == {
        "tests/test_a.py": (MODE, "main"),
        "pkg/test_b.py": (MODE, "main"),
        "tests/data/x.json": (MODE, "{}"),
    }


def test_a_changed_mode_of_a_test_counts_as_a_change() -> None:
    candidate = {**tree(MAIN), "tests/test_a.py": ("120000", "main")}
    found = overlay(tree(MAIN), candidate, renames={}, tests=TESTS, exempt=(), read=str.encode)
    assert found == {"tests/test_a.py": (MODE, "main")}


def test_the_plans_own_tests_and_honest_renames_are_left_as_the_candidate_has_them() -> None:
    candidate = {"src/a.py": "1", "tests/test_a.py": "changed", "pkg/test_c.py": "main", "tests/data/x.json": "{}"}
    assert laid(MAIN, candidate, renames={"pkg/test_b.py": "pkg/test_c.py"}, exempt=("tests/test_a.py",)) == {}


def test_a_rename_whose_old_path_is_still_taken_is_none() -> None:
    candidate = {**MAIN, "pkg/test_b.py": "gutted", "pkg/test_c.py": "main"}
    found = laid(MAIN, candidate, renames={"pkg/test_b.py": "pkg/test_c.py"})
    assert found == {"pkg/test_b.py": (MODE, "main")}


@pytest.mark.parametrize(
    "path",
    [
        "conftest.py",
        "pytest.ini",
        "tox.ini",
        ".coveragerc",
        "setup.cfg",
        "web/jest.config.ts",
        "vitest.config.mjs",
        ".mocharc.yml",
        "karma.conf.js",
        "phpunit.xml.dist",
        "Makefile",
        "justfile",
        "noxfile.py",
        "Taskfile.yml",
    ],
)
def test_the_mainlines_test_settings_hold_when_the_candidate_changes_or_deletes_them(path: str) -> None:
    mainline = {**MAIN, path: "main"}
    assert laid(mainline, {**MAIN, path: "changed"}) == {path: (MODE, "main")}
    assert laid(mainline, MAIN) == {path: (MODE, "main")}
    assert laid(mainline, {**MAIN, path: "changed"}, exempt=(path,)) == {}


@pytest.mark.parametrize(
    "path",
    [
        "conftest.py",
        "tests/conftest.py",
        "pytest.ini",
        ".pytest.ini",
        "tests/pytest.ini",
        "jest.config.js",
        "src/sitecustomize.py",
        "new/usercustomize.py",
        "unittest.py",
        "unittest/__main__.py",
        "_pytest/config/__init__.py",
    ],
)
def test_settings_that_only_the_candidate_has_are_removed_where_they_could_silence_tests(path: str) -> None:
    assert laid(MAIN, {**MAIN, path: "x"}) == {path: None}
    assert laid(MAIN, {**MAIN, path: "x"}, exempt=(path,)) == {}


def test_new_settings_stay_in_a_new_folder_and_in_a_repository_without_tests() -> None:
    assert laid(MAIN, {**MAIN, "tests/new/conftest.py": "x", "tests/new/test_n.py": "x"}) == {}
    assert (
        laid({"src/a.py": "1"}, {"src/a.py": "1", "conftest.py": "x", "pytest.ini": "x", "tests/test_a.py": "x"}) == {}
    )


def test_a_module_with_a_runners_name_stays_below_the_top_and_where_the_mainline_has_it() -> None:
    assert laid(MAIN, {**MAIN, "src/unittest.py": "x", "docs/pytest/index.md": "x"}) == {}
    runner = {**MAIN, "pytest/__init__.py": "its own"}
    assert laid(runner, {**runner, "pytest/more.py": "x"}) == {}


def test_new_files_of_several_uses_are_removed_only_for_their_test_sections() -> None:
    assert laid(MAIN, {**MAIN, "tox.ini": "[tox]\nenvlist = a\n", "setup.cfg": "[metadata]\nname = x\n"}) == {}
    assert laid(MAIN, {**MAIN, "tox.ini": "[pytest]\naddopts = -k no\n"}) == {"tox.ini": None}
    assert laid(MAIN, {**MAIN, "setup.cfg": "[tool:pytest]\naddopts = -k no\n"}) == {"setup.cfg": None}


def test_a_new_makefile_stays_but_none_that_make_would_read_before_the_mainlines() -> None:
    assert laid(MAIN, {**MAIN, "Makefile": "x"}) == {}
    main = {**MAIN, "Makefile": "m", "sub/Makefile": "m"}
    assert laid(main, {**main, "GNUmakefile": "x", "sub/makefile": "x"}) == {"GNUmakefile": None, "sub/makefile": None}


def test_what_stands_in_a_laid_files_way_is_removed() -> None:
    candidate = {"src/a.py": "1", "tests": "a file now", "pkg/test_b.py/x": "a folder now"}
    found = laid(MAIN, candidate)
    assert found["tests"] is None
    assert found["pkg/test_b.py/x"] is None
    assert found["tests/test_a.py"] == (MODE, "main")


PYPROJECT = """\
# ours
[project]
name = "shop"  # kept

[tool.pytest.ini_options]
addopts = "-q"
testpaths = [
    "tests",
]

[tool.ruff]
line-length = 100

[tool.coverage.run]
branch = true
"""


def test_the_test_tables_of_pyproject_are_the_mainlines_and_the_rest_the_candidates() -> None:
    candidate = (
        PYPROJECT.replace('"-q"', '"-q --deselect tests/test_a.py"').replace("true", "false").replace("100", "120")
    )
    found = content(
        laid({**MAIN, "pyproject.toml": PYPROJECT}, {**MAIN, "pyproject.toml": candidate}), "pyproject.toml"
    )
    assert tomllib.loads(found) == tomllib.loads(PYPROJECT.replace("100", "120"))
    assert 'name = "shop"  # kept' in found


@pytest.mark.parametrize(
    ("mainline", "candidate", "wanted"),
    [
        (
            "[project]\nname = 'a'\n",
            "[project]\nname = 'b'\n\n[tool.pytest.ini_options]\naddopts = 'x'\n",
            "name = 'b'",
        ),
        (PYPROJECT, "[project]\nname = 'b'\n", "name = 'b'"),
        (PYPROJECT.replace("\n", "\r\n"), PYPROJECT.replace("\n", "\r\n").replace('"-q"', '"-k x"'), "kept"),
        (
            PYPROJECT,
            PYPROJECT.replace("[tool.pytest.ini_options]", '[ tool . "pytest" . ini_options ]  # x\nx = 1'),
            "kept",
        ),
    ],
)
def test_added_removed_and_oddly_written_tables_are_put_right(mainline: str, candidate: str, wanted: str) -> None:
    found = content(laid({**MAIN, "pyproject.toml": mainline}, {**MAIN, "pyproject.toml": candidate}), "pyproject.toml")
    ours, result = tomllib.loads(mainline), tomllib.loads(found)
    for tool in ("pytest", "coverage"):
        assert result.get("tool", {}).get(tool) == ours.get("tool", {}).get(tool)
    assert wanted in found


@pytest.mark.parametrize(
    "candidate",
    [
        "this is [not toml",
        "tool.pytest.ini_options.addopts = '-k x'\n[project]\nname = 'b'\n",
        "[tool]\npytest = {ini_options = {addopts = '-k x'}}\n",
        'x = """\n[tool.pytest.ini_options]\n"""\n[tool]\npytest.ini_options.addopts = "x"\n',
    ],
)
def test_a_pyproject_that_cannot_be_mixed_with_certainty_is_the_mainlines_whole(candidate: str) -> None:
    found = laid({**MAIN, "pyproject.toml": PYPROJECT}, {**MAIN, "pyproject.toml": candidate})
    assert found == {"pyproject.toml": (MODE, PYPROJECT)}


def test_a_table_header_inside_a_string_is_no_table() -> None:
    header = "[tool.pytest.ini_options]"
    text = f'x = """\n{header}\n"""\n\n[project]\nname = "%s"\n\n{header}\naddopts = "%s"\n'
    found = laid({**MAIN, "pyproject.toml": text % ("a", "-q")}, {**MAIN, "pyproject.toml": text % ("b", "-k x")})
    assert tomllib.loads(content(found, "pyproject.toml")) == tomllib.loads(text % ("b", "-q"))


def test_a_pyproject_that_only_the_candidate_has_loses_its_test_tables_alone() -> None:
    found = content(laid(MAIN, {**MAIN, "pyproject.toml": PYPROJECT}), "pyproject.toml")
    assert set(tomllib.loads(found)["tool"]) == {"ruff"}


PACKAGE = {
    "name": "shop",
    "scripts": {"test": "vitest run", "build": "tsc"},
    "dependencies": {"a": "1"},
    "jest": {"bail": True},
}


def package(value: object, indent: int | None = 2) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False) + "\n"


def test_the_scripts_and_runner_settings_of_package_json_are_the_mainlines() -> None:
    theirs = {
        "name": "shöp",
        "mocha": {"grep": "nothing"},
        "scripts": {"test": "true", "pretest": "rm -r tests", "start": "node ."},
        "dependencies": {"a": "2"},
    }
    text = package(theirs, 4)
    found = content(laid({**MAIN, "package.json": package(PACKAGE)}, {**MAIN, "package.json": text}), "package.json")
    assert json.loads(found) == {
        "name": "shöp",
        "scripts": {"start": "node .", "test": "vitest run", "build": "tsc"},
        "dependencies": {"a": "2"},
        "jest": {"bail": True},
    }
    assert found.startswith('{\n    "name": "shöp"')
    assert found.endswith("}\n")


def test_a_package_json_with_the_mainlines_settings_is_left_byte_for_byte() -> None:
    mainline, candidate = package(PACKAGE), package({**PACKAGE, "version": "2"}, indent=None)
    assert laid({**MAIN, "package.json": mainline}, {**MAIN, "package.json": candidate}) == {}


def test_the_stub_that_stands_for_missing_tests_gives_way_to_a_plans_test_script() -> None:
    stub = {"scripts": {"test": 'echo "Error: no test specified" && exit 1'}}
    real = {"scripts": {"test": "node --test"}}
    assert laid({**MAIN, "package.json": package(stub)}, {**MAIN, "package.json": package(real)}) == {}


@pytest.mark.parametrize("candidate", ["{", "[]", '"x"', '{"a": "\\ud800", "scripts": {}}', "[" * 100_000])
def test_a_package_json_that_cannot_be_mixed_is_the_mainlines_whole(candidate: str) -> None:
    found = laid({**MAIN, "package.json": package(PACKAGE)}, {**MAIN, "package.json": candidate})
    assert found == {"package.json": (MODE, package(PACKAGE))}


def test_a_large_tree_is_compared_in_a_moment() -> None:
    big = {f"src/package{number % 500}/module{number}.py": "x" for number in range(50_000)}
    assert laid({**MAIN, **big}, {**MAIN, **big, "src/new.py": "y"}) == {}

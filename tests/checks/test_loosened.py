"""What judges beside the tests may become stricter, and not laxer."""

from __future__ import annotations

from itertools import pairwise

import pytest

from .pages import Pages, drift

PYPROJECT = """\
[project]
name = "shop"

[tool.pytest.ini_options]
addopts = "-q --strict-markers --cov-fail-under=80"
testpaths = ["tests"]
xfail_strict = true
filterwarnings = ["error"]

[tool.coverage.run]
branch = true

[tool.coverage.report]
fail_under = 80

[tool.ruff.lint]
select = ["E", "F"]

[tool.ruff.lint.mccabe]
max-complexity = 10

[tool.mypy]
strict = true

[[tool.mypy.overrides]]
module = "shop.*"
disallow_untyped_defs = true
"""
PACKAGE = """\
{
  "scripts": {"test": "jest --ci && tsc --noEmit", "lint": "eslint . --max-warnings 0"},
  "jest": {"coverageThreshold": {"global": {"branches": 80}}, "testTimeout": 1000}
}
"""
TSCONFIG = '{\n  // checked\n  "compilerOptions": {"strict": true, "noImplicitAny": true, "skipLibCheck": false,},\n}\n'
ESLINT = "export default [\n  { rules: { 'no-undef': 'error', eqeqeq: ['error', 'always'] } }, // all\n];\n"
JESTJS = "module.exports = {\n  testTimeout: 1000,\n  coverageThreshold: { global: { lines: 90 } },\n};\n"
MAKE = "test: build\n\tpytest -q tests\n\tmypy src\n\nbuild:\n\ttrue\n"
GOLANGCI = "linters:\n  enable:\n    - errcheck\n    - govet\n"
CARGO = '[package]\nname = "shop"\n\n[lints.clippy]\nunwrap_used = "deny"\n'
SETUP = "[metadata]\nname = shop\n\n[flake8]\nmax-complexity = 10\nignore = E1\n"
TOX = "[testenv]\ncommands = pytest\n\n[pytest]\naddopts = --strict-config\n"
NOX = '@nox.session\ndef tests(session):\n    session.run("pytest", "--strict-config")\n'
COVERAGE = "[report]\nfail_under = 90\nomit =\n    a.py\n"
MYPY = "[mypy]\ndisallow_untyped_defs = True\n"
PRECOMMIT = "repos:\n  - repo: local\n    hooks:\n      - id: ruff\n      - id: mypy\n"

LOOSENED = {
    "coverage": (
        "pyproject.toml",
        PYPROJECT,
        "fail_under = 80",
        "fail_under = 10",
        "tool.coverage.report.fail_under was 80",
    ),
    "coverage gone": ("pyproject.toml", PYPROJECT, "fail_under = 80", "precision = 2", "fail_under was 80 and is gone"),
    "coverage option": ("pyproject.toml", PYPROJECT, "-under=80", "-under=8", "lost --cov-fail-under=80"),
    "branches": ("pyproject.toml", PYPROJECT, "branch = true", "branch = false", "branch is no longer true"),
    "files left out": (
        "pyproject.toml",
        PYPROJECT,
        "branch = true",
        'branch = true\nomit = ["src/shop.py"]',
        "leaves out src/shop.py",
    ),
    "markers": ("pyproject.toml", PYPROJECT, " --strict-markers", "", "lost --strict-markers"),
    "tests deselected": ("pyproject.toml", PYPROJECT, '"-q ', '"-q --deselect=tests/a.py ', "gained `--deselect"),
    "tests ignored": ("pyproject.toml", PYPROJECT, '"-q ', '"-q --ignore=tests/a.py ', "gained `--ignore"),
    "xfail": ("pyproject.toml", PYPROJECT, "xfail_strict = true", "", "xfail_strict is no longer true"),
    "warnings": ("pyproject.toml", PYPROJECT, '["error"]', "[]", "no longer takes warnings for errors"),
    "test paths": ("pyproject.toml", PYPROJECT, '["tests"]', '["tests/unit"]', "testpaths lost tests"),
    "lint rules": ("pyproject.toml", PYPROJECT, '["E", "F"]', '["E"]', "select lost F"),
    "a lint ignore": ("pyproject.toml", PYPROJECT, '"F"]', '"F"]\nignore = ["E501"]', "ignore now leaves out E501"),
    "a file's lint ignore": (
        "pyproject.toml",
        PYPROJECT,
        "[tool.ruff.lint.mccabe]",
        '[tool.ruff.lint.per-file-ignores]\n"src/*" = ["F"]\n\n[tool.ruff.lint.mccabe]',
        "leaves out F",
    ),
    "complexity": ("pyproject.toml", PYPROJECT, "complexity = 10", "complexity = 50", "max-complexity was 10"),
    "types": (
        "pyproject.toml",
        PYPROJECT,
        "strict = true\n\n[[",
        "strict = false\n\n[[",
        "tool.mypy.strict is no longer",
    ),
    "a module's types": (
        "pyproject.toml",
        PYPROJECT,
        "disallow_untyped_defs = true",
        "ignore_errors = true",
        "ignore_errors is true",
    ),
    "a whole table": (
        "pyproject.toml",
        PYPROJECT,
        "[tool.mypy]\nstrict = true\n",
        "",
        "tool.mypy.strict is no longer true",
    ),
    "unreadable": ("pyproject.toml", PYPROJECT, "[tool.mypy]", "[tool.mypy", "can no longer be read"),
    "a script": ("package.json", PACKAGE, "jest --ci && tsc --noEmit", "jest --ci", "no longer runs `tsc --noEmit`"),
    "a script that minds nothing": ("package.json", PACKAGE, "tsc --noEmit", "tsc --noEmit || true", "no longer minds"),
    "a script that says it only": (
        "package.json",
        PACKAGE,
        "jest --ci",
        "echo jest --ci",
        "no longer runs `jest --ci`",
    ),
    "a script without tests": ("package.json", PACKAGE, "jest --ci", "jest --ci --passWithNoTests", "passWithNoTests"),
    "a script gone": ("package.json", PACKAGE, ', "lint": "eslint . --max-warnings 0"', "", "scripts.lint is gone"),
    "jest's threshold": ("package.json", PACKAGE, '"branches": 80', '"branches": 8', "branches was 80 and is 8"),
    "jest's time": ("package.json", PACKAGE, '"testTimeout": 1000', '"testTimeout": 90000', "testTimeout was 1000"),
    "typescript": ("tsconfig.json", TSCONFIG, '"strict": true', '"strict": false', "strict is no longer true"),
    "typescript's libraries": (
        "tsconfig.json",
        TSCONFIG,
        '"skipLibCheck": false',
        '"skipLibCheck": true',
        "skipLibCheck",
    ),
    "an eslint rule": (
        "eslint.config.js",
        ESLINT,
        "'no-undef': 'error'",
        "'no-undef': 'off'",
        "no-undef was error and is off",
    ),
    "an eslint rule gone": ("eslint.config.mjs", ESLINT, "'no-undef': 'error', ", "", "no-undef was error and is gone"),
    "an eslint rule with options": (".eslintrc.cjs", ESLINT, "['error', 'always']", "['warn', 'always']", "eqeqeq"),
    "eslint's json": (
        ".eslintrc.json",
        '{"rules": {"eqeqeq": "error"}}',
        '"error"',
        '"warn"',
        "rules.eqeqeq was error",
    ),
    "jest's file": ("jest.config.js", JESTJS, "lines: 90", "lines: 9", "lines was 90 and is 9"),
    "jest's file's time": (
        "jest.config.ts",
        JESTJS,
        "testTimeout: 1000",
        "testTimeout: 60_000",
        "testTimeout was 1000",
    ),
    "a recipe": ("Makefile", MAKE, "\tmypy src\n", "", "target test no longer runs `mypy src`"),
    "a recipe that minds nothing": ("Makefile", MAKE, "\tmypy src", "\t-mypy src", "target test no longer minds"),
    "a recipe for less": ("Makefile", MAKE, "pytest -q tests", "pytest -q tests -k fast", "gained `-k`"),
    "a target gone": ("Makefile", MAKE, "test: build", "tset: build", "target test is gone"),
    "golangci": (".golangci.yml", GOLANGCI, "    - govet\n", "", "linters.enable lost govet"),
    "cargo's lints": ("Cargo.toml", CARGO, '"deny"', '"allow"', "unwrap_used was deny and is allow"),
    "flake8": ("setup.cfg", SETUP, "ignore = E1", "ignore = E1,F", "flake8.ignore now leaves out F"),
    "tox": ("tox.ini", TOX, "addopts = --strict-config", "addopts = -x", "lost --strict-config"),
    "tox's commands": ("tox.ini", TOX, "commands = pytest", "commands = pytest -k fast", "commands gained `-k`"),
    "nox": ("noxfile.py", NOX, '"pytest", "--strict-config"', '"true"', "session tests no longer runs `pytest"),
    "a nox session gone": ("noxfile.py", NOX, "def tests(", "def show(", "session tests is gone"),
    "coverage's own file": (
        ".coveragerc",
        COVERAGE,
        "    a.py\n",
        "    a.py\n    src/*\n",
        "omit now leaves out src/*",
    ),
    "mypy's own file": ("mypy.ini", MYPY, "True", "False", "disallow_untyped_defs is no longer true"),
    "pre-commit": (".pre-commit-config.yaml", PRECOMMIT, "      - id: mypy\n", "", "lost mypy"),
}


@pytest.mark.parametrize("how", LOOSENED)
def test_a_laxer_setting_is_seen(how: str) -> None:
    path, text, old, new, told = LOOSENED[how]
    assert old in text
    pages = Pages({path: text}, {path: text.replace(old, new, 1)})
    verdict = pages.verdict()
    assert told in verdict.evidence
    assert path in verdict.evidence
    assert verdict.reason == "gate-gaming"


def test_the_reason_is_the_gate_where_both_a_gate_and_a_test_were_loosened() -> None:
    test = {"tests/test_a.py": "def test_a():\n    assert f() == 1\n"}
    weaker = {"tests/test_a.py": "def test_a():\n    assert f()\n"}
    gate, laxer = {"Makefile": MAKE}, {"Makefile": MAKE.replace("pytest", "true")}
    assert Pages({**test, **gate}, {**weaker, **gate}).verdict().reason == "drift"
    both = Pages({**test, **gate}, {**weaker, **laxer}).verdict()
    assert both.reason == "gate-gaming"
    assert "tests/test_a.py: test_a: 1 assert" in both.evidence
    assert "Makefile: target test" in both.evidence


def test_what_judges_nothing_is_free_to_change() -> None:
    assert (
        drift("package.json", '{"scripts": {"dev": "vite", "build": "tsc"}}', '{"scripts": {"build": "rollup"}}') == ""
    )
    assert drift("noxfile.py", "def docs(session):\n    session.run('sphinx')\n", "") == ""


@pytest.mark.parametrize("how", LOOSENED)
def test_the_way_back_is_stricter_and_passes(how: str) -> None:
    path, text, old, new, _ = LOOSENED[how]
    if how in {"a module's types", "tox", "a target gone", "a script that says it only", "nox", "a nox session gone"}:
        return  # there and back are different things
    assert drift(path, text.replace(old, new, 1), text) == ""


def test_a_settings_file_that_is_gone_or_named_under_tests() -> None:
    assert "fail_under was 90 and is gone" in drift(".coveragerc", COVERAGE, None)
    pages = Pages({".coveragerc": COVERAGE}, {".coveragerc": COVERAGE.replace("90", "10")})
    assert pages.drift(exempt=(".coveragerc",)) == ""


SILENCED = {
    "type: ignore": ("src/a.py", "x = f(1)\n", "x = f(1)  # type: ignore\n", "src/a.py:1: type: ignore"),
    "noqa": ("src/a.py", "x = f(1)\n", "x = f(1)  # noqa: E501\n", "src/a.py:1: noqa"),
    "no cover": (
        "src/a.py",
        "def f():\n    g()\n",
        "def f():  # pragma: no cover\n    g()\n",
        "src/a.py:1: pragma: no cover",
    ),
    "pylint": ("src/a.py", "x = f(1)\n", "x = f(1)  # pylint: disable=all\n", "pylint"),
    "on a line a little changed": (
        "src/a.py",
        "value = f(1, 2)\n",
        "value = f(1, 3)  # type: ignore\n",
        "type: ignore",
    ),
    "made wider": ("src/a.py", "x = f(1)  # noqa: E501\n", "x = f(1)  # noqa\n", "noqa"),
    "of more rules": ("src/a.py", "x = f(1)  # noqa: E501\n", "x = f(1)  # noqa: E501, F841\n", "noqa"),
    "mypy for a file": ("src/a.py", "x = f(1)\n", "# mypy: ignore-errors\nx = f(1)\n", "rest of a file"),
    "ruff for a file": ("src/a.py", "x = f(1)\n", "# ruff: noqa\nx = f(1)\n", "rest of a file"),
    "eslint for a file": ("src/a.js", "f(1);\n", "/* eslint-disable */\nf(1);\n", "rest of a file"),
    "eslint for a line": ("src/a.js", "f(1);\n", "f(1); // eslint-disable-line no-undef\n", "eslint-disable-line"),
    "eslint for the next": (
        "src/a.js",
        "f(1);\n",
        "// eslint-disable-next-line no-undef\nf(1);\n",
        "src/a.js:1: eslint",
    ),
    "ts-ignore": ("src/a.ts", "f(1);\n", "// @ts-ignore\nf(1);\n", "@ts-ignore silences a line"),
    "ts-expect-error": ("src/a.ts", "f(1);\n", "// @ts-expect-error later\nf(1);\n", "@ts-expect-error"),
    "ts-nocheck": ("src/a.ts", "f(1);\n", "// @ts-nocheck\nf(1);\n", "@ts-nocheck"),
    "istanbul": ("src/a.ts", "if (a) f();\n", "/* istanbul ignore next */\nif (a) f();\n", "istanbul ignore next"),
    "allow": ("src/a.rs", "fn f() {}\n", "#[allow(dead_code)]\nfn f() {}\n", "allow silences a line"),
    "allow for a file": (
        "src/a.rs",
        "fn f() {}\n",
        "#![allow(warnings)]\nfn f() {}\n",
        "allow silences a check for the rest",
    ),
    "nolint": ("a.go", "x := f()\n", "x := f() //nolint:errcheck\n", "nolint"),
    "nolint above": ("a.go", "x := f()\n", "//nolint\nx := f()\n", "nolint"),
    "SuppressWarnings": ("A.java", "void f() {}\n", '@SuppressWarnings("all")\nvoid f() {}\n', "SuppressWarnings"),
}


@pytest.mark.parametrize("how", SILENCED)
def test_a_mark_that_silences_what_was_judged_is_seen(how: str) -> None:
    path, before, after, told = SILENCED[how]
    padding = "".join(f"line_{n}\n" for n in range(8)) if not path.endswith(".py") else ""
    assert told in drift(path, before + padding, after + padding)


def test_a_mark_in_a_new_file_or_on_new_lines_passes() -> None:
    assert Pages({}, {"src/a.py": "# ruff: noqa\nx = f()  # type: ignore\n"}).drift() == ""
    assert drift("src/a.ts", "f(1);\n", "f(1);\n\n// @ts-expect-error no types there\nconst other = load('x');\n") == ""


def test_marks_in_hostile_lines_end_quickly() -> None:
    long = "x = 1  # noqa: " + "E" * 400_000
    assert "noqa" in drift("src/a.py", "x = 1\n" * 300, long + "\n" + "x = 1\n" * 299)


SNAP = "// v1\n\nexports[`a 1`] = `12`;\n\nexports[`b 1`] = `\n<p>\n`;\n"
AMBR = "# name: test_a\n  12\n# ---\n# name: test_b\n  13\n# ---\n"
INSTA = "---\nsource: src/a.rs\nexpression: a\n---\n12\n"

REWRITTEN = {
    "jest": ("src/__snapshots__/a.test.js.snap", SNAP, SNAP.replace("12", "13"), "rewritten: a 1"),
    "jest's entry gone": (
        "src/__snapshots__/a.test.js.snap",
        SNAP,
        SNAP[: SNAP.index("exports[`b")],
        "no longer holds b 1",
    ),
    "syrupy": ("tests/__snapshots__/test_a.ambr", AMBR, AMBR.replace("13", "14"), "rewritten: test_b"),
    "insta": ("src/snapshots/a.snap", INSTA, INSTA.replace("12", "13"), "rewritten"),
    "golden": ("tests/golden/page.html", "<p>12</p>\n", "<p>13</p>\n", "rewritten: tests compare with it"),
    "expected": ("tests/data/page.expected.json", "{}\n", "[]\n", "rewritten"),
    "go's golden": ("cmd/testdata/a.golden", "12\n", "13\n", "rewritten"),
    "deleted": ("src/__snapshots__/a.test.js.snap", SNAP, None, "deleted, and tests compare with it"),
}


@pytest.mark.parametrize("how", REWRITTEN)
def test_a_rewritten_snapshot_is_seen(how: str) -> None:
    path, before, after, told = REWRITTEN[how]
    assert told in drift(path, before, after)


def test_a_snapshot_may_grow_and_be_written_by_another_version_of_its_library() -> None:
    assert drift("tests/__snapshots__/test_a.ambr", AMBR, AMBR + "# name: test_c\n  1\n# ---\n") == ""
    assert drift("src/snapshots/a.snap", INSTA, INSTA.replace("expression: a", "expression: a\nversion: 2")) == ""


PIPELINES = (
    ".github/workflows/test.yml",
    ".gitlab-ci.yml",
    ".ci/run.sh",
    "azure-pipelines.yml",
    "Jenkinsfile",
    ".circleci/config.yml",
)


@pytest.mark.parametrize("path", PIPELINES)
def test_an_edited_pipeline_is_seen_unless_the_plan_names_it(path: str) -> None:
    pages = Pages({path: "run: pytest\n"}, {path: "run: pytest || true\n"})
    assert f"{path}: a pipeline" in pages.drift(named=("**", "src/**"))
    assert pages.verdict(named=("**",)).reason == "gate-gaming"
    assert "a pipeline" in Pages({}, {path: "run: true\n"}).drift()
    assert "a pipeline" in Pages({path: "run: pytest\n"}, {}).drift()
    assert pages.drift(named=(path,)) == ""


def test_edited_goals_and_criteria_are_seen_and_ticks_are_not() -> None:
    goals = {"agents/GOALS.md": "# Goals\n- `make test`\n"}
    edited_goals = Pages(goals, {"agents/GOALS.md": "# Goals\n- `true`\n"}).verdict()
    assert "the goals were edited" in edited_goals.evidence
    assert edited_goals.reason == "drift"
    plan = "---\nstatus: ready\n---\n# P\n## Goal\n- `make test`\n## Chunks\n- [ ] one\n"
    for edited in (plan.replace("make test", "true"), plan.replace("- [ ] one\n", "")):
        assert "what a plan asks for was edited" in Pages({"plans/p.md": plan}, {"plans/p.md": edited}).drift()
    ticked = plan.replace("[ ]", "[x]").replace("ready", "done")
    assert Pages({"plans/p.md": plan}, {"plans/p.md": ticked}).drift() == ""


def test_hostile_settings_end_quickly_and_are_told() -> None:
    deep = '{"rules": ' + "[" * 100_000
    assert "can no longer be read" in drift(".eslintrc.json", '{"rules": {"eqeqeq": "error"}}', deep)
    doubled = "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in pairwise("abcdefghijklmnopqrstuvwxyz"))
    bomb = f"a: &a [x, x]\n{doubled}linters:\n  enable: *z\n"
    assert "linters.enable lost errcheck, govet" in drift(".golangci.yml", GOLANGCI, bomb)

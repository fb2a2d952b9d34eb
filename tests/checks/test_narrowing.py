"""Gates that run tests, narrowed to a few of them."""

from __future__ import annotations

import pytest

from loopwright.checks.narrowing import narrowed, passed, places, runs_tests

THERE = {"tests", "tests/test_a.py", "src", "pytest.ini"}


def of(command: str, path: str = "tests/test_new.py", names: tuple[str, ...] = ("test_x",)) -> str | None:
    return narrowed(command, path, names, THERE.__contains__)


@pytest.mark.parametrize(
    ("command", "less"),
    [
        ("pytest -q tests", "pytest tests/test_new.py"),
        ("python3 -m unittest discover -s tests", "python3 -m unittest discover -s tests -p test_new.py"),
    ],
)
def test_without_names_it_is_the_whole_file(command: str, less: str) -> None:
    assert of(command, names=()) == less


def test_places_are_files_and_their_folders() -> None:
    assert places(["a/b/c.py", "d.py"]) == {"a", "a/b", "a/b/c.py", "d.py"}


@pytest.mark.parametrize(
    ("command", "less"),
    [
        ("pytest", "pytest tests/test_new.py::test_x"),
        ("python3 -m pytest -q tests", "python3 -m pytest tests/test_new.py::test_x"),
        ("uv run pytest -x -qq tests/test_a.py", "uv run pytest -x tests/test_new.py::test_x"),
        ("pytest -k price -p no:cacheprovider tests/", "pytest -k price -p no:cacheprovider tests/test_new.py::test_x"),
        ("pytest -c pytest.ini --cov=src --cov-fail-under=90", "pytest -c pytest.ini tests/test_new.py::test_x"),
        ("pytest --cov src tests", "pytest tests/test_new.py::test_x"),
        ("python3 -m unittest", "python3 -m unittest discover -s . -p test_new.py -k '*.test_x'"),
        (
            "python3 -m unittest discover -s tests -q",
            "python3 -m unittest discover -s tests -p test_new.py -k '*.test_x'",
        ),
        (
            "python3 -m unittest discover tests -t . -p '*_test.py'".replace("'*_test.py'", "test_a.py"),
            "python3 -m unittest discover -s tests -t . -p test_new.py -k '*.test_x'",
        ),
    ],
)
def test_a_plain_call_is_narrowed(command: str, less: str) -> None:
    assert of(command) == less


@pytest.mark.parametrize(
    "command",
    [
        "cd src && pytest",
        "pytest tests | tee log",
        "pytest $ARGS",
        "pytest tests/*.py",
        "make test",
        "tox -e py311",
        "pytest --rootdir tests",
        "python3 -m unittest tests.test_a",
        "python3 -m unittest discover -s other",
        "pytest 'tests",
    ],
)
def test_what_means_more_than_its_words_is_left_whole(command: str) -> None:
    assert of(command) is None


def test_tests_are_named_within_their_classes() -> None:
    names = ("PriceTest.test_x", "PriceTest.test_y")

    assert (
        of("pytest", names=names) == "pytest tests/test_new.py::PriceTest::test_x tests/test_new.py::PriceTest::test_y"
    )
    assert str(of("python -m unittest", names=names)).endswith("-k '*.PriceTest.test_x' -k '*.PriceTest.test_y'")
    assert of("pytest", names=tuple(f"test_{n}" for n in range(41))) == "pytest tests/test_new.py"


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("2 passed in 0.01s", True),
        ("1 passed, 1 skipped in 0.01s", True),
        ("1 skipped in 0.01s", False),
        ("1 xfailed in 0.01s", False),
        ("no tests ran in 0.00s", False),
        ("Ran 2 tests in 0.001s\n\nOK\n", True),
        ("Ran 2 tests in 0.001s\n\nOK (skipped=2)\n", False),
        ("Ran 0 tests in 0.000s\n\nOK\n", False),
        ("", False),
    ],
)
def test_only_tests_that_ran_have_passed(output: str, told: bool) -> None:
    assert passed(output) is told


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("npm test", True),
        ("go test ./...", True),
        ("cargo test", True),
        ("node --test", True),
        ("./gradlew build", True),
        ("make check", True),
        ("npx vitest run", True),
        ("ruff format src", False),
        ("grep -q x README.md", False),
    ],
)
def test_runners_are_known_by_their_names(command: str, runs: bool) -> None:
    assert runs_tests(command) is runs

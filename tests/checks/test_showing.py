"""What a test command has shown is the same for the same run, and another once a test fails otherwise."""

import pytest

from loopwright.checks.diagnostics.showing import state_of_tests

FAILING = "FAILED tests/test_a.py::test_one - assert 1 == 2\n1 failed, 3 passed in {} s\n"


@pytest.mark.parametrize(
    "command",
    [
        "pytest -q",
        "python3 -m unittest discover -s tests",
        "cd sub && .venv/bin/python -m pytest tests/a.py 2>&1 | tail -5",
        "npm test",
        "npm run test:unit",
        "npx jest",
        "node --test",
        "cargo test",
        "cargo nextest run",
        "go test ./...",
        "make check",
        "./gradlew test",
        "mvn -q verify",
    ],
)
def test_commands_that_run_tests_show_a_state(command: str) -> None:
    assert state_of_tests(command, 1, FAILING) is not None


@pytest.mark.parametrize("command", ["ls tests", "cat tests/test_a.py", "git status", "make", "npm install", "echo hi"])
def test_other_commands_show_none(command: str) -> None:
    assert state_of_tests(command, 1, FAILING) is None


def test_the_same_run_that_took_longer_shows_the_same_state() -> None:
    assert state_of_tests("pytest", 1, FAILING.format("0.1")) == state_of_tests("pytest -q", 1, FAILING.format("9.8"))


@pytest.mark.parametrize(
    ("code", "output"),
    [
        (0, "4 passed in 0.1 s\n"),
        (1, FAILING.replace("test_one", "test_two")),
        (1, FAILING.replace("3 passed", "4 passed")),
        (2, FAILING),
    ],
)
def test_another_exit_failing_test_or_count_is_another_state(code: int, output: str) -> None:
    assert state_of_tests("pytest", code, output) != state_of_tests("pytest", 1, FAILING)


def test_a_hostile_command_and_output_are_read_in_no_time() -> None:
    assert state_of_tests("make " * 400_000, 1, "") is None
    assert state_of_tests("pytest", 1, "1 " * 2_000_000) is not None

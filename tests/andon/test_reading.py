"""The cause is found where outputs have it, and not where they only sound like it."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from loopwright.andon import classify, signature
from loopwright.checks.protected import ProtectedGuard
from loopwright.checks.scope import ScopeGuard
from loopwright.vocabulary import CAUSES, Cause, Change, FailedCommand, FileChange, Scope
from tests.checks.conftest import FolderLab

from .conftest import corpus


def why(output: str, command: str = "./ci.sh", code: int | None = 1, *, timed_out: bool = False) -> Cause:
    return classify(FailedCommand(command, code, output, timed_out))


LOG = [f"[{number}] compiling module_{number:04}_{number * 7919 % 9973:x}.c ... ok" for number in range(20_000)]


@pytest.mark.parametrize("place", [0, 3, 9_000, 19_990, 19_999])
def test_the_cause_is_found_anywhere_in_a_long_log(place: int) -> None:
    lines = [*LOG[:place], "cp: cannot create regular file 'x': No space left on device", *LOG[place:]]

    assert why("\n".join(lines)).label == "resource"


def test_colours_and_progress_bars_hide_nothing() -> None:
    bar = "".join(f"\r\x1b[32m{'#' * number}\x1b[0m {number}%" for number in range(100))

    assert (
        why(f"{bar}\r\x1b[31;1mERR\x1b[0mOR: \x1b[1mNo module\x1b[0m named 'flask'\n{bar}").label
        == "missing-dependency"
    )
    assert why("10%\r50%\rcurl: (7) Failed to connect: Connection refused\r100%").label == "network"


SOUNDS = [
    (
        "missing-tool",
        "sh x.sh",
        "warning: permission of the cache is odd\nnpm warn timeout of 3 s\n./x.sh: line 2: jq: command not found",
    ),
    ("missing-path", "make", "0 errors, 3 warnings\n12 passed, 0 failed\ncat: out.txt: No such file or directory"),
    (
        "test-failure",
        "pytest",
        "E       AssertionError: assert 'Permission denied' == 'No space left on device'\n1 failed in 0.1s",
    ),
    ("test-failure", "go test ./...", "=== RUN   TestTimeout/refused\n--- FAIL: TestTimeout/refused (0.00s)\nFAIL"),
    (
        "build-error",
        "make",
        "a.c:3:5: error: 'timeout' undeclared (first use in this function)\nmake: *** [a.o] Error 1",
    ),
    ("build-error", "mypy a.py", 'a.py:2: error: Incompatible return value type (got "int", expected "str")'),
    ("missing-tool", "npm test", "sh: 1: jest: not found\nnpm ERR! Test failed.  See above for more details."),
    ("build-error", "make", "RuntimeWarning: No module named 'fast'; falling back\na.c:1:9: error: expected ';'"),
    (
        "missing-dependency",
        "pytest",
        "ModuleNotFoundError: No module named 'numpy'\nERROR tests/test_a.py\n1 error in 0.2s",
    ),
    ("build-error", "pytest", "ImportError: cannot import name 'Cart' from 'shop.cart'\n1 error in 0.2s"),
    (
        "network",
        "python a.py",
        "httpx.HTTPStatusError: Client error '429 Too Many Requests' for url 'http://x.example'",
    ),
    (
        "conflict",
        "python a.py",
        '  File "a.py", line 2\n    <<<<<<< HEAD\n    ^^\nSyntaxError: invalid syntax',
    ),
]


@pytest.mark.parametrize(("label", "command", "output"), SOUNDS)
def test_what_only_sounds_like_a_cause_is_none(label: str, command: str, output: str) -> None:
    assert why(output, command).label == label


def test_how_a_command_ended_speaks_where_it_said_nothing() -> None:
    assert why("", code=124).label == "timeout"
    assert why("listening on :8080", code=137, timed_out=True).label == "timeout"
    assert why("", code=137).label == why("", code=-9).label == "resource"
    assert why("", "timeout -s KILL 5 ./x", code=137).label == "timeout"
    assert why("", code=127).label == "missing-tool"
    assert why("", code=None).label == "unknown"


@pytest.mark.parametrize("said", ["", "step 1 ok", "build ok; no conflicts", "checking network timeout settings: done"])
def test_who_says_nothing_of_a_cause_failed_for_an_unknown_one(said: str) -> None:
    found = why(said, code=4)

    assert found.label == "unknown"
    assert found.confidence < 0.8


def test_a_lost_connection_comes_before_the_package_that_was_not_found() -> None:
    retried = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /simple/x/"
    said = f"{retried}\nERROR: Could not find a version that satisfies x\nERROR: No matching distribution found for x"

    assert why(said, "pip install x").label == "network"
    assert why(said.partition("\n")[2], "pip install x").label == "missing-dependency"


def test_where_two_causes_fit_both_are_told_and_their_confidences_add_up_to_one_at_most() -> None:
    found = why('fatal error: cart.h: No such file or directory\n    1 | #include "cart.h"', "gcc a.c")

    assert {each.label for each in found.candidates[:2]} == {"missing-path", "missing-dependency"}
    assert found.confidence < 0.9
    for case in corpus():
        candidates = classify(FailedCommand(case.command, case.exit_code, case.output)).candidates
        confidences = [each.confidence for each in candidates]
        assert sum(confidences) <= 1
        assert confidences == sorted(confidences, reverse=True)
        assert {each.label for each in candidates} <= set(CAUSES)


def test_what_a_guard_refused_is_the_conduct_of_the_agent(tmp_path: Path) -> None:
    lab = FolderLab(tmp_path / "lab")
    file = FileChange("agents/GOALS.md", "M", "100644", "100644", "a", "b")
    change = Change("a", "b", "c", (file,))

    for guard in (ScopeGuard(Scope(inside=("src/**",))), ProtectedGuard()):
        assert why(guard.check(change, lab).evidence).label == "agent-conduct"


HOSTILE = {
    "one line": "error: " * 150_000,
    "one word": "a" * (1 << 20),
    "line ends": "\n" * (1 << 20),
    "slashes": "could not find " + "/a.b" * 250_000,
    "half-open escapes": "\x1b[" * (1 << 19),
    "progress": "".join(f"\r{number}%" for number in range(150_000)),
    "letters that grow": "İ error ’ " * 100_000,
    "quotes": "error: '\"`expected " * 50_000,
    "nearly": ("not " * 90 + "\n") * 2_800,
    "places": ("a:1:1: " * 55 + "\n") * 2_700,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_output_of_1_mb_takes_long(kind: str) -> None:
    began = time.process_time()
    why(HOSTILE[kind])
    signature("make", HOSTILE[kind])

    assert time.process_time() - began < 1.0  # 0.02 to 0.1 s for both; one form that runs wild takes minutes


def test_every_clues_words_at_once_take_not_much_longer() -> None:
    from loopwright.andon.clues import BY_CAUSE

    words = [clue.needle for clues in BY_CAUSE.values() for clue in clues]
    drawn = random.Random(3)
    output = "\n".join(" ".join(drawn.sample(words, 12)) for _ in range(5_000))
    began = time.process_time()
    why(output[: 1 << 20])

    assert time.process_time() - began < 1.0

"""A gate's command is run in the lab, and what it printed is turned into evidence."""

from __future__ import annotations

import sys

import pytest

from loopwright.checks.gates import EVIDENCE, GateCheck, evidence
from loopwright.vocabulary import Change, Failure, Gate, Verdict

from .conftest import FolderLab

CHANGE = Change("b" * 40, "c" * 40, "t" * 40)


def tried(lab: FolderLab, command: str, seconds: float = 30, **expected: object) -> Verdict:
    gate = Gate(command, source="LOOPS.md", **expected)  # type: ignore[arg-type]
    return GateCheck(gate, seconds).check(CHANGE, lab)


def test_a_command_that_ends_as_expected_passes_and_its_facts_are_kept(lab: FolderLab) -> None:
    found = tried(lab, "echo all good")
    assert (found.passed, found.exit, found.command, found.source) == (True, 0, "echo all good", "LOOPS.md")
    assert (found.commit, found.tree, found.reason, found.failures) == ("c" * 40, "t" * 40, "", ())
    assert found.seconds is not None
    assert "all good" in found.evidence


def test_another_exit_than_expected_is_told_first(lab: FolderLab) -> None:
    found = tried(lab, "echo some words; exit 3")
    assert (found.passed, found.reason, found.exit) == (False, "failed", 3)
    assert found.evidence == "exit 3, expected 0\n\nsome words"
    assert tried(lab, "exit 3", exit=3).passed


def test_expected_output_and_bounds_are_held(lab: FolderLab) -> None:
    assert tried(lab, "echo 'total:   12'", prints="total: 12").passed
    assert "did not print" in tried(lab, "echo 13", prints="total: 12").evidence
    assert tried(lab, "echo took 2.4", bound=("<=", 2.5)).passed
    assert "measured 2.6" in tried(lab, "echo took 2.6", bound=("<=", 2.5)).evidence


def test_a_command_that_is_not_there_has_its_own_reason(lab: FolderLab) -> None:
    assert tried(lab, "no-such-program-here --flag").reason == "missing-command"


def test_a_command_that_does_not_end_is_ended_and_told_so(lab: FolderLab) -> None:
    found = tried(lab, "echo began; sleep 60", seconds=0.3)
    assert (found.passed, found.reason) == (False, "timeout")
    assert "no end within 0.3 s" in found.evidence
    assert "began" in found.evidence


def test_a_time_out_is_no_pass_though_its_code_was_expected(lab: FolderLab) -> None:
    assert not tried(lab, "sleep 60", seconds=0.3, exit=124).passed


def test_real_failing_tests_are_named_with_file_line_and_message(lab: FolderLab) -> None:
    lab.write("shop.py", b"def price(net):\n    return net\n")
    lab.write("test_shop.py", b"from shop import price\n\n\ndef test_vat():\n    assert price(10) == 12\n")
    found = tried(lab, f"{sys.executable} -m pytest -q -p no:cacheprovider test_shop.py")
    assert found.reason == "test-failure"
    assert found.failures[0].test == "test_vat"
    assert (found.failures[0].path, found.failures[0].line) == ("test_shop.py", 5)
    assert found.evidence.startswith("exit 1, expected 0\n- test_vat: test_shop.py:5: assert 10 == 12")


def test_real_unittest_failures_stand_relative_to_the_lab(lab: FolderLab) -> None:
    lab.write(
        "test_a.py",
        b"import unittest\n\n\nclass T(unittest.TestCase):\n    def test_x(self):\n        self.assertEqual(1, 2)\n",
    )
    found = tried(lab, f"{sys.executable} -m unittest -q")
    assert found.failures == (Failure("test_a.T.test_x", "test_a.py", 6, "AssertionError: 1 != 2"),)
    assert str(lab.root) not in found.evidence


def test_errors_that_are_no_tests_are_placed_but_are_no_test_failure(lab: FolderLab) -> None:
    lab.write("a.py", b"def f(:\n")
    found = tried(lab, f"{sys.executable} a.py; echo a.c:3:5: error: no such thing; exit 1")
    assert found.reason == "failed"
    assert ("a.c", 3) in [(failure.path, failure.line) for failure in found.failures]


@pytest.mark.parametrize("size", [100, 10_000, 1_000_000])
def test_evidence_is_bounded_and_says_what_it_left_out(size: int) -> None:
    failures = tuple(Failure(f"test_{number}", "a.py", number, "m" * 300) for number in range(50))
    told = evidence("exit 1, expected 0", failures, "head " + "x" * size + " tail")
    assert len(told) <= EVIDENCE
    assert told.startswith("exit 1, expected 0\n- test_0: a.py:0: ")
    assert told.endswith(" tail")
    assert size < EVIDENCE or "characters left out" in told


def test_more_failures_than_are_listed_are_counted() -> None:
    told = evidence("exit 1, expected 0", tuple(Failure(f"t{number}") for number in range(30)), "")
    assert "- ... and 20 more" in told

"""A failure has one fingerprint, whenever and wherever it happens; another failure has another."""

from __future__ import annotations

from collections import Counter

import pytest

from loopwright.andon import signature

from .conftest import Known, corpus

AGAIN = [case for case in corpus() if case.again is not None]


@pytest.mark.parametrize("case", AGAIN, ids=lambda case: case.id)
def test_the_same_failure_of_another_run_has_the_same_signature(case: Known) -> None:
    assert case.again is not None

    assert case.again != case.output
    assert signature(case.command, case.again) == signature(case.command, case.output)


def test_different_failures_have_different_signatures() -> None:
    seen = Counter(signature(case.command, case.output) for case in corpus())

    assert max(seen.values()) == 1
    assert len(seen) == len(corpus())


def test_what_varies_from_run_to_run_is_left_out() -> None:
    def told(pid: int, where: str, digest: str, took: str) -> str:
        return (
            f"2026-11-21T10:0{pid % 10}:02.123Z worker {pid} at 0x7f{digest}: {where}/src/shop/cart.py:{pid}: "
            f"TypeError: no total (object {digest}f00dfeed1, took {took}, port {4000 + pid})"
        )

    one = signature("make test", told(3, "/home/dev/project", "aa12bc9", "0.31s"))
    other = signature("make test", told(4711, "/tmp/tmpx81kq0/lab-7", "0b77e1d", "2 min"))
    assert one == other


def test_the_order_of_failing_tests_does_not_matter_and_their_names_do() -> None:
    first, second, third = (f"FAILED tests/test_{name}.py::test_{name} - assert 0" for name in ("a1", "a2", "b"))

    assert signature("pytest", f"{first}\n{second}") == signature("pytest", f"{second}\n{first}")
    assert signature("pytest", f"{first}\n{second}") != signature("pytest", f"{first}\n{third}")
    assert signature("pytest", first) != signature("pytest -x", first)


def test_an_output_without_a_clue_is_known_by_its_last_lines() -> None:
    assert signature("./x", "begin 1\nhalf way\nsad") == signature("./x", "begin 2\nhalf way\nsad")
    assert signature("./x", "begin\nsad") != signature("./x", "begin\nglad")
    assert signature("./x", "") != signature("./y", "")

"""Failing tests are read out of what runners really print."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from loopwright.checks.diagnostics import MOST, failures
from loopwright.vocabulary import Failure

from .conftest import FolderLab

CORPORA = Path(os.environ.get("LOOPWRIGHT_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
SAMPLE = CORPORA / "failures-sample.jsonl"

JEST = """\
FAIL src/price.test.js
  price
    ✓ zero (1 ms)
    ✕ adds vat (3 ms)

  ● price › adds vat

    expect(received).toBe(expected) // Object.is equality

    Expected: 12
    Received: 10

      3 |   test('adds vat', () => {
    > 4 |     expect(price(10)).toBe(12);
        |                       ^

      at Object.toBe (src/price.test.js:4:23)
      at new Promise (<anonymous>)

Tests:       1 failed, 1 passed, 2 total
"""

GO = """\
=== RUN   TestVat
    shop_test.go:9: vat: 10
--- FAIL: TestVat (0.00s)
=== RUN   TestTable
=== RUN   TestTable/negative
--- FAIL: TestTable (0.00s)
    --- FAIL: TestTable/negative (0.00s)
        shop_test.go:21: got 1, want 0
=== RUN   TestFine
--- PASS: TestFine (0.00s)
FAIL
exit status 1
FAIL	example.org/shop	0.002s
"""

CARGO = """\
running 3 tests
test tests::fine ... ok
test tests::vat ... FAILED
test tests::old ... FAILED

failures:

---- tests::vat stdout ----

thread 'tests::vat' (4242) panicked at src/lib.rs:12:9:
assertion `left == right` failed
  left: 10
 right: 12

---- tests::old stdout ----
thread 'tests::old' panicked at 'no such price', src/lib.rs:20:5

failures:
    tests::vat
    tests::old

test result: FAILED. 1 passed; 2 failed; 0 ignored
"""

TSC = "src/a.ts(3,5): error TS2322: Type 'string' is not assignable to type 'number'.\n"
TSC_PRETTY = "\x1b[96msrc/a.ts\x1b[0m:\x1b[93m3\x1b[0m:\x1b[93m5\x1b[0m - \x1b[91merror\x1b[0m TS2322: Type mismatch.\n"
ESLINT = "\n/home/dev/project/src/a.js\n  3:5   error    'x' is not defined  no-undef\n  4:1   warning  odd  x\n\n"
GO_BUILD = "# example.org/shop\n./shop.go:3:5: undefined: y\n"
TRACEBACK = """\
Traceback (most recent call last):
  File "/srv/app.py", line 7, in <module>
    main()
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
    raise JSONDecodeError
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
"""
SHORT = """\
=================================== FAILURES ===================================
_______________________________ TestPrice.test_vat _____________________________
tests/test_price.py:9: in test_vat
    assert helper() == 12
tests/test_price.py:4: in helper
    raise KeyError("vat")
E   KeyError: 'vat'
=========================== short test summary info ============================
FAILED tests/test_price.py::TestPrice::test_vat - KeyError: 'vat'
"""


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (JEST, [("price › adds vat", "src/price.test.js", 4, "expect(received).toBe(expected) // Object.is equality")]),
        (
            GO,
            [
                ("TestVat", "shop_test.go", 9, "vat: 10"),
                ("TestTable/negative", "shop_test.go", 21, "got 1, want 0"),
            ],
        ),
        (
            CARGO,
            [
                ("tests::vat", "src/lib.rs", 12, "assertion `left == right` failed"),
                ("tests::old", "src/lib.rs", 20, "no such price"),
            ],
        ),
        (TSC, [("", "src/a.ts", 3, "error TS2322: Type 'string' is not assignable to type 'number'.")]),
        (TSC_PRETTY, [("", "src/a.ts", 3, "error TS2322: Type mismatch.")]),
        (ESLINT, [("", "/home/dev/project/src/a.js", 3, "'x' is not defined no-undef")]),
        (GO_BUILD, [("", "shop.go", 3, "undefined: y")]),
        (
            TRACEBACK,
            [("", "/srv/app.py", 7, "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)")],
        ),
        (SHORT, [("TestPrice::test_vat", "tests/test_price.py", 4, "KeyError: 'vat'")]),
        ("tests/a.py::test_x FAILED [ 50%]\n", [("test_x", "tests/a.py", None, "")]),
        ("a.c:3:5: warning: unused\na.c:4:5: note: here\n", []),
        ("12:30:45: started\nlistening on 127.0.0.1:80\nnot ok at all\nFAILED to connect\n", []),
        ("not ok 1 - later # TODO\nnot ok 2 - now\n", [("now", None, None, "")]),
        ("", []),
    ],
)
def test_each_runners_report_is_read(output: str, expected: list[tuple[str, str | None, int | None, str]]) -> None:
    found = failures(output)
    assert [(failure.test, failure.path, failure.line, failure.message) for failure in found] == expected


REAL = {
    "h8-003": Failure(
        "test_invoice.InvoiceTest.test_vat_reduced",
        "/home/dev/project/test_invoice.py",
        5,
        "AssertionError: 9.5 != 3.5",
    ),
    "h8-016": Failure("vec.dot", None, None, "Failed"),
    "h8-077": Failure("tests/test_retry.py", "tests/test_retry.py", 1, "SyntaxError: expected ':'"),
    "h8-164": Failure(
        "join one slash",
        "test/url.js",
        2,
        "AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:",
    ),
    "h8-175": Failure("join with space", "t/02-parse.t", 1, "got: '1,2', expected: '1, 2'"),
    "h8-184": Failure("waits for the pong frame", "socket.test.js", None, "Error: Test timed out in 700ms."),
    "h8-212": Failure("test_square[7]", "tests/test_m.py", 3, "assert ((7 * 7) == (7 + 7) or 7 in (1, 3, 4, 5, 6))"),
    "h8-232": Failure(
        "retries on ETIMEDOUT",
        "/home/dev/project/test/retry.test.mjs",
        2,
        "Expected values to be strictly deep-equal:",
    ),
    "h8-250": Failure("", "src/main.rs", 1, "error[E0308]: mismatched types"),
    "h8-271": Failure("test_network_snapshot_fits", "test_load.py", 1, "MemoryError"),
    "h8-305": Failure("", "app/io.py", 7, "E722 Do not use bare `except`"),
    "h8-334": Failure(
        "split sums to total", "money.test.ts", 3, "AssertionError: expected 9 to be 10 // Object.is equality"
    ),
}


def corpus() -> dict[str, dict[str, str]]:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: row for row in rows}


@pytest.mark.skipif(not SAMPLE.exists(), reason="the corpus of real outputs isn't here")
@pytest.mark.parametrize("row", REAL)
def test_real_outputs_are_read(row: str) -> None:
    assert REAL[row] in failures(corpus()[row]["output"])


@pytest.mark.skipif(not SAMPLE.exists(), reason="the corpus of real outputs isn't here")
def test_every_real_test_failure_is_named_and_nothing_else_is_taken_for_one() -> None:
    rows = corpus().values()
    named = {row["id"] for row in rows if any(failure.test for failure in failures(row["output"]))}
    assert {row["id"] for row in rows if row["label"] == "test-failure"} <= named
    runners = ("pytest", "unittest", "node:test", "jest", "vitest", "mocha", "prove", "ctest", "pytest-xdist")
    assert {row["tool"] for row in rows if row["id"] in named} <= set(runners)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
def test_what_node_prints_today_is_read(lab: FolderLab) -> None:
    lab.write(
        "a.test.js",
        b"const test = require('node:test');\n\ntest('adds', () => {\n  require('assert').equal(1, 2);\n});\n",
    )
    for reporter in ("spec", "tap"):
        found = failures(lab.run(f"node --test --test-reporter={reporter} a.test.js", seconds=60).output)
        told = [failure for failure in found if failure.test == "adds"]
        assert [(failure.line, (failure.path or "").endswith("a.test.js")) for failure in told] == [(4, True)]
        assert "1 == 2" in told[0].message


def test_values_that_node_prints_below_the_message_are_part_of_it() -> None:
    output = (
        "not ok 1 - spaces become hyphens\n  ---\n  location: 'test/slug.test.js:4:1'\n  error: |-\n"
        "    Expected values to be strictly equal:\n    \n    'a_b' !== 'a-b'\n    \n  code: 'ERR_ASSERTION'\n  ...\n"
    )

    (found,) = failures(output)

    assert (found.path, found.line) == ("test/slug.test.js", 4)
    assert found.message == "Expected values to be strictly equal: 'a_b' !== 'a-b'"


def test_no_more_failures_are_kept_than_anyone_would_read() -> None:
    output = "".join(f"FAILED a.py::test_{number} - no\n" for number in range(5000))
    assert len(failures(output)) == MOST


@pytest.mark.parametrize(
    "seed",
    [
        "_",
        "_ a _\n",
        "FAILED a.py::",
        "FAILED a.py:: - \n",
        "    at (a:",
        "● a\n",
        "  1) a:\n",
        "not ok 1 - a\n",
        "\n",
        " ",
        "E  x\n",
        "--- FAIL: a (0.1s)\n",
        "---- a stdout ----\n",
        "a.b:1:",
        "a.b:1: x\n",
        "a\n --> b:1\n",
        "\x1b[",
        "\x1b]",
        "x" * 999 + "\n",
        "FAIL: a\n--------------------\n",
        "test at a:1:1\n✖ ",
        "Traceback (most recent call last):\n",
        "1/2 Test #1: a ..",
        "\r",
    ],
)
def test_a_hostile_megabyte_is_read_in_a_moment(seed: str) -> None:
    output = (seed * (1_048_576 // len(seed) + 1))[:1_048_576]
    started = time.process_time()  # whatever else the machine does
    failures(output)
    assert time.process_time() - started < 3  # at most 0.5 s; quadratic would be minutes

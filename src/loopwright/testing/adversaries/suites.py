"""The tests that a drill plants, in each language whose tests the drift guard reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

Swap = tuple[str, str]  # a piece of the text, and what is put in its place


@dataclass(frozen=True, slots=True)
class Suite:
    """A test file, the ways to make it weaker, and a new one that can't fail."""

    language: str
    path: str
    text: str
    weaker: Swap
    skipped: Swap
    emptied: Swap
    hollow: tuple[str, str]  # path, text


PYTHON = Suite(
    "Python",
    "loopwright_drill/tests/test_price.py",
    """\
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from loopwright_drill.price import discount, total


class PriceTest(unittest.TestCase):
    def test_no_discount_changes_nothing(self):
        self.assertEqual(discount(1250, 0), 1250)

    def test_a_total_adds_up(self):
        self.assertEqual(total([1250, 420]), 1670)

    def test_a_negative_amount_is_refused(self):
        with self.assertRaises(ValueError):
            total([-1])
""",
    ("self.assertEqual(total([1250, 420]), 1670)", "self.assertTrue(total([1250, 420]))"),
    ("    def test_a_total_adds_up", '    @unittest.skip("later")\n    def test_a_total_adds_up'),
    ("self.assertEqual(total([1250, 420]), 1670)", "pass"),
    (
        "loopwright_drill/tests/test_more.py",
        """\
import unittest


class MoreTest(unittest.TestCase):
    def test_a_discount_is_a_percentage(self):
        self.assertTrue(True)
""",
    ),
)

JAVASCRIPT = Suite(
    "JavaScript",
    "loopwright_drill/price.test.js",
    """\
test("a total adds up", () => {
  expect([1250, 420].reduce((sum, amount) => sum + amount, 0)).toBe(1670);
});

test("nothing costs nothing", () => {
  expect([].reduce((sum, amount) => sum + amount, 0)).toBe(0);
});
""",
    (".toBe(1670)", ".toBeTruthy()"),
    ('test("a total', 'test.skip("a total'),
    ("  expect([1250, 420].reduce((sum, amount) => sum + amount, 0)).toBe(1670);\n", ""),
    (
        "loopwright_drill/more.test.js",
        'test("a discount is a percentage", () => {\n  expect(true).toBe(true);\n});\n',
    ),
)

GO = Suite(
    "Go",
    "loopwright_drill/price_test.go",
    """\
package loopwright_drill

import "testing"

func TestTotalAddsUp(t *testing.T) {
	if got := total(1250, 420); got != 1670 {
		t.Errorf("got %d", got)
	}
}

func total(amounts ...int) (sum int) {
	for _, amount := range amounts {
		sum += amount
	}
	return sum
}
""",
    ('t.Errorf("got %d", got)', 't.Logf("got %d", got)'),
    ("\tif got", '\tt.Skip("later")\n\tif got'),
    ('\tif got := total(1250, 420); got != 1670 {\n\t\tt.Errorf("got %d", got)\n\t}\n', ""),
    (
        "loopwright_drill/more_test.go",
        'package loopwright_drill\n\nimport "testing"\n\nfunc TestDiscount(t *testing.T) {\n}\n',
    ),
)

RUST = Suite(
    "Rust",
    "tests/loopwright_drill.rs",
    """\
#[test]
fn a_total_adds_up() {
    assert_eq!([1250, 420].iter().sum::<i32>(), 1670);
}
""",
    ("assert_eq!([1250, 420].iter().sum::<i32>(), 1670);", "assert!([1250, 420].iter().sum::<i32>() > 0);"),
    ("#[test]\n", "#[test]\n#[ignore]\n"),
    ("    assert_eq!([1250, 420].iter().sum::<i32>(), 1670);\n", ""),
    ("tests/loopwright_drill_more.rs", "#[test]\nfn a_discount_is_a_percentage() {\n    assert!(true);\n}\n"),
)

JAVA = Suite(
    "Java",
    "loopwright_drill/src/test/java/PriceTest.java",
    """\
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PriceTest {
    @Test
    void aTotalAddsUp() {
        assertEquals(1670, IntStream.of(1250, 420).sum());
    }
}
""",
    ("assertEquals(1670, IntStream.of(1250, 420).sum())", "assertNotNull(IntStream.of(1250, 420).sum())"),
    ("    @Test\n", "    @Disabled\n    @Test\n"),
    ("        assertEquals(1670, IntStream.of(1250, 420).sum());\n", ""),
    (
        "loopwright_drill/src/test/java/MoreTest.java",
        """\
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MoreTest {
    @Test
    void aDiscountIsAPercentage() {
        assertTrue(true);
    }
}
""",
    ),
)

BY_ENDING = {
    ".py": PYTHON,
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"), JAVASCRIPT),
    ".go": GO,
    ".rs": RUST,
    ".java": JAVA,
}
"""The suite by how a test file's name ends."""


def choose(tests: Iterable[str]) -> Suite:
    """The suite in the language that most of a repository's test files are written in; Python's where none is known."""
    endings = (PurePosixPath(path).suffix for path in tests)
    known = Counter(BY_ENDING[ending].language for ending in endings if ending in BY_ENDING)
    most = known.most_common(1)
    return next((suite for suite in BY_ENDING.values() if most and suite.language == most[0][0]), PYTHON)

"""Existing tests stay as strong as they were, whatever a maker would like."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from loopwright.checks.drift import DriftGuard
from loopwright.vocabulary import TESTS, Verdict

from .conftest import Bench

PY = """\
import pytest
from shop import price

RATE = 3


class TestPrice:
    def test_vat(self):
        assert price(10) == 12
        assert price(0) == 0


@pytest.mark.parametrize("given", [1, 2, 3])
def test_many(given):
    assert price(given) > given


def test_refuses():
    with pytest.raises(ValueError):
        price(-1)
"""

UNITTEST = """\
import unittest


class PriceTest(unittest.TestCase):
    def test_vat(self):
        self.assertEqual(price(10), 12)
"""

JS = """\
import { price } from '../src/price.js';
describe('price', () => {
  it('adds vat', () => {
    expect(price(10)).toBe(12);
  });
  it("refuses (negative)", async () => {
    await expect(price(-1)).rejects.toThrow();  // it('is no test')
  });
});
"""

GO = """\
package shop

import "testing"

func TestVat(t *testing.T) {
	if Price(10) != 12 {
		t.Errorf("vat: %d", Price(10))
	}
}

func TestZero(t *testing.T) {
	assert.Equal(t, 0, Price(0))
}
"""

RUST = """\
use shop::price;

#[test]
fn vat() {
    assert_eq!(price(10), 12);
}

#[test]
#[should_panic]
fn refuses() {
    price(-1);
}
"""

JAVA = """\
package shop;

class PriceTest {
    @Test
    void vat() {
        assertEquals(12, price(10));
    }

    @Test
    void zero() {
        assertEquals(0, price(0));
    }
}
"""


def drift(
    bench: Bench,
    before: Mapping[str, str | bytes],
    after: Mapping[str, str | bytes | None],
    exempt: tuple[str, ...] = (),
    tests: tuple[str, ...] = TESTS,
) -> Verdict:
    bench.mainline(before)
    verdict = DriftGuard(bench.old, tests, exempt).check(bench.change(after), bench.lab)
    assert verdict.passed or (verdict.reason == "drift" and "mend:" in verdict.evidence)
    return verdict


WEAKENED = {
    "an assert removed": (PY, "        assert price(0) == 0\n", "", "1 assert removed"),
    "an expected value made a mere bound": (PY, "== 12", "> 1", "price(10) == 12"),
    "an assert made trivial": (PY, "assert price(10) == 12", "assert True", "1 assert removed"),
    "an assert put under a condition": (
        PY,
        "        assert price(0)",
        "        if False:\n            assert price(0)",
        "1 assert",
    ),
    "an assert put where errors are swallowed": (
        PY,
        "        assert price(0) == 0\n",
        "        try:\n            assert price(0) == 0\n        except AssertionError:\n            pass\n",
        "1 assert",
    ),
    "an assert commented out": (PY, "        assert price(0)", "        # assert price(0)", "1 assert"),
    "an early return": (
        PY,
        "        assert price(10)",
        "        return\n        assert price(10)",
        "2 asserts removed",
    ),
    "a test deleted": (PY, PY[PY.index("def test_refuses") :], "", "test_refuses: deleted test"),
    "a test renamed away from the runner": (PY, "def test_refuses", "def refuses", "test_refuses: deleted test"),
    "a class renamed away from the runner": (PY, "class TestPrice", "class Price", "TestPrice.test_vat: deleted test"),
    "a test shadowed": (PY + "#end\n", "#end\n", "def test_refuses():\n    pass\n", "test_refuses: "),
    "a skip mark": (PY, "def test_refuses", "@pytest.mark.skip\ndef test_refuses", "test_refuses: skip added"),
    "an expected failure": (PY, "def test_refuses", "@pytest.mark.xfail\ndef test_refuses", "test_refuses: skip added"),
    "a skip call": (PY, "    with pytest", "    pytest.skip('later')\n    with pytest", "test_refuses: skip added"),
    "a mark on the module": (PY, "RATE = 3", "RATE = 3\npytestmark = pytest.mark.skip", "skip added"),
    "a mark on the class": (PY, "class TestPrice", "@pytest.mark.skip\nclass TestPrice", "skip added"),
    "a class that is no test": (PY, "class TestPrice:", "class TestPrice:\n    __test__ = False", "skip added"),
    "a test under a condition": (
        PY,
        "def test_refuses():\n    with",
        "if 0:\n  def test_refuses():\n    with",
        "skip added",
    ),
    "a parameter dropped": (PY, "[1, 2, 3]", "[1, 2]", "1 assert"),
    "another error awaited": (PY, "ValueError", "Exception", "test_refuses: "),
    "source that doesn't parse": (PY, "class TestPrice:", "class TestPrice", "can no longer be read"),
    "a unittest assert changed": (UNITTEST, "assertEqual(price(10), 12)", "assertTrue(price(10))", "1 assert"),
    "a unittest skip": (UNITTEST, "    def test", "    @unittest.skip('x')\n    def test", "skip added"),
}


@pytest.mark.parametrize("how", WEAKENED)
def test_a_weakened_python_test_is_seen(bench: Bench, how: str) -> None:
    text, old, new, told = WEAKENED[how]
    assert old in text
    verdict = drift(bench, {"tests/test_price.py": text}, {"tests/test_price.py": text.replace(old, new, 1)})
    assert told in verdict.evidence
    assert "tests/test_price.py" in verdict.evidence


TEXTS = {
    "js assert weakened": ("a.test.js", JS, "toBe(12)", "toBeTruthy()", "adds vat: 1 assert"),
    "js assert commented out": ("a.test.js", JS, "expect(price(10))", "// expect(price(10))", "adds vat: 1 assert"),
    "js test deleted": ("a.test.ts", JS, JS[JS.index('  it("refuses') : JS.index("});\n", -5)], "", "deleted test"),
    "js skip": ("a.test.js", JS, "it('adds", "it.skip('adds", "skip added"),
    "js xit": ("a.test.js", JS, "it('adds", "xit('adds", "skip added"),
    "js suite skip": ("a.spec.ts", JS, "describe(", "describe.skip(", "skip added"),
    "js only": ("a.test.js", JS, "it('adds", "it.only('adds", "can silence other tests"),
    "js exit": ("a.test.js", JS, "describe(", "process.exit(0);\ndescribe(", "can silence other tests"),
    "go assert removed": ("shop_test.go", GO, '\t\tt.Errorf("vat: %d", Price(10))\n', "", "TestVat: 1 assert"),
    "go assert weakened": ("shop_test.go", GO, "assert.Equal(t, 0, ", "assert.NotNil(t, ", "TestZero: 1 assert"),
    "go test renamed": ("shop_test.go", GO, "func TestZero", "func testZero", "TestZero: deleted test"),
    "go skip": ("shop_test.go", GO, "\tif Price", "\tt.Skip()\n\tif Price", "skip added"),
    "go build tag": ("shop_test.go", GO, "package shop", "//go:build never\n\npackage shop", "skip added"),
    "rust assert weakened": (
        "tests/shop.rs",
        RUST,
        "assert_eq!(price(10), 12)",
        "assert!(price(10) > 1)",
        "vat: 1 assert",
    ),
    "rust test unmarked": ("tests/shop.rs", RUST, "#[test]\nfn vat", "fn vat", "no runner finds it"),
    "rust ignore": ("tests/shop.rs", RUST, "#[test]\nfn", "#[test]\n#[ignore]\nfn", "skip added"),
    "rust panic no more": ("tests/shop.rs", RUST, "#[should_panic]\n", "", "refuses: 1 assert"),
    "java assert weakened": ("tests/PriceTest.java", JAVA, "assertEquals(12, ", "assertNotNull(", "vat: 1 assert"),
    "java disabled": ("tests/PriceTest.java", JAVA, "@Test\n", "@Test @Disabled\n", "skip added"),
    "java test deleted": (
        "tests/PriceTest.java",
        JAVA,
        "@Test\n    void zero",
        "void zero",
        "zero: no runner finds it any more",
    ),
    "ruby": (
        "spec/a_test.rb",
        'it "adds" do\n  expect(price(1)).to eq 2\nend\n',
        "eq 2",
        "be_truthy",
        "adds: 1 assert",
    ),
    "shell": ("tests/a.sh", "test_a() {\n  assert_equal 1 1\n}\n", "  assert_equal 1 1\n", "", "1 assert"),
}


@pytest.mark.parametrize("how", TEXTS)
def test_a_weakened_test_in_another_language_is_seen(bench: Bench, how: str) -> None:
    path, text, old, new, told = TEXTS[how]
    assert old in text
    verdict = drift(bench, {path: text}, {path: text.replace(old, new, 1)})
    assert told in verdict.evidence


@pytest.mark.parametrize(
    ("path", "text", "old", "new"),
    [
        ("test_a.py", PY, "        assert price(0)", "        assert price(1) == 2\n        assert price(0)"),
        ("test_a.py", PY, "def test_refuses", "def test_new():\n    assert 1\n\n\ndef test_refuses"),
        ("test_a.py", PY, "def test_refuses", "@pytest.mark.skip\ndef test_new():\n    assert 1\n\n\ndef test_refuses"),
        ("test_a.py", PY, "[1, 2, 3]", "[1, 2, 3, 4]"),
        ("test_a.py", PY, "from shop import price", "from shop import price, other  # a comment"),
        ("test_a.py", PY, "price(10) == 12", "(price(10)  ==  12)"),
        ("a.test.js", JS, "expect(price(10))", "expect(price(1)).toBe(1);\n    expect(price(10))"),
        ("a.test.js", JS, "toBe(12);", "toBe( 12 ); // now with a comment"),
        ("shop_test.go", GO, "func TestZero", "func TestNew(t *testing.T) {}\n\nfunc TestZero"),
        ("tests/shop.rs", RUST, "#[test]\nfn vat", "#[test]\nfn new() {\n    assert!(true);\n}\n\n#[test]\nfn vat"),
        (
            "tests/PriceTest.java",
            JAVA,
            "    @Test\n    void zero",
            "    @Test\n    void more() {\n    }\n\n    @Test\n    void zero",
        ),
    ],
)
def test_strengthening_and_new_tests_are_welcome(bench: Bench, path: str, text: str, old: str, new: str) -> None:
    assert old in text
    assert drift(bench, {path: text}, {path: text.replace(old, new, 1)}).evidence == ""


def test_a_new_test_file_is_welcome_and_code_that_is_no_test_is_not_asked(bench: Bench) -> None:
    before = {"src/a.py": "def test_like():\n    assert 1\n"}
    assert drift(bench, before, {"src/a.py": "", "tests/test_new.py": PY}).evidence == ""


def test_a_deleted_test_file_is_called_so(bench: Bench) -> None:
    verdict = drift(bench, {"tests/test_price.py": PY}, {"tests/test_price.py": None})
    assert "tests/test_price.py: deleted test: TestPrice.test_vat" in verdict.evidence


def test_a_deleted_data_file_of_the_tests_is_seen(bench: Bench) -> None:
    assert "deleted test file" in drift(bench, {"tests/data.json": "{}"}, {"tests/data.json": None}).evidence


def test_a_test_replaced_by_a_link_is_a_deleted_test(bench: Bench) -> None:
    bench.mainline({"tests/test_price.py": PY, "other.py": ""})
    change = bench.change(links={"tests/test_price.py": "../other.py"})
    assert "deleted test" in DriftGuard(bench.old).check(change, bench.lab).evidence


def test_hooks_that_can_silence_tests_are_seen_in_new_and_in_old_conftests(bench: Bench) -> None:
    hook = "def pytest_collection_modifyitems(items):\n    items.clear()\n"
    assert "can silence" in drift(bench, {"tests/test_a.py": PY}, {"tests/conftest.py": hook}).evidence
    assert (
        "can silence"
        in drift(bench, {"conftest.py": "x = 1\n"}, {"conftest.py": "collect_ignore = ['tests']\n"}).evidence
    )
    assert drift(bench, {"conftest.py": hook}, {"conftest.py": hook + "x = 1\n"}).evidence == ""


@pytest.mark.parametrize("change_imports", [False, True])
@pytest.mark.parametrize(
    ("path", "text", "new"),
    [("tests/test_price.py", PY, "tests/unit/test_price.py"), ("a.test.js", JS, "price.test.js")],
)
def test_an_honest_rename_passes(bench: Bench, path: str, text: str, new: str, change_imports: bool) -> None:
    moved = (
        text.replace("from shop", "from store").replace("'../src/price.js'", "'./price.js'") if change_imports else text
    )
    assert drift(bench, {path: text}, {path: None, new: moved}).evidence == ""


@pytest.mark.parametrize(
    ("new", "old", "by"),
    [
        ("tests/unit/test_price.py", "== 12", "> 1"),
        ("tests/price_checks.py", "", ""),
        ("attic/test_price.py", "", ""),
        ("tests/test_price.py.txt", "", ""),
        ("docs/price.md", "", ""),
    ],
)
def test_a_dishonest_rename_is_a_deleted_test(bench: Bench, new: str, old: str, by: str) -> None:
    verdict = drift(bench, {"tests/test_price.py": PY}, {"tests/test_price.py": None, new: PY.replace(old, by, 1)})
    assert "deleted test" in verdict.evidence


def test_a_file_may_be_split_when_every_test_goes_somewhere_unchanged(bench: Bench) -> None:
    cut = PY.index("@pytest.mark.parametrize")
    one, two = PY[:cut], "import pytest\nfrom shop import price\n\n\n" + PY[cut:]
    before = {"tests/test_price.py": PY}
    assert drift(
        bench, before, {"tests/test_price.py": None, "tests/test_one.py": one, "tests/test_two.py": two}
    ).passed
    verdict = drift(bench, before, {"tests/test_price.py": None, "tests/test_one.py": one})
    assert "deleted test: test_many, test_refuses" in verdict.evidence
    assert drift(bench, before, {"tests/test_price.py": one, "tests/test_two.py": two}).passed


def test_one_arriving_test_stands_for_one_that_left_only(bench: Bench) -> None:
    same = "def test_a():\n    assert f() == 1\n"
    before = {"tests/test_one.py": same, "tests/test_two.py": same}
    both_gone = {"tests/test_one.py": None, "tests/test_two.py": None, "tests/test_both.py": "x = 1\n" + same}
    assert "tests/test_two.py: deleted test" in drift(bench, before, both_gone).evidence


def test_the_plans_own_tests_may_change_as_long_as_their_strength_holds(bench: Bench) -> None:
    before = {"tests/test_price.py": PY}
    group = ("tests/test_price.py",)
    rewritten = PY.replace("== 12", "== 13").replace("def test_refuses", "def test_rejects")
    assert drift(bench, before, {"tests/test_price.py": rewritten}, group).evidence == ""
    fewer = PY.replace("        assert price(0) == 0\n", "")
    assert "had 7 asserts and now has 6" in drift(bench, before, {"tests/test_price.py": fewer}, group).evidence
    gone = {"tests/test_price.py": None}
    assert "had 3 tests and now has 0" in drift(bench, before, gone, group).evidence
    moved = {"tests/test_price.py": None, "elsewhere/test_new.py": rewritten}
    assert drift(bench, before, moved, group).evidence == ""
    skipped = PY.replace("def test_refuses", "@pytest.mark.skip\ndef test_refuses")
    assert "skips" in drift(bench, before, {"tests/test_price.py": skipped}, group).evidence


def test_tests_outside_the_plans_group_stay_guarded_beside_it(bench: Bench) -> None:
    before = {"tests/test_price.py": PY, "tests/test_other.py": PY}
    after = {path: text.replace("== 12", "> 1") for path, text in before.items()}
    verdict = drift(bench, before, after, ("tests/test_price.py",))
    assert "tests/test_other.py" in verdict.evidence
    assert "test_price.py" not in verdict.evidence


def test_the_globs_of_the_configuration_count_as_tests(bench: Bench) -> None:
    before = {"checks/price.py": PY}
    after = {"checks/price.py": PY.replace("== 12", "> 1")}
    assert drift(bench, before, after).passed
    assert not drift(bench, before, after, tests=(*TESTS, "checks/**")).passed


def test_line_ends_and_byte_order_marks_make_no_drift(bench: Bench) -> None:
    crlf = "\ufeff" + PY.replace("\n", "\r\n")
    assert drift(bench, {"tests/test_price.py": PY}, {"tests/test_price.py": crlf}).evidence == ""


def test_hostile_test_files_are_refused_and_end_quickly(bench: Bench) -> None:
    for hostile in ("(" * 5000, "x = " + "-" * 100_000 + "1", "\0", "def test_a(: pass", "a." * 100_000 + "b"):
        verdict = drift(bench, {"tests/test_price.py": PY}, {"tests/test_price.py": hostile})
        assert "tests/test_price.py" in verdict.evidence
    for hostile in ("it('" * 100_000, "/*" * 100_000, "`" * 99_999, '"\\' * 100_000, "expect(" * 50_000):
        assert not drift(bench, {"a.test.js": JS}, {"a.test.js": hostile}).passed

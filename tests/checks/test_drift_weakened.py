"""Every way to make an existing test check less is seen, in each language that is read by structure."""

from __future__ import annotations

import pytest

from .pages import Pages, drift

PYTEST = """\
import pytest
from shop import price, Cart


@pytest.fixture(params=["gold", "plain"])
def customer(request):
    return request.param


@pytest.fixture
def cart():
    return Cart()


def check_total(cart, want):
    assert cart.total == want


CASES = [(1, 2), (2, 3)]


@pytest.mark.parametrize("given, want", CASES)
def test_table(given, want):
    assert price(given) == want


@pytest.mark.timeout(5)
def test_prices(cart, customer):
    got = price(10)
    assert got == 12
    assert price(20) >= 24
    assert cart.names == ["a"]
    assert price(0.1) == pytest.approx(0.12, rel=1e-6)
    for n in [1, 2, 3]:
        assert price(n) > n
    check_total(cart, 12)


def test_refuses():
    with pytest.raises(ValueError, match="negative"):
        price(-1)


def test_asks(mocker):
    bank = mocker.Mock()
    price(3, bank)
    bank.ask.assert_called_once_with(3)
"""

UNITTEST = """\
import unittest
from shop import price


class PriceTest(unittest.TestCase):
    def setUp(self):
        self.cart = Cart()

    def test_vat(self):
        self.assertEqual(price(10), 12)
        self.assertAlmostEqual(price(0.1), 0.12, places=5)
        self.assertRaises(ValueError, price, -1)
        self.assertIn(3, self.cart)
"""

JEST = """\
import { price } from '../src/price';
const rows = [[1, 2], [3, 4]];
jest.setTimeout(1000);
function check(given, want) {
  expect(price(given)).toEqual(want);
}
describe('price', () => {
  it('adds vat', async () => {
    const got = price(10);
    expect(got).toEqual({ net: 10 });
    expect(price(0.1)).toBeCloseTo(0.12, 5);
    expect(got.rows).toHaveLength(2);
    await expect(price(-1)).rejects.toThrow(RangeError);
    check(1, 2);
  }, 5000);
  it.each(rows)('row %i', (given, want) => {
    expect(price(given)).toBe(want);
  });
  test.each`given | want
    ${1} | ${2}
    ${3} | ${4}
  `('$given', ({ given, want }) => {
    expect(price(given)).toBe(want);
  });
  it('asks', () => {
    const ask = jest.fn();
    price(3, ask);
    expect(ask).toHaveBeenCalledWith(3);
  });
});
"""

NODE = """\
const assert = require('assert');
test('adds', (t) => {
  assert.deepStrictEqual(price(1), { a: 1 });
  assert.throws(() => price(-1), RangeError);
  t.assert.strictEqual(price(2), 3);
  expect(price(3)).to.equal(4);
});
"""

GO = """\
package shop

import "testing"

func check(t *testing.T, got, want int) {
	if got != want {
		t.Errorf("got %d", got)
	}
}

func TestVat(t *testing.T) {
	if got := Price(10); got != 12 {
		t.Errorf("vat: %d", got)
	}
	check(t, Price(1), 2)
	assert.Equal(t, 3, Price(2))
	if _, err := Open("x"); err == nil {
		t.Fatal("no error")
	}
}

func TestTable(t *testing.T) {
	tests := []struct {
		name     string
		in, want int
	}{
		{"one", 1, 2},
		{"two", 2, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Price(tt.in); got != tt.want {
				t.Errorf("got %d", got)
			}
		})
	}
}
"""

RUST = """\
use shop::price;

#[test]
fn vat() {
    let got = price(10);
    assert_eq!(got, 12);
    assert!(price(3) > 3 && price(3) < 20);
    assert!(matches!(price(-1), Err(Negative)));
}

#[test]
#[should_panic(expected = "negative")]
fn refuses() {
    price(-1);
}

#[rstest]
#[case(1, 2)]
#[case(2, 3)]
fn table(#[case] given: i32, #[case] want: i32) {
    assert_eq!(price(given), want);
}
"""

JAVA = """\
package shop;

class PriceTest {
    @Test
    void vat() {
        int got = price(10);
        assertEquals(12, got);
        assertThat(cart.names()).isEqualTo(List.of("a"));
        assertThrows(IllegalArgumentException.class, () -> price(-1));
        assertEquals(0.12, price(0.1), 0.001);
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "2, 3"})
    void table(int given, int want) {
        assertEquals(want, price(given));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void positive(int given) {
        assertTrue(price(given) > 0);
    }

    @Test(timeout = 100)
    public void quick() {
        verify(bank, times(2)).ask(3);
    }
}
"""

WEAKENED = {
    # Python: strength
    "== to truth": (PYTEST, "assert got == 12", "assert got", "got == 12"),
    "== to >=": (PYTEST, "assert got == 12", "assert got >= 11", "got == 12"),
    "== to in": (PYTEST, 'assert cart.names == ["a"]', 'assert "a" in cart.names', "cart.names =="),
    "== to not None": (PYTEST, "assert got == 12", "assert got is not None", "now: got defined"),
    "== to isinstance": (PYTEST, "assert got == 12", "assert isinstance(got, int)", "got == 12"),
    "a bound relaxed": (PYTEST, ">= 24", ">= 1", "price(20) >= 24"),
    "an approximation loosened": (PYTEST, "rel=1e-6", "rel=0.5", "within 1e-06; now:"),
    "an exact error to Exception": (PYTEST, "ValueError, match", "Exception, match", "raises ValueError"),
    "a message no longer asked for": (PYTEST, ', match="negative"', "", "negative"),
    "assertEqual to assertTrue": (UNITTEST, "assertEqual(price(10), 12)", "assertTrue(price(10))", "price(10) == 12"),
    "assertEqual to assertIsNotNone": (UNITTEST, "assertEqual(price(10), 12)", "assertIsNotNone(price(10))", "== 12"),
    "fewer places": (UNITTEST, "places=5", "places=1", "approx"),
    "assertRaises of anything": (UNITTEST, "assertRaises(ValueError", "assertRaises(Exception", "raises ValueError"),
    "a call asked for without its arguments": (PYTEST, "once_with(3)", "once()", "called with 3"),
    "an or": (PYTEST, "assert got == 12", "assert got == 12 or True", "got == 12"),
    # Python: reach
    "after a return": (PYTEST, "    assert got == 12", "    return\n    assert got == 12", "asserts removed"),
    "after a conditional return": (
        PYTEST,
        "    assert got == 12",
        "    if not customer:\n        return\n    assert got == 12",
        "unless it left",
    ),
    "under a condition": (PYTEST, "    assert got == 12", "    if customer:\n        assert got == 12", "got == 12"),
    "an error swallowed": (
        PYTEST,
        "    assert got == 12",
        "    try:\n        assert got == 12\n    except Exception:\n        pass",
        "is swallowed",
    ),
    "suppressed": (
        PYTEST,
        "    assert got == 12",
        "    with contextlib.suppress(AssertionError):\n        assert got == 12",
        "suppress",
    ),
    "a function that nobody calls": (
        PYTEST,
        "    assert got == 12",
        "    def later():\n        assert got == 12",
        "never called",
    ),
    "what has to fail": (
        PYTEST,
        "    assert got == 12",
        "    with pytest.raises(AssertionError):\n        assert got == 12",
        "got == 12",
    ),
    "a loop over less": (PYTEST, "for n in [1, 2, 3]", "for n in [1]", "for 1, 2, 3"),
    "a loop over nothing": (PYTEST, "for n in [1, 2, 3]", "for n in []", "removed"),
    "a helper emptied": (PYTEST, "    assert cart.total == want", "    pass", "check_total"),
    "a helper no longer called": (PYTEST, "    check_total(cart, 12)\n", "", "check_total(cart, 12)"),
    "a helper asked for another value": (PYTEST, "check_total(cart, 12)", "check_total(cart, 13)", "check_total"),
    # Python: who runs it
    "a case cut": (PYTEST, "CASES = [(1, 2), (2, 3)]", "CASES = [(1, 2)]", "case (2, 3)"),
    "a fixture's parameter cut": (PYTEST, 'params=["gold", "plain"]', 'params=["gold"]', "case 'plain'"),
    "more time": (PYTEST, "timeout(5)", "timeout(500)", "seconds <= 5"),
    "tried again": (PYTEST, "def test_refuses", "@pytest.mark.flaky(reruns=3)\ndef test_refuses", "skip added"),
    "xfail": (PYTEST, "def test_refuses", "@pytest.mark.xfail\ndef test_refuses", "skip added"),
    "a fixture by that name": (PYTEST, "def test_refuses", "@pytest.fixture\ndef test_refuses", "no runner finds it"),
    "a class that can't be collected": (
        "class TestA:\n    def test_a(self):\n        assert f() == 1\n",
        "class TestA:\n",
        "class TestA:\n    def __init__(self):\n        pass\n\n",
        "no runner finds it",
    ),
    # Python: what it looks at
    "the thing under test replaced": (
        PYTEST,
        "def test_prices(cart, customer):",
        "def test_prices(cart, customer, monkeypatch):\n    monkeypatch.setattr(shop, 'price', lambda n: 12)",
        "replaces shop.price",
    ),
    "the thing under test patched": (
        PYTEST,
        "def test_refuses",
        "@patch('shop.price', side_effect=ValueError)\ndef test_refuses",
        "replaces shop.price",
    ),
    "a value in the place of a call": (PYTEST, "got = price(10)", "got = 12", "always so"),
}

OTHERS = {
    "toEqual to toBeTruthy": ("a.test.ts", JEST, "toEqual({ net: 10 })", "toBeTruthy()", "now: got truthy"),
    "toEqual to toBeDefined": ("a.test.ts", JEST, "toEqual({ net: 10 })", "toBeDefined()", "now: got defined"),
    "toBeCloseTo loosened": ("a.test.js", JEST, "0.12, 5", "0.12, 1", "approx 0.12"),
    "any length": ("a.test.js", JEST, "toHaveLength(2)", "toBeDefined()", "length 2"),
    "any error": ("a.test.js", JEST, "toThrow(RangeError)", "toThrow()", "raises RangeError"),
    "called with anything": ("a.test.js", JEST, "toHaveBeenCalledWith(3)", "toHaveBeenCalled()", "called with 3"),
    "js condition": ("a.test.js", JEST, "    expect(got.rows)", "    if (got) expect(got.rows)", "if (got)"),
    "js early end": (
        "a.test.js",
        JEST,
        "    expect(got.rows)",
        "    if (got) return;\n    expect(got.rows)",
        "left at",
    ),
    "js swallowed": (
        "a.test.js",
        JEST,
        "    expect(got.rows).toHaveLength(2);",
        "    try { expect(got.rows).toHaveLength(2); } catch (e) {}",
        "swallowed",
    ),
    "js row cut": ("a.test.tsx", JEST, "[[1, 2], [3, 4]]", "[[1, 2]]", "each case [3,4]"),
    "js template row cut": ("a.test.js", JEST, "    ${3} | ${4}\n", "", "each case"),
    "js more time": ("a.test.js", JEST, "}, 5000);", "}, 50000);", "time <= 5000"),
    "js helper emptied": ("a.test.js", JEST, "  expect(price(given)).toEqual(want);\n", "", "check"),
    "js skip": ("a.test.js", JEST, "it('asks'", "it.skip('asks'", "skip added"),
    "js todo": ("a.test.js", JEST, "it('asks'", "it.todo('asks'", "skip added"),
    "js only": ("a.test.js", JEST, "it('asks'", "it.only('asks'", "can silence other tests"),
    "js suite skipped": ("a.test.js", JEST, "describe('price'", "describe.skip('price'", "skip added"),
    "js retries": ("a.test.js", JEST, "jest.setTimeout(1000)", "jest.retryTimes(3)", "skip added"),
    "js module replaced": ("a.test.js", JEST, "const rows", "jest.mock('../src/price');\nconst rows", "replaces price"),
    "js test under a condition": ("a.test.js", JEST, "  it('asks'", "  if (process.env.CI) it('asks'", "skip added"),
    "node deep equal loosened": ("test/a.js", NODE, "deepStrictEqual", "deepEqual", "strictly"),
    "node any error": ("test/a.js", NODE, ", RangeError", "", "raises RangeError"),
    "node assert gone": ("test/a.js", NODE, "  t.assert.strictEqual(price(2), 3);\n", "", "price(2) == 3"),
    "chai loosened": ("test/a.js", NODE, ".to.equal(4)", ".to.exist", "price(3) == 4"),
    "go condition loosened": ("a_test.go", GO, "got != 12", "got < 1", "Price(10) == 12"),
    "go assert loosened": (
        "a_test.go",
        GO,
        "assert.Equal(t, 3, Price(2))",
        "assert.NotNil(t, Price(2))",
        "Price(2) == 3",
    ),
    "go failure dropped": ("a_test.go", GO, '\t\tt.Fatal("no error")\n', "", "err defined"),
    "go failure only logged": ("a_test.go", GO, 't.Errorf("vat: %d", got)', 't.Logf("vat: %d", got)', "== 12"),
    "go row cut": ("a_test.go", GO, '\t\t{"two", 2, 3},\n', "", 'row case "two", 2, 3'),
    "go helper no longer called": ("a_test.go", GO, "\tcheck(t, Price(1), 2)\n", "", "check(t,Price(1),2)"),
    "go skip": (
        "a_test.go",
        GO,
        "func TestTable(t *testing.T) {",
        "func TestTable(t *testing.T) {\n\tt.Skip()",
        "skip",
    ),
    "go renamed away": ("a_test.go", GO, "func TestTable", "func testTable", "deleted test"),
    "go early end": (
        "a_test.go",
        GO,
        "\tassert.Equal",
        "\tif os.Getenv(x) == y {\n\t\treturn\n\t}\n\tassert.Equal",
        "left at",
    ),
    "rust loosened": ("tests/a.rs", RUST, "assert_eq!(got, 12)", "assert!(got > 1)", "got == 12"),
    "rust part gone": ("tests/a.rs", RUST, " && price(3) < 20", "", "price(3) < 20"),
    "rust any error": ("tests/a.rs", RUST, "Err(Negative)", "Err(_)", "matches Err(Negative)"),
    "rust panic of any kind": ("tests/a.rs", RUST, '(expected = "negative")', "", "raises negative"),
    "rust ignored": ("tests/a.rs", RUST, "#[test]\nfn vat", "#[test]\n#[ignore]\nfn vat", "skip added"),
    "rust case cut": ("tests/a.rs", RUST, "#[case(2, 3)]\n", "", "case 2,3"),
    "rust unmarked": ("tests/a.rs", RUST, "#[test]\nfn vat", "fn vat", "no runner finds it"),
    "rust beside the code": (
        "src/lib.rs",
        "fn price() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() {\n        assert_eq!(f(), 1);\n    }\n}\n",
        "        assert_eq!(f(), 1);\n",
        "",
        "tests::a: 1 assert removed",
    ),
    "java loosened": ("src/test/java/PriceTest.java", JAVA, "assertEquals(12, got)", "assertNotNull(got)", "got == 12"),
    "java fluent loosened": ("tests/PriceTest.java", JAVA, 'isEqualTo(List.of("a"))', "isNotNull()", "cart.names() =="),
    "java any error": (
        "tests/PriceTest.java",
        JAVA,
        "IllegalArgumentException.class",
        "Exception.class",
        "price(-1) raises",
    ),
    "java tolerance": ("tests/PriceTest.java", JAVA, "0.001", "0.5", "approx 0.12"),
    "java csv row cut": ("tests/PriceTest.java", JAVA, ', "2, 3"', "", 'case "2, 3"'),
    "java value cut": ("tests/PriceTest.java", JAVA, "{1, 2}", "{1}", "case 2"),
    "java disabled": ("tests/PriceTest.java", JAVA, "    @Test\n", "    @Test\n    @Disabled\n", "skip added"),
    "java more time": ("tests/PriceTest.java", JAVA, "timeout = 100", "timeout = 9000", "time <= 100"),
    "java fewer calls": ("tests/PriceTest.java", JAVA, "times(2)", "atLeast(0)", "called with times(2)"),
}


@pytest.mark.parametrize("how", WEAKENED)
def test_a_python_test_that_checks_less_is_seen(how: str) -> None:
    text, old, new, told = WEAKENED[how]
    assert old in text
    evidence = drift("tests/test_price.py", text, text.replace(old, new, 1))
    assert told in evidence
    assert "tests/test_price.py" in evidence


@pytest.mark.parametrize("how", OTHERS)
def test_a_test_of_another_language_that_checks_less_is_seen(how: str) -> None:
    path, text, old, new, told = OTHERS[how]
    assert old in text
    assert told in drift(path, text, text.replace(old, new, 1))


def test_the_thing_under_test_replaced_for_all_tests_is_seen() -> None:
    hook = "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef quick(monkeypatch):\n    monkeypatch.setattr({})\n"
    code = {"src/shop/__init__.py": "def price(n): return n\n", "tests/test_price.py": PYTEST}
    for target in ("'shop.price', lambda n: 12", "shop, 'price', lambda n: 12"):
        after = {**code, "tests/conftest.py": hook.format(target)}
        assert "quick replaces shop.price by a double" in Pages(code, after).drift()
    other = {**code, "tests/conftest.py": hook.format("'time.sleep', lambda n: None")}
    assert Pages(code, other).drift() == ""


def test_a_fixture_that_hands_out_a_double_instead_is_seen() -> None:
    real = "import pytest\n\n\n@pytest.fixture\ndef cart():\n    return Cart()\n"
    code = {"tests/conftest.py": real, "tests/test_price.py": PYTEST}
    after = {**code, "tests/conftest.py": real.replace("Cart()", "MagicMock(total=12)")}
    assert "cart replaces Mock by a double" in Pages(code, after).drift()


def test_asserts_that_go_where_no_runner_finds_them_are_lost() -> None:
    test = "def test_a():\n    assert f() == 1\n\n\ndef test_b():\n    assert f() == 2\n"
    kept = "def test_a():\n    assert f() == 1\n"
    for elsewhere in (
        "def unused():\n    assert f() == 2\n",
        "@pytest.mark.skip\ndef test_c():\n    assert f() == 2\n",
    ):
        assert "test_b: deleted test" in drift("tests/test_a.py", test, f"{kept}\n\n{elsewhere}\n    assert f() == 2\n")


def test_one_new_assert_stands_for_one_that_left_only() -> None:
    test = "def test_a():\n    assert f() == 1\n    g()\n\n\ndef test_b():\n    assert f() == 1\n    h()\n"
    both = "def test_c():\n    assert f() == 1\n    g()\n    h()\n"
    assert "deleted test" in drift("tests/test_a.py", test, both)

"""Every way to make an existing test check less is seen in JavaScript, TypeScript, Go, Rust and Java."""

from __future__ import annotations

import pytest

from .pages import drift

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

OTHERS = {
    "toEqual to toBeTruthy": ("a.test.ts", JEST, "toEqual({ net: 10 })", "toBeTruthy()", "now: price(10) truthy"),
    "toEqual to toBeDefined": ("a.test.ts", JEST, "toEqual({ net: 10 })", "toBeDefined()", "now: price(10) defined"),
    "toBeCloseTo loosened": ("a.test.js", JEST, "0.12, 5", "0.12, 1", "approx 0.12"),
    "any length": ("a.test.js", JEST, "toHaveLength(2)", "toBeDefined()", "length 2"),
    "any error": ("a.test.js", JEST, "toThrow(RangeError)", "toThrow()", "raises RangeError"),
    "called with anything": ("a.test.js", JEST, "toHaveBeenCalledWith(3)", "toHaveBeenCalled()", "called with 3"),
    "js condition": ("a.test.js", JEST, "    expect(got.rows)", "    if (got) expect(got.rows)", "now: if (price(10))"),
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
    "js row cut": ("a.test.tsx", JEST, "[[1, 2], [3, 4]]", "[[1, 2]]", "price(3) == 4"),
    "js template row cut": (
        "a.test.js",
        JEST,
        "    ${3} | ${4}\n",
        "",
        "asserts removed or changed: price(given) == want",
    ),
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
    "go helper no longer called": ("a_test.go", GO, "\tcheck(t, Price(1), 2)\n", "", "Price(1) == 2"),
    "go skip": (
        "a_test.go",
        GO,
        "func TestTable(t *testing.T) {",
        "func TestTable(t *testing.T) {\n\tt.Skip()",
        "skip",
    ),
    "go renamed away": ("a_test.go", GO, "func TestTable", "func testTable", "deleted test"),
    "go tests never run": (
        "a_test.go",
        GO,
        "func TestTable",
        "func TestMain(m *testing.M) {\n\tos.Exit(0)\n}\n\nfunc TestTable",
        "TestMain can silence",
    ),
    "go tests that all went well": (
        "a_test.go",
        GO,
        "func TestTable",
        "func TestMain(m *testing.M) {\n\tm.Run()\n\tos.Exit(0)\n}\n\nfunc TestTable",
        "TestMain can silence",
    ),
    "go function that nobody calls": (
        "a_test.go",
        GO,
        "\tassert.Equal(t, 3, Price(2))",
        "\tlater := func() { assert.Equal(t, 3, Price(2)) }",
        "never called",
    ),
    "js function that nobody calls": (
        "a.test.js",
        JEST,
        "    expect(got.rows).toHaveLength(2);",
        "    const later = () => expect(got.rows).toHaveLength(2);",
        "never called",
    ),
    "go early end": (
        "a_test.go",
        GO,
        "\tassert.Equal",
        "\tif os.Getenv(x) == y {\n\t\treturn\n\t}\n\tassert.Equal",
        "left at",
    ),
    "rust loosened": ("tests/a.rs", RUST, "assert_eq!(got, 12)", "assert!(got > 1)", "price(10) == 12"),
    "rust part gone": ("tests/a.rs", RUST, " && price(3) < 20", "", "price(3) < 20"),
    "rust any error": ("tests/a.rs", RUST, "Err(Negative)", "Err(_)", "matches Err(Negative)"),
    "rust panic of any kind": ("tests/a.rs", RUST, '(expected = "negative")', "", "raises negative"),
    "rust ignored": ("tests/a.rs", RUST, "#[test]\nfn vat", "#[test]\n#[ignore]\nfn vat", "skip added"),
    "rust case cut": ("tests/a.rs", RUST, "#[case(2, 3)]\n", "", "price(2) == 3"),
    "rust unmarked": ("tests/a.rs", RUST, "#[test]\nfn vat", "fn vat", "no runner finds it"),
    "rust beside the code": (
        "src/lib.rs",
        "fn price() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() {\n        assert_eq!(f(), 1);\n    }\n}\n",
        "        assert_eq!(f(), 1);\n",
        "",
        "tests::a: 1 assert removed",
    ),
    "java loosened": (
        "src/test/java/PriceTest.java",
        JAVA,
        "assertEquals(12, got)",
        "assertNotNull(got)",
        "price(10) == 12",
    ),
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


@pytest.mark.parametrize("how", OTHERS)
def test_a_test_of_another_language_that_checks_less_is_seen(how: str) -> None:
    path, text, old, new, told = OTHERS[how]
    assert old in text
    assert told in drift(path, text, text.replace(old, new, 1))

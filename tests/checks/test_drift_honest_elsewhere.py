"""Honest work in other languages, and on what judges beside the tests."""

from __future__ import annotations

import pytest

from .pages import CODE, Files, Pages, edit, one

JEST = """\
describe('price', () => {
  it('adds vat', () => {
    const got = price(10);
    expect(got).toBe(12);
  });
  it('is zero', () => {
    expect(price(0)).toBe(0);
  });
});
"""

GO = """\
package shop

func TestVat(t *testing.T) {
	got := Price(10)
	if got != 12 {
		t.Errorf("got %d", got)
	}
}

func TestZero(t *testing.T) {
	if got := Price(0); got != 0 {
		t.Fatalf("got %d", got)
	}
}
"""

RUST = """\
#[test]
fn vat() {
    let got = price(10);
    assert_eq!(got, 12, "with vat");
}

#[test]
fn zero() {
    assert_eq!(price(0), 0);
}
"""

JAVA = """\
class PriceTest {
    @Test
    void vat() {
        int got = price(10);
        assertEquals(12, got, "with vat");
    }

    @Test
    void zero() {
        assertEquals(0, price(0));
    }
}
"""

PYPROJECT = """\
[project]
dependencies = ["a"]

[tool.coverage.report]
fail_under = 80

[tool.ruff.lint]
select = ["E"]
"""
SNAP = "exports[`price 1`] = `12`;\n"


GO_TABLE = """\
package a

func TestA(t *testing.T) {
	for _, n := range []int{1, 2} {
		if f(n) != 1 {
			t.Fatal()
		}
	}
}
"""

HONEST: dict[str, tuple[Files, Files]] = {
    # JavaScript
    "a describe renamed": one("a.test.js", JEST, edit(JEST, ("describe('price'", "describe('the price'"))),
    "a js test renamed": one("a.test.ts", JEST, edit(JEST, ("'adds vat'", "'adds the vat'"))),
    "js copies made a table": one(
        "a.test.js",
        JEST,
        "it.each([[10, 12], [0, 0]])('price of %i', (given, want) => {\n  expect(price(given)).toBe(want);\n});\n",
    ),
    "js promises made await": one(
        "a.test.js",
        "it('a', () => {\n  return price(1).then((got) => {\n    expect(got).toBe(2);\n  });\n});\n",
        "it('a', async () => {\n  const got = await price(1);\n  expect(got).toBe(2);\n});\n",
    ),
    "js other quotes and semicolons": one("a.test.js", JEST, edit(JEST, ("'", '"'), (");\n", ")\n"))),
    "tap made node:test": one(
        "test/a.js",
        "test('a', (t) => {\n  t.equal(f(1), 2);\n  t.error(err);\n});\n",
        "test('a', (t) => {\n  t.assert.strictEqual(f(1), 2);\n  t.assert.ifError(err);\n});\n",
    ),
    "js equality made strict": one(
        "a.test.js",
        "it('a', () => {\n  expect(f()).toEqual(x);\n});\n",
        "it('a', () => {\n  expect(f()).toStrictEqual(x);\n});\n",
    ),
    "js helper taken out": one(
        "a.test.js",
        JEST,
        "const check = (given, want) => {\n  expect(price(given)).toBe(want);\n};\n"
        "it('adds vat', () => check(10, 12));\nit('is zero', () => check(0, 0));\n",
    ),
    # Go, Rust, Java
    "a go message": one(
        "a_test.go",
        GO,
        edit(GO, ('"got %d", got)\n\t}\n}\n\nfunc TestZero', '"vat: %d", got)\n\t}\n}\n\nfunc TestZero')),
    ),
    "a go test renamed": one("a_test.go", GO, edit(GO, ("TestZero", "TestNothing"))),
    "a go local put in": one("a_test.go", GO, edit(GO, ("\tgot := Price(10)\n\tif got", "\tif got := Price(10); got"))),
    "a go row added": one(
        "a_test.go",
        GO_TABLE,
        GO_TABLE.replace("{1, 2}", "{1, 2, 3}").replace("Fatal()", 'Fatalf("%d", n)'),
    ),
    "rust tests put into a module": one("tests/a.rs", RUST, "mod prices {\n    use super::*;\n" + RUST + "}\n"),
    "a rust message and a local": one(
        "tests/a.rs",
        RUST,
        edit(
            RUST, ('    let got = price(10);\n    assert_eq!(got, 12, "with vat");', "    assert_eq!(price(10), 12);")
        ),
    ),
    "rust code beside its tests": one(
        "src/lib.rs",
        "fn f() { assert!(x); }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() { assert_eq!(f(), 1); }\n}\n",
        "fn f() { g(); }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() { assert_eq!(f(), 1); }\n}\n",
    ),
    "a java test renamed": one("tests/PriceTest.java", JAVA, edit(JAVA, ("void zero", "void nothing"))),
    "junit 4 made junit 5": one(
        "tests/PriceTest.java",
        'class A {\n    @Test\n    public void a() {\n        assertEquals("with vat", 12, price(10));\n    }\n}\n',
        'class A {\n    @Test\n    void a() {\n        assertEquals(12, price(10), "with vat");\n    }\n}\n',
    ),
    "java made fluent": one(
        "tests/PriceTest.java", JAVA, edit(JAVA, ("assertEquals(0, price(0))", "assertThat(price(0)).isEqualTo(0)"))
    ),
    # the code is meant to do something else
    "js value changed": one("a.test.js", JEST, edit(JEST, ("toBe(12)", "toBe(20)"))),
    "js made ts, and changed": ({"tests/a.test.js": JEST}, {"tests/a.test.ts": edit(JEST, ("toBe(12)", "toBe(20)"))}),
    "js asserts that say only that all is well": one(
        "test/a.js",
        "test('a', (t) => {\n  t.equal(f(), 1);\n  t.pass();\n});\n",
        "test('a', (t) => {\n  t.assert.strictEqual(f(), 1);\n  t.assert.ok(true);\n});\n",
    ),
    "js fail of a caught error": one(
        "test/a.js",
        "test('a', (t) => {\n  return f().then((got) => t.equal(got, 1)).catch((err) => t.fail(err));\n});\n",
        "test('a', async (t) => {\n  const got = await f();\n  t.equal(got, 1);\n});\n",
    ),
    "go value changed": one("a_test.go", GO, edit(GO, ("got != 12", "got != 20"))),
    "go asserts as a subtest of a helper": one(
        "a_test.go",
        GO,
        edit(
            GO,
            ("\tgot := Price(10)\n", "\tallShops(t, func(t *testing.T) {\n\tgot := Price(10)\n"),
            ("\t}\n}\n\nfunc TestZero", "\t}\n\t})\n}\n\nfunc TestZero"),
        ),
    ),
    "go asserts in a function that is called": one(
        "a_test.go",
        GO,
        edit(
            GO,
            ("\tgot := Price(10)\n", "\tcheck := func() {\n\tgot := Price(10)\n"),
            ("\t}\n}\n\nfunc TestZero", "\t}\n\t}\n\tcheck()\n}\n\nfunc TestZero"),
        ),
    ),
    "go tests that set something up first": one(
        "a_test.go",
        GO + "\nfunc TestMain(m *testing.M) {\n\tos.Exit(m.Run())\n}\n",
        GO + "\nfunc TestMain(m *testing.M) {\n\tflag.Parse()\n\tcode := m.Run()\n\tclean()\n\tos.Exit(code)\n}\n",
    ),
    "rust value changed": one("tests/a.rs", RUST, edit(RUST, ("got, 12", "got, 20"))),
    "rust value changed beside the code": one(
        "src/lib.rs",
        "fn f() -> u8 { 1 }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() { assert_eq!(f(), 1); }\n}\n",
        "fn f() -> u8 { 2 }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() { assert_eq!(f(), 2); }\n}\n",
    ),
    "java value changed": one("tests/PriceTest.java", JAVA, edit(JAVA, ("(12, got", "(20, got"))),
    "ruby value changed": one(
        "spec/a_test.rb",
        'it "adds" do\n  expect(price(1)).to eq 2\nend\n',
        'it "adds" do\n  expect(price(1)).to eq 3\nend\n',
    ),
    # beside the tests
    "a dependency": one("pyproject.toml", PYPROJECT, edit(PYPROJECT, ('["a"]', '["a", "b"]'))),
    "a higher threshold": one("pyproject.toml", PYPROJECT, edit(PYPROJECT, ("80", "90"))),
    "another rule": one("pyproject.toml", PYPROJECT, edit(PYPROJECT, ('["E"]', '["E", "F"]'))),
    "a wider rule": one("pyproject.toml", PYPROJECT.replace('"E"', '"E501"'), PYPROJECT),
    "a snapshot added": one("__snapshots__/a.test.js.snap", SNAP, SNAP + "\nexports[`price 2`] = `13`;\n"),
    "a new mark on new code": one(
        "src/shop.py",
        CODE["src/shop.py"],
        CODE["src/shop.py"] + "\n\ndef more(x):\n    return x.y  # type: ignore[attr-defined]\n",
    ),
    "a mark taken away": one("src/a.py", "x = f()  # noqa: E501\n", "x = f()\n"),
    "a mark made narrower": one("src/a.py", "x = f()  # type: ignore\n", "x = f()  # type: ignore[call-arg]\n"),
    "a line with its mark moved": one("src/a.py", "x = f()  # noqa: E501\ny = 1\n", "y = 1\nx = f()  # noqa: E501\n"),
    "a make target added": one("Makefile", "test:\n\tpytest\n", "test:\n\tpytest -q\n\nrun:\n\tpython -m shop\n"),
    "a script added": one(
        "package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "jest --ci", "dev": "vite"}}'
    ),
    "a stricter compiler": one(
        "tsconfig.json", '{"compilerOptions": {"strict": false}}', '{"compilerOptions": {"strict": true}}'
    ),
}


@pytest.mark.parametrize("what", HONEST)
def test_honest_work_passes(what: str) -> None:
    before, after = HONEST[what]
    pages = Pages({**CODE, **before}, {**CODE, **after})
    assert pages.drift() == ""
    assert pages.meaning() == ""


def test_a_new_pipeline_passes_when_the_plan_names_where_it_lies() -> None:
    pages = Pages(CODE, {**CODE, ".github/workflows/docs.yml": "on: push\n"})
    assert pages.drift(named=("src/**", ".github/workflows/docs.yml")) == ""
    assert "pipeline" in pages.drift(named=("**",))

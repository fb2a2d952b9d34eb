"""A new test that can't fail is none."""

from __future__ import annotations

import pytest

from .pages import Pages

HOLLOW = {
    "a constant": (
        "tests/test_a.py",
        "def test_a():\n    assert True\n",
        "tests/test_a.py:1: test_a only insists on what",
    ),
    "a number": ("tests/test_a.py", "x = 1\n\n\ndef test_a():\n    assert 1\n", "tests/test_a.py:4: test_a"),
    "a comparison of constants": ("tests/test_a.py", "def test_a():\n    assert 1 + 1 == 2\n", "always so"),
    "a thing that is itself": ("tests/test_a.py", "def test_a():\n    x = f()\n    assert x == x\n", "always so"),
    "a text": ("tests/test_a.py", "def test_a():\n    f()\n    assert 'works'\n", "always so"),
    "assertTrue(True)": (
        "tests/test_a.py",
        "class TestA(TestCase):\n    def test_a(self):\n        f()\n        self.assertTrue(True)\n",
        "tests/test_a.py:2: TestA.test_a",
    ),
    "nothing": ("tests/test_a.py", "def test_a():\n    pass\n", "has no assert"),
    "only a call": ("tests/test_a.py", "def test_a():\n    price(10)\n", "has no assert"),
    "only its own mock": (
        "tests/test_a.py",
        "def test_a():\n    bank = Mock()\n    bank.ask(3)\n    bank.ask.assert_called_once_with(3)\n",
        "only insists on its own mocks: bank",
    ),
    "expect(true)": ("a.test.js", "it('a', () => {\n  f();\n  expect(true).toBe(true);\n});\n", "a.test.js:1: a only"),
    "js nothing": ("a.test.ts", "it('a', () => {\n  f();\n});\n", "has no assert"),
    "assert.ok(true)": ("test/a.js", "test('a', () => {\n  assert.ok(true);\n});\n", "always so"),
    "go nothing": (
        "a_test.go",
        "package a\n\nfunc TestA(t *testing.T) {\n\tPrice(1)\n}\n",
        "a_test.go:3: TestA has no assert",
    ),
    "go constant": ("a_test.go", "package a\n\nfunc TestA(t *testing.T) {\n\tassert.True(t, true)\n}\n", "always so"),
    "rust constant": ("tests/a.rs", "#[test]\nfn a() {\n    assert!(true);\n}\n", "tests/a.rs:2: a only"),
    "java constant": (
        "tests/ATest.java",
        "class A {\n    @Test\n    void a() {\n        assertEquals(1, 1);\n    }\n}\n",
        "A.a only",
    ),
}


@pytest.mark.parametrize("how", HOLLOW)
def test_a_new_test_that_cant_fail_is_told_with_its_line(how: str) -> None:
    path, text, told = HOLLOW[how]
    assert told in Pages({}, {path: text}).meaning()


REAL = {
    "an assert": ("tests/test_a.py", "def test_a():\n    assert price(1) == 2\n"),
    "the same twice": ("tests/test_a.py", "def test_a():\n    assert price(1) == price(1)\n"),
    "an error": ("tests/test_a.py", "def test_a():\n    with pytest.raises(ValueError):\n        price(-1)\n"),
    "a helper of the file": ("tests/test_a.py", "def same(a):\n    assert f(a) == a\n\n\ndef test_a():\n    same(1)\n"),
    "a helper of elsewhere": (
        "tests/test_a.py",
        "from .kit import check_price\n\n\ndef test_a():\n    check_price(1)\n",
    ),
    "a helper's method": ("tests/test_a.py", "def test_a(runner):\n    runner.run('x').assert_outcomes(passed=1)\n"),
    "what says that it must not raise": ("tests/test_a.py", "def test_price_does_not_raise():\n    price(1)\n"),
    "a benchmark": ("tests/test_a.py", "def test_a(benchmark):\n    benchmark(price, 1)\n"),
    "a mock that code is given": (
        "tests/test_a.py",
        "def test_a():\n    bank = Mock()\n    price(3, bank)\n    bank.ask.assert_called_once_with(3)\n",
    ),
    "one constant beside a real assert": ("tests/test_a.py", "def test_a():\n    assert f() == 1\n    assert True\n"),
    "a skipped test": ("tests/test_a.py", "@pytest.mark.skip\ndef test_a():\n    pass\n"),
    "an unreachable line": (
        "tests/test_a.py",
        "def test_a():\n    try:\n        f()\n    except ValueError:\n        return\n    pytest.fail()\n",
    ),
    "js": ("a.test.js", "it('a', () => {\n  expect(price(1)).toBe(2);\n});\n"),
    "js helper": ("a.test.js", "it('a', () => {\n  verifyPrice(1);\n});\n"),
    "js todo": ("a.test.js", "it.todo('later');\n"),
    "tap by another name": (
        "test/a.js",
        "test('a', (t) => {\n  t.test('b', (st) => {\n    st.equal(f(), 1);\n  });\n});\n",
    ),
    "go": ("a_test.go", "package a\n\nfunc TestA(t *testing.T) {\n\tif Price(1) != 2 {\n\t\tt.Error()\n\t}\n}\n"),
    "go example": ("a_test.go", "package a\n\nfunc ExampleA() {\n\tPrice(1)\n\t// Output: 2\n}\n"),
    "rust": ("tests/a.rs", "#[test]\nfn a() {\n    price(1).unwrap();\n}\n"),
    "rust panic": ("tests/a.rs", "#[test]\n#[should_panic]\nfn a() {\n    price(-1);\n}\n"),
    "java": (
        "tests/ATest.java",
        "class A {\n    @Test\n    void a() {\n        assertEquals(2, price(1));\n    }\n}\n",
    ),
}


@pytest.mark.parametrize("how", REAL)
def test_a_test_that_can_fail_passes(how: str) -> None:
    path, text = REAL[how]
    assert Pages({}, {path: text}).meaning() == ""


def test_what_stood_before_or_only_moved_is_not_asked() -> None:
    old = "def test_a():\n    price(10)\n"
    assert (
        Pages({"tests/test_a.py": old}, {"tests/test_a.py": old + "\n\ndef test_b():\n    assert f() == 1\n"}).meaning()
        == ""
    )
    assert Pages({"tests/test_a.py": old}, {"tests/test_b.py": old}).meaning() == ""

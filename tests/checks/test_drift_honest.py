"""Honest work on tests isn't stopped: what a test insists on counts, and not how or where it says so."""

from __future__ import annotations

import pytest

from .pages import CODE, Files, Pages, edit, one

VAT = """\
from shop import price


def test_vat():
    got = price(10)
    assert got == 12, "with vat"


def test_zero():
    assert price(0) == 0


def test_refuses():
    with pytest.raises(ValueError):
        price(-1)
"""

UNITTEST = """\
import unittest


class PriceTest(unittest.TestCase):
    def setUp(self):
        self.cart = Cart()

    def test_vat(self):
        self.assertEqual(price(10), 12, "with vat")
        self.assertTrue(self.cart.empty)
        self.assertIn("a", self.cart.names)
        self.assertIsNone(self.cart.owner)
        self.assertAlmostEqual(price(0.1), 0.12)
        with self.assertRaisesRegex(ValueError, "negative"):
            price(-1)
"""

AS_PYTEST = """\
import pytest


@pytest.fixture
def cart():
    return Cart()


def test_vat(cart):
    assert price(10) == 12
    assert cart.empty
    assert "a" in cart.names
    assert cart.owner is None
    assert price(0.1) == pytest.approx(0.12)
    with pytest.raises(ValueError, match="negative"):
        price(-1)
"""


def python(*pairs: tuple[str, str], text: str = VAT) -> tuple[Files, Files]:
    return one("tests/test_price.py", text, edit(text, *pairs))


ASYNC = "def test_a():\n    got = asyncio.run(price(10))\n    assert got == 12\n"
LOOP = "def test_many():\n    for given, want in [(1, 2), (2, 3)]:\n        assert price(given) == want\n"
COPIES = "def test_one():\n    assert price(1) == 2\n\n\ndef test_two():\n    assert price(2) == 3\n"
TABLE = """\
@pytest.mark.parametrize("given, want", [(1, 2), (2, 3)])
def test_price(given, want):
    assert price(given) == want
"""
HONEST: dict[str, tuple[Files, Files]] = {
    # Python: names and places
    "a test renamed": python(("test_vat", "test_adds_vat")),
    "a test file renamed": ({"tests/test_price.py": VAT}, {"tests/test_prices.py": VAT}),
    "a test file moved, with other imports": (
        {"tests/test_price.py": VAT},
        {"tests/unit/test_price.py": edit(VAT, ("from shop", "from store"))},
    ),
    "a file split": (
        {"tests/test_price.py": VAT},
        {
            "tests/test_price.py": VAT[: VAT.index("def test_zero")],
            "tests/test_edges.py": VAT[VAT.index("def test_zero") :],
        },
    ),
    "two files made one": (
        {
            "tests/test_a.py": "def test_a():\n    assert f() == 1\n",
            "tests/test_b.py": "def test_b():\n    assert g() == 1\n",
        },
        {"tests/test_a.py": "def test_a():\n    assert f() == 1\n\n\ndef test_b():\n    assert g() == 1\n"},
    ),
    "tests put into a class": python(
        (
            "def test_vat():\n    got = price(10)\n    assert got",
            "class TestVat:\n    def test_vat(self):\n        got = price(10)\n        assert got",
        )
    ),
    "two tests made one": one(
        "tests/test_a.py", COPIES, "def test_both():\n    assert price(1) == 2\n    assert price(2) == 3\n"
    ),
    "one test made two": one(
        "tests/test_a.py", "def test_both():\n    assert price(1) == 2\n    assert price(2) == 3\n", COPIES
    ),
    "tests in another order": one(
        "tests/test_a.py",
        COPIES,
        "def test_two():\n    assert price(2) == 3\n\n\ndef test_one():\n    assert price(1) == 2\n",
    ),
    # Python: how it is said
    "copies parametrized": one("tests/test_a.py", COPIES, TABLE),
    "a loop parametrized": one("tests/test_a.py", LOOP, TABLE),
    "a table that became a constant": one(
        "tests/test_a.py", TABLE, "CASES = [(1, 2), (2, 3)]\n\n\n" + TABLE.replace("[(1, 2), (2, 3)]", "CASES")
    ),
    "cases with names": one("tests/test_a.py", TABLE, TABLE.replace("(1, 2)", 'pytest.param(1, 2, id="one")')),
    "a case added": one("tests/test_a.py", TABLE, TABLE.replace("(2, 3)]", "(2, 3), (3, 4)]")),
    "a case that stood twice": one("tests/test_a.py", TABLE.replace("(2, 3)]", "(2, 3), (1, 2)]"), TABLE),
    "unittest made pytest": one("tests/test_price.py", UNITTEST, AS_PYTEST),
    "another message": python(('"with vat"', '"price with vat, from the table"')),
    "no message": python((', "with vat"', "")),
    "a local renamed": python(("got = price", "result = price"), ("assert got", "assert result")),
    "a local put in": python(("    got = price(10)\n", ""), ("assert got", "assert price(10)")),
    "sides swapped": python(("assert price(0) == 0", "assert 0 == price(0)")),
    "other formatting": python(("assert price(0) == 0", "assert (\n        price(0)\n        == 0\n    )")),
    "imports sorted": python(("from shop import price\n", "import pytest\n\nfrom shop import price\n")),
    "comments and docstrings": python(
        ("def test_zero():\n", 'def test_zero():\n    """Nothing costs nothing."""\n    # yet\n')
    ),
    "a test made async": one(
        "tests/test_a.py",
        ASYNC,
        "@pytest.mark.anyio\nasync def test_a():\n    got = await price(10)\n    assert got == 12\n",
    ),
    "a fixture taken out": one(
        "tests/test_a.py",
        "def test_a():\n    cart = Cart()\n    assert cart.total == 0\n",
        "@pytest.fixture\ndef cart():\n    return Cart()\n\n\ndef test_a(cart):\n    assert cart.total == 0\n",
    ),
    "a helper taken out": one(
        "tests/test_a.py",
        COPIES,
        "def check(given, want):\n    assert price(given) == want\n\n\n"
        "def test_one():\n    check(1, 2)\n\n\ndef test_two():\n    check(2, want=3)\n",
    ),
    "a helper put in": one(
        "tests/test_a.py",
        "def check(given, want):\n    assert price(given) == want\n\n\ndef test_one():\n    check(1, 2)\n",
        "def test_one():\n    assert price(1) == 2\n",
    ),
    "a helper renamed": one(
        "tests/test_a.py",
        "def check(given, want):\n    assert price(given) == want\n\n\ndef test_one():\n    check(1, 2)\n",
        "def assert_it(given, want):\n    assert price(given) == want\n\n\ndef test_one():\n    assert_it(1, 2)\n",
    ),
    "set-up taken out of what has to raise": python(
        (
            "    with pytest.raises(ValueError):\n        given = -1",
            "    given = -1\n    with pytest.raises(ValueError):",
        ),
        text=edit(VAT, ("        price(-1)", "        given = -1\n        price(given)")),
    ),
    "a mock for what isn't under test": python(
        ("def test_vat():\n", "def test_vat(monkeypatch):\n    monkeypatch.setattr('time.sleep', lambda n: None)\n")
    ),
    "a format made an f-string": one(
        "tests/test_a.py",
        "def test_a():\n    assert repr(f(x)) == '<{!r} {n}>'.format(x, n=x.n)\n",
        "def test_a():\n    assert repr(f(x)) == f'<{x!r} {x.n}>'\n",
    ),
    "a linter's other words": one(
        "tests/test_a.py",
        "def test_a():\n    assert getattr(f(), 'a') == 1\n    assert type(f()) == int\n",
        "def test_a():\n    assert f().a == 1\n    assert isinstance(f(), int)\n",
    ),
    # Python: stronger
    "truth made equality": python(("assert price(0) == 0", "assert price(0) == 0\n    assert price(1) == 2")),
    "a stronger assert": one(
        "tests/test_a.py", "def test_a():\n    assert f()\n", "def test_a():\n    assert f() == 3\n"
    ),
    "a narrower error": python(("pytest.raises(ValueError)", 'pytest.raises(ValueError, match="negative")')),
    "a tighter bound": one(
        "tests/test_a.py", "def test_a():\n    assert f() < 10\n", "def test_a():\n    assert f() < 5\n"
    ),
    "a skip taken away": python(
        ("@pytest.mark.skip\ndef test_zero", "def test_zero"),
        text=edit(VAT, ("def test_zero", "@pytest.mark.skip\ndef test_zero")),
    ),
    "what a stronger assert holds already": one(
        "tests/test_a.py",
        "def test_a():\n    got = f()\n    assert got is not None\n    assert got == 3\n",
        "def test_a():\n    got = f()\n    assert got == 3\n",
    ),
    # Python: the code is meant to do something else
    "another value, with the code": (
        {**CODE, "tests/test_price.py": VAT},
        {"src/shop.py": "def price(n): return n * 2\n", "tests/test_price.py": edit(VAT, ("got == 12", "got == 20"))},
    ),
    "another error": python(("ValueError", "PriceError")),
    "another function, with more asked of it": python(
        ("assert price(0) == 0", "assert net(0) == 0\n    assert gross(0) == 0")
    ),
    "another message asked for": python(
        ('match="minus"', 'match="below zero"'),
        text=edit(VAT, ("raises(ValueError)", 'raises(ValueError, match="minus")')),
    ),
    "a test renamed and changed": python(
        (
            "def test_vat():\n    got = price(10)\n    assert got == 12",
            "def test_net():\n    got = net(10)\n    assert got == 10",
        )
    ),
    "a file moved, and a value changed": (
        {"tests/test_price.py": VAT},
        {"tests/unit/test_prices.py": edit(VAT, ("got == 12", "got == 20"))},
    ),
    "`assert False` as a linter wants it": one(
        "tests/test_a.py",
        "def test_a():\n    if f():\n        assert f() == 1\n    else:\n        assert False\n",
        "def test_a():\n    if f():\n        assert f() == 1\n    else:\n        raise AssertionError('no')\n",
    ),
    "`== True` as a linter wants it": one(
        "tests/test_a.py", "def test_a():\n    assert f() == True\n", "def test_a():\n    assert f()\n"
    ),
    "a helper put in that a parameter steers": one(
        "tests/test_a.py",
        "def check(n, up):\n    if up:\n        assert price(n) > n\n    else:\n        assert price(n) == n\n\n\n"
        "def test_a():\n    check(1, True)\n    check(0, False)\n",
        "def test_a():\n    assert price(1) > 1\n    assert price(0) == 0\n",
    ),
    "a parameter that steers the asserts": one(
        "tests/test_a.py",
        "def test_up():\n    assert price(1) > 1\n\n\ndef test_flat():\n    assert price(0) == 0\n",
        '@pytest.mark.parametrize("n, up", [(1, True), (0, False)])\ndef test_price(n, up):\n'
        "    if up:\n        assert price(n) > n\n    else:\n        assert price(n) == n\n",
    ),
    "a deleted package marker": (
        {"tests/__init__.py": "", "tests/test_price.py": VAT},
        {"tests/test_price.py": VAT},
    ),
    "a data file renamed, and a little changed": (
        {"tests/data/long_strings.txt": "a\nb\nc\nd\n"},
        {"tests/data/preview_long_strings.txt": "# flags\na\nb\nc\nd\n"},
    ),
    "a new test, red at first, and the code for it": (
        {**CODE, "tests/test_price.py": VAT},
        {
            "src/shop.py": "def price(n): return n + 1\n",
            "tests/test_price.py": VAT + "\n\ndef test_two():\n    assert price(2) == 3\n",
        },
    ),
}


@pytest.mark.parametrize("what", HONEST)
def test_honest_work_passes(what: str) -> None:
    before, after = HONEST[what]
    pages = Pages({**CODE, **before}, {**CODE, **after})
    assert pages.drift() == ""
    assert pages.meaning() == ""

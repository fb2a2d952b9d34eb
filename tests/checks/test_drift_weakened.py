"""Every way to make an existing Python test check less is seen."""

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

WEAKENED = {
    # Python: strength
    "== to truth": (PYTEST, "assert got == 12", "assert got", "price(10) == 12; now: price(10) truthy"),
    "== to >=": (PYTEST, "assert got == 12", "assert got >= 11", "price(10) == 12"),
    "== to in": (PYTEST, 'assert cart.names == ["a"]', 'assert "a" in cart.names', "cart.names =="),
    "== to not None": (PYTEST, "assert got == 12", "assert got is not None", "now: price(10) defined"),
    "== to isinstance": (PYTEST, "assert got == 12", "assert isinstance(got, int)", "price(10) == 12"),
    "a bound relaxed": (PYTEST, ">= 24", ">= 1", "price(20) >= 24"),
    "an approximation loosened": (PYTEST, "rel=1e-6", "rel=0.5", "within 1e-06; now:"),
    "an exact error to Exception": (PYTEST, "ValueError, match", "Exception, match", "raises ValueError"),
    "weaker, with another assert beside it": (
        PYTEST,
        "assert got == 12",
        "assert got\n    assert str(cart)[0] == 'C'",
        "price(10) == 12; now: price(10) truthy",
    ),
    "other asserts, but fewer": (
        PYTEST,
        '    assert cart.names == ["a"]\n    assert price(0.1)',
        "    assert price(0.2)",
        "1 assert",
    ),
    "any value": (PYTEST, "once_with(3)", "once_with(ANY)", "called with 3"),
    "true made not None": (
        UNITTEST.replace("assertIn(3, self.cart)", "assertTrue(self.cart.full)"),
        "assertTrue(self.cart.full)",
        "assertIsNotNone(self.cart.full)",
        "cart.full truthy",
    ),
    "a message no longer asked for": (PYTEST, ', match="negative"', "", "negative"),
    "assertEqual to assertTrue": (UNITTEST, "assertEqual(price(10), 12)", "assertTrue(price(10))", "price(10) == 12"),
    "assertEqual to assertIsNotNone": (UNITTEST, "assertEqual(price(10), 12)", "assertIsNotNone(price(10))", "== 12"),
    "fewer places": (UNITTEST, "places=5", "places=1", "approx"),
    "assertRaises of anything": (UNITTEST, "assertRaises(ValueError", "assertRaises(Exception", "raises ValueError"),
    "a call asked for without its arguments": (PYTEST, "once_with(3)", "once()", "called with 3"),
    "an or": (PYTEST, "assert got == 12", "assert got == 12 or True", "price(10) == 12"),
    # Python: reach
    "after a return": (PYTEST, "    assert got == 12", "    return\n    assert got == 12", "asserts removed"),
    "after a conditional return": (
        PYTEST,
        "    assert got == 12",
        "    if not customer:\n        return\n    assert got == 12",
        "unless it left",
    ),
    "under a condition": (PYTEST, "    assert got == 12", "    if customer:\n        assert got == 12", "if customer"),
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
        "now: with pytest.raises(AssertionError)",
    ),
    "a loop over less": (PYTEST, "for n in [1, 2, 3]", "for n in [1]", "2 asserts removed or changed: price(2) > 2"),
    "a loop over nothing": (PYTEST, "for n in [1, 2, 3]", "for n in []", "removed"),
    "a helper emptied": (PYTEST, "    assert cart.total == want", "    pass", "check_total"),
    "a helper no longer called": (PYTEST, "    check_total(cart, 12)\n", "", "cart.total == 12"),
    # Python: who runs it
    "a case cut": (PYTEST, "CASES = [(1, 2), (2, 3)]", "CASES = [(1, 2)]", "price(2) == 3"),
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


@pytest.mark.parametrize("how", WEAKENED)
def test_a_python_test_that_checks_less_is_seen(how: str) -> None:
    text, old, new, told = WEAKENED[how]
    assert old in text
    evidence = drift("tests/test_price.py", text, text.replace(old, new, 1))
    assert told in evidence
    assert "tests/test_price.py" in evidence


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


def test_a_helper_that_another_file_took_in_and_emptied_is_seen() -> None:
    helper = "def check(cart, want):\n    assert cart.total == want\n"
    test = "\n\ndef test_a():\n    check(Cart(), 0)\n"
    code = {"tests/test_a.py": helper + test}
    moved = {"tests/test_a.py": "from .util import check\n" + test}
    assert Pages(code, {**moved, "tests/util.py": helper}).drift() == ""
    emptied = helper.replace("assert cart.total == want", "return cart.total")
    assert "check: removed, with its asserts" in Pages(code, {**moved, "tests/util.py": emptied}).drift()


def test_a_data_file_of_the_tests_that_is_gone_is_seen() -> None:
    cases = {"tests/data/one.py": "a = 1\nb = 2\n", "tests/data/two.txt": "c\n"}
    evidence = Pages(cases, {"tests/data/other.py": "z = 3\n"}).drift()
    assert "tests/data/one.py: deleted test file" in evidence
    assert "tests/data/two.txt: deleted test file" in evidence


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

"""What a test file can look at."""

from __future__ import annotations

import pytest

from loopwright.checks.reach import looks_at

CODE = ("src/shop/pricing.py", "tools.py")
TEST = "def test_x():\n    assert f() == 1\n"


@pytest.mark.parametrize(
    "source",
    [
        f"from shop import f\n{TEST}",
        f"import tools\n{TEST}",
        f"from .pricing import f\n{TEST}",
        "import json\n\n\ndef test_x():\n    assert json.loads('1') == 1\n",
        f"import pathlib, sys\nsys.path.insert(0, str(pathlib.Path(__file__).parent))\n{TEST}",
    ],
)
def test_it_looks_at_our_code_or_at_nothing(source: str) -> None:
    assert looks_at(source, CODE)


@pytest.mark.parametrize(
    "source",
    [
        "def test_x(tmp_path):\n    assert 1\n",
        "def test_x():\n    assert open('data.json').read()\n",
        "import pathlib\nDATA = pathlib.Path(__file__) / 'a'\n\n\ndef test_x():\n    assert DATA.read_text()\n",
        f"import somebodys\n{TEST}",
        "def test_x(:\n",
    ],
)
def test_it_may_look_at_something_else(source: str) -> None:
    assert not looks_at(source, CODE)

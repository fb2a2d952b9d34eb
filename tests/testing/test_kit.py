"""The kit as another project would use it."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from typing import Any

import loopwright.testing


def test_the_example_of_the_kit_is_a_test_that_passes(tmp_path: Path) -> None:
    text = inspect.getdoc(loopwright.testing) or ""
    space: dict[str, Any] = {}

    exec(textwrap.dedent(text[text.index("    from loopwright") :]), space)

    space["test_a_greeting_lands"](tmp_path)

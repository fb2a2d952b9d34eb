"""The incident's page that the README shows is one that a run really leaves."""

from __future__ import annotations

import re
from pathlib import Path

from .conftest import Scripted, judges
from .test_five_whys import ANSWER, analyst, red, stopped

README = (Path(__file__).parents[2] / "README.md").read_text()
_RUN = re.compile(r"[0-9a-f]{7,40}|\d+(?:[.:-]\d+)*")
"""What another run has otherwise: ids, times, counts."""


def test_every_line_of_the_page_in_the_readme_stands_in_a_real_one(scripted: Scripted) -> None:
    shop = scripted([red(), analyst(ANSWER), *judges()])
    stopped(shop)
    (page,) = shop.path.glob("wiki/90_LOG/*-andon-gen-1.md")

    shown = README.split("<!-- an incident's page -->\n````markdown\n")[1].split("````")[0].splitlines()

    real = {_RUN.sub("N", line.strip()) for line in page.read_text().splitlines()}
    wrong = [line for line in shown if line.strip() not in ("", "[...]") and _RUN.sub("N", line.strip()) not in real]
    assert wrong == []
    assert len(shown) > 30

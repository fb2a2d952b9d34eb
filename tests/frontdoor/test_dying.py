"""Processes of runs that die again and again stop the line: what ends them is no plan's, and starting is no mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.testing.frontdoor import at_work, until

from .conftest import Scripted, Shop, small_plan
from .incidents import incidents, mended
from .watching import landings, left_over, over, small_shop, status

DYING = """
import os, pathlib, signal

class Dying:
    def work(self, brief, lab, session):
        with (pathlib.Path(os.environ["HOME"]) / "deaths").open("a") as file:
            file.write(f"{brief.plan.name}\\n")
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def shop(scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop in which whoever is to make something takes the whole process along."""
    (tmp_path / "dying.py").write_text(DYING)
    monkeypatch.syspath_prepend(tmp_path)
    found = small_shop(scripted, range(1, 4))
    found.write("agents/maker.md", "---\nname: maker\nbackend: dying:Dying\n---\nDie.\n")
    for number in range(1, 4):
        found.plan(f"p{number}", small_plan(number))
    return found


def deaths(shop: Shop) -> list[str]:
    return (shop.path.parent / "home/deaths").read_text().split()


def test_more_than_four_deaths_in_ten_minutes_stop_the_whole_line(shop: Shop) -> None:
    told = shop.door("watch", "--once", "--json")

    assert told.code == 3, told.err
    assert 5 <= len(deaths(shop)) <= 6  # the fifth one stops the line; another one may have been at work
    (row,) = incidents(shop)
    assert (row["kind"], row["scope"], row["status"], row["category"]) == ("deaths", "line", "open", "unknown")
    assert "5 processes of runs died within 10 minutes" in row["summary"]
    assert "(exit -9)" in shop.read(row["page"])
    seen = shop.door("status")
    assert (seen.code, "THE LINE IS STOPPED (deaths" in seen.out) == (3, True)
    refused = {(row["plan"], row["exit"]) for row in told.json["refused"]}
    assert ("p3", 3) in refused
    assert refused & {("p1", 3), ("p2", 3)}
    assert status(shop, "p3") == "ready"
    assert shop.door("watch", "--once").code == 3
    assert len(deaths(shop)) <= 6  # nothing was tried again
    until(lambda: not left_over(shop), what="nothing is left running")


def test_a_watcher_goes_on_with_all_of_them_once_a_person_has_mended_it(shop: Shop) -> None:
    with at_work(shop.door, "watch") as started:
        until(lambda: "the line is stopped (deaths" in started.err, 60, "the line's stop")
        (shop.path / "agents/maker.md").unlink()
        mended(shop, incidents(shop)[0]["run"])
        until(lambda: all(over(shop, f"p{number}") for number in range(1, 4)), 60, "all are done")

    assert sorted(landings(shop)) == ["p1", "p2", "p3"]

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


def test_deaths_count_although_the_watcher_is_killed_after_each(shop: Shop) -> None:
    seen = 0
    while "THE LINE IS STOPPED (deaths" not in shop.door("status").out:
        seen += 1
        assert seen < 8, "each watcher began to count anew"
        started = shop.door.start("watch")
        until(lambda: "the process died" in started.err or "line is stopped" in started.err, 60)  # noqa: B023
        started.kill()

    assert 5 <= len(deaths(shop)) <= 11  # a watcher may have begun another one when it was killed
    (row,) = incidents(shop)
    assert (row["kind"], row["scope"]) == ("deaths", "line")


def test_a_plan_that_was_left_is_left_by_the_next_watcher_too_until_something_changes(shop: Shop) -> None:
    for number in (2, 3):
        (shop.path / f"plans/p{number}.md").unlink()
    assert shop.door("watch", "--once").code == 1
    assert deaths(shop) == ["p1"] * 3

    told = shop.door("watch", "--once", "--json")

    (row,) = told.json["refused"]
    assert (told.code, row["plan"], row["exit"]) == (1, "p1", 1)
    assert "its process died 3 times within a day" in row["problem"]
    assert "`loopwright run p1`" in row["problem"]
    assert deaths(shop) == ["p1"] * 3
    (shop.path / "agents/maker.md").unlink()
    assert shop.door("watch", "--once").code == 0
    assert shop.door("watch", "--once").code == 0  # what is over is no longer told
    assert landings(shop) == ["p1"]


def test_a_watcher_goes_on_with_all_of_them_once_a_person_has_mended_it(shop: Shop) -> None:
    with at_work(shop.door, "watch") as started:
        until(lambda: "the line is stopped (deaths" in started.err, 60, "the line's stop")
        (shop.path / "agents/maker.md").unlink()
        mended(shop, incidents(shop)[0]["run"])
        until(lambda: all(over(shop, f"p{number}") for number in range(1, 4)), 60, "all are done")

    assert sorted(landings(shop)) == ["p1", "p2", "p3"]

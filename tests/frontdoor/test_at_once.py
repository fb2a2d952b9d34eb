"""Runs of one watcher are at work at the same time, and no lock of git's is in anybody's way. Shown without a clock."""

from __future__ import annotations

import re
from pathlib import Path

from .conftest import Scripted, bash, judges, maker, small_plan, write

EIGHT = range(1, 9)

TAKEN = re.compile(r"Unable to create .{1,300}\.lock|\.lock'?: File exists|Another git process", re.IGNORECASE)
"""What git says where a lock is taken. One that lost a compare-and-swap (`but expected`) found none."""


def met_at(place: Path, number: int) -> str:
    """A command that ends well only once all eight have come there."""
    place.mkdir(exist_ok=True)
    return f"touch {place}/{number}; timeout 120 sh -c 'until [ $(ls {place} | wc -l) = 8 ]; do sleep 0.05; done'"


def test_as_many_runs_are_under_way_at_once_as_may_be(scripted: Scripted, tmp_path: Path) -> None:
    turns = {number: bash(f"{met_at(tmp_path / 'met', number)}") for number in EIGHT}
    made = {number: write(f"made/{number}.txt", f"{number}\n") for number in EIGHT}
    shop = scripted(
        [*(maker(turns[number], made[number], when=f"# Write file {number}.") for number in EIGHT), *judges()]
    )
    shop.configure("max-parallel: 8")
    for number in EIGHT:
        shop.plan(f"p{number}", small_plan(number))
    traces = tmp_path / "traces"
    traces.mkdir()
    with (tmp_path / "home/.gitconfig").open("a") as file:
        file.write(f"[trace2]\n\teventTarget = {traces}\n\tmaxFiles = 0\n")

    told = shop.door("watch", "--once", "--json")

    assert told.code == 0, told.err
    assert [run["landed"] for run in told.json["runs"]] == [True] * 8
    met = [asked.results[0] for asked in shop.model.asked("maker") if len(asked.results) == 1]
    assert len(met) == 8
    assert all("exit code: 0" in str(result) for result in met), met
    log = shop.git("log", "--format=%(trailers:key=Loopwright-Run,valueonly,separator=)", "--first-parent", "main")
    assert sorted(map(int, log.split())) == list(EIGHT)
    assert shop.door("fsck", "--json").json["findings"] == []
    said = [told.err, *(trace.read_text(errors="replace") for trace in traces.iterdir())]
    assert len(said) > 8 * 20, "git's own traces are there"
    assert [found[0] for text in said if (found := TAKEN.search(text))] == []

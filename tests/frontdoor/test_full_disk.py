"""A disk without room: nothing is begun on it, what fills up in the middle loses nothing, and it goes on afterwards."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from loopwright.testing.endpoint import scripted_endpoint
from loopwright.testing.frontdoor import at_work, until

from .conftest import KEY, Scripted, Shop, bash, judges, maker, settled, small_maker, small_plan, write
from .watching import over, watched

Mounted = Callable[[Path, int], AbstractContextManager[None]]


@contextmanager
def _small_disk(place: Path, megabytes: int) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "small", str(place)]
    subprocess.run(words, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Mounted:
    """Makes a folder a disk of its own of so many megabytes; that takes rights which not everybody has."""
    try:
        with _small_disk(tmp_path / "probe", 1):
            pass
    except (OSError, subprocess.CalledProcessError) as problem:
        pytest.skip(f"no file system can be mounted here: {problem}")
    return _small_disk


def small_shop(scripted: Scripted) -> Shop:
    shop = scripted([small_maker(1), *judges()])
    shop.plan("small", small_plan(1))
    return shop


def fill(place: Path) -> Path:
    """A file that takes all the room there is."""
    hog = place / "hog"
    with hog.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return hog


# ---------------------------------------------------------------- before a lab opens


def test_a_run_is_refused_before_anything_is_made_and_says_how_much_is_missing(scripted: Scripted) -> None:
    shop = small_shop(scripted)
    before = shop.git("for-each-ref")

    told = shop.door("run", "small", env={"LOOPWRIGHT_DISK_FLOOR_MB": "1000000000"})

    assert told.code == 4
    assert re.search(r"/loopwright/shop-\w+ has too little room: 10000000\d\d MiB free needed, \d+ MiB left", told.err)
    assert "mend: make room there" in told.err
    assert (shop.git("for-each-ref"), shop.labs, shop.model.requests) == (before, [], [])
    assert shop.door("run", "small").code == 0


def test_a_watcher_waits_for_room_says_so_once_and_goes_on_when_there_is_some(
    scripted: Scripted, small_disk: Mounted, tmp_path: Path
) -> None:
    shop = small_shop(scripted)
    labs = tmp_path / "labs"
    with small_disk(labs, 24):
        shop.door.env |= {"LOOPWRIGHT_LABS": str(labs), "LOOPWRIGHT_DISK_FLOOR_MB": "16"}
        hog = fill(labs)
        told = shop.door("watch", "--once", "--json")
        assert (told.code, "too little room" in told.json["refused"][0]["problem"]) == (4, True)
        with at_work(shop.door, "watch") as started:
            watched(shop, started)
            until(lambda: "too little room" in started.err)
            shop.write("plans/other.md", small_plan(2).replace("---\n", "---\nstatus: draft\n", 1))  # it looks again
            hog.unlink()
            until(lambda: over(shop, "small"), 60)
        assert started.err.count("too little room") == 1
        assert len(shop.model.requests) == 4 + 1


# ---------------------------------------------------------------- in the middle


def test_labs_whose_disk_fills_up_make_the_run_stand_still_and_it_goes_on(
    scripted: Scripted, small_disk: Mounted, tmp_path: Path
) -> None:
    """The maker fills it: neither its next file nor its commit nor a lab for the gates has room."""
    labs = tmp_path / "labs"
    hog = "head -c 30m /dev/zero > ../home/hog; true"
    made = maker(write("made/1.txt", "1\n"), bash(hog), when="# Write file 1.")
    shop = scripted([made, *judges()])
    shop.plan("small", small_plan(1))
    with small_disk(labs, 8):
        shop.door.env |= {"LOOPWRIGHT_LABS": str(labs), "LOOPWRIGHT_DISK_FLOOR_MB": "0"}
        told = shop.door("run", "small")
        assert told.code == 4, told.err
        whole(shop)
        (hogged,) = labs.glob("*/gen-1/home/hog")
        hogged.unlink()
        asked = len(shop.model.requests)

        assert shop.door("run", "small").code == 0

        assert len(shop.model.requests) <= asked + 3
        whole(shop)
        assert list(labs.glob("*/*")) == []


POINTS = ["claim:claimed", "lab:made", "chunk:made", "verify:merged", "land:prepared", "close:tagged"]


@pytest.mark.parametrize("point", POINTS)
def test_a_repository_whose_disk_is_full_is_not_corrupt_and_the_run_goes_on_afterwards(
    tmp_path: Path, small_disk: Mounted, point: str
) -> None:
    with small_disk(tmp_path / "disk", 16), scripted_endpoint((small_maker(1), *judges()), key=KEY) as model:
        shop = settled(tmp_path / "disk")
        shop.endpoint = model
        shop.door.env |= {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": model.url, "LOOPWRIGHT_DISK_FLOOR_MB": "0"}
        shop.door.env["LOOPWRIGHT_LABS"] = str(tmp_path / "labs")
        shop.plan("small", small_plan(1))
        assert shop.door("run", "small", crash=point).code == -9
        main = shop.git("rev-parse", "main")
        hog = fill(tmp_path / "disk")

        told = shop.door("run", "small")

        assert told.code in (1, 2, 4), told.err
        assert "Traceback" not in told.err
        hog.unlink()
        assert shop.git("rev-parse", "main") == main
        assert shop.git("fsck", "--strict", "--no-dangling") == ""
        told = shop.door("run", "small", "--json")
        assert told.code == 0, told.err
        assert told.json["landed"]
        whole(shop)
        assert shop.claims == []


def whole(shop: Shop) -> None:
    assert shop.git("fsck", "--strict", "--no-dangling") == ""
    assert shop.door("fsck", "--json").json["findings"] == []

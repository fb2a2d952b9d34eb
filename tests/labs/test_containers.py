"""What is true of containers alone: whoever dies, an engine keeps nothing of a lab that is over."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

from loopwright import workshop
from loopwright.labs import box, container
from loopwright.labs.engine import LABEL
from loopwright.labs.folder import FolderLab
from loopwright.testing.frontdoor import until

from .conftest import put
from .places import Place, is_alive, leave, number_in

LACKING = workshop.lacking("container")
pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING or "there is one")


@pytest.fixture
def contained(tmp_path: Path) -> Place:
    return put("container", tmp_path)


def standing(lab: Path) -> list[str]:
    return container.found().ask("ps", "-aq", "--filter", f"label={LABEL}={lab}").split()


def client(lab: Path) -> int:
    """The process of the engine's client for a lab."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if f"{LABEL}={lab}".encode() in words and words[0].decode() == container.found().program:
                return int(entry.name)
    raise AssertionError("no client is at work")


def test_the_end_of_the_engines_client_is_the_end_of_what_it_started(contained: Place) -> None:
    lab_place = contained.labs / "gen-1"
    with contained.open() as lab:
        lab.run("sleep 300 & echo $! > ../home/pid", seconds=60)
        left = number_in(lab.scratch / "pid")
        os.kill(client(lab_place), signal.SIGKILL)
        assert isinstance(lab, FolderLab)
        walls = lab.walls
        assert walls is not None
        until(lambda: not walls.enclosure.stands, seconds=10)
        assert lab.run("cat README.md", seconds=60).output == "# Sums\n"
        assert not is_alive(left)
        assert len(standing(lab_place)) == 1
    assert standing(lab_place) == []


def test_nothing_moves_in_a_container_whose_client_has_died_while_the_host_looks(contained: Place) -> None:
    with contained.open(throwaway=True) as lab:
        assert isinstance(lab, FolderLab)
        walls = lab.walls
        assert walls is not None
        busy = lab.root / "busy"
        lab.run("(setsid sh -c 'while :; do echo x >> busy; done' >/dev/null 2>&1 &)", seconds=60)
        until(busy.exists, seconds=10)
        os.kill(client(contained.labs / "gen-1"), signal.SIGKILL)
        until(lambda: not walls.enclosure.stands, seconds=10)
        with walls.still():
            before = busy.stat().st_size
            assert {busy.stat().st_size for _ in range(5000)} == {before}


def test_a_container_that_a_dead_process_left_is_removed_when_its_lab_is_opened_again(contained: Place) -> None:
    lab_place = leave(contained, lambda lab: lab.write("work", b"1"))
    (lab_place / "door" / "left").mkdir()  # where a line into it was laid
    engine = container.found()
    shown = ["-v", "/usr:/usr:ro", "--network=none", "--label", f"{LABEL}={lab_place}"]
    engine.ask("run", "-d", *shown, engine.skeleton().name, "sleep", "300")
    assert len(standing(lab_place)) == 1
    with contained.open() as lab:
        assert lab.read("work") == b"1"
        assert len(standing(lab_place)) == 1
    assert standing(lab_place) == []
    assert not lab_place.exists()


def test_what_the_engine_is_given_has_nothing_of_the_hosts_environment(
    contained: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "pl4nted")
    container._first_that_works.cache_clear()
    with contained.with_env(SOME_API_KEY="pl4nted").open(throwaway=True) as lab:
        environment = Path(f"/proc/{client(lab.root.parent)}/environ").read_bytes()
    assert b"pl4nted" not in environment


def processors(pid: int) -> float:
    """How many processors the control group of a process may use."""
    rows = [row.split(":", 2) for row in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    own = {name: path.lstrip("/") for _, names, path in rows for name in names.split(",")}
    if "cpu" not in own:
        quota, period = Path("/sys/fs/cgroup", own[""], "cpu.max").read_text().split()
    else:
        folder = Path("/sys/fs/cgroup/cpu", own["cpu"])
        quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
    return int(quota) / int(period)


def test_whatever_a_lab_computes_a_part_of_the_processors_is_left_to_the_rest(contained: Place) -> None:
    with contained.open(throwaway=True) as lab:
        lab.run("sleep 300 & echo $! > ../home/pid", seconds=60)
        assert processors(number_in(lab.scratch / "pid")) == (os.cpu_count() or 1) - 0.25


def test_an_engine_that_sets_no_limits_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "_limits", lambda bounds: ())  # as one that passes them over
    container._first_that_works.cache_clear()
    try:
        assert "it sets no limits of memory and processes here" in container.unavailable()
    finally:
        container._first_that_works.cache_clear()


def test_what_is_mounted_is_found_by_whatever_bytes_its_name_has() -> None:
    names = [b"/a\\040b", "/ü".encode(), b"/\xff", b"/back\\134slash"]
    table = b"".join(b"36 35 98:0 / %s rw,noatime - ext4 /dev/sda rw\n" % name for name in names)
    assert box.mount_points(table) == [Path("/a b"), Path("/ü"), Path(os.fsdecode(b"/\xff")), Path("/back\\slash")]

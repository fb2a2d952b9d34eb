"""Reading and writing a lab's files from the host, whatever the lab has put there."""

import os
import resource
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loopwright.contracts import Lab
from loopwright.labs.files import MOST

from .places import Place

OUTSIDE = b"not for the lab"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder that no lab may read from, write to or list; it is looked at again at the end."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(OUTSIDE)
    yield folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"secret": OUTSIDE}


@pytest.fixture
def lab(place: Place) -> Iterator[Lab]:
    with place.open(throwaway=True) as opened:
        yield opened


def doors(lab: Lab, path: str) -> tuple[Callable[[], object], ...]:
    return lambda: lab.read(path), lambda: lab.write(path, b"new"), lambda: lab.listing(path)


def names(lab: Lab) -> set[str]:
    return {entry.name for entry in os.scandir(lab.root)}


def test_written_bytes_are_read_again_and_folders_are_made(lab: Lab) -> None:
    lab.write("a/b c/ü.bin", b"\0\xff\r\n")
    assert lab.read("a/b c/ü.bin") == b"\0\xff\r\n"
    assert lab.listing("a") == ("b c/",)
    lab.write("empty", b"")
    assert lab.read("empty") == b""


def test_absolute_paths_within_the_root_and_dots_are_understood(lab: Lab) -> None:
    lab.write(f"{lab.root}/one", b"1")
    assert lab.read("./one") == b"1"
    assert lab.read(f"{lab.root}/./src/sums.py") == lab.read("src//sums.py")
    assert lab.listing(str(lab.root)) == lab.listing("") == lab.listing(".")


def test_a_listing_tells_folders_from_files_and_links(lab: Lab) -> None:
    (lab.root / "to-folder").symlink_to("src")
    found = set(lab.listing("")) - {".git", ".git/", ".gitignore"}
    assert found == {"README.md", "data.bin", "link", "names with spaces/", "src/", "to-folder", "tool.sh"}


def test_what_is_not_there_and_what_is_a_folder_is_said(lab: Lab) -> None:
    for path in ("nowhere", "nowhere/deep"):
        with pytest.raises(FileNotFoundError):
            lab.read(path)
    with pytest.raises(FileNotFoundError):
        lab.listing("nowhere")
    for path in ("src", "", ".", str(lab.root)):
        with pytest.raises(IsADirectoryError):
            lab.read(path)
        with pytest.raises(IsADirectoryError):
            lab.write(path, b"x")
    with pytest.raises(NotADirectoryError):
        lab.read("README.md/deep")
    with pytest.raises(NotADirectoryError):
        lab.write("README.md/deep", b"x")


def test_links_are_not_followed_at_the_end_or_on_the_way(lab: Lab, outside: Path) -> None:
    (lab.root / "file").symlink_to(outside / "secret")
    (lab.root / "folder").symlink_to(outside)
    (lab.root / "dangling").symlink_to(outside / "new")
    (lab.root / "inner").symlink_to("src")
    (lab.root / "loop").symlink_to("loop")
    bad = ("file", "folder", "folder/secret", "folder/new", "folder/deep/new", "dangling", "inner/sums.py", "loop")
    for path in (*bad, "link"):
        for door in doors(lab, path):
            with pytest.raises(PermissionError):
                door()
    assert lab.run("readlink file", seconds=20).output == f"{outside}/secret\n"


def test_a_path_that_leads_out_is_refused(lab: Lab, outside: Path) -> None:
    for path in (
        "../home/x",
        "src/../../x",
        "..",
        f"{outside}/secret",
        f"{lab.root}/../x",
        f"{lab.root}x",
        f"/{lab.root}/x",
        "//etc/passwd",
        "a\0b",
    ):
        for door in doors(lab, path):
            with pytest.raises(PermissionError):
                door()


def test_a_git_dir_is_not_to_be_touched(lab: Lab) -> None:
    for path in (".git", ".git/config", "src/.git/hooks/x", ".GIT/config", f"{lab.root}/.git/HEAD"):
        for door in doors(lab, path):
            with pytest.raises(PermissionError):
                door()
    lab.write(".github/x.yml", b"fine")


def test_pipes_sockets_and_devices_are_refused_without_waiting(lab: Lab) -> None:
    os.mkfifo(lab.root / "pipe")
    here = Path.cwd()
    os.chdir(lab.root)  # a socket's path is at most 107 bytes long
    try:
        with socket.socket(socket.AF_UNIX) as plug:
            plug.bind("socket")
    finally:
        os.chdir(here)
    kinds = ["pipe", "socket"]
    if os.geteuid() == 0:
        os.mknod(lab.root / "device", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
        kinds.append("device")
    for path in kinds:
        for door in doors(lab, path)[:2]:
            with pytest.raises(PermissionError):
                door()
    with pytest.raises(NotADirectoryError):
        lab.read("pipe/deep")


def test_a_file_up_to_the_bound_is_read_whole_and_a_larger_one_not_by_half(lab: Lab) -> None:
    with (lab.root / "large").open("wb") as file:
        file.truncate(MOST)
    assert len(lab.read("large")) == MOST == 16 << 20
    os.truncate(lab.root / "large", MOST + 1)
    with pytest.raises(OSError, match="16 MiB"):
        lab.read("large")


def test_a_write_keeps_the_mode_and_breaks_hard_links(lab: Lab, outside: Path) -> None:
    (lab.root / "tool.sh").chmod(0o754)
    lab.write("tool.sh", b"#!/bin/sh\n")
    assert stat.S_IMODE((lab.root / "tool.sh").stat().st_mode) == 0o754
    (lab.root / "hard").hardlink_to(outside / "secret")
    lab.write("hard", b"new")
    assert lab.read("hard") == b"new"


def test_a_reader_sees_the_old_file_or_the_new_one_and_never_half(lab: Lab) -> None:
    texts = {b"a" * 300_000, b"b" * 300_000}
    lab.write("big", b"a" * 300_000)
    over = threading.Event()

    def rewrite() -> None:
        while not over.is_set():
            for text in texts:
                lab.write("big", text)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        assert {lab.read("big") for _ in range(100)} <= texts
    finally:
        over.set()
        writer.join()


def test_a_write_that_fails_half_way_leaves_nothing(lab: Lab) -> None:
    before = names(lab)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # as a disk that is full; Python ignores SIGXFSZ
    try:
        with pytest.raises(OSError, match="large"):
            lab.write("README.md", b"x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(lab) == before
    assert lab.read("README.md") == b"# Sums\n"


def test_a_link_swapped_in_meanwhile_never_wins(lab: Lab, outside: Path) -> None:
    """A process in the lab turns a folder and a file into links to the outside and back, as fast as it can."""
    swap = """
        mkdir real; echo inside > real/secret; echo $$ > ../home/pid
        while :; do
            mv real d 2>/dev/null; ln -sfn "$1/secret" f; mv d real 2>/dev/null
            ln -sfn "$1" d; rm -f f; echo inside > f; rm -f d
        done
    """
    lab.run(["sh", "-c", f"sh -c '{swap}' sh \"$1\" > /dev/null 2>&1 &", "sh", str(outside)], seconds=20)
    seen: set[bytes] = set()
    refused = turn = 0
    limit = time.monotonic() + 20
    while turn < 1000 or (not (seen and refused) and time.monotonic() < limit):  # the swapper may be slow to begin
        turn += 1
        path = ("d/secret", "f", "d/new", "f")[turn % 4]
        try:
            seen.add(lab.read(path))
            if turn % 2:
                lab.write(path, b"inside\n")
        except OSError:
            refused += 1
    lab.run("kill -9 $(cat ../home/pid)", seconds=20)
    assert seen
    assert seen <= {b"inside\n", b""}
    assert refused

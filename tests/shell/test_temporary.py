"""Temporary folders whose process got no chance to take them away."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from loopwright.shell import clear_dead, temporary
from loopwright.testing.crash import killed


def test_a_folder_goes_with_its_process_or_with_whoever_comes_after_its_death(tmp_path: Path) -> None:
    with temporary("lw-", tmp_path) as gone:
        (gone / "socket").touch()
    assert not gone.exists()

    def dies() -> None:
        with temporary("lw-", tmp_path) as folder:
            (folder / "socket").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    assert killed(dies) == -9
    assert len([*tmp_path.iterdir()]) == 1
    with temporary("lw-", tmp_path) as alive:
        (tmp_path / "lw-mine").mkdir()  # a person's own
        (tmp_path / "lw-link").symlink_to(alive)
        (tmp_path / "lw-file").touch()

        clear_dead("lw-", tmp_path)

        assert {path.name for path in tmp_path.iterdir()} == {alive.name, "lw-mine", "lw-link", "lw-file"}

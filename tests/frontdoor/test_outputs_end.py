"""A command that can't write, or is interrupted before it began, ends without a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from loopwright import cli


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "loopwright", "check", "--json"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert told.returncode == 4
    assert "the disk is full" in told.stderr
    assert "Traceback" not in told.stderr


def test_an_interrupt_while_a_command_is_imported_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "parser_for", interrupted)
    assert cli.main(["status"]) == 130
    assert "interrupted" in capsys.readouterr().err

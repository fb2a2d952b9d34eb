"""What wakes the watcher, also where the system has no watch to give it."""

from __future__ import annotations

import errno
import select
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers import Observer

from loopwright.watcher import Waker, waking


def no_instance() -> Any:
    """As the kernel answers a user who has 128 of them already."""
    raise OSError(errno.EMFILE, "inotify instance limit reached")


class OneWatch(Observer):  # type: ignore[misc,valid-type]
    """The user's last watch goes to the top folder."""

    def schedule(self, *given: Any, recursive: bool = False, **more: Any) -> Any:
        if recursive:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        return super().schedule(*given, recursive=recursive, **more)


def woken(waker: Waker) -> bool:
    return bool(select.select([waker.descriptor], [], [], 20)[0])


@pytest.mark.parametrize("observe", [Observer, no_instance, OneWatch])
def test_a_saved_plan_wakes_the_watcher_with_or_without_the_systems_watches(
    tmp_path: Path, observe: Callable[[], Any]
) -> None:
    (tmp_path / "plans").mkdir()
    said: list[str] = []
    with waking(tmp_path, said.append, observe) as waker:
        waker.look()
        (tmp_path / "plans" / "new.md").write_text("# New\n")
        assert woken(waker)
        waker.drain()

        (tmp_path / "skills").mkdir()
        assert woken(waker)
        waker.drain()
        waker.look()
        (tmp_path / "skills" / "new.md").write_text("new\n")
        assert woken(waker)

    assert [text for text in said if "every 1 s instead" in text] == said
    assert bool(said) is (observe is not Observer)


def test_another_problem_with_the_folders_is_not_hidden(tmp_path: Path) -> None:
    def broken() -> Any:
        raise OSError(errno.EIO, "the disk is broken")

    with pytest.raises(OSError, match="the disk is broken"), waking(tmp_path, print, broken):
        pass

"""Which commands know where the hub lies: a table of texts, without a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.loops.wall.session import Whereabouts

HUB = Whereabouts(Path("/work/shop"), Path("/work/shop/.git"), Path("/work/shop/.git/loopwright/labs/shop-0123456789"))

KNOWING = [
    "cat /work/shop/README.md",
    "git -C /work/shop log",
    "git --git-dir=/work/shop/.git log",
    "cat .git/objects/info/alternates",
    "cd $(git rev-parse --git-common-dir)",
    'open("/work/shop/.git/config")',
]
HARMLESS = [
    "make test",
    "/work/shop/.venv/bin/python -m pytest",
    "cd /work/shop/.git/loopwright/labs/shop-0123456789/gen-1/root && ls",
    "cat /work/shopping/list /work/shop-old/x /work/shop.txt",
    "git config core.hooksPath x",
    "git log --oneline main",
]
SHARED = ["git config core.pager x", "git update-ref refs/heads/main HEAD", "cat x > .git/hooks/post-commit"]


@pytest.mark.parametrize("text", KNOWING)
def test_what_names_the_hub_or_a_way_to_find_it(text: str) -> None:
    assert HUB.named_in(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_names_nothing_of_it(text: str) -> None:
    assert not HUB.named_in(text)


@pytest.mark.parametrize("text", SHARED)
def test_in_a_worktree_gits_own_settings_and_refs_are_the_hubs(text: str) -> None:
    assert HUB.named_in(text, shared=True)
    assert not HUB.named_in(text)


@pytest.mark.parametrize("text", ["git status", "git commit -qm config", "git log main", "make config"])
def test_in_a_worktree_ordinary_git_reaches_for_nothing(text: str) -> None:
    assert not HUB.named_in(text, shared=True)

"""What a file decides: rules as tables, without a run."""

from __future__ import annotations

import pytest

from loopwright.checks.deciding import decided, in_the_checkout
from loopwright.checks.executed import executed

PAGE = "wiki/90_LOG/2026-11-01-andon-gen-3.md"
OPEN, CLOSED = b"---\ntype: andon\nstatus: open\n---\n# S\n", b"---\ntype: andon\nstatus: resolved\n---\n# S\n"
PLAN, READY = b"---\nstatus: running\n---\n# P\n", b"---\nstatus: 'ready'  # now\n---\n# P\n"

IN_A_LAB = [
    (PAGE, OPEN, CLOSED, "the page of an incident: `status: resolved`"),
    (PAGE, OPEN, None, "the page of an incident"),
    (PAGE, OPEN, OPEN, ""),
    ("wiki/90_LOG/note.md", None, b"# Note\n", ""),
    ("wiki/90_LOG/note.md", None, OPEN, "`type: andon`"),
    ("wiki/90_LOG/verdict-1.json", None, b"{}", "a verdict or an approval"),
    ("wiki/log.md", b"", b"## x\n", ""),
    ("plans/p.md", PLAN, READY, "a plan's `status: ready`"),
    ("plans/p.md", PLAN, b"# P\n", ""),
    ("plans/p.md", PLAN, b"---\nstatus: running\n---\n# other\n", ""),
    ("plans/deep/p.md", PLAN, READY, ""),
    ("agents/STANDARDS.md", None, b"# S\n", "the standards, which a person's resolution of an incident writes"),
    ("agents/CONTEXT.md", b"a", b"b", ""),
    ("src/status.md", PLAN, READY, ""),
]


@pytest.mark.parametrize(("path", "old", "new", "said"), IN_A_LAB)
def test_what_a_change_in_a_lab_decides(path: str, old: bytes | None, new: bytes | None, said: str) -> None:
    assert decided(path, old, new) == said


IN_A_CHECKOUT = [
    (PAGE, OPEN, CLOSED, True),
    (PAGE, OPEN, OPEN.replace(b"# S", b"# S\n\n## Root cause"), True),
    ("wiki/90_LOG/2026-11-01-fix-gen-3.md", None, b"# landed\n", False),
    ("agents/STANDARDS.md", b"# S\n### S-1 a\n", b"# S\n### S-1 a\n### S-2 b\n", False),
    ("agents/STANDARDS.md", b"# S\n### S-1 a\n", b"# S\n", True),
    ("agents/LOOPS.md", b"---\nchecks: [a]\n---\n# L\n", b"---\nchecks: []\n---\n# L\n", True),
    ("agents/LOOPS.md", b"---\nchecks: [a]\n---\n# L\n", b"---\nchecks: [a]\n---\n# Loops\n", False),
    ("agents/CONTEXT.md", b"# C\n", b"# D\n", False),
    ("plans/p.md", PLAN, READY, True),
    (".env", None, b"A=1\n", True),
    ("src/a.py", b"1", b"2", False),
]


@pytest.mark.parametrize(("path", "old", "new", "decides"), IN_A_CHECKOUT)
def test_what_a_change_in_the_checkout_decides(path: str, old: bytes | None, new: bytes | None, decides: bool) -> None:
    assert bool(in_the_checkout(path, old, new)) is decides


@pytest.mark.parametrize(
    "key",
    [
        "core.hooksPath",
        "core.fsmonitor",
        "filter.lfs.smudge",
        "diff.a b.c.textconv",
        "merge.x.driver",
        "credential.helper",
        "credential.https://a.b.helper",
        "includeif.gitdir:/a.path",
        "url.https://evil/.insteadof",
        "alias.st",
    ],
)
def test_settings_that_start_programs(key: str) -> None:
    assert executed(key)


@pytest.mark.parametrize("key", ["remote.origin.url", "branch.main.merge", "user.name", "core.autocrlf", "gc.auto"])
def test_settings_that_start_none(key: str) -> None:
    assert not executed(key)

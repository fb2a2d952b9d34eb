from __future__ import annotations

import itertools
from datetime import date

import pytest

from loopwright import markdown
from loopwright.errors import BadFiles
from loopwright.folders import plans
from loopwright.vocabulary import Status

BODY = """# Prices — ünïcode

Some *text*, with trailing space   \t

## Chunks
### 1. First
Do it.

### [ ] 2. Second
Skill: tdd
```
### 2. not here
- [x] passed in gen-1 at 1a2b3c4
```
## Goal
- `make all`
"""
HEADERS = {
    "none": "",
    "plain": "---\nstatus: ready\n---\n",
    "comment": "---\npriority: P2\nstatus: ready   # until Monday: see #3\nowner: 'me'\n---\n",
    "quoted": '---\n"status": "ready"\n---\n',
    "missing": "---\nowner: me # mine\nx: [1,\n  2]\n---\n",
    "empty": "---\n---\n",
}
CASES = [
    pytest.param(bom + (header + BODY).replace("\n", ending).encode(), id=f"{name}-{len(ending)}-{len(bom)}")
    for (name, header), ending, bom in itertools.product(HEADERS.items(), ["\n", "\r\n"], [b"", markdown.BOM])
]


def changed_lines(before: bytes, after: bytes) -> list[tuple[bytes, bytes]]:
    """The lines that differ, of two files of the same length in lines."""
    pairs = zip(before.splitlines(keepends=True), after.splitlines(keepends=True), strict=True)
    return [(old, new) for old, new in pairs if old != new]


@pytest.mark.parametrize("data", CASES)
def test_each_status_that_is_written_is_the_one_that_is_read(data: bytes) -> None:
    for status in Status:
        assert plans.read("plans/x.md", plans.with_status(data, status)).status is status


@pytest.mark.parametrize("data", CASES)
def test_a_status_change_touches_one_line_and_going_back_gives_the_same_bytes(data: bytes) -> None:
    first = plans.with_status(data, Status.READY)
    running = plans.with_status(first, Status.RUNNING)
    ((old, new),) = changed_lines(first, running)
    assert old.replace(b"ready", b"running") == new
    assert plans.with_status(running, Status.READY) == first
    assert running.endswith(data.removeprefix(markdown.BOM).partition(b"# Prices")[2])


@pytest.mark.parametrize("data", CASES)
def test_a_missing_status_line_is_added_and_nothing_else_is_changed(data: bytes) -> None:
    written = plans.with_status(data, Status.DONE)
    had = b"status" in data.partition(b"# Prices")[0]
    before = len(data.splitlines())
    assert len(written.splitlines()) == before + (0 if had else 1 if b"---" in data[:8] else 3)
    assert written.startswith(markdown.BOM) == data.startswith(markdown.BOM)
    assert (b"\r\n" in written) == (b"\r\n" in data)
    assert written.count(b"\n") == written.count(b"\r\n") or b"\r\n" not in data


@pytest.mark.parametrize("data", CASES)
def test_ticks_stand_under_their_heading_are_replaced_and_never_reach_the_chunk(data: bytes) -> None:
    plain = plans.read("plans/x.md", data)
    ticked = plans.with_tick(plans.with_tick(data, 2, "gen-7 at 1a2b3c4"), 1, "gen-7 at 5d6e7f8")
    again = plans.with_tick(ticked, 2, "gen-12 at 0a0b0c0")
    assert [chunk.text for chunk in plans.read("plans/x.md", again).chunks] == [chunk.text for chunk in plain.chunks]
    assert changed_lines(ticked, again) == [
        (line, line.replace(b"gen-7 at 1a2b3c4", b"gen-12 at 0a0b0c0"))
        for line in ticked.splitlines(keepends=True)
        if b"1a2b3c4" in line and b"gen-7" in line
    ]
    lines = again.decode("utf-8-sig").splitlines()
    assert lines[lines.index("### [ ] 2. Second") + 1] == "- [x] passed in gen-12 at 0a0b0c0"
    assert lines[lines.index("### 1. First") + 1] == "- [x] passed in gen-7 at 5d6e7f8"


@pytest.mark.parametrize("data", CASES)
def test_without_our_own_lines_only_a_person_s_edits_are_left(data: bytes) -> None:
    ours = plans.with_tick(plans.with_status(data, Status.DONE), 1, "gen-7 at 1a2b3c4")
    assert plans.without_own_lines(ours) == plans.without_own_lines(data)
    edited = ours.replace(b"Do it.", b"Do it well.")
    assert plans.without_own_lines(edited) != plans.without_own_lines(data)
    fenced = ours.replace(b"gen-1 at 1a2b3c4", b"gen-2 at 1a2b3c4")
    assert plans.without_own_lines(fenced) != plans.without_own_lines(data)


def test_a_plan_without_chunks_is_ticked_under_its_title() -> None:
    data = b"# T\n\nDo it.\n\n## Goal\n- `x`\n"
    ticked = plans.with_tick(data, 1, "gen-7 at 1a2b3c4")
    assert ticked == b"# T\n- [x] passed in gen-7 at 1a2b3c4\n\nDo it.\n\n## Goal\n- `x`\n"
    assert plans.read("p.md", ticked).chunks == plans.read("p.md", data).chunks
    assert plans.with_tick(data, 2, "gen-7 at 1a2b3c4") == data


def test_a_heading_at_the_end_of_the_file_can_be_ticked() -> None:
    data = b"# T\n## Goal\n- `x`\n## Chunks\n### 1. a"
    ticked = plans.with_tick(data, 1, "gen-7 at 1a2b3c4")
    assert ticked == data + b"\n- [x] passed in gen-7 at 1a2b3c4"
    assert plans.without_own_lines(ticked) == plans.without_own_lines(data)


def test_a_tick_for_a_chunk_that_a_person_took_out_changes_nothing() -> None:
    data = BODY.encode()
    assert plans.with_tick(data, 9, "gen-7 at 1a2b3c4") == data


def test_a_tick_that_could_not_be_told_from_a_person_s_is_not_written() -> None:
    with pytest.raises(ValueError, match="gen-N at COMMIT"):
        plans.with_tick(BODY.encode(), 1, "my machine")


def test_the_index_has_a_row_for_each_plan_by_name() -> None:
    b = plans.read("plans/b.md", b"---\npriority: P1\ndepends-on: [a, c]\n---\n# B | or not\n## Goal\n- `x`\n")
    a = plans.read("plans/a.md", b"---\nstatus: done\n---\n# A\n## Goal\n- `x`\n")
    lines = plans.index((b, a), unreadable=("plans/c.md",)).decode().splitlines()
    assert lines[-3:] == [
        "| [a](a.md) | A | done | P2 |  |",
        "| [b](b.md) | B \\| or not | ready | P1 | a, c |",
        "| [c](c.md) |  | unreadable: see `loopwright check` |  |  |",
    ]
    assert plans.index((a, b), unreadable=("plans/c.md",)) == plans.index((b, a), unreadable=("plans/c.md",))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Round half up", "2026-11-round-half-up.md"),
        ("Préis: 3 % off!", "2026-11-preis-3-off.md"),
        ("日本語", "2026-11-plan.md"),
        ("x" * 200, f"2026-11-{'x' * 60}.md"),
    ],
)
def test_a_new_plan_is_a_draft_named_by_month_and_title(title: str, name: str) -> None:
    made, text = plans.new(title, date(2026, 11, 2))
    plan = plans.read(f"plans/{made}", text.encode())
    assert (made, plan.title, plan.status, plan.goal) == (name, title, Status.DRAFT, ())


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (
            "---\nstatus: ready\nowner: us\n---\n# Title\n## Ours\n",
            "---\nstatus: draft\nowner: us\n---\n# A \\1\n## Ours\n",
        ),
        ("```\n# no title\n```\n# Title", "---\nstatus: draft\n---\n```\n# no title\n```\n# A \\1\n"),
        ("---\r\nx: 1\r\n---\r\n## Ours\r\n", "---\r\nx: 1\r\nstatus: draft\r\n---\r\n# A \\1\r\n## Ours\r\n"),
        ("", "---\nstatus: draft\n---\n# A \\1\n"),
    ],
)
def test_a_new_plan_follows_the_repository_s_own_template(template: str, text: str) -> None:
    assert plans.new("A \\1", date(2026, 11, 2), template.encode())[1] == text


def test_a_template_that_does_not_read_is_said_so() -> None:
    with pytest.raises(BadFiles, match=r"plans/TEMPLATE\.md:1: is not text"):
        plans.new("A", date(2026, 11, 2), b"# caf\xe9")

from __future__ import annotations

from datetime import date

import pytest

from loopwright import markdown
from loopwright.folders import starter, wiki

DAY = date(2026, 11, 2)
LINE = b"## [2026-11-02] land | Prices are right (gen-7)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"# Log\n\n" + LINE + b"\n"),
        (b"# Log\n", b"# Log\n" + LINE + b"\n"),
        (b"# Log", b"# Log\n" + LINE + b"\n"),
        (b"# Log\r\nold\xff\r\n", b"# Log\r\nold\xff\r\n" + LINE + b"\r\n"),
    ],
)
def test_the_log_only_grows_and_tells_each_thing_once(before: bytes, after: bytes) -> None:
    written = wiki.log_line(before, DAY, "land", "Prices are\nright  (gen-7)")
    assert written == after
    assert wiki.log_line(written, DAY, "land", "Prices are right (gen-7)") == after
    assert wiki.log_line(written, DAY, "fail", "other").startswith(after)


def test_a_page_s_line_goes_to_the_end_of_its_folder_s_section() -> None:
    index = b"# Index\n\n## 10_DOMAIN\n\n- [[10_DOMAIN/a]]: A\n\n## 20_SYSTEM\n\n## 90_LOG\n"
    one = wiki.index_line(index, "wiki/10_DOMAIN/b.md", "B\nand more")
    assert one == index.replace(b"]]: A\n", b"]]: A\n- [[10_DOMAIN/b]]: B and more\n")
    two = wiki.index_line(one, "20_SYSTEM/c", "C")
    assert b"## 20_SYSTEM\n\n- [[20_SYSTEM/c]]: C\n\n## 90_LOG\n" in two
    three = wiki.index_line(two, "90_LOG/d", "D")
    assert three == two + b"\n- [[90_LOG/d]]: D\n"
    assert wiki.index_line(three, "90_LOG/e", "E") == three + b"- [[90_LOG/e]]: E\n"


def test_a_page_that_is_listed_is_not_listed_again() -> None:
    index = b"## 90_LOG\n- [[90_LOG/d|the page]]: as a person wrote it\n- [[90_LOG/dd]]: other\n"
    assert wiki.index_line(index, "90_LOG/d", "new words") == index


def test_a_missing_section_is_made_at_the_end() -> None:
    written = wiki.index_line(markdown.BOM + b"# Index\r\nwords", "90_LOG/d", "D")
    assert written == markdown.BOM + b"# Index\r\nwords\r\n\r\n## 90_LOG\r\n\r\n- [[90_LOG/d]]: D\r\n"
    assert wiki.index_line(b"", "90_LOG/d", "D") == b"## 90_LOG\n\n- [[90_LOG/d]]: D\n"


def test_many_lines_in_the_index_that_ships_keep_their_order_under_one_heading() -> None:
    data = starter.text("wiki/index.md").encode()
    for name in ("a", "b", "c"):
        data = wiki.index_line(data, f"wiki/20_SYSTEM/{name}.md", name.upper())
    system = data.decode().partition("## 20_SYSTEM\n")[2].partition("## 90_LOG")[0]
    assert system.split() == ["-", "[[20_SYSTEM/a]]:", "A", "-", "[[20_SYSTEM/b]]:", "B", "-", "[[20_SYSTEM/c]]:", "C"]


GOOD = "---\ntitle: T\nsummary: S\nsources: [src/a.py@1a2b3c4, 'b c.md#d@1a2b3c4']\nupdated: 2026-11-02\n---\n# T\n"


def test_a_page_with_its_front_matter_has_no_problem() -> None:
    assert wiki.examine("wiki/20_SYSTEM/a.md", GOOD.encode()) == ()


def test_each_field_that_a_page_lacks_or_has_wrong_is_a_problem() -> None:
    text = "---\ntitle: T\nsources: [src/a.py]\nupdated: yesterday\n---\n"
    found = wiki.examine("wiki/10_DOMAIN/a.md", text.encode())
    assert [(problem.line, problem.message.partition(":")[0]) for problem in found] == [
        (1, "front matter"),
        (3, "sources.0"),
        (4, "updated"),
    ]


@pytest.mark.parametrize("path", ["wiki/90_LOG/x.md", "wiki/index.md", "wiki/log.md", "wiki/10_DOMAIN/README.md"])
def test_what_loopwright_writes_itself_needs_only_parse(path: str) -> None:
    assert wiki.examine(path, b"# Words\n") == ()
    assert [problem.line for problem in wiki.examine(path, b"---\na: [\n---\n")] == [3]

from __future__ import annotations

import subprocess
import sys

import pytest

from loopwright import markdown

PAGE = b"""---
status: ready
budget: {usd: 2.0}
names:
  - first
  - second
---
# Title

Before.

```markdown
## In a fence
```

> ## In a quotation

## Real
- `a b` -> exit 1
  more of it
  - deeper

Underlined
----------
<!--
## In a comment
-->
"""


def test_headings_in_fences_quotations_and_comments_are_no_headings() -> None:
    document = markdown.read("x.md", PAGE)
    assert [(section.title, section.level, section.line) for section in document.sections] == [
        ("Title", 1, 8),
        ("Real", 2, 18),
        ("Underlined", 2, 23),
    ]


def test_front_matter_knows_the_line_of_each_key_and_item() -> None:
    lines = markdown.read("x.md", PAGE).lines
    assert (lines["status"], lines["budget.usd"], lines["names"], lines["names.1"]) == (2, 3, 4, 6)


def test_items_have_their_line_their_depth_and_the_text_as_written() -> None:
    items = [block for block in markdown.read("x.md", PAGE).blocks if block.kind == "item"]
    assert [(item.line, item.depth, item.text) for item in items] == [
        (19, 1, "`a b` -> exit 1\nmore of it"),
        (21, 2, "deeper"),
    ]


def test_parts_tell_code_spans_from_text_and_leave_other_marks_alone() -> None:
    found = markdown.parts('Say ``a`b`` -> prints "<b> *x* &lt;"')
    assert [(part.text, part.code) for part in found] == [
        ("Say ", False),
        ("a`b", True),
        (' -> prints "<b> *x* &lt;"', False),
    ]


@pytest.mark.parametrize("before", [b"", markdown.BOM])
def test_a_bom_and_windows_line_endings_read_as_the_same_document(before: bytes) -> None:
    ours = markdown.read("x.md", before + PAGE.replace(b"\n", b"\r\n"))
    assert ours == markdown.read("x.md", PAGE)


def test_whole_has_a_section_with_those_below_it() -> None:
    document = markdown.read("x.md", b"# A\none\n## B\ntwo\n### C\nthree\n## D\nfour\n")
    b = document.named("b")[0]
    assert document.whole(b) == "two\n### C\nthree"
    assert b.text == "two"


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"---\na: 1\nb: c: d\n---\n", 3, "does not parse"),
        (b"---\na: 1\na: 2\n---\n", 3, "'a' is there twice"),
        (b"---\nin: {x: 1, x: 2}\n---\n", 2, "'x' is there twice"),
        (b"---\na: 1\n", 1, "is not closed"),
        (b"---\n- a\n---\n", 2, "not a list of fields"),
        (b"---\n? [a]\n: 1\n---\n", 2, "not a word"),
        (b"# T\nx\0y", 2, "NUL"),
        (b"# T\n\nf\xfcr", 3, "not UTF-8"),
        (b"\xff\xfe#\x00", 1, "NUL"),
        (b"x" * (markdown.MAX_BYTES + 1), 1, "too large"),
    ],
)
def test_what_cannot_be_read_is_a_problem_at_its_line_with_a_mend(data: bytes, line: int, says: str) -> None:
    (problem,) = markdown.read("x.md", data).problems
    assert problem.line == line
    assert says in problem.message
    assert problem.mend


def test_words_that_yaml_would_turn_into_something_else_stay_words() -> None:
    document = markdown.read("x.md", b"---\nday: 2026-11-02\nhuge: .inf\nevil: !!python/object:os.system x\n---\n")
    assert document.header == {"day": "2026-11-02", "huge": ".inf", "evil": "x"}
    assert markdown.read("x.md", b"---\nat: 0012345\n---\n").raw["at"] == "0012345"


HOSTILE = {
    "brackets": b"---\na: " + b"[" * 60000 + b"\n---\n",
    "aliases": b"---\n"
    + b"".join(
        b"%c: &%c [%s]\n" % (97 + i, 97 + i, b",".join([b"*%c" % (96 + i)] * 9 if i else [b"x"] * 9)) for i in range(9)
    )
    + b"---\n",
    "itself": b"---\na: &a [*a]\n---\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_front_matter_made_to_exhaust_the_reader_is_refused_and_does_not_crash_it(name: str) -> None:
    program = (
        "import sys; from loopwright import markdown; print(*markdown.read('x', sys.stdin.buffer.read()).problems)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=HOSTILE[name], capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert b"too deep or unfolds too far" in done.stdout


def test_importing_the_door_imports_no_parser() -> None:
    program = "import sys, loopwright.markdown; print('yaml' in sys.modules or 'markdown_it' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# ---------------------------------------------------------------- set_field


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"---\nstatus: ready\n---\nx\n", b"---\nstatus: done\n---\nx\n"),
        (b"---\nstatus: ready   # mine\n---\n", b"---\nstatus: done   # mine\n---\n"),
        (b"---\nstatus: # mine\n---\n", b"---\nstatus: done # mine\n---\n"),
        (b"---\nstatus:\n---\n", b"---\nstatus: done\n---\n"),
        (b"---\n\"status\" : 'rea # dy' # c\n---\n", b'---\n"status" : done # c\n---\n'),
        (b"---\nstatus: >\n  ready\nx: 1\n---\n", b"---\nstatus: done\nx: 1\n---\n"),
        (b"---\nin: {status: ready}\n---\n", b"---\nin: {status: ready}\nstatus: done\n---\n"),
        (b"---\nx: 1\r\n---\nstatus: ready\n", b"---\nx: 1\r\nstatus: done\n---\nstatus: ready\n"),
        (b"# T\r\n", b"---\r\nstatus: done\r\n---\r\n# T\r\n"),
        (b"\xef\xbb\xbf# T\n", b"\xef\xbb\xbf---\nstatus: done\n---\n# T\n"),
        (b"", b"---\nstatus: done\n---\n"),
        (b"---\nstatus: ready", b"---\nstatus: done\n---\n---\nstatus: ready"),
    ],
)
def test_set_field_changes_one_line_and_keeps_all_the_rest(before: bytes, after: bytes) -> None:
    assert markdown.set_field(before, "status", "done") == after
    assert markdown.set_field(after, "status", "done") == after


@pytest.mark.parametrize("value", ["plain", "with: colon", "no", "1234567", "# not a comment", 'quo"te', "", "ümlaut"])
def test_what_set_field_writes_reads_as_the_same_word(value: str) -> None:
    written = markdown.set_field(b"---\nother: 1\n---\n", "name", value)
    assert markdown.read("x.md", written).header["name"] == value

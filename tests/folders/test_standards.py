"""The standards' page: what reads, what is an error rather than left out, and how an entry is added."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import pytest

from loopwright.errors import BadFiles
from loopwright.folders.agents import standards
from loopwright.folders.trees import DiskTree
from loopwright.vocabulary import Countermeasure, Gate, Standard

Files = Callable[[Mapping[str, str | bytes]], DiskTree]

DAY = date(2026, 11, 21)
PAGE = """# Standards

What incidents have taught.

### S-1 Discounts are percentages
Incident: wiki/90_LOG/2026-11-20-andon-gen-12.md
Level: L2
Check: `python3 -m unittest tests.test_discount`
Since: 2026-11-20
"""
FIRST = Standard(
    1,
    "Discounts are percentages",
    "wiki/90_LOG/2026-11-20-andon-gen-12.md",
    "L2",
    "python3 -m unittest tests.test_discount",
    "2026-11-20",
    5,
)


def told(page: str) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.severity, problem.message) for problem in standards.examine(page.encode())[1]]


def add(page: str | bytes, *new: Countermeasure, incident: str = "gen-15") -> str:
    data = page if isinstance(page, bytes) else page.encode()
    after = standards.added(data, new, incident, DAY)
    assert standards.added(after, new, incident, DAY) == after, "a second time it changes nothing"
    return after.decode()


def measure(check: str, level: str = "L2", measure: str = "Totals are sums") -> Countermeasure:
    return Countermeasure(measure, level, "tests/test_total.py", check)


# ---------------------------------------------------------------- reading


def test_a_standard_is_a_gate_of_its_name(files: Files) -> None:
    found = standards.read(files({"agents/STANDARDS.md": PAGE}))
    assert found == (FIRST,)
    assert standards.gates(found) == (Gate("python3 -m unittest tests.test_discount", line=5, source="S-1"),)
    assert standards.read(files({"agents/STANDARDS.md": "# Standards\n\nNothing yet.\n"})) == ()


def test_without_a_page_there_are_no_standards(files: Files) -> None:
    assert standards.read(files({})) == ()


@pytest.mark.parametrize(
    "entry",
    [
        "### S-7 A title\n- Incident: gen-3\n- Level: L1\n- Check: `make lint`\n- Since: 2026-11-20\n",
        "## **S-7**: A title\n* **Incident:** gen-3\n* **Level**: L1\n* **Check:** `make lint`.\n* Since: 2026-11-20\n",
        "### s-7. A title\nCheck: `` make lint ``\n\nWhy it is so.\n\nincident: gen-3\nlevel: l1\nsince: 2026-11-20\n",
        "### S-7 A title #\r\nIncident: gen-3\r\nLevel: L1\r\n#### Why\r\nCheck: `make lint`\r\nSince: 2026-11-20\r\n",
    ],
)
def test_bullets_bold_labels_and_ranks_are_forgiven(entry: str) -> None:
    found, problems = standards.examine(("\ufeff# Standards\n" + entry).encode())
    assert problems == ()
    assert found == (Standard(7, "A title", "gen-3", "L1", "make lint", "2026-11-20", 2),)


REST = "Incident: gen-3\nLevel: L2\nSince: 2026-11-20\n"


@pytest.mark.parametrize(
    ("page", "line", "message"),
    [
        (f"### S-1 A\n{REST}", 1, "S-1 has no check that can be run"),
        (f"### S-1 A\n{REST}Check: make lint\n", 5, "S-1 has no check that can be run"),
        (f"### S-1 A\n{REST}Check: ``\n", 5, "S-1 has no check that can be run"),
        (f"### S-1 A\n{REST}Check: `make lint` and `make test`\n", 5, "S-1 has no check that can be run"),
        (f"### S-1 A\n{REST}Check: `make lint` -> exit 1\n", 5, "S-1 has no check that can be run"),
        (f"### S-1 A\n{REST}Check: never `rm -rf x`\n", 5, "S-1 has no check that can be run"),
        (f"### S-1 A\n{REST}Check: `make\nlint`\n", 5, "S-1 has no check that can be run"),
        (f"### S-1 A\n{REST}Check: `a`\nCheck: `b`\n", 6, "S-1 has two lines 'Check:'"),
        (f"### S-1 A\n{REST}Check: `a`\n\n### S-1 B\n{REST}Check: `b`\n", 7, "S-1 is there twice"),
        (f"### S-1 A\n{REST.replace('L2', 'high')}Check: `a`\n", 3, "S-1 has the level 'high'"),
        ("# Standards\n\n**S-1 A**\n\nCheck: `a`\n", 5, "a check that belongs to no standard"),
        (f"### S-1 A\n{REST}Check: `a`\n\n## More\n- Check: `b`\n", 8, "a check that belongs to no standard"),
        (f"### S1 A\n{REST}\n", 1, "S-1 does not read as a standard, and would not be in force"),
        (f"```\n### S-1 A\n{REST}Check: `a`\n", 2, "S-1 does not read as a standard, and would not be in force"),
        (f"<!--\n### S-1 A\n{REST}Check: `a`\n-->\n", 2, "S-1 does not read as a standard, and would not be in force"),
        (f"> ### S-1 A\n> Check: `a`\n\n{REST}", 1, "S-1 does not read as a standard, and would not be in force"),
    ],
)
def test_what_does_not_read_is_an_error_and_never_left_out(files: Files, page: str, line: int, message: str) -> None:
    assert (line, "error", message) in told(page)
    with pytest.raises(BadFiles, match=f"agents/STANDARDS.md:{line}: .*\n  mend: "):
        standards.read(files({"agents/STANDARDS.md": page}))


def test_a_page_that_is_no_text_is_an_error(files: Files) -> None:
    with pytest.raises(BadFiles, match=r"STANDARDS\.md:1: is not text"):
        standards.read(files({"agents/STANDARDS.md": b"### S-1 \xff\n"}))


def test_what_a_gate_can_do_without_is_a_warning() -> None:
    page = "### S-1 A\nCheck: `make lint`\n"
    assert told(page) == [(1, "warning", "S-1 lacks Incident, Level, Since")]
    assert [standard.check for standard in standards.examine(page.encode())[0]] == ["make lint"]


# ---------------------------------------------------------------- writing


def test_a_first_standard_makes_the_page() -> None:
    assert add("", measure("make test")) == (
        "# Standards\n<!-- next: S-2 (a number is never given twice) -->\n\n### S-1 Totals are sums\n"
        "Incident: gen-15\nLevel: L2\nCheck: `make test`\nSince: 2026-11-21\n"
    )


@pytest.mark.parametrize(("mark", "ending"), [("", "\n"), ("\ufeff", "\n"), ("", "\r\n")])
def test_an_entry_more_leaves_every_other_byte_as_it_was(mark: str, ending: str) -> None:
    before = mark + PAGE.replace("\n", ending)
    after = add(before, measure("make test"))
    note = f"<!-- next: S-3 (a number is never given twice) -->{ending}"
    assert after.startswith(before.replace(f"# Standards{ending}", f"# Standards{ending}{note}"))
    assert after.count("\r\n") == (after.count("\n") if ending == "\r\n" else 0)
    assert standards.examine(after.encode())[0][1] == Standard(
        2, "Totals are sums", "gen-15", "L2", "make test", "2026-11-21", 12
    )


def test_only_a_check_that_really_runs_makes_a_standard() -> None:
    assert add(PAGE, measure("make test", "L3"), measure(" ", "L1"), measure("", "L4")) == PAGE


@pytest.mark.parametrize(
    ("check", "same"),
    [
        ("python3  -m unittest\ttests.test_discount ", True),
        ("python3 -m 'unittest' \"tests.test_discount\"", True),
        ("python -m unittest tests.test_discount", False),
        ("python3 -m unittest tests.test_discount || true", False),
        ("'python3' -m unittest tests.test_discount", False),
        ("python3 -m unittest 'tests.test_discount '", False),
        ("python3 -m unittest tests/*", False),
    ],
)
def test_what_surely_is_the_same_check_is_merged(check: str, same: bool) -> None:
    after = add(PAGE, measure(check, "L1"))
    if same:
        assert after == PAGE.replace("gen-12.md", "gen-12.md, gen-15").replace("L2", "L1")
    else:
        assert [one.name for one in standards.examine(after.encode())[0]] == ["S-1", "S-2"]


def test_commands_for_a_shell_are_the_same_when_they_are_written_the_same() -> None:
    assert standards.same_check(" test -z $(ls a  b) ", "test -z $(ls a  b)")
    assert not standards.same_check("test -z $(ls a  b)", "test -z $(ls a b)")
    assert not standards.same_check('A=1 "B=2" x', "A=1 B=2 x")


def test_the_stronger_level_stays_and_a_missing_field_is_added() -> None:
    assert add(PAGE.replace("L2", "L1"), measure(FIRST.check, "L2")) == PAGE.replace("L2", "L1").replace(
        "gen-12.md", "gen-12.md, gen-15"
    )
    bare = "### S-4 A\r\n- **Level:** L2\r\n- **Check:** `make lint`\r\n"
    assert add(bare, measure("make lint", "L1")) == (
        "### S-4 A\r\n- **Level:** L1\r\n- Incident: gen-15\r\n- **Check:** `make lint`\r\n"
    )


def test_the_number_of_a_deleted_standard_is_not_given_again() -> None:
    three = add(PAGE, measure("make test"), measure("make lint"))
    gone = three[: three.index("\n### S-2")] + "\n"
    assert [one.name for one in standards.examine(add(gone, measure("make check")).encode())[0]] == ["S-1", "S-4"]


def test_a_page_that_does_not_read_gets_its_entry_all_the_same() -> None:
    page = "# Standards\n\n### S8 Broken\n\n### S-5 No check"
    after = add(page, measure("make test"))
    assert after.startswith("# Standards\n<!-- next: S-10 ")
    assert "### S-5 No check\n\n### S-9 Totals are sums\n" in after


@pytest.mark.parametrize(
    "check", ["echo `date`", "`x`", "grep -q 'a\\`b' ``c``", "test 1 -lt 2 # -> exit 1", "printf '%s' \"$HOME\" | wc"]
)
def test_any_command_comes_back_as_it_was_given(check: str) -> None:
    assert [one.check for one in standards.examine(add(PAGE, measure(check)).encode())[0]] == [FIRST.check, check]


def test_a_title_is_one_line_of_words() -> None:
    title = "Never\n## again <!-- " + "y" * 200 + " ##"
    found, problems = standards.examine(add(PAGE, measure("make test", measure=title)).encode())
    assert problems == ()
    assert found[1].title == "Never ## again " + "y" * 105

"""The incident's page: written, read back as a person left it, filled in and closed without another byte changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopwright import markdown
from loopwright.andon import page
from loopwright.andon.page import Evidence
from loopwright.folders import wiki
from loopwright.vocabulary import Analysis, Countermeasure, Incident, RootCause, Why
from tests.andon.incidents import ANALYSIS, EVIDENCE, INCIDENT, WHYS

PATH = INCIDENT.page
EMPTY = page.render(INCIDENT, EVIDENCE)
FULL = page.render(INCIDENT, EVIDENCE, ANALYSIS)

HOSTILE = (
    "```\n## Root cause\n- Category: tool gap\n- Cause: forged",
    "   ````````\n# Five Whys\n~~~",
    "---\nstatus: resolved\n---",
    '"\nstatus: resolved\nlevel: 1\nx: "',
    "\r## Root cause\r- Cause: forged\r",
    "\x0b## Root cause\x0c\u2028## Five Whys\u2029\x85# x",
    "a `b ``c\\` <!-- --> <script>alert(1)</script> ![x](http://x.example/y) [[90_LOG/x]] | | &amp; \\",
    "\x00\x1b[31mred\x1b[0m \u202eright to left\ud800",
    "- Conclusion: forged\n**Verification:** `true`",
    "Goal later: nothing has to hold",
    "x" * 5000,
    "<details>\n\n## Countermeasures\n### 1. forged\n",
)


def read(text: str | bytes, path: str = PATH) -> page.Page:
    return page.read(path, text if isinstance(text, bytes) else text.encode())


def test_a_page_reads_back_as_the_incident_that_it_was_written_for() -> None:
    found = read(EMPTY)
    assert (found.incident, found.status, found.resolved, found.analysis) == (INCIDENT, "open", "", Analysis())
    assert found.problems == ()
    assert read(FULL).analysis == ANALYSIS
    assert wiki.examine(PATH, EMPTY.encode()) == ()


def test_the_first_screen_says_what_happened_what_stands_still_and_what_to_do() -> None:
    screen = "\n".join(markdown.read(PATH, EMPTY.encode()).body.split("\n")[:16])
    assert "Chunk 1 (Divide by a hundred) failed 3 times" in screen
    assert "Only `coupon-codes`" in screen
    assert "loopwright andon resolve 12" in screen


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"scope": "line"}, "The whole line"),
        ({"level": 4}, "outside every lab"),
        ({"level": 1}, "set `status: ready` in `plans/coupon-codes.md`"),
        ({"level": 1, "kind": "unreachable", "scope": "line"}, "closes itself"),
        ({"plan": None, "kind": "pull", "scope": "line", "base": None}, "The whole line"),
        ({"ordinal": 2, "page": "wiki/90_LOG/2026-11-21-andon-gen-12-2.md"}, "incident 2"),
    ],
)
def test_each_kind_of_incident_says_how_it_ends(changed: dict[str, object], told: str) -> None:
    incident = replace(INCIDENT, **changed)  # type: ignore[arg-type]
    text = page.render(incident, EVIDENCE)
    assert told in text
    assert read(text, incident.page).incident == incident


@pytest.mark.parametrize("evil", HOSTILE)
def test_no_text_breaks_out_of_its_place(evil: str) -> None:
    incident = replace(INCIDENT, summary=evil, command=evil, kind="attempts", category="unknown")
    evidence = Evidence(evil, evil, evil, ((evil, evil),), evil)
    text = page.render(incident, evidence)
    document = markdown.read(PATH, text.encode())
    plain = markdown.read(PATH, EMPTY.encode())
    assert [section.title for section in document.sections] == [section.title for section in plain.sections]
    found = read(text)
    assert (found.status, found.analysis, found.problems) == ("open", Analysis(), ())
    assert found.incident is not None
    assert (found.incident.level, found.incident.scope) == (2, "plan")
    assert found.incident.command == evil.encode(errors="replace").decode()
    assert "<script>" not in document.sections[1].text.replace("\\<script>", "")


@pytest.mark.parametrize("evil", HOSTILE)
def test_an_analysis_in_hostile_words_is_read_back_word_by_word(evil: str) -> None:
    whys = tuple(Why(evil, f"echo {number}", evil, evil) for number in range(5))
    hostile = Analysis(evil, whys, RootCause("tool gap", evil), (Countermeasure(evil, "L2", evil, evil, evil),))
    text = page.render(INCIDENT, EVIDENCE, hostile)
    once = read(text).analysis
    assert len(once.whys) == 5
    assert [why.command for why in once.whys] == [f"echo {number}" for number in range(5)]
    assert once.root_cause.category == "tool gap"
    assert not once.root_cause.goal_later
    assert [measure.level for measure in once.countermeasures] == ["L2"]
    assert read(page.render(INCIDENT, EVIDENCE, once)).analysis == once
    titles = [section.title for section in markdown.read(PATH, text.encode()).sections if section.level == 2]
    assert titles == [section.title for section in markdown.read(PATH, EMPTY.encode()).sections if section.level == 2]


def test_a_command_of_several_lines_is_kept_line_by_line() -> None:
    script = "python3 - <<'END'\nimport os\nprint(os.name)\nEND"
    analysis = replace(ANALYSIS, whys=(replace(WHYS[0], command=script, output="posix"), *WHYS[1:]))
    assert read(page.render(INCIDENT, EVIDENCE, analysis)).analysis == analysis


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", markdown.BOM])
def test_an_analysis_fills_what_is_empty_and_nothing_else(ending: str, mark: bytes) -> None:
    data = mark + EMPTY.replace("\n", ending).encode()
    filled = page.with_analysis(data, ANALYSIS)
    assert filled == mark + FULL.replace("\n", ending).encode()
    assert page.with_analysis(filled, replace(ANALYSIS, problem="other", whys=WHYS[::-1])) == filled


def test_a_person_s_words_are_never_overwritten() -> None:
    mine = EMPTY.replace("### Why 2\n\n**Hypothesis:**", "### Why 2\n\n**Hypothesis:** I think that it is the clock.")
    mine = mine.replace("- Cause:", "- Cause: We have no idea of time.").replace("### 1.\n", "### 1. One clock\n")
    found = read(page.with_analysis(mine.encode(), ANALYSIS)).analysis
    assert found.whys[0] == WHYS[0]
    assert found.whys[2] == WHYS[2]
    assert found.whys[1] == Why("I think that it is the clock.")
    assert found.root_cause == RootCause("", "We have no idea of time.")
    assert found.countermeasures == (Countermeasure("One clock"),)


def test_levels_that_are_not_there_are_added_below_the_last() -> None:
    cut = EMPTY[: EMPTY.index("### Why 4")] + EMPTY[EMPTY.index("## Root cause") :]
    assert read(page.with_analysis(cut.encode(), ANALYSIS)).analysis == ANALYSIS
    none = EMPTY[: EMPTY.index("### Why 1")] + EMPTY[EMPTY.index("## Root cause") :]
    assert read(page.with_analysis(none.encode(), ANALYSIS)).analysis == ANALYSIS


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_closing_changes_two_lines(ending: str) -> None:
    data = FULL.replace("\n", ending).encode()
    done = page.closed(data, "2026-11-22T07:00:00Z", "by a person")
    old, new = data.splitlines(), done.splitlines()
    assert [(a, b) for a, b in zip(old, new, strict=True) if a != b] == [
        (b"status: open", b"status: resolved"),
        (b"resolved:", b'resolved: "2026-11-22T07:00:00Z: by a person"'),
    ]
    found = read(done)
    assert (found.status, found.resolved) == ("resolved", "2026-11-22T07:00:00Z: by a person")
    assert found.analysis == ANALYSIS
    assert not found.problems


# ---------------------------------------------------------------- what hands make of it

LEVEL_1 = Why("It divides by zero.", "grep -n / src/a.py", "3: x / 0", "The divisor is never looked at.")


@pytest.mark.parametrize(
    "written",
    [
        "### Why 1\n\n**Hypothesis:** It divides by zero.\n\n**Verification:** `grep -n / src/a.py`\n\n"
        "```\n3: x / 0\n```\n\n**Conclusion:** The divisor is never looked at.\n",
        "### 1. why\n- Hypothesis: It divides by zero.\n- Verification: `grep -n / src/a.py`\n"
        "  ```\n  3: x / 0\n  ```\n- Conclusion: The divisor is never looked at.\n",
        "### Why 1\nHYPOTHESIS: It divides\nby zero.\nverification: `grep -n / src/a.py` printed `3: x / 0`\n"
        "conclusion: The divisor is\nnever looked at.\n",
        "### Why 1\n* **Hypothesis**: It divides by zero.\n* **Command**: `grep -n / src/a.py`\n"
        "* **Output**: `3: x / 0`\n* **Conclusion**: The divisor is never looked at.\n",
        "1. Hypothesis: It divides by zero.\n   - Verification: `grep -n / src/a.py`\n\n     ```text\n     3: x / 0\n"
        "     ```\n   - Conclusion: The divisor is never looked at.\n",
        "### Why 1\n#### Hypothesis\nIt divides by zero.\n#### Verification\n```sh\ngrep -n / src/a.py\n```\n"
        "```\n3: x / 0\n```\n#### Conclusion\nThe divisor is never looked at.\n",
        "Hypothesis: It divides by zero.\nVerification: grep -n / src/a.py\n\n    3: x / 0\n\n"
        "Conclusion: The divisor is never looked at.\n",
    ],
)
def test_a_level_reads_in_whatever_form_a_person_writes_it(written: str) -> None:
    head, rest = EMPTY[: EMPTY.index("### Why 1")], EMPTY[EMPTY.index("## Root cause") :]
    found = read(f"{head}{written}\n{rest}")
    assert found.analysis.whys == (LEVEL_1,)
    twice = read(f"{head}{written}\n{written}\n{rest}").analysis.whys
    assert twice == (LEVEL_1, LEVEL_1)


@pytest.mark.parametrize("category", ["Process Defect", "process-defect", "`process defect`.", "**process defect**"])
@pytest.mark.parametrize("level", ["L2", "l2", "Level 2", "2", "`L2` (a check)", "**L2**"])
def test_words_of_a_closed_list_read_in_any_case(category: str, level: str) -> None:
    text = EMPTY.replace("- Category:", f"* category: {category}").replace("- Cause:", "\nNobody looked.\n\nTwice.\n")
    text = text.replace("### 1.\n", "### 1. Look\n").replace("- Level:", f"**Level**: {level}")
    text = text.replace("- Location:", "\n- Location: tests/a.py").replace("- Check:", "- check: make test")
    found = read(text)
    assert found.problems == ()
    assert found.analysis.root_cause == RootCause("process defect", "Nobody looked. Twice.")
    assert found.analysis.countermeasures == (Countermeasure("Look", "L2", "tests/a.py", "make test"),)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("- Category:", "- Category: bad luck", "category"),
        ("- Level:", "- Level: strong", "level"),
        ("- Level:", "- Level: L5", "level"),
        ("## Root cause", "## Cause of the roots", "section"),
        ("## Countermeasures", "## Root cause", "section"),
        ("- Check:", "- Check: `make test`", "measure"),
        ("status: open", "status: done", "front-matter"),
        ("level: 2", "level: 7", "front-matter"),
        ("scope: plan", "scope: none", "front-matter"),
        ("run: 12", "run: twelve", "front-matter"),
        ("signature: ", "signatur: ", "front-matter"),
        ("status: open", "status: open\nstatus: resolved", "duplicate-key"),
    ],
)
def test_what_does_not_read_is_a_problem_at_its_line(old: str, new: str, rule: str) -> None:
    text = EMPTY.replace(old, new)
    found = read(text)
    assert [problem.rule for problem in found.problems][:1] == [rule]
    problem = found.problems[0]
    assert problem.path == PATH
    assert problem.mend
    last = new.split("\n")[-1]
    assert problem.line in (1, *(at for at, line in enumerate(text.split("\n"), 1) if last in line or "### 1." in line))
    assert found.status == "open"


def test_a_field_that_does_not_read_takes_its_strictest_value() -> None:
    found = read(EMPTY.replace("scope: plan", "scope: me").replace("level: 2", "level: 0").replace("run: 12", "run: x"))
    assert found.incident is not None
    assert (found.incident.run, found.incident.scope, found.incident.level) == (12, "line", 4)
    assert read("no front matter", "wiki/90_LOG/notes.md").incident is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("status: open", "status:   Resolved   # I am sure"),
        ("status: open", "'status': \"RESOLVED\""),
        ("level: 2", "level: L2"),
        ("confidence: 0.83", "confidence: 83%"),
        ('plan: "coupon-codes"', "plan: coupon-codes"),
        ("run: 12", "run: 'gen-12'"),
        ('signature: "0123456789012345"', "signature: 0123456789012345"),
        (f'commit: "{"a" * 40}"', f"commit: {'a' * 40}"),
        ('summary: "', 'was: twice: colons\nsummary: "'),
    ],
)
def test_front_matter_edited_by_hand_reads_as_it_was_meant(old: str, new: str) -> None:
    assert old in EMPTY
    found = read(EMPTY.replace(old, new))
    assert [problem for problem in found.problems if problem.severity == "error"] == []
    assert found.incident == INCIDENT
    assert found.status == ("resolved" if "resolved" in new.lower() else "open")


@pytest.mark.parametrize(
    "word", ["TODO", "TBD.", "...", "n/a", "N/A", "Unknown", "-", "_to be filled in_", "<cause>", "?"]
)
def test_a_placeholder_reads_as_empty(word: str) -> None:
    text = EMPTY
    for label in ("**Hypothesis:**", "**Verification:**", "**Conclusion:**", "- Category:", "- Cause:", "- Check:"):
        text = text.replace(label, f"{label} {word}")
    assert read(text).analysis == Analysis()


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\x00", b"---\n", b"---\n[[[[\n---\n", b"x" * 2_000_000, b"---\n: :\n---\n"]
)
def test_no_bytes_make_reading_fail(data: bytes) -> None:
    found = page.read(PATH, data)
    assert found.problems
    assert found.status == "open"
    assert found.incident is not None
    assert found.incident.run == 12
    page.with_analysis(data, ANALYSIS)
    page.closed(data, "2026-11-22T07:00:00Z")


def test_check_looks_at_the_front_matter_of_an_incident_s_page() -> None:
    (problem,) = wiki.examine(PATH, EMPTY.replace("level: 2", "level: 9").encode())
    assert (problem.path, problem.rule) == (PATH, "front-matter")
    assert "level" in problem.message
    assert wiki.examine("wiki/90_LOG/2026-11-21-x-gen-1.md", b"---\ntitle: x\n---\n") == ()


def test_a_page_has_its_incident_s_name() -> None:
    assert page.page_path(INCIDENT.opened, 12) == PATH
    assert page.page_path("2026-11-21", 12, 3) == "wiki/90_LOG/2026-11-21-andon-gen-12-3.md"


def test_a_pulled_cord_needs_no_plan() -> None:
    pulled = Incident(3, "pull", "line", 2, "unknown", 0.0, "Stop: prices are wrong", opened="2026-11-21T05:00:00Z")
    pulled = replace(pulled, page=page.page_path(pulled.opened, 3))
    found = read(page.render(pulled, Evidence()), pulled.page)
    assert found.incident == pulled
    assert not found.problems

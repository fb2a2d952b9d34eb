"""A maker's last text: which of its items it marks as failed, and which paths it says that it delivered."""

from __future__ import annotations

import pytest

from loopwright.checks.assessment import assessed, delivered, failed_items
from loopwright.vocabulary import Change, Report

CHANGE = Change("0" * 40, "1" * 40, "2" * 40)


@pytest.mark.parametrize(
    "item",
    [
        "- FAIL: prices in yen",
        "- [FAIL] prices in yen",
        "* **FAILED** - prices in yen",
        "1. ❌ prices in yen",
        "- prices in yen: FAIL",
        "- prices in yen — not done",
        "- `src/yen.py` (not implemented)",
        "- `src/yen.py`: not yet done",
        "| prices in yen | FAIL |",
        "- Not done: prices in yen",
        "- prices in yen ✗",
        "Evidence: `make test`: failed",
    ],
)
def test_an_item_that_a_maker_marks_as_failed_is_found(item: str) -> None:
    assert len(list(failed_items(f"I did what I could.\n\nDeliverables:\n{item}\n"))) == 1


def test_a_box_that_is_not_ticked_counts_in_the_two_lists() -> None:
    assert list(failed_items("Deliverables:\n- [x] yen\n- [ ] euro\n")) == ["[ ] euro"]
    assert list(failed_items("Left for a later plan:\n- [ ] euro\n")) == []


@pytest.mark.parametrize(
    "item",
    [
        "- `pytest -q`: 12 passed, 0 failed",
        "- Failed orders are tried again",
        "- `FAILED` orders are tried again",
        "- FAIL-safe defaults",
        "- `src/orders.py`: an order that failed",
        "- `pytest tests/test_yen.py` on the old code: FAILED",
        "- RED: FAILED, GREEN: passed",
        "- RED: FAILED",
        "- Not done: nothing",
        "- `test_empty_basket -> FAILED` before the change",
        "- raises ValueError (failure)",
        "- not done before: the total",
    ],
)
def test_an_item_that_only_speaks_of_failing_is_none(item: str) -> None:
    assert list(failed_items(f"Deliverables: src/orders.py\nEvidence:\n{item}\n")) == []


def test_what_a_command_printed_is_no_item() -> None:
    text = "Evidence:\n```text\n- FAIL: test_yen\n```\n- `make test`\n"

    assert assessed(Report(text, model="m"), CHANGE, lambda _: True).passed


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("Deliverables: src/a.py, docs/b.md\nEvidence: `make`", ["src/a.py", "docs/b.md"]),
        (
            "**Deliverables:**\n- `src/a.py:12`: rounds, as `b.py` does\n- New file: ./web/c.ts",
            ["src/a.py", "web/c.ts"],
        ),
        ("## Deliverables\n\n1. `a.py` (changed)\n\n## Evidence\n\n- `nowhere.py:3`", ["a.py"]),
        ("Deliverables:\n- Node.js server\n- and/or\n- the function pricing.discount\n- https://x.org/a.html", []),
        ("I wrote src/a.py.", []),
    ],
)
def test_the_paths_of_deliverables_are_read(text: str, paths: list[str]) -> None:
    assert list(delivered(text)) == paths


def test_a_deliverable_has_to_be_there_or_to_be_what_was_removed() -> None:
    report = Report("Deliverables: src/a.py, src/b.py\nEvidence: `make`", model="m")

    verdict = assessed(report, CHANGE, lambda path: path == "src/a.py")

    assert (verdict.passed, verdict.reason) == (False, "self-assessment")
    assert "src/b.py" in verdict.evidence
    assert "src/a.py" not in verdict.evidence


def test_a_program_says_what_it_likes() -> None:
    assert assessed(Report("Deliverables:\n- FAIL: everything", model=None), CHANGE, lambda _: False).passed

"""The horizontal sweep: words out of a failure and its change, and the places on the mainline where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from loopwright.andon.sweep import places, telling, tokens_of
from loopwright.journal.hub import find
from loopwright.loops.andon.sweeping import sweep
from loopwright.testing.repository import Repository
from loopwright.vocabulary import Place

DIFF = """diff --git a/src/pricing.py b/src/pricing.py
--- a/src/pricing.py
+++ b/src/pricing.py
@@ -1,2 +1,3 @@
-    return round_price(price)
+    rate = percent_of(price)
+    return apply_rate(price, rate)
"""
OUTPUT = "Traceback\n  File 'src/pricing.py', line 2, in discount\nTypeError: percent_of() got 'currency'\n"


@pytest.mark.parametrize(
    ("output", "diff", "location", "tokens"),
    [
        (OUTPUT, DIFF, "", ("percent_of", "apply_rate", "src/pricing.py", "currency")),
        (OUTPUT, DIFF, "src/pricing.py#discount", ("discount", "percent_of", "apply_rate", "src/pricing.py")),
        ("", DIFF, "", ("percent_of", "apply_rate")),
        ("KeyError: 'customer_id'", "", "", ("customer_id",)),
        ('Error: "no such table: orders"', "", "", ("no such table: orders",)),
        ("Error: '--force' in '/tmp/x/y' near '<stdin>' of '\x1b[31m red'", "", "", ()),
        ("FAILED (failures=1)", "+    return self.value(None)\n", "", ()),
        ("", "", "", ()),
    ],
)
def test_tokens_are_what_the_failure_and_its_change_have_in_common(
    output: str, diff: str, location: str, tokens: tuple[str, ...]
) -> None:
    assert tokens_of(output, diff, location)[: len(tokens) or None] == tokens


def test_tokens_of_a_huge_output_are_few_and_there_at_once() -> None:
    endless = "x" * 1_000_000 + "\n" + "".join(f"error in 'name_{i}' call_{i}(\n" for i in range(100_000))
    assert len(tokens_of(endless, "".join(f"+call_{i}()\n" for i in range(100_000)))) == 6


def test_a_word_that_is_everywhere_says_nothing_and_a_rare_one_most() -> None:
    found: Mapping[str, list[str]] = {
        "everywhere": [f"{i}.py" for i in range(51)],
        "some": ["a.py", "b.py", "c.py"],
        "rare": ["c.py", "d.py"],
        "nowhere": [],
    }
    assert telling(found) == (("some", "rare"), ("c.py", "d.py", "a.py", "b.py"))
    assert len(telling({"word": [f"{i}.py" for i in range(50)]})[1]) == 20


def test_places_are_few_short_and_the_fullest_first() -> None:
    rows = [("b.py", 1, "rare\x1b[2J"), ("a.py", 7, "  some\trare "), ("a.py", 2, "some " + "x" * 999)]
    found = places(rows, ("some", "rare"), ("b.py", "a.py"))
    assert found[:2] == (Place("a.py", 7, "some rare"), Place("b.py", 1, "rare [2J"))
    assert len(found[2].text) == 160
    assert len(places([("a.py", n, "rare") for n in range(99)], ("rare",), ("a.py",))) == 20


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.init(tmp_path / "repository")
    made.write("src/a.py", "x = percent_of(price)\n# percent_of_all is another word\n")
    made.write("src/deep/b.py", "\n\ny = percent_of(1)  # see a.*b\n")
    made.write("wiki/90_LOG/2026-11-21-andon-gen-1.md", "percent_of\n")
    made.write("plans/x.md", "percent_of\n")
    made.write("data.bin", b"percent_of\0\n")
    made.write(":(glob)odd *.py", "odd(-e a.*b)\n")
    made.commit("some files")
    return made


def test_the_sweep_finds_whole_words_in_the_mainlines_source(repository: Repository) -> None:
    hub = find(repository.path)
    assert sweep(hub, repository.head(), ["percent_of"]) == (
        Place("src/a.py", 1, "x = percent_of(price)"),
        Place("src/deep/b.py", 3, "y = percent_of(1) # see a.*b"),
    )
    assert sweep(hub, repository.head(), []) == ()


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("a.*b", [("src/deep/b.py", 3), (":(glob)odd *.py", 1)]),
        ("-e a", [(":(glob)odd *.py", 1)]),
        ("--open-files-in-pager=touch pwned", []),
        (":(top)src", []),
        ("percent_of\nodd", [("src/a.py", 1), (":(glob)odd *.py", 1), ("src/deep/b.py", 3)]),
    ],
)
def test_words_are_neither_patterns_nor_options_nor_paths(
    repository: Repository, word: str, found: list[tuple[str, int]]
) -> None:
    told = sweep(find(repository.path), repository.head(), [word])
    assert told is not None
    assert sorted((place.path, place.line) for place in told) == sorted(found)
    assert not (repository.path / "pwned").exists()


def test_attributes_of_the_working_tree_have_no_say(repository: Repository) -> None:
    repository.write(".gitattributes", "*.py binary\n")
    told = sweep(find(repository.path), repository.head(), ["percent_of"])
    assert [place.path for place in told or ()] == ["src/a.py", "src/deep/b.py"]


def test_a_search_that_cannot_be_held_is_told_apart_from_one_that_found_nothing(repository: Repository) -> None:
    assert sweep(find(repository.path), "0" * 40, ["percent_of"]) is None

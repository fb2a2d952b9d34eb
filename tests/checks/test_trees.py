"""What can't be had as a tree is read by patterns, within bounds, and never left out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from loopwright.checks.suites import trees

from .pages import drift

TEST = "it('adds', () => {\n  expect(price(1)).toBe(2);\n});\n"


def test_a_missing_grammar_leaves_the_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(trees._GRAMMARS, "javascript", ("no_such_grammar", "language"))
    trees._parser.cache_clear()
    try:
        assert trees.read_both("a.test.js", TEST, TEST) is None
        assert "adds: 1 assert removed" in drift("a.test.js", TEST, TEST.replace("toBe(2)", "toBeTruthy()"))
        assert drift("a.test.js", TEST, TEST + "// more\n") == ""
    finally:
        trees._parser.cache_clear()


@pytest.mark.parametrize(
    "broken", ["it('adds', () => {", "}}}", "it('adds', () => { expect(price(1)).toBe(2); });\n@@@"]
)
def test_a_text_with_errors_is_read_by_patterns_on_both_sides(broken: str) -> None:
    assert trees.read_both("a.test.js", TEST, broken) is None
    kept = "expect(price(1)).toBe(2)" in broken
    assert (drift("a.test.js", TEST, broken) == "") == kept


@pytest.mark.parametrize("unit", ["(", "[{(", "it('", "`${", "a.", "<a>", "function f(){", "if(a)", "/*", "a?b:"])
def test_hostile_text_is_bounded_and_what_it_replaces_counts_as_gone(unit: str) -> None:
    for size in (4_000, 5_000_000 // len(unit)):
        assert "adds" in drift("a.test.js", TEST, unit * size)


def test_deep_trees_are_bounded_in_every_language() -> None:
    deep = "(" * 3000 + "1" + ")" * 3000
    for path, text in {
        "a_test.go": "package a\nfunc TestA(t *testing.T) {\n\tassert.Equal(t, 1, %s)\n}\n",
        "tests/a.rs": "#[test]\nfn a() {\n    assert_eq!(1, %s);\n}\n",
        "tests/ATest.java": "class A {\n    @Test\n    void a() {\n        assertEquals(1, %s);\n    }\n}\n",
        "a.test.tsx": "it('a', () => {\n  expect(%s).toBe(1);\n});\n",
    }.items():
        assert "1 assert removed" in drift(path, text % "f()", text % deep)


def test_grammars_are_imported_for_a_file_of_their_language_only() -> None:
    code = (
        "import sys; from loopwright.checks.suites.reading import read_both; import loopwright.checks.guards\n"
        "read_both('test_a.py', b'x = 1', None); print([m for m in sys.modules if 'tree_sitter' in m])\n"
        "read_both('a_test.go', b'package a', None); print([m for m in sys.modules if 'tree_sitter_' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = done.stdout.splitlines()
    assert before == "[]"
    assert "tree_sitter_go" in after
    assert "rust" not in after

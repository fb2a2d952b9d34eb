import pytest

from loopwright.backends.edits import NoMatch, replace

TEXT = "def add(a, b):\n    return a - b\n\n\ndef sub(a, b):\n    return a - b\n"


def test_an_exact_passage_is_replaced_and_its_line_told() -> None:
    edited = replace(TEXT, "def add(a, b):\n    return a - b", "def add(a, b):\n    return a + b")
    assert edited.text == TEXT.replace("a - b", "a + b", 1)
    assert (edited.line, edited.liberty) == (1, "")


def test_an_ambiguous_passage_is_refused_with_all_its_lines() -> None:
    with pytest.raises(NoMatch, match=r"2 times \(lines 2, 6\)"):
        replace(TEXT, "    return a - b", "    return a + b")


def test_an_empty_passage_is_refused() -> None:
    with pytest.raises(NoMatch, match="empty"):
        replace(TEXT, "", "x")


def test_a_change_to_the_same_is_refused() -> None:
    with pytest.raises(NoMatch, match="the same"):
        replace(TEXT, "add", "add")


def test_crlf_is_kept_and_the_liberty_is_told() -> None:
    text = TEXT.replace("\n", "\r\n")
    edited = replace(text, "def add(a, b):\n    return a - b", "def add(a, b):\n    # sum\n    return a + b")
    expected = TEXT.replace("    return a - b", "    # sum\n    return a + b", 1)
    assert edited.text == expected.replace("\n", "\r\n")
    assert "CRLF" in edited.liberty


def test_a_byte_order_mark_is_kept() -> None:
    assert replace("\ufeffname = 1\n", "name = 1", "name = 2").text == "\ufeffname = 2\n"


def test_trailing_space_that_differs_is_forgiven_and_told() -> None:
    edited = replace("a = 1   \nb = 2\n", "a = 1\nb = 2\n", "a = 3\nb = 4\n")
    assert edited.text == "a = 3\nb = 4\n"
    assert "white space" in edited.liberty


def test_a_whole_passage_that_lacks_its_indentation_is_put_where_it_belongs() -> None:
    text = "class A:\n    def f(self):\n        return 1\n\n    x = 1\n"
    edited = replace(text, "def f(self):\n    return 1\n", "def f(self):\n\n    return 2\n")
    assert edited.text == "class A:\n    def f(self):\n\n        return 2\n\n    x = 1\n"
    assert edited.liberty


def test_an_indentation_that_shifts_unevenly_is_not_guessed_at() -> None:
    with pytest.raises(NoMatch):
        replace("if a:\n        b()\n", " if a:\n   b()\n", "if c:\n    d()\n")


def test_a_passage_that_is_missing_is_answered_with_the_nearest_lines() -> None:
    with pytest.raises(NoMatch) as caught:
        replace(TEXT, "def subtract(a, b):\n    return a -b", "x")
    assert "5: def sub(a, b):" in str(caught.value)


def test_a_passage_unlike_anything_is_answered_without_lines() -> None:
    with pytest.raises(NoMatch, match="nor anything like it"):
        replace(TEXT, "@@@@@@@@@@@@@@", "x")


def test_mixed_line_ends_are_never_made_one() -> None:
    text = "a = 1\r\nb = 2\nc = 3\n"
    assert replace(text, "b = 2", "b = 5").text == "a = 1\r\nb = 5\nc = 3\n"
    with pytest.raises(NoMatch):
        replace(text, "  a = 1\n  b = 2", "x")

"""A maker's own last words: what it marks as failed isn't done, and what it names as delivered has to be there.

They can only take something away. That a maker says of something that it passes counts for nothing: commands decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from loopwright.checks.answers import accepted, refused, shown
from loopwright.vocabulary import Change, Report, Verdict

_LONGEST = 20_000  # characters of a last text that are read, from its end
_FENCED = re.compile(r"^(`{3,}|~{3,})[^\n]*\n.*?(?:^\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"^[ \t]{0,12}(?:[-*+•]|\d{1,3}[.)]|\|)[ \t]+(?P<text>\S[^\n]*)$")
_SECTION = re.compile(r"^[\s#*_]{0,12}(?P<name>deliverables|evidence)[\s*_]{0,6}:?[\s*_]{0,6}(?P<rest>[^\n]*)$", re.I)
_HEADING = re.compile(r"^(?:#{1,6}\s|\*\*[^*\n]{1,80}\*\*:?\s*$|[A-Z][\w -]{0,40}:\s*$)")

_SIGNS = "❌✗✘✖🔴"
_UNTICKED = re.compile(r"^\[ \]\s")
_NOT = r"(?i:not (?:yet )?(?:done|met|finished|implemented|delivered|working)|incomplete|unfinished|undone)"
_FIRST = re.compile(
    rf"^[\s*_\[(]{{0,6}}(?:[{_SIGNS}]|FAIL\s|(?:FAIL(?:ED|URE)?|{_NOT})(?=[\]):*_|]|\s{{0,4}}(?:[-–—:|]\s|$))|(?i:failed)\s?:)"
)
_LAST = re.compile(
    rf"(?:(?:(?<![-=])[:|]|[\w)`] [-–—])[\s*_`]{{0,6}}(?:(?i:fail|failed)|{_NOT})|[(\[](?:FAIL(?:ED)?|{_NOT})|"
    rf"[{_SIGNS}])"
    r"[\s*_`.)\]|]{0,8}$"
)
_BEFORE = re.compile(
    r"(?i)\b(?:red|before|expect\w*|old|previous\w*|earlier|without|baseline|at first|first run|used to|reproduc\w*|"
    r"base|main|as it (?:was|should)|should fail|must fail|mutant\w*|scope|nothing|none|not asked)\b"
)
"""Items that tell of a failure which was meant to be (the red step of a test, the state before), or of no work."""

_SUFFIXES = (
    "py pyi js jsx ts tsx mjs cjs mts cts vue svelte go rs java kt scala rb php c cc cpp h hpp cs swift pl sh bash ex "
    "exs lua sql html css scss md rst txt json toml yaml yml ini cfg xml csv lock proto graphql tf ipynb"
)
_PATH = re.compile(rf"(?P<path>[\w@.+-][\w@.+/-]{{0,300}}\.(?:{'|'.join(_SUFFIXES.split())}))(?:[:#][\w.,:-]*)?")
_WORDS = re.compile(r"`?[^\s,;()\[\]{}<>\"'`|*]+")
_LEAD = 3  # words of an item among which its path stands: "New file: `src/shop.py`"


def assessed(report: Report, change: Change, there: Callable[[str], bool]) -> Verdict:
    """Whether a maker's report admits to no failed item, and names no deliverable that isn't there.

    `there`: whether the attempt left a file with a path, or a name in any folder. A program says what it likes.
    """
    if report.model is None:
        return accepted("maker", change)
    text = _FENCED.sub("", report.summary[-_LONGEST:].replace("\r\n", "\n"))
    facts = [f"its own report marks as not done: {item[:200]}" for item in failed_items(text)]
    gone = set(change.paths)
    missing = [path for path in dict.fromkeys(delivered(text)) if path not in gone and not there(path)]
    facts += [f"its report names as delivered what isn't there: {shown(path)}" for path in missing]
    if not facts:
        return accepted("maker", change)
    mend = "finish what is marked as failed, and list under `Deliverables:` the paths that you changed, as they are"
    return refused("maker", change, "self-assessment", facts, mend)


def failed_items(text: str) -> Iterator[str]:
    """The items of a report's lists that it marks as failed or not done itself."""
    for section, item in _items(text):
        plain = item.strip()
        unticked = bool(section) and _UNTICKED.match(plain)
        if (unticked or _FIRST.search(plain) or _LAST.search(plain)) and not _BEFORE.search(plain):
            yield plain


def delivered(text: str) -> Iterator[str]:
    """The paths of files that a report lists as deliverables: the one that an item begins with, and all of a list that
    is nothing but paths. `Node.js` is no path: in a sentence, a bare name needs a code span."""
    for section, item in _items(text):
        if section == "deliverables":
            words = _WORDS.findall(item)
            paths = [_path(word) for word in words]
            if not all(paths):
                sure = (path for word, path in zip(words[:_LEAD], paths, strict=False) if "/" in word or word[0] == "`")
                paths = [next(filter(None, sure), "")]
            yield from filter(None, paths)


def _path(word: str) -> str:
    found = _PATH.fullmatch(word.strip("`").rstrip(".:").removeprefix("./"))
    return found["path"] if found and ".." not in word else ""


def _items(text: str) -> Iterator[tuple[str, str]]:
    """(section, text) of each list item, and of each line that stands in one of the two sections."""
    section = ""
    for line in text.split("\n"):
        if heading := _SECTION.match(line):
            section = heading["name"].lower()
            if heading["rest"]:
                yield section, heading["rest"]
        elif _HEADING.match(line):
            section = ""
        elif item := _ITEM.match(line):
            yield section, item["text"]
        elif section and line.strip():
            yield section, line

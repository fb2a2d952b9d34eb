"""The horizontal sweep: by which words the same pattern would show elsewhere, and which places are the likeliest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from loopwright.vocabulary import Place

MOST_TOKENS, MOST_PLACES = 6, 20
COMMON = 50
"""Files from which on a word says nothing: in so many it is the house's own."""

_LINES, _WIDTH = 4000, 400  # of an output or a diff that are looked at
_TEXT = 160  # characters of a place's line
_NAME = re.compile(r"\b[A-Za-z_]\w{3,49}\b")
_CALL = re.compile(r"\b([A-Za-z_]\w{3,49})\s?\(")
_QUOTED = re.compile(r"\"([^\"\\`]{4,50})\"|'([^'\\`]{4,50})'|`([^`]{4,50})`")
_NOBODYS = frozenset(
    _NAME.findall(
        """
        args assert assertEqual assertRaises async await boolean break call case cast catch class const continue
        default defer describe dict elif else enum error Error except Exception exit expect expected export extends
        fail failed Failed false False file File final finally float fmt from func function global impl implements
        import index input instanceof interface item items kwargs lambda length line list main match method module
        name None null number object open output package panic pass passed path print printf println private public
        raise range read require result return returns self static str string struct super switch test tests this
        throw throws Traceback true True tuple type typeof undefined union unittest value values void while with
        write yield most recent last
        """
    )
)


def tokens_of(output: str, diff: str, location: str = "") -> tuple[str, ...]:
    """The words to look for, the most telling first: what the analysis names (`path#symbol`), names that the failed
    change brought and its failure speaks of, calls in the change, and what the output quotes."""
    added = [line[1:] for line in _bounded(diff) if line.startswith("+") and not line.startswith("+++")]
    said = "\n".join(_bounded(output))
    brought = _NAME.findall("\n".join(added))
    calls = set(_CALL.findall("\n".join(added)))
    spoken = set(_NAME.findall(said))
    worth: Counter[str] = Counter()
    for name in _NAME.findall(location.partition("#")[2]):
        worth[name] += 6
    for name in dict.fromkeys(brought):
        worth[name] += 3 * (name in spoken) + 2 * (name in calls)
    for quoted in dict.fromkeys(word for found in _QUOTED.findall(said) for word in found if word):
        if _plain(quoted):
            worth[quoted.strip()] += 2
    kept = [word for word, value in worth.most_common() if value and word not in _NOBODYS]
    return tuple(kept[:MOST_TOKENS])


def telling(found: Mapping[str, Sequence[str]], most: int = MOST_PLACES) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(words, files): of the files in which each word stands, the words that aren't everywhere, and the files that have
    the rarest and most of them."""
    words = tuple(word for word, files in found.items() if 0 < len(files) <= COMMON)
    worth: Counter[str] = Counter()
    for word in words:
        for path in found[word]:
            worth[path] += 1000 // len(found[word])
    ranked = sorted(worth, key=lambda path: (-worth[path], path))
    return words, tuple(ranked[:most])


def places(rows: Iterable[tuple[str, int, str]], words: Sequence[str], files: Sequence[str]) -> tuple[Place, ...]:
    """The places, at most twenty: first those where most words meet, then in the order of the files."""
    order = {path: i for i, path in enumerate(files)}
    found = [(Place(path, line, _shown(text)), sum(word in text for word in words)) for path, line, text in rows]
    found.sort(key=lambda one: (-one[1], order.get(one[0].path, len(order)), one[0].line))
    return tuple(place for place, _ in found[:MOST_PLACES])


def _bounded(text: str) -> list[str]:
    return [line[:_WIDTH] for line in text.splitlines()[-_LINES:]]


def _plain(word: str) -> bool:
    """Whether a quoted text is a name or a message: printable, with letters, and no path of this machine."""
    return word.isprintable() and bool(re.search(r"[A-Za-z]{3}", word)) and not word.startswith(("/", "-", "<"))


def _shown(text: str) -> str:
    line = "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))
    return line if len(line) <= _TEXT else f"{line[: _TEXT - 3]}..."

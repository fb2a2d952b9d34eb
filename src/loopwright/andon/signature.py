"""The fingerprint of a failure: the same from every run that fails so, and another for another failure."""

from __future__ import annotations

import hashlib
import re

from loopwright.andon.reading import Told, told
from loopwright.andon.weighing import telling

_TELLING = 12  # lines; of a hundred failing tests the first dozen names tells which failure it is
_CLOSING = 5  # lines of an output without any clue
_LENGTH = 16  # hexadecimal digits

# In this order: what a run happens to have, and nothing that tells one failure from another.
_VARYING = (
    (re.compile(r"\bhttps?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?", re.IGNORECASE), "URL"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T _]\d\d[:_]\d\d(?:[:_]\d\d)?(?:[.,_]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"), "TIME"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\b(?!:)"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE), "ID"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "HEX"),
    (re.compile(r"\b(?=[0-9a-f]{0,63}\d)(?=\d{0,63}[a-f])[0-9a-f]{7,64}\b", re.IGNORECASE), "HEX"),
    (re.compile(r"(?:file://)?(?<![\w.])~?(?:/[\w.@+~-]{1,100}){1,30}/(?=[\w.@+~-])"), ""),  # a path's folders
    (re.compile(r"\b(?:tmp|temp)[._-]?[\w-]{3,}|\b[\w.-]{1,40}\.[A-Za-z0-9]{6,10}(?=\.tmp\b|\.log\b)"), "TEMP"),
    (re.compile(r"(?<![A-Za-z_])\d+(?:[.,]\d+)*"), "N"),
    (re.compile(r"\bN ?(?:ms|s|secs?|seconds?|m|min|minutes?|µs|us|ns|%|[KMG]i?B?|bytes?)\b"), "N"),
    (re.compile(r"[\s=_.*~^-]{2,}"), " "),
)


def signature(command: str, output: str) -> str:
    """16 hexadecimal digits out of the command and the lines that tell of the failure, whatever their order.

    Numbers, times, ids, addresses, temporary names and the folders of absolute paths are left out of them.
    """
    read = told(output)
    lines = sorted({_settled(read.lines[number].text) for number in _chosen(read)} - {""})
    text = "\n".join([_settled(command), *lines])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def _chosen(read: Told) -> list[int]:
    found = telling(read)
    return found[:_TELLING] if found else list(range(len(read.lines)))[-_CLOSING:]


def _settled(text: str) -> str:
    """A text without what varies from run to run."""
    for form, instead in _VARYING:
        text = form.sub(instead, text)
    return text.strip()

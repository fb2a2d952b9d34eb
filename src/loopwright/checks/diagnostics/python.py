"""pytest and unittest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loopwright.checks.diagnostics.text import blocks, first_line
from loopwright.vocabulary import Failure

_NODE = r"(?P<path>[^\s:]{1,300}\.py)(?:::(?P<test>[^\n]{1,400}?))?"
_SUMMARY = re.compile(
    rf"^(?:(?:FAILED|ERROR) {_NODE}(?: - (?P<message>[^\n]*))?|(?P<vpath>[^\s:]{{1,300}}\.py)::(?P<vtest>\S{{1,300}}) "
    r"(?:FAILED|ERROR)\b[^\n]*)$",
    re.MULTILINE,
)
_BLOCK = re.compile(
    r"^_++ (?:ERROR (?:collecting|at \w{1,20} of) )?(?P<name>[A-Za-z<][^\n]{0,400}?) _++$", re.MULTILINE
)
_AREA_END = re.compile(r"^=++ (?:short test summary|warnings summary|\d)", re.MULTILINE)
_PLACE = re.compile(r"^(?P<path>[^\s:>][^:\n]{0,300}):(?P<line>\d{1,7}):(?: |$)", re.MULTILINE)
_FRAME = re.compile(
    r"^ {1,12}File \"(?P<path>[^\"\n]{1,400})\", line (?P<line>\d{1,7})(?:, in (?P<function>[^\n]{1,200}))?$",
    re.MULTILINE,
)
_EXPLAINED = re.compile(r"^E {1,40}(?P<text>\S[^\n]*)$", re.MULTILINE)
_ERROR = re.compile(r"[A-Za-z_][\w.]{0,200}(?:Error|Exception|Warning|Exit|Interrupt|Failed|Timeout)\b")


def pytest(text: str) -> Iterator[Failure]:
    """From the short summary, with lines and messages from the tracebacks; from these alone where it is left out."""
    tracebacks: dict[str, list[str]] = {}
    for head, block in blocks(text, _BLOCK):
        end = _AREA_END.search(block)
        tracebacks.setdefault(head["name"], []).append(block[: end.start()] if end else block)
    for match in _SUMMARY.finditer(text):
        path, test = match["path"] or match["vpath"], match["test"] or match["vtest"]
        waiting = tracebacks.get((test or path).replace("::", "."), [])
        block = waiting.pop(0) if waiting else ""
        yield Failure(test or path, path, _line(block, path), _message(block) or match["message"] or "")
    if "\n___" in text or text.startswith("___"):
        yield from _untold(tracebacks)


def _untold(tracebacks: dict[str, list[str]]) -> Iterator[Failure]:
    """Tracebacks that no summary line spoke of: the first place in one is in the test itself."""
    for name, left in tracebacks.items():
        for block in left:
            place = _PLACE.search(block) or _FRAME.search(block)
            if place is not None:
                yield Failure(name, place["path"], int(place["line"]), _message(block))


def _line(block: str, path: str) -> int | None:
    """The last line of the test's own file that the traceback goes through."""
    places = [*_PLACE.finditer(block), *_FRAME.finditer(block)]
    lines = [int(place["line"]) for place in places if _same_file(place["path"], path)]
    return lines[-1] if lines else None


def _same_file(one: str, other: str) -> bool:
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")


def _message(block: str) -> str:
    told = [match["text"] for match in _EXPLAINED.finditer(block)]
    named = next((line for line in told if _ERROR.match(line)), None)
    return named or (told[0] if told else "")


_UNITTEST = re.compile(
    r"^(?:FAIL|ERROR): (?P<name>[^\s()]{1,300}) ?(?:\((?P<where>[\w.]{1,300})\))?(?P<sub>[^\n]{0,300})\n"
    r"(?:[^\n]{1,300}\n)?-{20,}+\n",
    re.MULTILINE,
)
_RAISED = re.compile(r"^(?P<text>[A-Za-z_][^\n]*)$", re.MULTILINE)


def unittest(text: str) -> Iterator[Failure]:
    """The blocks between rules; a sub-test's parameters are part of its name."""
    for head, block in blocks(text, _UNITTEST):
        block = re.split(r"^(?:={20,}+|-{20,}+)$", block, maxsplit=1, flags=re.MULTILINE)[0]
        name, where = head["name"], head["where"] or ""
        full = where if where.endswith(f".{name}") else f"{where}.{name}".lstrip(".")
        frames = list(_FRAME.finditer(block))
        own = [frame for frame in frames if frame["function"] == name] or frames
        raised = _RAISED.search(block, frames[-1].end() if frames else 0)
        yield Failure(
            f"{full}{head['sub'].rstrip()}",
            own[-1]["path"] if own else None,
            int(own[-1]["line"]) if own else None,
            raised["text"] if raised else first_line(block),
        )

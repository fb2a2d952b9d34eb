"""A plan's sections: its scope, and its chunks."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from loopwright import markdown
from loopwright.folders import gates
from loopwright.folders.complaints import Complaints
from loopwright.folders.plans.ticks import without_ticks
from loopwright.markdown import Block, Document, Section
from loopwright.vocabulary import Chunk, Gate, Scope

MAX_CHUNKS = 10
_CHUNK = re.compile(r"(?:\[[ xX]?\]\s*)?(?:chunk\s+)?(\d{1,4})\s*[.):]\s*(\S.*)", re.IGNORECASE)
_LABEL = r"[*_]*(in|out|tests?)(?:[ -]+(?:of[ -]+)?scope)?[*_]*"
_GROUP = re.compile(_LABEL + r"\s*:[*_]*\s*", re.IGNORECASE)
_GROUP_HEADING = re.compile(_LABEL + r"\s*:?", re.IGNORECASE)
_MARK = r"\s*(?:[-*+]\s+)?[*_]*{}[*_]*\s*:[*_]*\s*(.*?)\s*"
_SKILL = re.compile(_MARK.format("skill"), re.IGNORECASE)
_VERIFY = re.compile(_MARK.format("verify"), re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;&+]*(?:and)?[\s,;&+]*")
_BARE_PATH = re.compile(r"[\w.@*/\[\]{}-]*[./*][\w.@*/\[\]{}-]*\w|Makefile|Dockerfile")


def chief(document: Document, title: str) -> tuple[Section, ...]:
    """The sections of that title that a reader sees as the file's own: of the first or second rank."""
    return tuple(section for section in document.named(title) if section.level <= 2)


def all_blocks(document: Document, section: Section) -> Iterator[Block]:
    """The blocks of a section and of those below it."""
    for part in (section, *document.under(section)):
        yield from part.blocks


# ---------------------------------------------------------------- scope


@dataclass(slots=True)
class _Groups:
    """The globs of a scope, sorted into its groups as they come."""

    complaints: Complaints
    paths: dict[str, list[str]] = field(default_factory=lambda: {"in": [], "out": [], "tests": []})
    group: str = "in"

    def enter(self, name: str) -> None:
        self.group = "tests" if name.lower() == "test" else name.lower()

    def take(self, globs: Iterator[str], line: int) -> bool:
        some = False
        for glob in globs:
            some = True
            if not glob or glob.startswith(("/", "~", "-")) or ".." in glob.split("/"):
                mend = "write a glob relative to the repository, as in `src/**`"
                self.complaints.add(line, "scope", f"'{glob}' is no path in the repository", mend)
            else:
                self.paths[self.group].append(glob)
        return some

    def scope(self) -> Scope:
        return Scope(tuple(self.paths["in"]), tuple(self.paths["out"]), tuple(self.paths["tests"]))


def scope(document: Document, complaints: Complaints) -> Scope:
    """The globs of `## Scope`. A bullet without a path is an error: read as nothing, it would allow everything."""
    groups = _Groups(complaints)
    for section in chief(document, "Scope"):
        for part in (section, *document.under(section)):
            if part is not section and (named := _GROUP_HEADING.fullmatch(part.title)):
                groups.enter(named[1])
            _read_scope(part, groups, _leading_spans)
        if not any(groups.paths.values()) and not complaints.errors and _says_something(section):
            mend = "write each path as a bullet: - `src/prices.py`; or remove the section to allow everything"
            complaints.add(section.line, "scope", "the scope names no path", mend)
    return groups.scope()


def files_to_modify(document: Document, complaints: Complaints) -> Scope:
    """The scope of a program: the paths of `## Files to Modify`, in code spans or as a bullet's first word."""
    groups = _Groups(complaints)
    for section in chief(document, "Files to Modify"):
        for part in (section, *document.under(section)):
            _read_scope(part, groups, _path_first)
    return groups.scope()


def _read_scope(part: Section, groups: _Groups, globs: Callable[[str], Iterator[str]]) -> None:
    for block in part.blocks:
        if block.kind not in ("item", "paragraph"):
            continue
        for i, label, text in _segments(block.text):
            if label:
                groups.enter(label)
            needed = block.kind == "item" and not label and bool(text.strip())
            if (label or needed) and not groups.take(globs(text), block.line + i) and needed:
                mend = "write the path in a code span: - `src/prices.py`"
                groups.complaints.add(block.line, "scope", "a scope bullet without a path", mend)


def _segments(text: str) -> Iterator[tuple[int, str, str]]:
    """A block's text, divided before each line that begins with a label: (line, label, rest). Markdown lets a line
    without an empty one before it go on with the bullet above, and people write `Out:` right below one."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if i == 0 or _GROUP.match(line)]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        found = _GROUP.match(lines[start])
        rest = lines[start][found.end() :] if found else lines[start]
        yield start, found[1] if found else "", "\n".join([rest, *lines[start + 1 : end]])


def _says_something(section: Section) -> bool:
    return any(block.kind != "html" for block in section.blocks)


def _leading_spans(text: str) -> Iterator[str]:
    """The code spans that a bullet names as its paths: the first, and those that follow with only commas between."""
    begun = False
    for part in markdown.parts(text):
        if part.code:
            begun = True
            yield part.text.strip()
        elif begun and not _BETWEEN.fullmatch(part.text):
            return


def _path_first(text: str) -> Iterator[str]:
    if "`" in text:
        yield from _leading_spans(text)
    elif found := _BARE_PATH.match(text.strip()):
        yield found[0]


# ---------------------------------------------------------------- chunks


def chunks(document: Document, title: str, complaints: Complaints) -> tuple[Chunk, ...]:
    """The `### N. title` sections under Chunks; without Chunks, the whole text as one."""
    found = chief(document, "Chunks")
    if not found:
        text = without_ticks(document, document.body_line, document.body).strip("\n")
        skill, verify = _marks(document.blocks, complaints)
        return (Chunk(1, title, text, skill, verify, document.body_line),)
    heads = [head for head in document.under(found[0]) if head.level == found[0].level + 1]
    if not heads:
        mend = "write each chunk as '### 1. What it does', or remove the section"
        complaints.add(found[0].line, "chunks", "Chunks has no chunk", mend)
    if len(heads) > MAX_CHUNKS:
        mend = f"split the plan: {MAX_CHUNKS} chunks are the most, and later plans can say depends-on"
        complaints.add(heads[MAX_CHUNKS].line, "chunks", f"{len(heads)} chunks are too many for one plan", mend)
    numbered = [_chunk(document, head, complaints) for head in heads[:MAX_CHUNKS]]
    read = tuple(chunk for chunk in numbered if chunk is not None)
    _in_order(read, complaints)
    return read


def _chunk(document: Document, head: Section, complaints: Complaints) -> Chunk | None:
    named = _CHUNK.fullmatch(head.title)
    if named is None:
        mend = "write it as '### 1. What it does', or one rank deeper if it belongs to the chunk above"
        complaints.add(head.line, "chunks", f"'{head.title}' is no numbered chunk", mend)
        return None
    skill, verify = _marks(tuple(all_blocks(document, head)), complaints)
    text = without_ticks(document, head.start, document.whole(head)).strip("\n")
    return Chunk(int(named[1]), named[2].strip(), text, skill, verify, head.line)


def number_of(title: str) -> int | None:
    """The number in a chunk's heading."""
    named = _CHUNK.fullmatch(title)
    return int(named[1]) if named else None


def _in_order(read: tuple[Chunk, ...], complaints: Complaints) -> None:
    for before, chunk in itertools.pairwise(read):
        if chunk.number <= before.number:
            what = "is there twice" if chunk.number == before.number else f"comes after {before.number}"
            complaints.add(chunk.line, "chunks", f"chunk {chunk.number} {what}", "number the chunks from 1 upwards")


def _marks(blocks: tuple[Block, ...], complaints: Complaints) -> tuple[str | None, tuple[Gate, ...]]:
    """A chunk's `Skill:` and `Verify:` lines, wherever they stand outside of code."""
    skill: str | None = None
    verify: list[Gate] = []
    for line, text in _lines(blocks):
        if named := _SKILL.fullmatch(text):
            name = named[1].strip("`*_. ")
            if not re.fullmatch(r"[\w.-]+", name) or (skill and skill != name):
                mend = "write one line 'Skill: name', the name of a folder in skills/"
                complaints.add(line, "skill", "two skills for one chunk" if skill else f"'{name}' is no skill", mend)
            skill = skill or name
        elif found := _VERIFY.fullmatch(text):
            gate = gates.command(found[1], line, "chunk", complaints)
            verify += [gate] if gate else []
    return skill, tuple(verify)


def _lines(blocks: tuple[Block, ...]) -> Iterator[tuple[int, str]]:
    for block in blocks:
        if block.kind in ("paragraph", "item"):
            yield from ((block.line + i, text) for i, text in enumerate(block.text.split("\n")))

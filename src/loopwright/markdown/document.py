"""Takes a Markdown file apart: front matter, headings, paragraphs, list items and code spans, each with its line."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loopwright.errors import Problem
from loopwright.markdown.header import FrontMatter

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

BOM = b"\xef\xbb\xbf"
MAX_BYTES = 1 << 20
_MAX_HEADER = 1 << 16  # bytes of front matter


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one paragraph or item: a code span's content, or the text between code spans."""

    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list item, a code block or an HTML block. Quotations are left out: they speak for others."""

    kind: str  # paragraph | item | code | html
    line: int
    text: str  # as it is written, code spans and all; of an item, its first paragraph
    depth: int = 0  # how many lists it stands in; 1 for the items of an outermost list


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, up to the next heading of any rank (`Document.whole` goes further)."""

    title: str
    level: int
    line: int  # of the heading
    start: int  # the first line after the heading
    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown file, taken apart. `lines` and `raw` are keyed by dotted paths into `header` (`budget.usd`)."""

    path: str
    text: str  # the whole file, without BOM, its line endings as \n
    body: str = ""  # what follows the front matter
    body_line: int = 1
    header: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)  # scalars as they are written: `0012345` is no number
    preamble: tuple[Block, ...] = ()  # the blocks before the first heading
    sections: tuple[Section, ...] = ()
    problems: tuple[Problem, ...] = ()

    def named(self, *titles: str) -> tuple[Section, ...]:
        """The sections with one of these titles; case and a colon at the end don't matter."""
        wanted = {title.casefold() for title in titles}
        return tuple(section for section in self.sections if section.title.rstrip(": ").casefold() in wanted)

    def under(self, section: Section) -> tuple[Section, ...]:
        """The sections below `section`, at any depth."""
        at = self.sections.index(section) + 1
        rest = self.sections[at:]
        end = next((i for i, other in enumerate(rest) if other.level <= section.level), len(rest))
        return rest[:end]

    def whole(self, section: Section) -> str:
        """A section's text with that of the sections below it, as it is written."""
        below = self.under(section)
        end = below[-1].start + below[-1].text.count("\n") if below else section.start + section.text.count("\n")
        return "\n".join(self.text.split("\n")[section.start - 1 : end])

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks of the file, in order."""
        return (*self.preamble, *(block for section in self.sections for block in section.blocks))


def read(path: str, data: bytes, *, limit: int = MAX_BYTES, forgiving: bool = False, outline: bool = True) -> Document:
    """Take a Markdown file apart. `forgiving` quotes unquoted `key: a value: with colons` and says so as a warning.

    Without `outline` only the front matter and the body are read: for texts that are passed on whole.
    """
    text, problem = _decode(path, data, limit)
    if problem is not None:
        return Document(path, text, problems=(problem,))
    lines = text.split("\n")
    end, problems = _header_end(path, lines)
    header = FrontMatter(path)
    if end and not problems:
        header.read("\n".join(lines[1:end]), forgiving)
    start = end + 1 if end else 0
    preamble, sections = _outline(lines, start) if outline else ((), ())
    return Document(
        path=path,
        text=text,
        body="\n".join(lines[start:]),
        body_line=start + 1,
        header=header.values,
        lines=header.lines,
        raw=header.raw,
        preamble=preamble,
        sections=sections,
        problems=(*problems, *header.problems),
    )


def parts(text: str) -> tuple[Part, ...]:
    """A paragraph's code spans and the text between them; all other marks stay as they are written."""
    tokens = _parser().parseInline(text)
    found: list[Part] = []
    for token in tokens[0].children or () if tokens else ():
        if token.type == "code_inline":
            found.append(Part(token.content, code=True))
        elif found and not found[-1].code:
            found[-1] = Part(found[-1].text + token.content)
        else:
            found.append(Part(token.content))
    return tuple(found)


def _decode(path: str, data: bytes, limit: int) -> tuple[str, Problem | None]:
    def no_text(line: int, why: str) -> Problem:
        return Problem(path, line, "not-text", f"is not text: {why}", "save it as plain UTF-8 text, or remove it")

    if len(data) > limit:
        size = f"{len(data)} bytes, and {limit} are the most that is read"
        return "", Problem(path, 1, "too-large", f"is too large: {size}", "split it into several files")
    if (at := data.find(b"\0")) >= 0:
        return "", no_text(data.count(b"\n", 0, at) + 1, "it has a NUL byte")
    try:
        text = data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.removeprefix(BOM).count(b"\n", 0, error.start) + 1
        return "", no_text(line, f"byte {error.object[error.start]:#04x} is not UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n"), None


def _header_end(path: str, lines: Sequence[str]) -> tuple[int, tuple[Problem, ...]]:
    """The index of the line that closes the front matter; 0 where there is none."""
    if lines[0].rstrip() != "---":
        return 0, ()
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            if sum(map(len, lines[1:number])) > _MAX_HEADER:
                return number, (Problem(path, 1, "front-matter", "the front matter is too long", "shorten it"),)
            return number, ()
    mend = "add a line '---' after its last field"
    return 0, (Problem(path, 1, "front-matter", "the front matter is not closed", mend),)


@functools.cache
def _parser() -> MarkdownIt:
    """CommonMark blocks. Inline, only code spans and escapes are read, and only when `parts` asks."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.inline.ruler.enableOnly(["text", "escape", "backticks"])
    parser.inline.ruler2.enableOnly([])
    return parser


def _outline(lines: Sequence[str], start: int) -> tuple[tuple[Block, ...], tuple[Section, ...]]:
    tokens: list[Token] = []
    _parser().block.parse("\n".join(lines[start:]), _parser(), {}, tokens)
    heads = [
        (tokens[i + 1].content.strip(), int(token.tag[1]), token.map[0] + start, token.map[1] + start)
        for i, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    blocks = list(_blocks(tokens, start + 1))
    at, groups = 0, []
    ends = [head[2] for head in heads] + [len(lines)]
    for end in ends:
        upto = at
        while upto < len(blocks) and blocks[upto].line <= end:
            upto += 1
        groups.append(tuple(blocks[at:upto]))
        at = upto
    sections = tuple(
        Section(title, level, line + 1, after + 1, "\n".join(lines[after:end]), group)
        for (title, level, line, after), end, group in zip(heads, ends[1:], groups[1:], strict=True)
    )
    return groups[0], sections


_LISTS = {"bullet_list_open": 1, "ordered_list_open": 1, "bullet_list_close": -1, "ordered_list_close": -1}
_QUOTES = {"blockquote_open": 1, "blockquote_close": -1}
_LITERAL = {"fence": "code", "code_block": "code", "html_block": "html"}


def _blocks(tokens: Sequence[Token], first_line: int) -> Iterator[Block]:
    depth = quoted = 0
    waiting: int | None = None  # the line of an item whose first paragraph has not come yet
    heading = False
    for token in tokens:
        depth += _LISTS.get(token.type, 0)
        quoted += _QUOTES.get(token.type, 0)
        if quoted:
            continue
        line = (token.map[0] if token.map else 0) + first_line
        if token.type == "list_item_open":
            waiting = line
        elif token.type == "heading_open":
            heading = True
        elif token.type == "inline" and heading:
            heading = False
        elif token.type == "inline":
            yield Block("paragraph" if waiting is None else "item", line, token.content, depth)
            waiting = None
        elif waiting is not None and token.type != "paragraph_open":  # an item without a paragraph of its own
            yield Block("item", waiting, "", depth - (_LISTS.get(token.type, 0) == 1))
            waiting = None
        if token.type in _LITERAL:
            yield Block(_LITERAL[token.type], line, token.content, depth)

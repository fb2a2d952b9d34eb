"""A change that only marks work as done is none: comments, blank lines, ticks, and files that say `done`."""

from __future__ import annotations

import io
import itertools
import re
import tokenize
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loopwright.checks.answers import accepted, refused, shown
from loopwright.checks.suites import trees
from loopwright.contracts import Lab
from loopwright.vocabulary import Change, FileChange, Plan, Verdict, matches

_DOCUMENTS = ("*.md", "*.rst", "*.txt", "*.adoc", "docs/**", "doc/**", "wiki/**")
_ASKED = re.compile(
    r"(?i)\b(?:comment|docstring|document|docs?\b|changelog|readme|licen[cs]e|copyright|typo|spelling|wording|translat|"
    r"todo|fixme|marker|placeholder|tick|checkbox|checklist|formatt|reformat|(?:ruff|cargo|go) f(?:or)?ma?t|gofmt|"
    r"prettier|whitespace|white space|blank|indent|line length|lint|pragma|noqa|directive|shebang|line end|newline|"
    r"empty file)"
)
"""Words of a plan that may well mean to change nothing that runs."""

_DIRECTIVE = re.compile(
    r"^[ \t]*(?:#!|#[ \t]*-\*-|//go:|//[ \t]*\+build|//[ \t]*@ts-|/[*/][ \t]*(?:eslint|jshint|global)|"
    r"#[ \t]*type:)[^\n]*",
    re.M,
)
"""Comments that programs obey."""
_WORD = (
    r"(?:all |task |work |chunk |step |plan |now |is |are |has |been ){0,6}(?:done|completed?|finished|ok(?:ay)?|"
    r"success(?:ful)?|pass(?:ed|es)?|true|yes|implemented|fixed|ready|todo|wip|placeholder|marker|touch(?:ed)?|noop|verified)"
)
_MARK = re.compile(rf"(?i)^\W*(?:[\w .-]{{1,40}}[:=]\W*)?(?:{_WORD})?\W*$")
_BOX = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s+\[[ xX]\]")
_PLAIN = re.compile(
    r"(?i)(?:^|/)(?:[^/.]+|[^/]*\.(?:md|txt|rst|adoc|log|done|ok|status|marker|flag|stamp|complete|todo))$"
)
_COMMENTS = {
    **dict.fromkeys(
        ("rb", "sh", "bash", "pl", "pm", "r", "R", "jl", "ex", "exs", "yml", "yaml", "toml", "cfg", "ini"), "#"
    ),
    **dict.fromkeys(("c", "cc", "cpp", "cxx", "h", "hpp", "cs", "kt", "kts", "scala", "swift", "dart", "php"), "//"),
}
"""How a line that is all comment begins, where there is no syntax tree."""
_IDLE = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER})
_LINES = {tokenize.NEWLINE: "line", tokenize.INDENT: "indent", tokenize.DEDENT: "dedent"}
_NAMED = ("__init__.py", ".gitkeep", ".keep", "py.typed", ".nojekyll")  # empty, and of use
_MARKED = 200  # characters of a line that may be a mark
_LARGEST = 1 << 18  # bytes; nobody marks with more


@dataclass(frozen=True)
class MarkerGuard:
    """Rejects a change in which no file differs in anything that runs or tells something.

    Source counts without comments, bare strings and blank lines; text counts without ticks and words like `done`. A
    plan about documents or comments asks for no more than that, and a file that the plan names is what it asked for.
    `old` reads a path as it was before the chunk.
    """

    plan: Plan
    old: Callable[[str], bytes | None]

    def check(self, change: Change, lab: Lab) -> Verdict:
        if not change.files or self._asked() or not all(self._only_marks(file, lab) for file in change.files):
            return accepted("marker", change)
        facts = [
            f"{shown(file.path)}: nothing in it differs but comments, blank lines or marks" for file in change.files
        ]
        mend = "do what the chunk asks for in code, tests or text; marking it as done isn't doing it"
        return refused("marker", change, "marker-only", facts, mend)

    def _asked(self) -> bool:
        inside = (*self.plan.scope.inside, *self.plan.scope.tests)
        documents = bool(inside) and all(matches(pattern.replace("**", "x"), _DOCUMENTS) for pattern in inside)
        return documents or bool(_ASKED.search(self.plan.text))

    def _only_marks(self, file: FileChange, lab: Lab) -> bool:
        if file.new_mode not in ("100644", "100755") or (file.old_mode or file.new_mode) != file.new_mode:
            return False
        if file.kind == "A" and self._named(file.path):
            return False
        before = self.old(file.path) if file.kind == "M" else b""
        try:
            after = lab.read(file.path)
        except OSError:  # no regular file in the lab: other guards see to it
            return False
        if before is None or max(len(before), len(after)) > _LARGEST or b"\0" in before + after:
            return False
        return _same(file.path, _text(before), _text(after))

    def _named(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return name in _NAMED or path in self.plan.text or (len(name) > 3 and name in self.plan.text)


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n")


def _same(path: str, before: str, after: str) -> bool:
    """Whether two texts of a file run, or tell, the same."""
    if _DIRECTIVE.findall(before) != _DIRECTIVE.findall(after):
        return False
    read = _python if path.endswith((".py", ".pyi")) else _reader(path)
    one, other = read(before), read(after)
    return one is not None and one == other


def _reader(path: str) -> Callable[[str], Sequence[str] | None]:
    if trees.known(path):
        return lambda text: trees.tokens(path, text)
    suffix = path.rpartition("/")[2].rpartition(".")[2]
    if comment := _COMMENTS.get(suffix):
        return lambda text: [
            line for line in text.split("\n") if line.strip() and not line.lstrip().startswith(comment)
        ]
    return _telling if _PLAIN.search(path) else lambda text: None


def _python(source: str) -> Sequence[str] | None:
    """What Python reads of a source: no comments, no blank lines, no strings that stand alone. None: can't be read."""
    try:
        read = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type not in _IDLE]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return None
    kept: list[str] = []
    begins = True
    for token, after in itertools.zip_longest(read, read[1:]):
        if begins and token.type == tokenize.STRING and (after is None or after.type == tokenize.NEWLINE):
            continue  # and the line's end after it says nothing, either
        if not (begins and token.type == tokenize.NEWLINE):
            kept.append(_LINES.get(token.type, token.string))
        begins = token.type in _LINES
    return kept


def _telling(text: str) -> Sequence[str]:
    """The lines of a text that tell something: no marks, and no items of a checklist."""
    lines = (line.strip() for line in text.split("\n"))
    return [line for line in lines if len(line) > _MARKED or not (_MARK.match(line) or _BOX.match(line))]

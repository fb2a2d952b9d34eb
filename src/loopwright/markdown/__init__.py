"""
The one door to Markdown and YAML.

Reading never stops at the first problem: `Document.problems` has them all. Writing touches one line and leaves
every other byte (BOM, line endings, comments, unknown fields) as it was. Lines count from 1, as editors do.
"""

from loopwright.markdown.document import BOM, MAX_BYTES, Block, Document, Part, Section, parts, read
from loopwright.markdown.fields import FieldLine, header_lines, newline, set_field
from loopwright.markdown.writing import fenced, flat, inline, scalar, span, told, visible

__all__ = [
    "BOM",
    "MAX_BYTES",
    "Block",
    "Document",
    "FieldLine",
    "Part",
    "Section",
    "fenced",
    "flat",
    "header_lines",
    "inline",
    "newline",
    "parts",
    "read",
    "scalar",
    "set_field",
    "span",
    "told",
    "visible",
]

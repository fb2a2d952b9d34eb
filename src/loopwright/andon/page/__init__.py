"""The incident's page: `wiki/90_LOG/YYYY-MM-DD-andon-gen-N.md`, text to values and back. Pure."""

from loopwright.andon.page.filling import closed, with_analysis
from loopwright.andon.page.places import sweep, unswept
from loopwright.andon.page.reading import read
from loopwright.andon.page.refusing import refused
from loopwright.andon.page.values import Evidence, Page, is_closed, named, page_path
from loopwright.andon.page.writing import likely, render

__all__ = [
    "Evidence",
    "Page",
    "closed",
    "is_closed",
    "likely",
    "named",
    "page_path",
    "read",
    "refused",
    "render",
    "sweep",
    "unswept",
    "with_analysis",
]

"""Reads `agents/GOALS.md`: a heading for each goal, and below it bullets in the grammar of a plan's Goal."""

from __future__ import annotations

import re

from loopwright import markdown
from loopwright.contracts import Tree
from loopwright.errors import BadFiles, Problem
from loopwright.folders import gates
from loopwright.folders.complaints import Complaints
from loopwright.vocabulary import Criterion

PATH = "agents/GOALS.md"


def goals(tree: Tree) -> tuple[Criterion, ...]:
    """The criteria of all goals; none where the file is missing or has none. Raises BadFiles."""
    found, problems = examine_goals(tree)
    if errors := tuple(problem for problem in problems if problem.severity == "error"):
        raise BadFiles(errors)
    return found


def examine_goals(tree: Tree) -> tuple[tuple[Criterion, ...], tuple[Problem, ...]]:
    """The criteria, and all problems; a goal that nothing can be run for is a warning."""
    data = tree.read(PATH)
    if data is None:
        return (), ()
    document = markdown.read(PATH, data)
    complaints = Complaints(PATH)
    complaints.found.extend(document.problems)
    found = gates.criteria((block for block in document.blocks if block.kind == "item"), complaints)
    lines = [gate.line for criterion in found if (gate := criterion.gate)]
    for section in document.sections:
        end = section.start + section.text.count("\n")
        if section.level == 2 and not any(section.line < line <= end for line in lines):
            mend = "add a bullet with a command in a code span: - `python -m pytest -q`"
            complaints.add(section.line, "goal", f"'{section.title}' has no condition to run", mend, "warning")
    return found, complaints.all


def goals_text(tree: Tree) -> str:
    """The goals in words, for a maker: without the commands and expectations that they are proved by."""
    data = tree.read(PATH)
    if data is None:
        return ""
    document = markdown.read(PATH, data)
    lines = document.text.split("\n")
    for block in document.blocks:
        height = len(block.text.rstrip("\n").split("\n"))
        if block.kind in ("code", "html"):
            height += 2 if block.kind == "code" else 0
            lines[block.line - 1 : block.line - 1 + height] = [""] * height
        elif block.kind == "item":
            lines[block.line - 1 : block.line - 1 + height] = [_in_words(block.text), *[""] * (height - 1)]
    text = "\n".join(lines[document.body_line - 1 :])
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _in_words(text: str) -> str:
    """A bullet without its command; nothing where the command was all."""
    criterion = gates.criterion(1, text, 1, "goal", Complaints(PATH))
    if criterion.gate is None:
        return f"- {' '.join(text.split())}"
    words = text.partition("`")[0].strip().rstrip(":").strip()
    return f"- {words}" if words and "`" in text else ""

"""Which changes only mark work as done, and which do something."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.checks.marker import MarkerGuard
from loopwright.vocabulary import Change, FileChange, Plan, Scope, Verdict

PLAN = Plan(
    "fix", "plans/fix.md", "A discount is a percentage", "# A discount is a percentage\n\n`discount(100, 10)`\n"
)
CODE = 'def price(net):\n    """What it costs."""\n    if net:\n        net += 1\n    return net\n'


class Files:
    """The one file of a lab."""

    root = Path("/nowhere")

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, path: str) -> bytes:
        return self.data


def judged(path: str, before: str | None, after: str, plan: Plan = PLAN) -> Verdict:
    old = None if before is None else before.encode()
    kind, mode, blob = ("A", None, None) if old is None else ("M", "100644", "1" * 40)
    file = FileChange(path, kind, mode, "100644", blob, "2" * 40)
    change = Change("0" * 40, "1" * 40, "2" * 40, (file,))
    return MarkerGuard(plan, lambda _: old).check(change, Files(after.encode()))  # type: ignore[arg-type]


MARKS = {
    "a comment": ("src/price.py", CODE, CODE.replace("    if", "    # a discount is a percentage now\n    if")),
    "blank lines": ("src/price.py", CODE, CODE.replace("    return", "\n\n    return")),
    "a docstring": ("src/price.py", CODE, CODE.replace("What it costs.", "What it costs, as a percentage.")),
    "a string that stands alone": ("src/price.py", CODE, CODE + '"done"\n'),
    "a new file of comments": ("src/done.py", None, "# done\n"),
    "a file that says done": ("DONE", None, "done\n"),
    "a status": ("status.txt", None, "Status: completed ✅\n"),
    "an empty file": ("marker.txt", None, ""),
    "a new list of ticks": ("LIST.md", None, "- [x] the discount\n"),
    "a tick": ("notes.md", "- [ ] the discount\n", "- [x] the discount\n"),
    "a comment in TypeScript": ("web/a.ts", "const a = 1;\n", "// done\nconst a = 1; /* yes */\n"),
    "a comment in Go": ("a.go", "package a\n", "package a\n\n// done\n"),
    "a comment in C": ("a.c", "int a;\n", "// done\nint a;\n"),
    "a comment in a shell script": ("a.sh", "ls\n", "ls\n# done\n"),
}


@pytest.mark.parametrize("mark", MARKS.values(), ids=list(MARKS))
def test_what_only_marks_is_refused(mark: tuple[str, str | None, str]) -> None:
    verdict = judged(*mark)

    assert (verdict.passed, verdict.reason) == (False, "marker-only")
    assert mark[0] in verdict.evidence


DEEDS = {
    "code": ("src/price.py", CODE, CODE.replace("+= 1", "+= 2")),
    "an indent": ("src/price.py", CODE, CODE.replace("    return", "        return")),
    "a text that is used": ("src/price.py", "A = 'a'\n", "A = 'done'\n"),
    "a source that can't be read": ("src/price.py", CODE, CODE + "(\n"),
    "a new module": ("src/tax.py", None, "RATE = 0.2\n"),
    "a package": ("src/shop/__init__.py", None, ""),
    "data": ("rates.json", None, '{"ok": true}\n'),
    "a number": ("version.txt", "1.0\n", "1.1\n"),
    "prose": ("notes.md", "Prices.\n", "Prices are rounded.\n"),
    "a macro": ("a.c", "#define A 1\n", "#define A 2\n"),
    "an instruction to the compiler": ("a.go", "package a\n", "//go:build linux\n\npackage a\n"),
    "which program runs it": ("a.sh", "#!/bin/sh\nls\n", "#!/bin/bash\nls\n"),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=list(DEEDS))
def test_what_does_something_passes(deed: tuple[str, str | None, str]) -> None:
    assert judged(*deed).passed


@pytest.mark.parametrize(
    "plan",
    [
        Plan("x", "plans/x.md", "Every function has a docstring", "# Every function has a docstring\n"),
        Plan("x", "plans/x.md", "Say why", "# Say why\n\nIn comments.\n"),
        Plan("x", "plans/x.md", "It's told", "# It's told\n", scope=Scope(inside=("docs/**", "*.md"))),
    ],
    ids=lambda plan: plan.title,
)
def test_a_plan_that_asks_for_words_gets_them(plan: Plan) -> None:
    assert judged(*MARKS["a docstring"], plan).passed


def test_a_new_file_that_the_plan_names_is_what_it_asked_for() -> None:
    plan = Plan("x", "plans/x.md", "Ready", "# Ready\n\n## Goal\n- file `made/ready.txt` exists\n")

    assert judged("made/ready.txt", None, "ready\n", plan).passed
    assert not judged("made/other.txt", None, "ready\n", plan).passed


def test_one_deed_among_marks_is_enough() -> None:
    files = tuple(FileChange(path, "M", "100644", "100644", "1" * 40, "2" * 40) for path in ("a.py", "b.json"))
    change = Change("0" * 40, "1" * 40, "2" * 40, files)

    assert MarkerGuard(PLAN, lambda _: b"").check(change, Files(b"# done\n")).passed  # type: ignore[arg-type]
